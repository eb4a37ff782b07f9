"""The fast way to read an index gives what the generated class gives: the same entries, the same errors."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING
from unittest import mock

from crimg.errors import FormatError
from crimg.format import container
from crimg.format.container import IndexEntry, pack_index, read_index
from tests.unit.test_format_container import ENTRY, entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BASE = {name: getattr(ENTRY, name) for name in ENTRY.__slots__}
BITS = {"type": 16, "flags": 16, "codec": 8, "align_log2": 8, "kind": 16, "id": 32, "revision": 32}


def near(name: str, *values: int) -> list[int]:
    """These values of a field, those next to them, and both ends of its range."""
    end = (1 << BITS.get(name, 64)) - 1
    close = {value + step for value in (*values, 0, end) for step in (-1, 0, 1)}
    return [value for value in sorted(close) if 0 <= value <= end]


LENGTHS = near("len_raw", 64, 16 << 20)
BESIDE = ((name, near(name, *limits)) for name, limits in {
    "flags": (1, 2, 0x8000), "align_log2": (3, 21), "id": (1, 0xFFFF_FFF0), "revision": (1,),
    "ofs_header": (64, 72), "checksum": (),
}.items())  # fmt: skip
"""Fields whose limits do not depend on others."""


def entries() -> Iterator[dict[str, int]]:
    """Entries at all limits of the schema, and beside them; fields with a limit in common in all pairs."""
    for type_, kind in product(range(12), near("kind", 30, 31, 0x8000)):
        yield {**BASE, "type": type_, "kind": kind}
    for codec, stored, raw in product(near("codec", 1), LENGTHS, LENGTHS):
        yield {**BASE, "codec": codec, "kind": 0, "len_stored": stored, "len_raw": raw}
    for name, values in BESIDE:
        yield from ({**BASE, name: value} for value in values)


def outcome(read: Iterable[IndexEntry]) -> object:
    """The entries, or what is wrong."""
    try:
        return list(read)
    except FormatError as error:
        return type(error), str(error), error.section, error.offset


def by_the_schema(data: bytes) -> Iterator[IndexEntry]:
    for start in range(0, len(data), 48):
        yield IndexEntry.parse(data[start:], f"index entry {start // 48}", 1000 + start)


def fast(data: bytes) -> Iterator[IndexEntry]:
    yield from read_index(data, offset=1000)


def test_as_the_generated_class_at_every_limit() -> None:
    refused = 0
    for fields in entries():
        data = entry() + entry(**fields)
        expected = outcome(by_the_schema(data))
        assert outcome(fast(data)) == expected, fields
        refused += isinstance(expected, tuple)
    assert refused > 200


def test_as_the_generated_class_with_random_bytes() -> None:
    source = random.Random(5)
    for _ in range(2000):
        data = bytearray(entry())
        data[source.randrange(48)] = source.randrange(256)
        data[source.randrange(48)] = source.choice((0, 1, 255))
        assert outcome(fast(bytes(data))) == outcome(by_the_schema(bytes(data))), data.hex()


def test_a_sound_entry_needs_no_generated_class() -> None:
    with mock.patch.object(container.IndexEntry, "parse", side_effect=AssertionError):
        assert read_index(pack_index([ENTRY] * 3)) == [ENTRY] * 3
