"""The revisions of an image file, and what each of them changed."""

from __future__ import annotations

from typing import NamedTuple

from crimg.compare.comparison import compare
from crimg.compare.side import Side
from crimg.errors import FormatError, UsageError
from crimg.model import HistoryEntry
from crimg.model.check import fault
from crimg.reader import open_image
from crimg.writer.compaction import EARLIER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.compare.comparison import Difference
    from crimg.model.image import Image


class Revision(NamedTuple):
    """One revision.

    number: as the file counts; before a compaction, as the file counted then.
    entry: what the history says of it, None where it says nothing.  added: bytes that it made the file longer
    by.  before, after: the image before and with it, open until the next revision is asked for.
    difference: what it changed in the tables, but for the history itself. The last four are None where that
    is not to be had: for the first revision there is, and for those that the history alone knows of.
    """

    number: int
    entry: HistoryEntry | None
    added: int | None
    before: Image | None
    after: Image | None
    difference: Difference | None


def revisions(path: str, shown: str = "") -> Iterator[Revision]:
    """The revisions of the image at `path`, the last one first. shown: its name in errors.

    Raises FormatError for a damaged image, FileError, UsageError for what is no file.
    """
    after = open_image(path)
    try:
        side = Side(after, shown)
        rows = sorted(side.rows(HistoryEntry), key=lambda row: row.revision)
        entries = {row.revision: row for row in rows}
        number = after.revision
        while (before := _earlier(path, number - 1)) is not None:
            try:
                found = compare(Side(before, shown), Side(after, shown), contents=False)
                kinds = tuple(kind for kind in found.kinds if kind.kind is not HistoryEntry)
                difference = found._replace(kinds=kinds)
                added = after.size - before.size
                yield Revision(number, entries.pop(number, None), added, before, after, difference)
            except BaseException:
                before.close()
                raise
            after.close()
            after, number = before, number - 1
        yield Revision(number, entries.pop(number, None), after.size, None, after, None)
        left = [row for row in rows if row.revision in entries]
        for entry in reversed([*_before_compaction(rows), *left]):
            yield Revision(entry.revision, entry, None, None, None, None)
    finally:
        after.close()


def _before_compaction(rows: Sequence[HistoryEntry]) -> Iterator[HistoryEntry]:
    """The rows that compaction put into another one, oldest first; their numbers may be those of later rows.

    Raises FormatError for what is no row.
    """
    for row in rows:
        kept = (row.extra or {}).get(EARLIER, ())
        for columns in kept if isinstance(kept, tuple) else (kept,):
            cells = columns if isinstance(columns, dict) else {}
            values: dict[str, Any] = {name: cells.get(name) for name in HistoryEntry.fields}
            wrong = fault(HistoryEntry, [tuple(values.values())])
            if wrong:
                raise FormatError(f"revision {row.revision}: {EARLIER} holds what is no row: {wrong}")
            yield HistoryEntry(**values)


def _earlier(path: str, number: int) -> Image | None:
    """The image as it was at an earlier revision, None where the file has no such revision."""
    if number < 1:
        return None
    try:
        return open_image(path, revision=number)
    except UsageError:
        return None
