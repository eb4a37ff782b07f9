"""`--lazy`: the process runs before its memory is in, and finds every byte of it all the same."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import FileError, KernelError, UnsupportedResourceError
from crimg.kernel import uffd
from crimg.preflight import check
from crimg.restart import later
from crimg.restart.steps import ServeMemory
from tests.dump.cases import CASES
from tests.dump.dumps import command, save
from tests.dump.programs import Agent, eventually
from tests.restart.comeback import bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="to be told of forks takes CAP_SYS_PTRACE")

MIB = 1 << 20
REGION = """
import ctypes, hashlib, mmap, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]
for call in (libc.madvise, libc.mprotect):
    call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
MIB = 1 << 20
SIZE = 48 * MIB
def area(size, at=None):
    start = libc.mmap(at, size, 3, 0x22 | (0x10 if at else 0), -1, 0)
    return start
def image_of(start, size):
    return hashlib.sha256(memoryview((ctypes.c_char * size).from_address(start))).hexdigest()
wanted = bytearray(os.urandom(SIZE))
region = area(SIZE)
ctypes.memmove(region, bytes(wanted), SIZE)
holes = area(8 * MIB)
for page in range(0, 2048, 3):
    ctypes.memset(holes + page * 4096, page % 251 + 1, 4096)
digests = [image_of(region, SIZE), image_of(holes, 8 * MIB)]
def same():
    return [image_of(region, SIZE), image_of(holes, 8 * MIB)] == digests
"""
# What the kernel tells the other process of; each from the end of the region, which comes in last.
CHANGES = """
def changes():
    end = region + SIZE
    def zero(start, size, why):
        assert image_of(start, size) == hashlib.sha256(bytes(size)).hexdigest(), why
        wanted[start - region : start - region + size] = bytes(size)
    def piece(start, size):
        return ctypes.string_at(start, size) == bytes(wanted[start - region : start - region + size])
    assert libc.madvise(end - 1 * MIB, MIB // 2, 4) == 0, "MADV_DONTNEED"
    zero(end - 1 * MIB, MIB // 2, "thrown away")
    children = []
    for n in range(3):
        pid = os.fork()
        if pid == 0:
            good = piece(end - 3 * MIB, MIB) and piece(region + n * 4096, 8192)
            os._exit(0 if good and piece(region, SIZE - 2 * MIB) else 1)
        children.append(pid)
    away = libc.mremap(end - 4 * MIB, MIB, MIB, 3, area(MIB))
    assert ctypes.string_at(away, MIB) == bytes(wanted[-4 * MIB : -3 * MIB]), "moved"
    assert libc.mremap(away, MIB, MIB, 3, end - 4 * MIB) == end - 4 * MIB
    assert libc.munmap(end - 6 * MIB, MIB) == 0
    assert area(MIB, end - 6 * MIB) == end - 6 * MIB
    zero(end - 6 * MIB, MIB, "mapped anew")
    assert libc.mprotect(end - 8 * MIB, 12345, 1) == 0
    r, w = os.pipe()
    libc.fcntl(w, 1031, MIB)
    assert libc.write(w, ctypes.c_void_p(end - 9 * MIB), 65536) == 65536, ctypes.get_errno()
    assert os.read(r, 65536) == bytes(wanted[-9 * MIB : -9 * MIB + 65536]), "read by the kernel"
    os.write(w, b"K" * 4096)
    assert libc.read(r, ctypes.c_void_p(end - 10 * MIB + 100), 4096) == 4096, ctypes.get_errno()
    wanted[-10 * MIB + 100 : -10 * MIB + 4196] = b"K" * 4096
    os.close(r), os.close(w)
    grown = libc.mremap(holes, 8 * MIB, 12 * MIB, 1, None)
    assert image_of(grown + 8 * MIB, 4 * MIB) == hashlib.sha256(bytes(4 * MIB)).hexdigest(), "grown"
    assert image_of(grown, 8 * MIB) == digests[1]
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0], "children"
    assert image_of(region, SIZE) == hashlib.sha256(wanted).hexdigest(), "all"
    return "good"
import threading
def wait_and_change():
    while not os.path.exists("go"):
        time.sleep(0.0005)
    try:
        told = changes()
    except BaseException as error:
        told = repr(error)
    os.write(1, told.encode() + b"\\n")
"""


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small memory is served, too."""
    monkeypatch.setattr(later, "LEAST", 1)


def servers(pid: int) -> list[int]:
    """Processes that supply pages of process `pid`, that which does the work last."""
    name, found = f"crimg: pages of {pid}".encode(), []
    for number in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if name in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0"):
                found.append(int(number))
    return sorted(found)


def all_is_in(pid: int) -> None:
    """Wait for it; nothing tells of it any more then."""
    eventually(lambda: not servers(pid))
    assert b" um " not in Path(f"/proc/{pid}/smaps").read_bytes()


@pytest.fixture
def held() -> Iterator[list[int]]:
    """Servers that are to go on at the end."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def hold(pid: int, held: list[int]) -> None:
    """Stop those that supply pages of a process."""
    held += servers(pid)
    for server in held:
        os.kill(server, signal.SIGSTOP)


def test_every_byte(tmp_path: Path) -> None:
    """And again, from an image of what came back so."""
    with Agent(REGION, tmp_path / "target") as agent:
        for turn in range(2):
            put_away(agent, tmp_path / str(turn))
            bring_back(agent, tmp_path / str(turn), lazy=True)
            os.unlink(tmp_path / str(turn))  # who has it open can read it still
            assert agent.ask("same()")
            all_is_in(agent.pid)
            assert agent.ask("same()")


def test_what_the_program_does_meanwhile(tmp_path: Path) -> None:
    """Forks, mremap, munmap, madvise, mprotect, and system calls on memory that is missing."""
    code = f"{REGION}{CHANGES}\nthreading.Thread(target=wait_and_change, daemon=True).start()"
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        (tmp_path / "target/go").touch()
        bring_back(agent, tmp_path / "image", lazy=True)
        assert agent.line() == "good"
        all_is_in(agent.pid)


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_the_servers_is_killed(which: int, tmp_path: Path) -> None:
    """The other one goes on; also once more."""
    with Agent(REGION + CHANGES, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        bring_back(agent, tmp_path / "image", lazy=True)
        for _ in range(2):
            found = servers(agent.pid)
            if len(found) == 2:
                os.kill(found[which], signal.SIGKILL)
                eventually(lambda found=found: found[which] not in servers(agent.pid))  # type: ignore[misc]
        assert agent.ask("changes()") == "good"
        all_is_in(agent.pid)


@pytest.mark.parametrize("name", ["eight threads", "sqlite", "static", "bash"])
def test_programs(name: str, tmp_path: Path, any_size: None) -> None:
    case = CASES[name]
    with case.start(tmp_path / "target") as program:
        for turn in range(2):
            there_and_back(program, tmp_path / str(turn), lazy=True)
            case.goes_on(program)
            all_is_in(program.pid)
