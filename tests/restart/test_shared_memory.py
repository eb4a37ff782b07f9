"""Shared memory without a file: what one mapping or descriptor stores, the others see, as before."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from crimg.errors import FileError
from crimg.kernel.segments import Attached, remove_segment
from crimg.kernel.sysvipc import read_segment
from tests.dump.programs import Agent, needs_root
from tests.restart.as_user import USER, give_away, open_folder, restart_as_user
from tests.restart.comeback import Stranger, bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from pathlib import Path

ANONYMOUS = """
import mmap
area = mmap.mmap(-1, 1 << 20)
area[5000:5005] = b"hello"
area[(1 << 20) - 3:] = b"end"
def lines(word):
    return [" ".join(line.split()[:3] + line.split()[5:]) for line in open("/proc/self/maps") if word in line]
"""
MEMFD = """
import ctypes, fcntl
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
def memory(name, seals, *, writable=True, allow=True):
    fd = os.memfd_create(name, os.MFD_ALLOW_SEALING if allow else 0)
    os.ftruncate(fd, 100000)
    os.pwrite(fd, b"x" * 100, 90000)
    at = libc.mmap(None, 100000, 3, 1, fd, 0) if writable else None
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd, at
grow, at = memory("a name", 0x2 | 0x4)
future, there = memory("future", 0x10)
sealed, _ = memory("sealed", 0x1 | 0x8, writable=False)
plain, _ = memory("plain", 0, allow=False)
os.fchmod(plain, 0o600)
os.lseek(plain, 77, 0)
read_only = os.open("/proc/self/fd/%d" % grow, os.O_RDONLY)
alone = libc.mmap(None, 8192, 3, 1, memory("alone", 0)[0], 86016)
os.close(max(map(int, os.listdir("/proc/self/fd"))) - 1)
def failure(call, *words):
    try:
        call(*words)
    except OSError as error:
        return error.errno
def told():
    return [(os.readlink("/proc/self/fd/%d" % fd), fcntl.fcntl(fd, fcntl.F_GET_SEALS),
        oct(os.fstat(fd).st_mode), os.fstat(fd).st_size, os.lseek(fd, 0, 1), fcntl.fcntl(fd, 3))
        for fd in (grow, future, sealed, plain, read_only)]
"""


@needs_root
def test_anonymous(tmp_path: Path) -> None:
    with Agent(ANONYMOUS, tmp_path / "target") as agent:
        shown = agent.ask("lines('/dev/zero')")
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
        assert agent.ask("lines('/dev/zero')") == shown
        assert agent.ask("area[:5000] == bytes(5000), area[5000:5005], area[-3:]") == (True, b"hello", b"end")
        code = "os.fork() or (area.__setitem__(0, 65), os._exit(0))"
        assert agent.ask(f"os.waitpid({code}, 0)[1], area[0]") == (0, 65), "a child stores, the parent sees"


def test_memfd(tmp_path: Path) -> None:
    with Agent(MEMFD, tmp_path / "target") as agent:
        before = agent.ask("told()")
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            assert agent.ask("told()") == before
        assert agent.ask("ctypes.memmove(at, b'new', 3) > 0, os.pread(read_only, 3, 0)") == (True, b"new")
        assert agent.ask("os.fstat(grow).st_ino == os.fstat(read_only).st_ino")
        assert agent.ask("ctypes.string_at(alone + 90000 - 86016, 3)") == b"xxx"
        assert (
            agent.ask("failure(os.ftruncate, grow, 5), failure(os.write, future, b'x')") == (errno.EPERM,) * 2
        )
        assert agent.ask("failure(os.pwrite, sealed, b'x', 0), os.pread(sealed, 2, 90000)") == (
            errno.EPERM,
            b"xx",
        )
        assert agent.ask("ctypes.memmove(there, b'old mapping', 3) > 0, os.pread(future, 3, 0)") == (
            True,
            b"old",
        )


SEGMENTS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.shmdt.argtypes = [ctypes.c_void_p]
gone, stays = libc.shmget(KEY, 5000, 0o1640), libc.shmget(KEY + 1, 5 * 4096, 0o1600)
at, parts, reading = libc.shmat(gone, None, 0), libc.shmat(stays, None, 0), libc.shmat(stays, None, 0o10000)
libc.shmctl(gone, 0, None)
ctypes.memmove(at, b"segment", 7)
ctypes.memmove(parts + 4 * 4096, b"the end", 7)
libc.mprotect(parts, 4096, 1)
libc.munmap(parts + 4096, 2 * 4096)
def lines():
    return [line.split() for line in open("/proc/self/maps") if "/SYSV" in line]
def table():
    rows = [line.split()[:11] for line in open("/proc/sysvipc/shm")]
    return [row for row in rows if row[1] in (str(gone), str(stays))]
"""


@needs_root
def test_system_v(tmp_path: Path) -> None:
    """One that was removed is made anew; the other is still there, and is taken if nobody has touched it."""
    key = 0x4321_0000 | os.getpid() & 0xFFF0
    with Agent(f"KEY = {key}{SEGMENTS}", tmp_path / "target") as agent:
        gone, stays, shown, before = agent.ask("gone, stays, lines(), table()")
        try:
            for turn in range(2):
                there_and_back(agent, tmp_path / str(turn))
                assert agent.ask("lines()") == shown
                after = agent.ask("table()")
                ignored = (4, 5)  # who made it, who attached last
                assert [
                    [word for place, word in enumerate(row) if place not in ignored] for row in after
                ] == [[word for place, word in enumerate(row) if place not in ignored] for row in before]
            assert agent.ask("ctypes.string_at(at, 8), ctypes.string_at(reading + 4 * 4096, 7)") == (
                b"segment\0",
                b"the end",
            )
            assert agent.ask("ctypes.memmove(parts + 4 * 4096, b'new', 3) > 0")
            assert agent.ask("ctypes.string_at(reading + 4 * 4096, 7)") == b"new end"
            put_away(agent, tmp_path / "last")
            with Attached(stays, 5 * 4096) as memory:
                memory[0] = 1
            with pytest.raises(FileError, match=f"has other contents than at the dump: .*ipcrm -m {stays}"):
                bring_back(agent, tmp_path / "last")
            assert read_segment(gone) is None
            remove_segment(stays)
            bring_back(agent, tmp_path / "last")
            assert agent.ask("ctypes.string_at(reading + 4 * 4096, 7)") == b"new end"
        finally:
            remove_segment(stays)


@needs_root
def test_ordinary_user() -> None:
    """May not open what he has mapped: a memfd stands for anonymous memory, and he is told."""
    with open_folder() as folder, Agent(ANONYMOUS, folder / "target", user=USER) as agent:
        give_away(agent.folder)
        put_away(agent, folder / "image")
        give_away(folder)
        done = restart_as_user(folder / "image", "--new-pids")
        assert done.returncode == 0, done.stderr
        assert b"note: shared anonymous memory will be shown as" in done.stderr
        agent.pid, agent.process = int(done.stdout), Stranger(int(done.stdout))  # type: ignore[assignment]
        assert agent.ask("area[5000:5005]") == b"hello"
