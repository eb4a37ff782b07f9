"""Bodies of fixed-size numbers that there are many of: page runs, and the extents of a blob."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError

from crimg.errors import FormatError, ModelError
from crimg.format.constants import (
    BLOB_PREFIX_SIZE,
    EXTENT_SIZE,
    MAX_SECTION_ID,
    MIN_PAGE_SIZE,
    PAGES_GUARD,
    PAGES_PARENT,
    PAGES_ZERO,
    RUN_SIZE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crimg.format.structures import Buffer

RUN = Struct("<QQII")
EXTENT = Struct("<QQ")
_SPECIAL = (PAGES_PARENT, PAGES_GUARD, PAGES_ZERO)
_BLOB_PREFIX = Struct("<II")
_MAX_FILE_SIZE = (1 << 63) - 1
_MAX_PAGES = (1 << 64) // MIN_PAGE_SIZE


def unpack_runs(
    body: Buffer, *, section: str = "PAGEMAP", offset: int | None = None
) -> list[tuple[int, int, int, int]]:
    """first_page, num_pages, pages_id, first_index of every run of a decoded PAGEMAP body.

    Raises FormatError for runs that are empty, overlap, are out of order, pass the end of the address space,
    or come from nowhere. Whether the sections exist and have these pages is the caller's to check.
    """
    if len(body) % RUN_SIZE:
        raise FormatError(f"length {len(body)} is no multiple of {RUN_SIZE}", section=section, offset=offset)
    # A body of zeros, which zstd packs into few bytes, is refused at its first run, before a list is made.
    runs = []
    end = 0
    for number, run in enumerate(RUN.iter_unpack(body)):
        first_page, num_pages, pages_id, first_index = run
        if first_page < end or num_pages == 0:
            raise FormatError(f"run {number} is empty or out of order", section=section, offset=offset)
        if pages_id > MAX_SECTION_ID and pages_id not in _SPECIAL:
            raise FormatError(f"run {number} has no origin: {pages_id:#x}", section=section, offset=offset)
        if first_index and pages_id in _SPECIAL:
            raise FormatError(f"run {number} has an index but no section", section=section, offset=offset)
        end = first_page + num_pages
        runs.append(run)
    if end > _MAX_PAGES:
        raise FormatError("runs reach past the 64-bit address space", section=section, offset=offset)
    return runs


def pack_runs(runs: Iterable[tuple[int, int, int, int]]) -> bytes:
    """The body of a PAGEMAP section. Raises ModelError for a number out of range."""
    try:
        return b"".join(RUN.pack(*run) for run in runs)
    except StructError as error:
        raise ModelError(f"page run: {error}") from error


def unpack_extents(
    body: Buffer, *, section: str = "BLOB", offset: int | None = None
) -> tuple[list[tuple[int, int]], int]:
    """Offset in the kept file and length of every extent of a decoded BLOB body, and where its data start.

    The data of the extents fill the rest of the body, in their order. Raises FormatError for extents that are
    empty, overlap, are out of order, pass 2**63 - 1, or do not add up to the length of the data.
    """

    def wrong(text: str) -> FormatError:
        return FormatError(text, section=section, offset=offset)

    if len(body) < BLOB_PREFIX_SIZE:
        raise wrong(f"length {len(body)} is less than {BLOB_PREFIX_SIZE}")
    view = memoryview(body)
    count, reserved = _BLOB_PREFIX.unpack_from(view)
    start = BLOB_PREFIX_SIZE + count * EXTENT_SIZE
    if reserved or start > len(view):
        raise wrong(
            f"{count} extents do not fit in {len(view)} bytes" if not reserved else "reserved bytes set"
        )
    extents = list(EXTENT.iter_unpack(view[BLOB_PREFIX_SIZE:start]))
    end = total = 0
    for number, (extent_offset, length) in enumerate(extents):
        if extent_offset < end or length == 0:
            raise wrong(f"extent {number} is empty or out of order")
        end = extent_offset + length
        total += length
    if end > _MAX_FILE_SIZE:
        raise wrong("extents reach past the largest offset of a file")
    if total != len(view) - start:
        raise wrong(f"extents of {total} bytes, but {len(view) - start} bytes of data")
    return extents, start


def pack_extents(extents: Sequence[tuple[int, int]]) -> bytes:
    """The start of a BLOB body; the data follow. Raises ModelError for a number out of range."""
    try:
        return _BLOB_PREFIX.pack(len(extents), 0) + b"".join(EXTENT.pack(*extent) for extent in extents)
    except StructError as error:
        raise ModelError(f"extent: {error}") from error
