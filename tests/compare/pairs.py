"""Images that differ in what a test wants, assembled from the rows of the small sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crimg.compare import Difference, Side, compare
from tests import samples
from tests.builders import ImageBuilder
from tests.property.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crimg.model import Record

SHIFT = 100
OTHER = b"another image..."


def renumbered(row: Record) -> Record:
    """The row with other objrefs."""
    changes: dict[str, Any] = {}
    for column, value in zip(type(row).columns, row, strict=True):
        if value is not None and (column.name == "objref" or column.kinds):
            changes[column.name] = value + SHIFT if value < 2**31 else 7
    return row.replace(**changes)


def image(
    rows: Iterable[Record],
    *,
    uuid: bytes = bytes(16),
    pages: bytes = samples.SAVED_PAGES,
    blob: Sequence[tuple[int, bytes]] = samples.DELETED_CONTENTS,
    runs: Sequence[tuple[int, int, int, int]] = samples.RUNS,
) -> bytes:
    """An image of these rows and contents."""
    builder = ImageBuilder(created=samples.TIME, uuid=uuid).pagemap(runs).pages(pages)
    builder.pages(samples.PACKED_PAGES, codec=1).blob(blob).blob([(0, samples.PIPE_CONTENTS)])
    builder.batches(samples.tables(list(rows))).log(samples.LOG).history(samples.HISTORY)
    return builder.revision().bytes()


def difference(before: bytes, after: bytes, *, contents: bool = True) -> Difference:
    """What `compare` says of two files."""
    with opened(before) as one, opened(after) as other:
        return compare(Side(one), Side(other), contents=contents)
