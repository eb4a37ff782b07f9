"""What a piece of work took: time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Usage(NamedTuple):
    """Of a finished command. cpu, wall: seconds."""

    cpu: float
    wall: float


class Series(tuple[float, ...]):
    """The figures of all rounds, in the order of the rounds."""

    __slots__ = ()

    @property
    def median(self) -> float:
        """The figure in the middle."""
        return median(self)

    def __str__(self) -> str:
        if len(self) == 1:
            return _number(self[0])
        return f"{_number(self.median)} ({_number(min(self))}-{_number(max(self))})"

    def per(self, other: Series) -> Series:
        """This by that, round by round: what slowed the machine down in a round slowed both."""
        return Series(mine / theirs for mine, theirs in zip(self, other, strict=True))

    def times(self, factor: float) -> Series:
        """In another unit."""
        return Series(figure * factor for figure in self)


def _number(figure: float) -> str:
    """Three digits, or all before the point."""
    if figure == 0 or figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.{1 if figure >= 10 else 2 if figure >= 1 else 3}f}"


class CommandError(Exception):
    """A command that is measured did not go well: there is no figure."""


def usage(command: Sequence[str | Path], good: int = 0) -> Usage:
    """Run a command to its end, its output going nowhere; raises CommandError where its status is another."""
    null = os.open(os.devnull, os.O_RDWR)
    words = [os.fspath(word) for word in command]
    started = time.perf_counter()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        pid = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
        _, status, used = os.wait4(pid, 0)
    finally:
        os.close(null)
    elapsed = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != good:
        raise CommandError(f"{' '.join(words)}: status {os.waitstatus_to_exitcode(status)}")
    return Usage(used.ru_utime + used.ru_stime, elapsed)


def wall(work: Callable[[], object]) -> float:
    """The seconds that a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


_WAIT = """
import os, sys
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss << 10)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_memory(command: Sequence[str | Path]) -> int:
    """The most that a command had in memory, bytes, of its output nothing is seen.

    The kernel counts for it what the process had that started it, so that must be a small one.
    """
    words = [sys.executable, "-I", "-S", "-c", _WAIT, *(os.fspath(word) for word in command)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise CommandError(f"{' '.join(words[5:])}: {done.stderr.decode(errors='replace').strip()}")
    return int(done.stdout.split()[-1])


def warm(folder: Path, size: int) -> None:
    """Write `size` bytes to a file, and remove it: that much of the page cache is memory that was just used.

    On a virtual machine memory that was not in use for a while is several times slower the first time.
    """
    path = folder / "warm"
    block = os.urandom(1 << 20)
    with path.open("xb") as file:
        for _ in range(size >> 20):
            file.write(block)
    path.unlink()


def alternate(
    rounds: int, *works: Callable[[], float], before: Callable[[], object] | None = None
) -> list[Series]:
    """Figures of pieces of work that are done in turn, after one round that does not count.

    before: done ahead of each of them, so that all of them find the machine alike.
    """
    figures: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for figure, work in zip(figures, works, strict=True):
            if before is not None:
                before()
            result = work()
            if number:
                figure.append(result)
    return list(map(Series, figures))
