"""Bytes of an OBJECTS, LOG or HISTORY body to records.

Nothing is taken on trust: counts are held against the bytes that are left, the length of nested arrays is
limited (a decoder makes room for an array before it has read it), types and ranges are the schema's. Rows
are decoded and checked some thousands at a time, so that undecoded, unchecked and finished rows of a large
table never all take memory at once.
"""

from __future__ import annotations

from itertools import islice

import msgpack

from crimg.errors import FormatError, UnsupportedVersionError
from crimg.format.constants import FIRST_ANCILLARY_KIND, MAX_LIST, SectionType
from crimg.model import HistoryEntry, LogEntry
from crimg.model.check import fault
from crimg.model.record import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.format.container import IndexEntry
    from crimg.model.record import Record

SECTION_OF_KIND = {LogEntry.row_kind: SectionType.LOG, HistoryEntry.row_kind: SectionType.HISTORY}
"""Number of a kind to the type of its sections; all others stand in OBJECTS."""
_ROWS_AT_ONCE = 4096


def decode_batches(body: bytes | memoryview, place: str) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """Kind number and rows of every batch of a body, large batches in parts; the columns are not looked at.

    `place` names the section in errors. Raises FormatError, with the offset in the body in its text.
    """
    size = len(body)
    unpacker = msgpack.Unpacker(
        use_list=False,
        raw=False,
        max_buffer_size=max(size, 1),
        max_str_len=size,
        max_bin_len=size,
        max_array_len=MAX_LIST,
        max_map_len=MAX_LIST,
        max_ext_len=0,
    )
    unpacker.feed(body)
    try:
        while unpacker.tell() < size:
            kind, count = _batch_header(unpacker, size, place)
            if count == 0:
                yield kind, []
            while count:
                rows = list(islice(unpacker, min(count, _ROWS_AT_ONCE)))
                if not rows:
                    raise FormatError("the last batch of the body ends in the middle", section=place)
                if set(map(type, rows)) != {tuple}:
                    text = f"a batch holds something that is no row, before {unpacker.tell()} of the body"
                    raise FormatError(text, section=place)
                count -= len(rows)
                yield kind, rows
    except FormatError:
        raise
    except (msgpack.exceptions.UnpackException, ValueError) as error:  # ValueError: limits, UTF-8, map keys
        text = f"no msgpack value of the schema at {unpacker.tell()} of the body"
        raise FormatError(f"{text} ({error or type(error).__name__})", section=place) from error


def section_batches(
    entry: IndexEntry, body: bytes | memoryview
) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """As `decode_batches`, of the body of a section, in which only some kinds may stand."""
    place = entry.label
    for kind, rows in decode_batches(body, place):
        if entry.kind not in (0, kind):
            raise FormatError(f"rows of kind {kind} among those of {entry.kind}", section=place)
        if SECTION_OF_KIND.get(kind, SectionType.OBJECTS) != entry.type:
            raise FormatError(f"rows of kind {kind} do not belong here", section=place)
        yield kind, rows


def _batch_header(unpacker: msgpack.Unpacker, size: int, place: str) -> tuple[int, int]:
    """Kind number and number of rows of the batch that begins here."""
    start = unpacker.tell()
    if unpacker.read_array_header() != 2:
        raise FormatError(f"batch at {start} of the body is no pair of kind and rows", section=place)
    kind = unpacker.unpack()
    if type(kind) is not int or not 0 < kind < 1 << 16:
        raise FormatError(f"batch at {start} of the body has no kind number", section=place)
    count = unpacker.read_array_header()
    if count > size - unpacker.tell():
        raise FormatError(f"batch at {start} of the body claims {count} rows", section=place)
    return kind, count


def records(kind: int, rows: list[tuple[Any, ...]], place: str) -> list[Record]:
    """The rows as records of their class, every column checked; raises FormatError."""
    cls = KINDS.get(kind)
    if cls is None:
        text = f"rows of kind {kind}"
        if kind >= FIRST_ANCILLARY_KIND:
            raise FormatError(f"{text} do not belong here", section=place)
        raise UnsupportedVersionError(f"holds {text}, which this version does not know", section=place)
    wrong = fault(cls, rows)
    if wrong:
        raise FormatError(wrong, section=place)
    return list(map(cls.from_row, rows))
