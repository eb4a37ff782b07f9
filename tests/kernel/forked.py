"""Processes to look at: forked, brought into a known state, stopped in pause(2), and killed at the end."""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import shutil
import signal
import subprocess
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
]  # fmt: skip
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

CLONE_FILES = 0x400
CLONE_NEWNS = 0x20000
PR_SET_DUMPABLE = 4
NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting and changing users takes root")


def check(result: int, call: str) -> int:
    """The result of a C library call; OSError with its errno where it is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


class Child(Generic[T]):
    """pid: of the process, which waits in pause(2). value: what its preparation returned."""

    def __init__(self, pid: int, value: T) -> None:
        self.pid = pid
        self.value = value


def _send(pipe: int, ok: bool, value: object) -> None:
    with os.fdopen(pipe, "wb", closefd=False) as file:
        pickle.dump((ok, value), file)


def become_nobody() -> None:
    """Give up root and stay open to the eyes of processes of the same user."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def _run(prepare: Callable[[], T], pipe: int) -> None:
    ok, value, kept = True, None, None
    try:
        kept = prepare()
        value = kept
    except BaseException:  # noqa: BLE001 - the parent raises it
        ok, value = False, traceback.format_exc()  # type: ignore[assignment]
    _send(pipe, ok, value)
    os.close(pipe)


@contextmanager
def child(prepare: Callable[[], T]) -> Iterator[Child[T]]:
    """A child that has run `prepare` and sleeps; what that returns comes over, pickled."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        try:
            _run(prepare, write_end)
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(write_end)
    try:
        with os.fdopen(read_end, "rb") as file:
            ok, value = pickle.load(file)
        assert ok, value
        yield Child(pid, value)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def in_child(function: Callable[[], T]) -> T:
    """What `function` returns in a process of its own, so that nothing it changes stays."""
    with child(function) as process:
        return process.value


def private_mounts() -> None:
    """A mount namespace of its own for the calling process, from which nothing spreads."""
    check(libc.unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)")
    check(libc.mount(b"none", b"/", None, 0x44000, None), "mount(MS_PRIVATE | MS_REC)")


def mount(source: str, target: Path, kind: str, options: str = "") -> None:
    """mount(2)."""
    data = options.encode() or None
    check(libc.mount(source.encode(), os.fsencode(target), kind.encode(), 0, data), f"mount({kind})")


def mapping(length: int, *, prot: int = 3, flags: int = 0x22, fd: int = -1, offset: int = 0) -> int:
    """The address of a new mapping, by default of private anonymous memory."""
    address = libc.mmap(None, length, prot, flags, fd, offset)
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    return int(address)


def touch(address: int, value: int = 1) -> None:
    """Write one byte."""
    ctypes.memset(address, value, 1)


def advise(address: int, length: int, advice: int) -> None:
    """madvise(2)."""
    check(libc.madvise(address, length, advice), f"madvise({advice})")


def run_c(directory: Path, source: str) -> dict[str, int]:
    """Compile and run a C program that prints lines `NAME NUMBER`; skips where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to ask for the sizes of the C structures")
    program = directory / "ask"
    (directory / "ask.c").write_text(source)
    subprocess.run([compiler, "-o", program, directory / "ask.c"], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return {name: int(number, 0) for name, number in map(str.split, output.splitlines())}


def gone(pid: int) -> bool:
    """Whether no process has this pid."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno == errno.ESRCH
    return False


def parsed_lines(text: bytes) -> dict[str, Any]:
    """`Key: value` lines, for oracles that parse on their own."""
    return dict(line.split(":\t", 1) for line in text.decode().splitlines() if ":\t" in line)
