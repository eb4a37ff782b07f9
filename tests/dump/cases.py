"""The programs that the issue names: how each is started, and how it is seen to go on."""

from __future__ import annotations

import resource
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from crimg.model import Fd, File, Inode, Lock, Thread, Vma
from tests.dump import proc
from tests.dump.programs import TARGETS, Agent, Program, compiled, eventually
from tests.dump.progress import Counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crimg.model.image import Image

EIGHT = (
    *("nanosleep", "clock_nanosleep_abs", "poll", "select", "futex", "condition"),
    *("read", "write"),
)
MANY_FDS = """
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
paths = ["many%d" % n for n in range(7)]
for n, path in enumerate(paths):
    open(path, "w").write("x" * 1000)
opened = 0
while opened < 19990:
    fd = os.open(paths[opened % 7], (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND)[opened % 3])
    os.lseek(fd, opened % 977, 0)
    os.set_inheritable(fd, opened % 2 == 0)
    opened += 1
    while opened < 19990 and opened % 4:
        os.set_inheritable(os.dup(fd), opened % 5 == 0)
        opened += 1
fds = sorted(map(int, os.listdir("/proc/self/fd")))[:-1]
"""
MANY_VMAS = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p] + [ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
COUNT = 20000
with open("mapped", "wb") as file:
    file.write(b"".join(n.to_bytes(4, "little") * 1024 for n in range(64)))
fd = os.open("mapped", os.O_RDWR)
start = libc.mmap(None, COUNT * 4096, 3, 0x4022, -1, 0)
for n in range(0, COUNT, 100):
    ctypes.memset(start + n * 4096, n % 251 + 1, 4096)
for n in range(0, COUNT, 2):
    if n % 20 == 0:
        assert libc.mmap(start + n * 4096, 4096, 3, 0x12, fd, n // 20 % 64 * 4096) == start + n * 4096
        if n % 40 == 0:
            ctypes.memset(start + n * 4096 + 100, 0xab, 8)
    else:
        assert libc.mprotect(start + n * 4096, 4096, n // 2 % 2) == 0
"""


class Case:
    """start: the program.  goes_on: fails unless it does.  check: what the image must hold besides."""

    def __init__(
        self,
        start: Callable[[Path], Program],
        goes_on: Callable[[Program], None],
        check: Callable[[Program, Image], None] = lambda program, image: None,
    ) -> None:
        self.start = start
        self.goes_on = goes_on
        self.check = check


def _counter(folder: Path) -> Program:
    return Program([compiled("counter", "-static"), "count"], folder)


def _counts(program: Program) -> None:
    Counts(program.folder / "count").check()


def eight_threads(folder: Path) -> Program:
    return Program([compiled("watch"), "count", *EIGHT], folder)


def _eight_counts(program: Program) -> None:
    Counts(program.folder / "count", len(EIGHT)).check()


def _eight_rows(program: Program, image: Image) -> None:
    assert len(image.rows(Thread)) == 8
    assert any(b"/libc.so" in file.path for file in image.rows(File))


def cursor(folder: Path) -> Program:
    return Program([sys.executable, str(TARGETS / "cursor.py"), "data.sqlite"], folder)


def _next_row(program: Program) -> None:
    number = int(program.words[0]) + 1
    program.words[0] = str(number)
    program.send("next\n")
    assert program.line() == f"{number} {number * number}"


def _database_locked(program: Program, image: Image) -> None:
    """The connection reads: it holds the shared lock of sqlite's "lock byte page"."""
    path = str(program.folder / "data.sqlite").encode()
    (file,) = (file for file in image.rows(File) if file.path == path)
    (lock,) = (lock for lock in image.rows(Lock) if lock.file == file.objref)
    assert (lock.write, lock.pid, lock.start, lock.end) == (False, program.pid, 2**30 + 2, 2**30 + 511)


def _sleep(folder: Path) -> Program:
    return Program(["sleep", "4"], folder, ready=False)


def _sleeps(program: Program) -> None:
    assert program.process.poll() is None
    eventually(lambda: proc.state(program.pid) == "S")


def bash(folder: Path) -> Program:
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")
    script = 'exec 5<>in; echo ready; while IFS= read -r line <&5; do echo "read $line"; done'
    return Program(["bash", "--norc", "-c", script], folder)


def _bash_answers(program: Program) -> None:
    program.send("one line\n")
    assert program.line() == "read one line"


def _fifo_in_image(program: Program, image: Image) -> None:
    (row,) = (row for row in image.rows(Fd) if row.fd == 5)
    file = image.find(File, row.file)
    assert file is not None
    assert (file.access, file.path) == (3, bytes(program.fifo))


def _many_fds(folder: Path) -> Program:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 20_000:
        pytest.skip(f"a process may open only {hard} files here")
    return Agent(MANY_FDS, folder)


def _all_open(program: Program) -> None:
    assert isinstance(program, Agent)
    assert program.ask("[os.fstat(fd).st_size for fd in fds[3:]] == [1000] * 19990")


def _many_fd_rows(program: Program, image: Image) -> None:
    assert len(image.rows(Fd)) >= 19_990
    opened = len(image.rows(File))
    assert 5_000 < opened < 6_000, "three of four are duplicates"
    names = {file.inode for file in image.rows(File) if b"/many" in file.path}
    assert len(names) == 7
    assert len(image.rows(Inode)) < 100


def _many_vmas(folder: Path) -> Program:
    return Agent(MANY_VMAS, folder)


def _memory_there(program: Program) -> None:
    assert isinstance(program, Agent)
    assert program.ask("ctypes.string_at(start + 4096 * 40 + 100, 8)") == b"\xab" * 8
    assert program.ask("ctypes.string_at(start + 4096 * 20, 4)") == b"\1\0\0\0"


def _many_vma_rows(program: Program, image: Image) -> None:
    assert len(image.rows(Vma)) >= 20_000


CASES = {
    "static": Case(_counter, _counts),
    "eight threads": Case(eight_threads, _eight_counts, _eight_rows),
    "sqlite": Case(cursor, _next_row, _database_locked),
    "sleep": Case(_sleep, _sleeps),
    "bash": Case(bash, _bash_answers, _fifo_in_image),
    "20,000 fds": Case(_many_fds, _all_open, _many_fd_rows),
    "20,000 vmas": Case(_many_vmas, _memory_there, _many_vma_rows),
}
