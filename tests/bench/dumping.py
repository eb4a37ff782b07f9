"""Dumping: memory against a bare copy of it and gdb's gcore, many descriptors, processes, threads."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from crimg.kernel.memory import Memory
from crimg.model import LogEntry
from crimg.reader import open_image
from tests.bench import targets
from tests.bench.install import scripts
from tests.bench.measure import Series, alternate, peak_memory, usage, wall, warm
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bench.settings import Settings

TITLE = "Dumping"
MIB = 1 << 20
_SMALL = 10 * MIB
_COPY_STEP = MIB
_GOAL_FROM = 1 << 30
"""From so many bytes on the start of an interpreter does not count."""


def bare_copy(pid: int, address: int, size: int, path: Path) -> None:
    """The least that any dump does: memory to a buffer, buffer to a file."""
    buffer = memoryview(bytearray(_COPY_STEP))
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with Memory(pid) as memory:
            for start in range(address, address + size, _COPY_STEP):
                length = min(_COPY_STEP, address + size - start)
                memory.read_into(buffer, [(start, length)])
                assert os.write(fd, buffer[:length]) == length
    finally:
        os.close(fd)


class Dumps:
    """Ways to save one process, each of which leaves nothing behind. stopped: seconds, as the dumps noted."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.pid = pid
        self.crimg_script = scripts(folder)[1]
        self.image = folder / "image.crimg"
        self.core = folder / "core"
        self.stopped: list[float] = []

    @property
    def command(self) -> list[str | Path]:
        """`crimg dump` of the process."""
        return [self.crimg_script, "-q", "dump", str(self.pid), "-o", self.image]

    def crimg(self) -> float:
        """Seconds that the command takes as a whole."""
        taken = usage(self.command).wall
        with open_image(self.image) as image:
            notes = [row.extra for row in image.rows(LogEntry) if "stopped_ns" in (row.extra or {})]
        (extra,) = notes
        self.stopped.append(float(str((extra or {})["stopped_ns"])) / 1e9)
        self.image.unlink()
        return taken

    def gcore(self) -> float:
        """The same for gdb's command."""
        taken = usage(["gcore", "-o", self.core, str(self.pid)]).wall
        self.core.with_name(f"core.{self.pid}").unlink()
        return taken

    def memory(self) -> float:
        """MiB that `crimg dump` has in memory at the most."""
        taken = peak_memory(self.command)
        self.image.unlink()
        return taken / MIB


def rows(settings: Settings) -> Iterator[Row]:
    """Of 10 MiB, a large and a huge process; one with many descriptors, a tree, one with many threads."""
    try:
        yield from _memory(settings, _SMALL)
        yield from _memory(settings, settings.large)
        yield from _memory(settings, settings.huge)
        yield from _descriptors(settings, distinct=True)
        yield from _descriptors(settings, distinct=False)
        yield from _tree(settings)
        yield from _threads(settings)
    except targets.NoCompilerError:
        yield Row("dumps", None, note="left out: there is no C compiler")


def _memory(settings: Settings, size: int) -> Iterator[Row]:
    what = f"dump of {size // MIB:,} MiB"
    path = settings.folder / "copy"
    with targets.memory(settings.folder, size) as (pid, address):
        dumps = Dumps(settings.folder, pid)

        def copy() -> float:
            taken = wall(lambda: bare_copy(pid, address, size, path))
            path.unlink()
            return taken

        works: list[Callable[[], float]] = [copy, dumps.crimg]
        if shutil.which("gcore"):
            works.append(dumps.gcore)
        figures = alternate(settings.rounds, *works, before=lambda: warm(settings.folder, size + size // 8))
        copied, dumped = figures[:2]
        stopped = Series(dumps.stopped[1:])
        rate = (size / (1 << 30)).__truediv__
        yield Row(
            f"{what}, GiB/s, the command as a whole",
            Series(map(rate, dumped)),
            "bare copy",
            Series(map(rate, copied)),
            at_least=0.7 if size >= _GOAL_FROM else None,
            note="process_vm_readv, 1 MiB buffer, write",
        )
        yield Row(
            f"{what}, ms that the process stands still", stopped.times(1e3), "bare copy", copied.times(1e3)
        )
        if len(figures) > 2:
            note = "the commands as a whole, wall time"
            yield Row(f"{what}, ms", dumped.times(1e3), "gcore", figures[2].times(1e3), at_most=1, note=note)
        else:
            yield Row(f"{what}, ms", dumped.times(1e3), "gcore", note="left out: there is no gcore (gdb)")
        peak = Series(dumps.memory() for _ in range(settings.rounds))
        yield Row(f"{what}, peak RSS of the dumper, MiB", peak, at_most=64)


def least_reading(pid: int) -> None:
    """What no look at descriptors can do without: their links and what /proc says of them."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        os.readlink(f"/proc/{pid}/fd/{name}")
        fd = os.open(f"/proc/{pid}/fdinfo/{name}", os.O_RDONLY)
        os.read(fd, 4096)
        os.close(fd)


def _descriptors(settings: Settings, *, distinct: bool) -> Iterator[Row]:
    with targets.files(settings.folder, settings.fds, distinct=distinct) as (pid, count):
        dumps = Dumps(settings.folder, pid)
        read, dumped = alternate(settings.rounds, lambda: wall(lambda: least_reading(pid)), dumps.crimg)
        base = read.times(1e6 / count)
        of = f"{count:,} files" if distinct else f"one file, opened {count:,} times"
        what = f"dump of {of}, us per descriptor"
        yield Row(f"{what}, the command as a whole", dumped.times(1e6 / count), "readlink, fdinfo", base)
        stopped = Series(dumps.stopped[1:]).times(1e6 / count)
        yield Row(f"{what}, the process stands still", stopped, "readlink, fdinfo", base)


def _tree(settings: Settings) -> Iterator[Row]:
    """Each process has opened the same files itself: no two descriptors are one open file."""
    tasks, fds = settings.tasks, 50
    with targets.tree(settings.folder, tasks=tasks, fds=fds) as pid:
        dumps = Dumps(settings.folder, pid)
        (dumped,) = alternate(settings.rounds, dumps.crimg)
        stopped = Series(dumps.stopped[1:])
        what = f"dump of {tasks:,} processes of {fds} descriptors"
        yield Row(f"{what}, ms, the command as a whole", dumped.times(1e3))
        yield Row(f"{what}, ms that they stand still", stopped.times(1e3))
        yield Row(f"{what}, processes per second", Series(map(float(tasks).__truediv__, dumped)))
        yield Row(f"{what}, descriptors per second", Series(map(float(tasks * fds).__truediv__, dumped)))
        peak = Series(dumps.memory() for _ in range(settings.rounds))
        yield Row(f"{what}, peak RSS of the dumper, MiB", peak)


def _threads(settings: Settings) -> Iterator[Row]:
    with targets.tree(settings.folder, threads=settings.threads) as pid:
        dumps = Dumps(settings.folder, pid)
        what = f"dump of {settings.threads:,} threads, ms"
        works: list[Callable[[], float]] = [dumps.crimg]
        if shutil.which("gcore"):
            works.append(dumps.gcore)
        dumped, *others = alternate(settings.rounds, *works)
        stopped = Series(dumps.stopped[1:]).times(1e3)
        if others:
            yield Row(f"{what}, the command as a whole", dumped.times(1e3), "gcore", others[0].times(1e3))
        else:
            note = "left out: there is no gcore (gdb)"
            yield Row(f"{what}, the command as a whole", dumped.times(1e3), "gcore", note=note)
        yield Row(f"{what} that they stand still", stopped)
