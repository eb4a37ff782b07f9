"""Rows that name sections of memory and contents by their ids."""

from __future__ import annotations

from crimg.format.constants import SectionType
from crimg.model.files import Inode, Pipe
from crimg.model.memory import Mm
from crimg.model.special import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.model.record import Record

SECTION_COLUMNS: tuple[tuple[type[Record], str, SectionType], ...] = (
    (Inode, "blobs", SectionType.BLOB),
    (Pipe, "blobs", SectionType.BLOB),
    (Socket, "blobs", SectionType.BLOB),
    (Mm, "pagemap", SectionType.PAGEMAP),
)
"""Columns that hold ids of sections, and the type that these must be of."""

CONTENTS = frozenset({SectionType.PAGES, SectionType.PAGEMAP, SectionType.BLOB})
"""Types of sections that mean nothing unless a row or a page map names them."""


def named_sections(cls: type[Record], rows: Iterable[Record]) -> set[int]:
    """Ids of the sections that rows of one kind name."""
    found: set[int] = set()
    for owner, name, _ in SECTION_COLUMNS:
        if owner is cls:
            index = cls.fields.index(name)
            for row in rows:
                value = row[index]
                found.update(value if isinstance(value, tuple) else () if value is None else (value,))
    return found
