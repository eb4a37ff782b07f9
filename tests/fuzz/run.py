"""Look at mutants of an image, in a process with little memory: `python -m tests.fuzz.run IMAGE ...`."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from crimg.model import KINDS, Record
from crimg.reader import open_image
from tests.fuzz.look import look, rewrite, show, tables_of
from tests.fuzz.mutants import Mutants
from tests.property.opened import memory_file

if TYPE_CHECKING:
    from types import FrameType

    from tests.fuzz.look import Tables
    from tests.fuzz.mutants import Mutant

SEED = 20_260_117
ROOM = 256 << 20
"""Bytes that looking at a mutant may take, besides 8 times the length of the image."""
CPU_SECONDS = 2.0
"""Processor time that one mutant may take."""
_WAYS_TO_SHOW = (
    ["inspect"],
    ["inspect", "--all"],
    ["inspect", "--json"],
    ["inspect", "--all", "--json"],
    ["inspect", "--all", "--salvage"],
    ["inspect", "--json", "--salvage"],
    ["validate"],
    ["validate", "--json"],
    ["graph"],
)


class TooSlow(BaseException):
    """A mutant took more than its time."""


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow


class Originals:
    """What the tables of the undamaged image hold: the only rows that damage may leave."""

    def __init__(self, mutants: Mutants) -> None:
        self.by_revision: list[Tables] = []
        self.rows: dict[type[Record], list[Record]] = {cls: [] for cls in KINDS.values()}
        ends = [part.end for part in mutants.parts if part.type == 8]
        for end in ends:
            with memory_file(mutants.data[:end]) as path, open_image(path) as image:
                self.by_revision.append(tables_of(image))
        for tables in self.by_revision:
            for cls, rows in tables.items():
                assert rows is not None
                self.rows[cls] += [row for row in rows if row not in self.rows[cls]]

    def check(self, found: Tables | None) -> None:
        """Each table is that of one revision, or damaged."""
        for cls, rows in (found or {}).items():
            assert rows is None or any(rows == tables[cls] for tables in self.by_revision), cls

    def check_salvaged(self, found: Tables | None) -> None:
        """No row is there which was not there before."""
        for cls, rows in (found or {}).items():
            if rows and not any(rows == tables[cls] for tables in self.by_revision):
                assert all(row in self.rows[cls] for row in rows), cls


def look_at(mutant: Mutant, originals: Originals, rng: Random) -> None:
    """Everything that must hold of one mutant."""
    with memory_file(mutant.data) as path:
        found = look(path)
        salvaged = look(path, salvage=True) if found is None or rng.random() < 0.3 else None
        if found is not None or rng.random() < 0.2:
            show(path, rng.choice(_WAYS_TO_SHOW))
    if not mutant.sealed:
        originals.check(found)
        originals.check_salvaged(salvaged)
    if found is not None and None not in found.values() and rng.random() < 0.5:
        check_rewritten(mutant.data, found)


def check_rewritten(data: bytes, tables: Tables) -> None:
    """An image all of whose tables could be read is written to one with the same tables."""
    with memory_file(data) as path, open_image(path) as image:
        copy = rewrite(image)
    with memory_file(copy) as path, open_image(path) as image:
        assert not image.damage
        for cls, rows in tables_of(image).items():
            before = tables[cls]
            assert rows is not None
            assert before is not None
            assert repr(rows) == repr(_without_empty_maps(before)), cls  # repr: NaN equals itself


def _without_empty_maps(rows: list[Record]) -> list[Record]:
    return [type(row).from_row((*row[:-1], row[-1] or None)) for row in rows]


def run(path: Path, name: str, seed: int, numbers: range) -> int:
    """Look at mutants; the exit status. A mutant that something is wrong with stays in a file."""
    mutants = Mutants(path.read_bytes(), name, seed)
    originals = Originals(mutants)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = used + ROOM + 8 * len(mutants.data)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    signal.signal(signal.SIGPROF, _too_slow)
    for number in numbers:
        mutant = mutants[number]
        try:
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            look_at(mutant, originals, Random(number))
            signal.setitimer(signal.ITIMER_PROF, 0)
        except BaseException:  # noqa: BLE001 - whatever it is, the bytes that led to it are wanted
            signal.setitimer(signal.ITIMER_PROF, 0)
            traceback.print_exc()
            fd, kept = tempfile.mkstemp(prefix=f"mutant-{name}-{number}-", suffix=".crimg")
            with os.fdopen(fd, "wb") as file:
                file.write(mutant.data)
            print(f"mutant {number} of {name}, seed {seed}, sealed {mutant.sealed}: {kept}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("--name", default="image")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    sys.exit(run(options.image, options.name, options.seed, numbers))
