"""Restarting: memory against a bare read of as much of the same file into new memory."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from crimg import restart
from crimg.preflight import check
from crimg.reader import open_image
from tests.bench import targets
from tests.bench.measure import Series, alternate, wall, warm
from tests.bench.table import Row
from tests.dump.dumps import save

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.settings import Settings

TITLE = "Restarting"
MIB = 1 << 20
_SMALL = 10 * MIB
_STEP = 64 * MIB
_GOAL_FROM = 1 << 30
"""From so many bytes on the making of a process does not count."""
_LAZY_GOAL_FROM = 4 << 30


def bare_read(path: Path, size: int) -> None:
    """The least that any restart does: the file to memory that nobody has touched."""
    fd = os.open(path, os.O_RDONLY)
    try:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        with mmap.mmap(-1, size, flags=flags) as memory, memoryview(memory) as view:
            for start in range(0, size, _STEP):
                with view[start : start + _STEP] as part:
                    assert os.preadv(fd, [part], start) == len(part)
    finally:
        os.close(fd)


class Times(NamedTuple):
    """Seconds from the first step: to the first instruction, until all memory is in."""

    first: float
    all: float


def bring_back(path: Path, *, lazy: bool) -> Times:
    """Restart; the process ends once all memory is in."""
    with open_image(path) as image:
        plan = restart.plan(image, check(image), new_pids=True, lazy=lazy)
        started = time.perf_counter()
        done = restart.restart(image, plan)
        first = time.perf_counter() - started
        if done.server:
            with contextlib.suppress(ProcessLookupError):  # it has ended already
                _wait_for(os.pidfd_open(done.server))
        taken = Times(first, time.perf_counter() - started)
    os.kill(done.pid, signal.SIGKILL)
    os.waitpid(done.pid, 0)
    return taken


def _wait_for(pidfd: int) -> None:
    try:
        select.select([pidfd], [], [])
    finally:
        os.close(pidfd)


def rows(settings: Settings) -> Iterator[Row]:
    """A process of 10 MiB, a large one, a huge one; copied, and `--lazy`."""
    small = settings.folder / "restarted-small.crimg"
    try:
        with targets.memory(settings.folder, _SMALL) as (pid, _):
            save(pid, small)
        for size in (_SMALL, settings.large, settings.huge):
            yield from _memory(settings, size, small)
    except targets.NoCompilerError:
        yield Row("restarts", None, note="left out: there is no C compiler")
    finally:
        small.unlink(missing_ok=True)


def _memory(settings: Settings, size: int, small: Path) -> Iterator[Row]:
    path = settings.folder / "restarted.crimg"
    with targets.memory(settings.folder, size) as (pid, _):
        save(pid, path)
    try:
        rounds = settings.rounds if size <= settings.large else min(settings.rounds, 3)
        all_in: list[float] = []

        def lazily() -> float:
            times = bring_back(path, lazy=True)
            all_in.append(times.all)
            return times.first

        read, copied, least, first = alternate(
            rounds,
            lambda: wall(lambda: bare_read(path, size)),
            lambda: bring_back(path, lazy=False).first,
            lambda: bring_back(small, lazy=True).first,
            lazily,
            before=lambda: warm(settings.folder, size + size // 8),
        )
        what, note = f"restart of {size // MIB:,} MiB", "of the same file, to new memory"
        yield Row(
            f"{what}, ms to the first instruction, with all memory in",
            *(copied.times(1e3), "bare read", read.times(1e3)),
            at_most=1.3 if size >= _GOAL_FROM else None,
            note=note,
        )
        against = ("copied", copied) if size == _SMALL else (f"of {_SMALL // MIB} MiB with `--lazy`", least)
        yield Row(
            f"{what} with `--lazy`, ms to the first instruction",
            *(first.times(1e3), against[0], against[1].times(1e3)),
            at_most=3 if size >= _LAZY_GOAL_FROM else None,
        )
        whole = Series(all_in[1:]).times(1e3)
        yield Row(f"{what} with `--lazy`, ms until all is in", whole, "bare read", read.times(1e3), note=note)
    finally:
        path.unlink(missing_ok=True)
