"""Drafts as images in many forms: tables in parts, one section or many, compressed, rows revised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crimg.model import DEFINITION_ORDER, Fd, File, Inode, Mm, Task, Thread, Vma
from tests.builders import ZSTD
from tests.samples import HISTORY, LOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.model.record import Record
    from tests.builders import ImageBuilder
    from tests.validate.random_images import Draw
    from tests.validate.sound import Draft

    Tables = list[tuple[int, list[Record]]]

_HARMLESS: dict[type[Record], Callable[[Any], Any]] = {
    Fd: lambda row: row.replace(cloexec=not row.cloexec),
    File: lambda row: row.replace(path=row.path and row.path + b"2"),
    Inode: lambda row: row.replace(mtime=row.mtime + 1),
    Mm: lambda row: row.replace(dumpable=2),
    Task: lambda row: row.replace(comm=b"renamed"),
    Thread: lambda row: row.replace(comm=b"renamed"),
    Vma: lambda row: row,
}
"""What a later revision may do to a row of a kind, without mending or breaking anything."""


def in_parts(draw: Draw, draft: Draft) -> list[Tables]:
    """The tables of a draft, some in two parts: definers before referrers, mappings in their order."""
    whole = draft.tables()
    numbers = {id(row): number for number, row in enumerate(row for _, rows in whole for row in rows)}
    later_kinds = draw(st.sets(st.sampled_from([cls.row_kind for cls in DEFINITION_ORDER])))
    cut = draw(st.integers(1, 4))
    later: set[int] = set()
    parts: list[Tables] = [[], []]
    for kind, rows in whole:
        split: tuple[list[Record], list[Record]] = ([], [])
        for row in rows:
            behind = isinstance(row, Vma) and bool(split[1])
            chosen = kind in later_kinds and numbers[id(row)] % 5 >= cut
            if behind or chosen or not later.isdisjoint(_targets(row)):
                split[1].append(row)
                later.update(row.key[:1] if type(row).shared else ())
            else:
                split[0].append(row)
        for part, found in zip(parts, split, strict=True):
            part += [(kind, found)] if found else []
    return parts


def _targets(row: Record) -> set[int]:
    found: set[int] = set()
    for index, column in type(row).references:
        found.update((row[index] or ()) if column.many else () if row[index] is None else (row[index],))
    return found


def written(draw: Draw, draft: Draft, *, revise: bool | None = None) -> ImageBuilder:
    """The draft in a builder, up to a trailer. revise: with a second revision; None: perhaps."""
    image = draft.contents()
    codec = draw(st.sampled_from((0, ZSTD)))
    for part in in_parts(draw, draft):
        for section in [[table] for table in part] if draw(st.booleans()) else [part]:
            if section:
                image.batches(section, codec=codec)
    image.log(LOG).history(HISTORY).revision()
    return revised(draw, draft, image) if revise or (revise is None and draw(st.booleans())) else image


def revised(draw: Draw, draft: Draft, image: ImageBuilder) -> ImageBuilder:
    """A revision more, in which some rows are harmlessly other than before."""
    able = [row for row in draft.records if type(row) in _HARMLESS]
    rows = draw(st.lists(st.sampled_from(able), max_size=4, unique_by=lambda row: (type(row), row.key)))
    for row in rows:
        image.objects(type(row).row_kind, [_HARMLESS[type(row)](row)])
    return image.history([HISTORY[0].replace(revision=image.revision_number)]).revision()
