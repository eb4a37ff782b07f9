"""Rows to the bodies of OBJECTS, LOG and HISTORY sections."""

from __future__ import annotations

import msgpack

from crimg.errors import ModelError
from crimg.model.check import fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model.record import Record

TABLE_SECTION = 8 << 20
"""Encoded rows are gathered into sections of about this many bytes."""
_ROWS_AT_ONCE = 4096
"""Rows that are checked together: their columns fit in the processor's cache."""


def encode_rows(rows: Sequence[Record]) -> Iterator[bytes]:
    """Bodies that hold these rows, all of one kind: one batch each, of about `TABLE_SECTION` bytes.

    Raises ModelError for a value that the schema has no room for.
    """
    if not rows:
        return
    kind = type(rows[0]).row_kind
    check_rows(rows)
    packer = msgpack.Packer(use_bin_type=True, autoreset=True)
    gathered: list[bytes] = []
    size = 0
    for packed in _packed(packer, rows):
        gathered.append(packed)
        size += len(packed)
        if size >= TABLE_SECTION:
            yield _batch(packer, kind, gathered)
            gathered, size = [], 0
    if gathered:
        yield _batch(packer, kind, gathered)


def _packed(packer: msgpack.Packer, rows: Sequence[Record]) -> Iterator[bytes]:
    """Row by row. An empty map of further attributes is none (specs/format.md, "Canonical form")."""
    pack = packer.pack
    try:
        for row in rows:
            yield pack(row if row[-1] is None or row[-1] else (*row[:-1], None))
    except ValueError as error:  # a str with surrogates, or what is too long for msgpack
        raise ModelError(f"a row of {type(rows[0]).noun} cannot be encoded: {error}") from error


def _batch(packer: msgpack.Packer, kind: int, packed: list[bytes]) -> bytes:
    return b"".join(
        [packer.pack_array_header(2), packer.pack(kind), packer.pack_array_header(len(packed)), *packed]
    )


def check_rows(rows: Sequence[Record]) -> None:
    """Raise ModelError where a row is of another class than the first, or holds what its column cannot."""
    cls = type(rows[0])
    if set(map(type, rows)) != {cls}:
        raise ModelError(f"rows of several kinds in a table of {cls.noun}")
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        wrong = fault(cls, rows[start : start + _ROWS_AT_ONCE])
        if wrong:
            raise ModelError(wrong)
