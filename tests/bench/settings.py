"""How much to measure, and where."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - a NamedTuple has it in its annotations
from typing import NamedTuple


class Settings(NamedTuple):
    """folder: for everything that is written, on the file system that is measured.

    large, huge: bytes of memory of processes.  rounds: how often the long work is done.  starts: how often
    a command is started.  rows: rows of a large table.  fds: descriptors of the process with many.
    image: bytes of the large image.  tree: files of the tree that is searched.  tasks: processes of the tree
    that is dumped.  threads: of the process with many.
    """

    folder: Path
    large: int = 1 << 30
    huge: int = 4 << 30
    rounds: int = 7
    starts: int = 21
    rows: int = 100_000
    fds: int = 20_000
    image: int = 10 << 30
    tree: int = 200_000
    tasks: int = 200
    threads: int = 1_000

    @classmethod
    def quick(cls, folder: Path) -> Settings:
        """Enough to see that everything works."""
        return cls(
            folder,
            large=64 << 20,
            huge=128 << 20,
            rounds=2,
            starts=3,
            rows=5_000,
            fds=1_000,
            image=1 << 30,
            tree=5_000,
            tasks=10,
            threads=50,
        )
