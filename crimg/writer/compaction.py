"""An image as one revision: what compaction makes of it (specs/format.md, section 5)."""

from __future__ import annotations

import time

from crimg import __version__
from crimg.format.constants import MAX_LIST, Codec
from crimg.model import HistoryEntry
from crimg.writer.whole import unused_sections, write_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crimg.format.container import IndexEntry
    from crimg.model.image import Image
    from crimg.writer.output import Output

EARLIER = "earlier"
"""Key in `extra` of the row of history that compaction writes: the rows that there were before, as maps."""


def write_compacted(
    image: Image,
    output: Output,
    *,
    compress: bool = False,
    command: Sequence[bytes] = (),
    progress: Callable[[int, int], object] | None = None,
) -> list[IndexEntry]:
    """Write the state of an image as revision 1 of a new file, with one row of history that tells of it.

    Memory and contents that nothing names any more are left out; returns their sections.
    compress: tables, pages and kept contents are stored with zstd where that makes them smaller.
    progress: called with bytes done and bytes in all.
    Everything that is copied is held against its checksum first. Raises FormatError, FileError, ModelError.
    """
    for section in image.store.sections:
        if section.critical:
            image.store.check(section.id)
    codec = Codec.ZSTD if compress else Codec.NONE
    unused = unused_sections(image)
    write_image(
        image,
        output,
        codec=codec,
        pack=compress,
        history=[compacted_row(image, command)],
        leave_out={section.id for section in unused},
        progress=progress,
    )
    return unused


def compacted_row(image: Image, command: Sequence[bytes]) -> HistoryEntry:
    """The row of revision 1 that holds all rows of history there were, the latest 4,096 of them."""
    earlier: list[object] = []
    for row in image.rows(HistoryEntry):
        extra = dict(row.extra or {})
        before = extra.pop(EARLIER, ())
        earlier.extend(before if isinstance(before, tuple) else ())
        columns = {name: value for name, value in zip(type(row).fields, row, strict=True) if name != "extra"}
        earlier.append({**columns, **({"extra": extra} if extra else {})})
    return HistoryEntry(
        revision=1,
        time=time.time_ns(),
        tool_version=__version__,
        command=tuple(command),
        rules=(),
        note=f"compacted, from revision {image.revision}",
        extra={EARLIER: tuple(earlier[-MAX_LIST:])},
    )
