"""Validating large images, and drawing what refers to what in them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from crimg.model import Fd, File, Vma
from tests.bench.measure import alternate, usage
from tests.bench.table import Row
from tests.samples import DELETED_FILE, FD_TABLE, HEAP, MM, PAGE, PROGRAM_FILE
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bench.settings import Settings

TITLE = "Checking"
_AREA = 0x7000_0000_0000
_FIRST_OBJREF = 1000
_FIRST_FD = 100


def large_tables(count: int) -> bytes:
    """A sound image with so many mappings and so many descriptors more."""
    draft = Draft()
    vma = draft.row(Vma, (MM, HEAP)).replace(name=None, file=PROGRAM_FILE, prot=1, vm_flags=b"rd mr mw me")
    starts = range(_AREA, _AREA + 2 * PAGE * count, 2 * PAGE)
    draft.add(*(vma.replace(start=start, end=start + PAGE, offset=0) for start in starts))
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    fds = range(_FIRST_FD, _FIRST_FD + count)
    draft.add(*(Fd(table=FD_TABLE, fd=fd, cloexec=fd % 2 == 0, file=DELETED_FILE) for fd in fds))
    return draft.counted().bytes()


def many_nodes(count: int) -> bytes:
    """A sound image with so many open files more, each with a descriptor."""
    draft = Draft()
    file = draft.row(File, DELETED_FILE)
    draft.add(*(file.replace(objref=_FIRST_OBJREF + number) for number in range(count)))
    draft.add(
        *(
            Fd(table=FD_TABLE, fd=_FIRST_FD + number, cloexec=False, file=_FIRST_OBJREF + number)
            for number in range(count)
        )
    )
    return draft.counted().bytes()


def beside_inspect(settings: Settings, image: Path, verb: str, what: str, goal: float) -> Iterator[Row]:
    """Processor time of a verb, and of crimg inspect, each in a process of its own."""

    def cpu(verb: str) -> Callable[[], float]:
        return lambda: usage([sys.executable, "-m", "crimg", verb, image]).cpu

    own, inspected = alternate(settings.rounds, cpu(verb), cpu("inspect"))
    measured = f"crimg {verb}: {what}, CPU s"
    yield Row(measured, own, at_most=goal, note="own process")
    yield Row(measured, own, "crimg inspect of the same file", inspected)


def rows(settings: Settings) -> Iterator[Row]:
    """Both verbs beside crimg inspect, which reads the same tables."""
    image = settings.folder / "checked.crimg"
    count = f"{settings.rows:,}"
    image.write_bytes(large_tables(settings.rows))
    yield from beside_inspect(settings, image, "validate", f"{count} vmas and {count} fds", 1.5)
    image.write_bytes(many_nodes(settings.rows))
    yield from beside_inspect(settings, image, "graph", f"{count} nodes", 2.0)
    image.unlink()
