"""Restarting: memory against a bare read of as much of the same file into new memory."""

from __future__ import annotations

import mmap
import os
import signal
from typing import TYPE_CHECKING

from crimg import restart
from crimg.preflight import check
from crimg.reader import open_image
from tests.bench import targets
from tests.bench.measure import alternate, wall, warm
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


def bring_back(path: Path) -> float:
    """Seconds from the first step to the first instruction, at which all memory is in; the process ends."""
    with open_image(path) as image:
        plan = restart.plan(image, check(image), new_pids=True)
        pids: list[int] = []
        taken = wall(lambda: pids.append(restart.restart(image, plan).pid))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return taken


def rows(settings: Settings) -> Iterator[Row]:
    """A process of 10 MiB, a large one, one four times as large."""
    try:
        for size in (_SMALL, settings.large, 4 * settings.large):
            yield from _memory(settings, size)
    except targets.NoCompilerError:
        yield Row("restarts", None, note="left out: there is no C compiler")


def _memory(settings: Settings, size: int) -> Iterator[Row]:
    path = settings.folder / "image.crimg"
    with targets.memory(settings.folder, size) as (pid, _):
        save(pid, path)

    try:
        rounds = settings.rounds if size <= settings.large else min(settings.rounds, 3)
        read, restarted = alternate(
            rounds,
            lambda: wall(lambda: bare_read(path, size)),
            lambda: bring_back(path),
            before=lambda: warm(settings.folder, size + size // 8),
        )
        goal = 1.3 if size >= _GOAL_FROM else None
        what = f"restart of {size // MIB:,} MiB, ms to the first instruction, with all memory in"
        note = "of the same file, to new memory"
        yield Row(what, restarted.times(1e3), "bare read", read.times(1e3), at_most=goal, note=note)
    finally:
        path.unlink(missing_ok=True)
