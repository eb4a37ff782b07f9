"""`--lazy`: the process runs before its memory is in, and finds every byte of it all the same."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import CrimgError, FileError
from crimg.preflight import check
from crimg.restart import later
from crimg.restart.steps import ServeMemory
from tests.dump import proc
from tests.dump.cases import CASES
from tests.dump.dumps import command
from tests.dump.programs import Agent, eventually
from tests.restart.as_user import USER, open_folder, restart_as_user
from tests.restart.comeback import Stranger, bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="to be told of forks takes CAP_SYS_PTRACE")

# `holes` has pages that are not saved in between.
REGION = """
import ctypes, hashlib, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]
for call in (libc.madvise, libc.mprotect):
    call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
MIB = 1 << 20
SIZE = 24 * MIB
def area(size, at=None):
    return libc.mmap(at, size, 3, 0x22 | (0x10 if at else 0), -1, 0)
def digest(start, size):
    return hashlib.sha256(memoryview((ctypes.c_char * size).from_address(start))).hexdigest()
wanted = bytearray(os.urandom(SIZE))
region = area(SIZE)
ctypes.memmove(region, bytes(wanted), SIZE)
holes = area(8 * MIB)
for page in range(0, 2048, 3):
    ctypes.memset(holes + page * 4096, page % 251 + 1, 4096)
digests = [digest(region, SIZE), digest(holes, 8 * MIB)]
def same():
    return [digest(region, SIZE), digest(holes, 8 * MIB)] == digests
"""
# What the kernel tells of, from the end of the region on, which comes in last.
CHANGES = """
def changes():
    end = region + SIZE
    def zero(start, size):
        wanted[start - region : start - region + size] = bytes(size)
        return piece(start, size)
    def piece(start, size):
        return ctypes.string_at(start, size) == bytes(wanted[start - region : start - region + size])
    def check(good, what):
        assert good, (what, ctypes.get_errno())
    check(libc.madvise(end - MIB, MIB // 2, 4) == 0 and zero(end - MIB, MIB // 2), "MADV_DONTNEED")
    children = []
    for n in range(3):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if piece(end - 3 * MIB, MIB) and piece(region, SIZE - 2 * MIB) else 1)
        children.append(pid)
    away = libc.mremap(end - 4 * MIB, MIB, MIB, 3, area(MIB))
    check(ctypes.string_at(away, MIB) == bytes(wanted[-4 * MIB : -3 * MIB]), "mremap")
    check(libc.mremap(away, MIB, MIB, 3, end - 4 * MIB) == end - 4 * MIB, "mremap back")
    check(libc.munmap(end - 6 * MIB, MIB) == 0 and area(MIB, end - 6 * MIB), "mmap")
    check(zero(end - 6 * MIB, MIB), "mapped anew")
    check(libc.mprotect(end - 8 * MIB, 12345, 1) == 0, "mprotect")
    r, w = os.pipe()
    check(libc.write(w, ctypes.c_void_p(end - 9 * MIB), 65536) == 65536, "write")
    check(os.read(r, 65536) == bytes(wanted[-9 * MIB : -9 * MIB + 65536]), "read by the kernel")
    os.write(w, b"K" * 4096)
    check(libc.read(r, ctypes.c_void_p(end - 10 * MIB + 100), 4096) == 4096, "read")
    wanted[-10 * MIB + 100 : -10 * MIB + 4196] = b"K" * 4096
    os.close(r), os.close(w)
    grown = libc.mremap(holes, 8 * MIB, 12 * MIB, 1, None)
    check(ctypes.string_at(grown + 8 * MIB, 4 * MIB) == bytes(4 * MIB), "grown")
    check(digest(grown, 8 * MIB) == digests[1], "moved when it grew")
    check([os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0], "children")
    check(piece(region, SIZE), "all")
    return "good"
def wait_and_change():
    while not os.path.exists("go"):
        time.sleep(0.0005)
    try:
        told = changes()
    except BaseException as error:
        told = repr(error)
    os.write(1, told.encode() + b"\\n")
"""
STARTED = f"{REGION}{CHANGES}\nthreading.Thread(target=wait_and_change, daemon=True).start()"


def servers(session: int) -> list[int]:
    """Processes that bring memory in: the one that does, and before it the one that would go on."""
    found = []
    for number in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if os.getsid(number) == session and proc.state(number) not in "ZX":
                found.append(number)
    return sorted(found)


def all_is_in(pid: int, session: int) -> None:
    """Wait until they have ended; the kernel tells nobody of missing pages any more then."""
    eventually(lambda: not servers(session))
    assert b" um " not in Path(f"/proc/{pid}/smaps").read_bytes()


@contextlib.contextmanager
def stopped(session: int) -> Iterator[list[int]]:
    """Meanwhile no memory comes in."""
    found = servers(session)
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield found
    finally:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_every_byte(tmp_path: Path) -> None:
    """And again, from an image of what came back so; who has an image open can read it when it is deleted."""
    with Agent(REGION, tmp_path / "target") as agent:
        for turn in range(2):
            done = there_and_back(agent, tmp_path / str(turn), lazy=True)
            assert done.server
            os.unlink(tmp_path / str(turn))
            assert agent.ask("same()")
            all_is_in(agent.pid, done.server)
            assert agent.ask("same()")


def test_compressed_pages(tmp_path: Path) -> None:
    with Agent(REGION, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image", compress=True)
        done = bring_back(agent, tmp_path / "image", lazy=True)
        assert agent.ask("same()")
        all_is_in(agent.pid, done.server)


def test_what_the_program_does_meanwhile(tmp_path: Path) -> None:
    """Forks, mremap, munmap, madvise, mprotect, and system calls on memory that is missing."""
    with Agent(STARTED, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        (tmp_path / "target/go").touch()
        done = bring_back(agent, tmp_path / "image", lazy=True)
        assert agent.line() == "good"
        all_is_in(agent.pid, done.server)


def test_tree(tmp_path: Path) -> None:
    """Address spaces of several processes, by the same server."""
    code = f"""
{REGION}
pid = os.fork()
if pid == 0:
    ctypes.memset(region, 7, MIB)
    digests[0] = digest(region, SIZE)
    os.mkfifo("child")
    with open("child") as file:
        file.read()
    os._exit(0 if same() else 1)
while not os.path.exists("child"):
    time.sleep(0.001)
def child():
    open("child", "w").close()
    return os.waitpid(pid, 0)[1]
"""
    with Agent(code, tmp_path / "target") as agent:
        eventually(lambda: proc.sleeping(agent.ask("pid")))
        done = there_and_back(agent, tmp_path / "image", lazy=True)
        assert agent.ask("child()") == 0
        assert agent.ask("same()")
        all_is_in(agent.pid, done.server)


def test_too_few_rights() -> None:
    """One line, with what it takes; nothing is made."""
    with open_folder() as folder:
        code = f"os.setresgid({USER}, {USER}, {USER}); os.setresuid({USER}, {USER}, {USER})"
        with Agent(code, folder / "target") as agent:
            put_away(agent, folder / "image")
        os.chown(folder / "image", USER, USER)
        done = restart_as_user(folder / "image", "--lazy")
        assert done.returncode == 4
        assert done.stdout == b""
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("crimg: error: userfaultfd: ")
        assert "CAP_SYS_PTRACE" in line


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_the_servers_is_killed(which: int, tmp_path: Path) -> None:
    """The other one goes on, with one more beside it: twice."""
    with Agent(STARTED, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        done = bring_back(agent, tmp_path / "image", lazy=True)
        with stopped(done.server) as pids:
            assert len(pids) == 2
            (tmp_path / "target/go").touch()
            os.kill(pids[which], signal.SIGKILL)
        for _ in range(2):
            time.sleep(0.002)
            found = servers(done.server)
            if len(found) == 2:
                os.kill(found[which], signal.SIGKILL)
        assert agent.line() == "good"
        all_is_in(agent.pid, done.server)


def test_a_dump_meanwhile_is_refused(tmp_path: Path) -> None:
    """By name; and a program that needs what is not there waits."""
    with Agent(STARTED, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        done = bring_back(agent, tmp_path / "image", lazy=True)
        with stopped(done.server):
            refused = command("dump", str(agent.pid), "-o", tmp_path / "other")
            assert refused.returncode == 5
            assert b"is still being brought in by userfaultfd" in refused.stderr
            (tmp_path / "target/go").touch()
            time.sleep(0.05)
            assert (tmp_path / "target/out").read_bytes() == b"ready\n"
        assert agent.line() == "good"
        all_is_in(agent.pid, done.server)
        assert command("dump", "--check", str(agent.pid)).returncode == 0


def test_image_that_is_cut_short(tmp_path: Path) -> None:
    """SIGBUS for who touches what is lost: never zero bytes."""
    with Agent(REGION, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        done = bring_back(agent, tmp_path / "image", lazy=True)
        with stopped(done.server):
            os.truncate(tmp_path / "image", 4096)
        agent.send("same()\n")
        assert agent.process.wait() == -signal.SIGBUS
        eventually(lambda: not servers(done.server))


def test_process_that_ends_before(tmp_path: Path) -> None:
    """Those that bring its memory in do so, too."""
    with Agent(REGION, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        done = bring_back(agent, tmp_path / "image", lazy=True)
        with stopped(done.server):
            agent.process.send_signal(signal.SIGKILL)
            agent.process.wait()
        eventually(lambda: not servers(done.server))


def test_a_restart_that_fails_leaves_no_server(tmp_path: Path) -> None:
    with Agent(REGION, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        seen: list[int] = []

        def fail(index: int, total: int, _step: object) -> None:
            if index == total - 1:
                eventually(lambda: set(_who_has_open(tmp_path / "image")) - {os.getpid()})
                seen.extend(_who_has_open(tmp_path / "image"))
                raise FileError("something")

        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image), lazy=True)
            with pytest.raises(CrimgError, match="something"):
                restart.restart(image, plan, progress=fail)
        assert not os.path.exists(f"/proc/{agent.pid}")
        assert len(set(seen) - {os.getpid()}) == 1, (seen, os.getpid())
        eventually(lambda: not _who_has_open(tmp_path / "image"))


def _who_has_open(path: Path) -> list[int]:
    """Processes."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                found.add(int(link.parts[2]))
    return sorted(found)


def test_plan_says_what_waits(tmp_path: Path) -> None:
    with Agent(REGION, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image), lazy=True)
            (step,) = (step for step in plan.steps if isinstance(step, ServeMemory))
            assert 24 << 20 <= step.bytes < 80 << 20
        text = command("restart", "-n", "--lazy", tmp_path / "image").stdout.decode()
        assert f"have {step.bytes} bytes of memory of address space #{step.mm.objref} supplied as" in text


def test_verb(tmp_path: Path) -> None:
    """Neither process is a child of the command, which has ended."""
    with Agent(REGION, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        done = command("restart", "--lazy", tmp_path / "image")
        assert done.returncode == 0, done.stderr
        assert b"brings the rest of its memory in" in done.stderr
        agent.process = Stranger(int(done.stdout))  # type: ignore[assignment]  # all that it asks of it
        assert agent.ask("same()")


@pytest.mark.parametrize("name", ["eight threads", "sqlite", "static"])
def test_programs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which all memory comes in later that may."""
    monkeypatch.setattr(later, "LEAST", 1)
    case = CASES[name]
    with case.start(tmp_path / "target") as program:
        for turn in range(2):
            done = there_and_back(program, tmp_path / str(turn), lazy=True)
            case.goes_on(program)
            all_is_in(program.pid, done.server)
