"""The revisions of an image file, and what each of them changed."""

from __future__ import annotations

from typing import NamedTuple

from crimg.compare.comparison import compare
from crimg.compare.side import Side
from crimg.errors import UsageError
from crimg.model import HistoryEntry
from crimg.reader import open_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.compare.comparison import Difference
    from crimg.model.image import Image


class Revision(NamedTuple):
    """One revision.

    number: as the history counts.
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
        entries = {entry.revision: entry for entry in side.rows(HistoryEntry)}
        number = after.revision
        behind = max(max(entries, default=0) - number, 0)  # a compacted file counts its own from 1 again
        while (before := _earlier(path, number - 1)) is not None:
            try:
                found = compare(Side(before, shown), Side(after, shown), contents=False)
                kinds = tuple(kind for kind in found.kinds if kind.kind is not HistoryEntry)
                difference = found._replace(kinds=kinds)
                added = after.size - before.size
                yield Revision(
                    number + behind, entries.pop(number + behind, None), added, before, after, difference
                )
            except BaseException:
                before.close()
                raise
            after.close()
            after, number = before, number - 1
        yield Revision(number + behind, entries.pop(number + behind, None), after.size, None, after, None)
        for earlier in sorted(entries, reverse=True):
            yield Revision(earlier, entries[earlier], None, None, None, None)
    finally:
        after.close()


def _earlier(path: str, number: int) -> Image | None:
    """The image as it was at an earlier revision, None where the file has no such revision."""
    if number < 1:
        return None
    try:
        return open_image(path, revision=number)
    except UsageError:
        return None
