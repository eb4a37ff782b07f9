"""Shared memory without a file: anonymous, memfd, System V. Saved once for all that map it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crimg.errors import UnsupportedResourceError
from crimg.model import File, Inode, SharedMemory, Task, Vma
from crimg.model.enums import FileKind, Keeper, MemoryKind
from crimg.validate import Severity, open_for_check, validate
from tests.dump.dumps import image_of, save
from tests.dump.programs import Agent, needs_root
from tests.dump.rows import contents, file_of

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import ctypes, fcntl, mmap
libc = ctypes.CDLL(None, use_errno=True)
area = mmap.mmap(-1, 1 << 20)
area[5000:5005] = b"hello"
mem = os.memfd_create("a name", os.MFD_ALLOW_SEALING)
os.ftruncate(mem, 100000)
os.pwrite(mem, b"x" * 100, 90000)
fcntl.fcntl(mem, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
view = mmap.mmap(mem, 100000)
read_only = os.open("/proc/self/fd/%d" % mem, os.O_RDONLY)
segment = libc.shmget(0x4321, 5000, 0o1640)
libc.shmat.restype = ctypes.c_void_p
at = libc.shmat(segment, None, 0)
libc.shmctl(segment, 0, None)  # removed once nobody is attached
ctypes.memmove(at, b"segment", 7)
if os.fork() == 0:
    import signal
    while True:
        signal.pause()
"""


def findings(path: Path) -> list[object]:
    with open_for_check(str(path)) as image:
        return [each for each in validate(image).findings if each.severity > Severity.NOTE]


@needs_root
def test_three_kinds(tmp_path: Path, image_path: Path) -> None:
    with Agent(CODE, tmp_path / "target") as agent:
        mem, read_only = agent.ask("mem, read_only")
        with image_of(agent.pid, image_path) as image:
            rows = {row.kind: row for row in image.rows(SharedMemory)}
            assert set(rows) == set(MemoryKind)
            kept: dict[int, bytes] = {}
            for kind, row in rows.items():
                inode = image.find(Inode, row.inode)
                assert inode is not None
                assert inode.keeper == Keeper.EMBEDDED
                kept[kind] = contents(image, inode)
            assert kept[MemoryKind.ANONYMOUS] == bytes(5000) + b"hello" + bytes((1 << 20) - 5005)
            assert kept[MemoryKind.MEMFD] == bytes(90000) + b"x" * 100 + bytes(9900)
            assert kept[MemoryKind.SYSTEM_V] == b"segment" + bytes(5000 - 7)
            memfd, segment = rows[MemoryKind.MEMFD], rows[MemoryKind.SYSTEM_V]
            assert (memfd.name, memfd.seals) == (b"a name", 0x2 | 0x4)
            assert segment.mode is not None
            assert segment.mode & 0o1777 == 0o1640
            assert (segment.extra or {})["shmid"] == agent.ask("segment")
            assert len(image.rows(Task)) == 2
            for row in rows.values():
                files = {file.objref for file in image.rows(File) if file.inode == row.inode}
                assert len([vma for vma in image.rows(Vma) if vma.file in files]) == 2
            assert file_of_first(image, mem).inode == file_of_first(image, read_only).inode
            assert file_of_first(image, mem).objref != file_of_first(image, read_only).objref
        assert findings(image_path) == []
        assert agent.ask("area[5000:5005], ctypes.string_at(at, 7)") == (b"hello", b"segment")


def file_of_first(image: object, fd: int) -> File:
    from crimg.model import Fd
    from crimg.model.image import Image

    assert isinstance(image, Image)
    row = next(row for row in image.rows(Fd) if row.fd == fd)
    file = image.find(File, row.file)
    assert file is not None
    assert file.kind == FileKind.MEMORY
    return file


@needs_root
def test_memory_that_a_stranger_maps_is_a_leak(tmp_path: Path, folder: Path) -> None:
    code = """
import mmap
told = os.pipe()
area = mmap.mmap(-1, 4096)
if os.fork() == 0:
    if other := os.fork():
        os.write(told[1], b"%d" % other)
        os._exit(0)
    os.closerange(0, 1000)
    import signal
    signal.pause()
os.wait()
other = int(os.read(told[0], 9))
os.close(told[0])
os.close(told[1])
"""
    with Agent(code, tmp_path / "target") as agent:
        other = agent.ask("other")
        try:
            save(agent.pid, folder / "image")
        except UnsupportedResourceError as error:
            (line,) = error.problems
            assert line.startswith(f"process {agent.pid}, mapping ")
            assert f"process {other} maps this memory, too" in line
            assert "[leak]" in line
        else:
            raise AssertionError("it was saved")
        finally:
            os.kill(other, 9)


def test_counters_timers_and_signals(tmp_path: Path, image_path: Path) -> None:
    from crimg.model import Eventfd, Signalfd, Timerfd

    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
counter, semaphore = os.eventfd(7), os.eventfd(2, os.EFD_SEMAPHORE | os.EFD_NONBLOCK)
timer, idle = libc.syscall(283, 1, 0), libc.syscall(283, 0, 0)
libc.syscall(286, timer, 0, (ctypes.c_long * 4)(1, 500, 1000, 0), 0)
mask = ctypes.c_uint64(1 << 9 | 1 << 11)
signals = libc.syscall(289, -1, ctypes.byref(mask), 8, 0)
"""
    with Agent(code, tmp_path / "target") as agent:
        numbers = agent.ask("counter, semaphore, timer, idle, signals")
        with image_of(agent.pid, image_path) as image:
            counter, semaphore, timer, idle, signals = (file_of(image, number).objref for number in numbers)
            values = {row.file: (row.value, row.semaphore) for row in image.rows(Eventfd)}
            assert values == {counter: (7, False), semaphore: (2, True)}
            timers = {row.file: row for row in image.rows(Timerfd)}
            assert set(timers) == {timer, idle}
            assert (timers[timer].clock, timers[timer].interval) == (1, 1_000_000_500)
            assert 900 * 10**9 < timers[timer].remaining <= 1000 * 10**9
            assert (timers[idle].clock, timers[idle].remaining, timers[idle].ticks) == (0, 0, 0)
            assert [(row.file, row.mask) for row in image.rows(Signalfd)] == [(signals, 1 << 9 | 1 << 11)]
        assert findings(image_path) == []
        assert agent.ask("os.eventfd_read(counter), os.eventfd_read(semaphore)") == (7, 1)


def test_multiprocessing_pool(tmp_path: Path, image_path: Path) -> None:
    """Workers, pipes, semaphores in shared memory that have lost their names."""
    code = """
import multiprocessing
context = multiprocessing.get_context("fork")
total = context.Value("i", 0)
def work(number):
    with total.get_lock():
        total.value += number
    return number * number
sys.modules["__main__"].work = work  # where the workers look for it
pool = context.Pool(3)
first = pool.map(work, range(100))
"""
    with Agent(code, tmp_path / "target") as agent:
        with image_of(agent.pid, image_path) as image:
            assert len(image.rows(Task)) == 4
        assert findings(image_path) == []
        assert agent.ask("sum(pool.map(work, range(10))), total.value") == (285, 4995)
        agent.ask("pool.terminate()")
