"""Words that a program counts in a file it shares with the test: looking at them disturbs nothing."""

from __future__ import annotations

import mmap
import os
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WORDS = 4


class Counts:
    """The file at `path`: groups of four words, the first counts rounds, the others what went wrong."""

    def __init__(self, path: Path, groups: int = 1) -> None:
        self.groups = groups
        fd = os.open(path, os.O_RDONLY)
        try:
            self._map = mmap.mmap(fd, 4096, prot=mmap.PROT_READ)
        finally:
            os.close(fd)

    def rows(self) -> list[tuple[int, ...]]:
        """All groups."""
        numbers = struct.unpack_from(f"<{WORDS * self.groups}Q", self._map)
        return [numbers[WORDS * n : WORDS * (n + 1)] for n in range(self.groups)]

    def check(self, more: int = 3, timeout: float = 20.0) -> None:
        """Every group goes on for `more` rounds, and nothing has gone wrong in any."""
        before = self.rows()
        deadline = time.monotonic() + timeout
        while any(now[0] < then[0] + more for then, now in zip(before, self.rows(), strict=True)):
            assert time.monotonic() < deadline, f"it stands still: {before}, then {self.rows()}"
            time.sleep(0.001)
        assert [row[1:] for row in self.rows()] == [(0,) * (WORDS - 1)] * self.groups
