"""Rows as they stand in the sections of an image, some of one kind together, and whose place is where."""

from __future__ import annotations

from operator import itemgetter

from crimg.errors import FormatError
from crimg.model.record import KINDS
from crimg.reader.tables import SECTION_OF_KIND, records, section_batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.format.container import IndexEntry
    from crimg.model.record import Record


class Batch:
    """Rows of one kind that stand together. section: None for an image that is in no file.

    rows: as they stand there.  placed: the rows of the last revision whose place this is.
    """

    __slots__ = ("cls", "placed", "revision", "rows", "section")

    def __init__(
        self, cls: type[Record], rows: list[Record], revision: int = 1, section: IndexEntry | None = None
    ) -> None:
        self.cls = cls
        self.rows = rows
        self.placed = rows
        self.revision = revision
        self.section = section


def decode(entry: IndexEntry, body: memoryview) -> Iterator[Batch]:
    """The rows of a section, batch by batch; raises FormatError."""
    for kind, rows in section_batches(entry, body):
        found = _records(kind, rows, entry.label)
        if found:
            yield Batch(KINDS[kind], found, entry.revision, entry)


def place_rows(batches: Sequence[Batch]) -> None:
    """Give every batch the rows whose place it is: rows of later revisions stand in for earlier ones."""
    for cls in {batch.cls for batch in batches}:
        own = [batch for batch in batches if batch.cls is cls]
        first = min(batch.revision for batch in own)
        if all(batch.revision == first for batch in own) or cls.row_kind in SECTION_OF_KIND:
            continue
        key = itemgetter(*cls.key_columns)
        latest = {key(row): row for batch in own if batch.revision != first for row in batch.rows}
        for batch in own:
            if batch.revision == first:
                batch.placed = [latest.pop(key(row), row) for row in batch.rows]
        for batch in own:
            if batch.revision != first:
                keys = dict.fromkeys(map(key, batch.rows))
                batch.placed = [latest.pop(key) for key in keys if key in latest]


def _records(kind: int, rows: list[tuple[object, ...]], place: str) -> list[Record]:
    """The rows as records, checked as the reader does, but that impossible paths are let through (C413)."""
    cls = KINDS.get(kind)
    paths = [index for index, column in enumerate(cls.columns) if column.path] if cls else []
    try:
        return records(kind, rows, place)
    except FormatError:
        if cls is None or not paths:
            raise
        blanked = [
            tuple(
                b"/" if index in paths and type(value) is bytes else value for index, value in enumerate(row)
            )
            for row in rows
        ]
        records(kind, blanked, place)
        return list(map(cls.from_row, rows))
