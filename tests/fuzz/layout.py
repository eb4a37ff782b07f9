"""Where the parts of a sound image are, and how to make its checksums right again after it was changed.

Nothing of the project's reader is used: it is what is tested.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from tests.builders import INDEX, PAGES, TRAILER, checksum, padding

HEADER, SECTION_HEADER, TRAILER_BODY, ENTRY = 64, 48, 64, 48
_LENGTHS = struct.Struct("<QQ")
_U64 = struct.Struct("<Q")


class Part(NamedTuple):
    """A section. header, body: offsets in the file.  length: of the stored body.  type, id: its own."""

    header: int
    body: int
    length: int
    type: int
    id: int

    @property
    def end(self) -> int:
        """Behind the body."""
        return self.body + self.length


def parts_of(data: bytes | bytearray) -> list[Part]:
    """The sections of a sound image."""
    parts = []
    offset = HEADER
    while offset < len(data):
        (type_,) = struct.unpack_from("<H", data, offset + 4)
        align, (number,) = data[offset + 9], struct.unpack_from("<I", data, offset + 12)
        (length,) = _U64.unpack_from(data, offset + 16)
        body = offset + SECTION_HEADER + padding(offset + SECTION_HEADER, 1 << align)
        parts.append(Part(offset, body, length, type_, number))
        offset = body + length + padding(length, 8)
    return parts


def regions(parts: list[Part]) -> list[tuple[int, int]]:
    """Start and end of what is worth damaging: all but page data, of which only the first bytes."""
    found = [(0, HEADER)]
    for part in parts:
        found.append((part.header, part.header + SECTION_HEADER))
        end = part.end if part.type != PAGES else min(part.end, part.body + 64)
        if end > part.body:
            found.append((part.body, end))
    return found


def reseal(data: bytearray, parts: list[Part]) -> None:
    """Make every checksum right for what the bytes at the places of these parts are now."""
    _seal(data, 0, HEADER)
    ordinary = [part for part in parts if part.type not in (INDEX, TRAILER)]
    for part in ordinary:
        _seal_section(data, part)
    index_checksum = 0
    entries = 0
    for part in parts:
        if part.type == INDEX:
            listed = [each for each in ordinary if each.header < part.header]
            entries = part.length // ENTRY
            for number, section in enumerate(listed[:entries]):
                place = part.body + number * ENTRY + 40
                data[place : place + 8] = data[section.header + 32 : section.header + 40]
            index_checksum = _seal_section(data, part)
        elif part.type == TRAILER:
            fields = _LENGTHS.pack(checksum(bytes(data[:HEADER])), index_checksum)
            data[part.body + 40 : part.body + 56] = fields
            _seal(data, part.body, TRAILER_BODY)
            _seal_section(data, part)


def _seal(data: bytearray, start: int, length: int) -> None:
    """Checksum of a structure into its last 8 bytes."""
    end = start + length - 8
    data[end : end + 8] = _U64.pack(checksum(bytes(memoryview(data)[start:end])))


def _seal_section(data: bytearray, part: Part) -> int:
    """Checksums of a section; returns that of its body."""
    value = checksum(bytes(memoryview(data)[part.body : part.end]))
    data[part.header + 32 : part.header + 40] = _U64.pack(value)
    _seal(data, part.header, SECTION_HEADER)
    return value
