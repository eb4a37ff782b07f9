"""The protobuf wire format, and CRIU's framing, by themselves: no code of the project, none of protobuf."""

from __future__ import annotations

import struct
from typing import NamedTuple

COMMON, SERVICE = 0x54564319, 0x55105940
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Value = "int | bytes | str | Fields | list[int | bytes | str | Fields]"
Fields = dict[int, object]
"""Field number to its value: a number, bytes, another message, or a list of these for a repeated field."""


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def zigzag(number: int) -> int:
    """A number of a sint32 or sint64 field as it is written."""
    return number << 1 if number >= 0 else -number * 2 - 1


def message(fields: Fields) -> bytes:
    """A message, its fields in the order given."""
    out = b""
    for number, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int):
                out += varint(number << 3 | VARINT) + varint(int(each))
            else:
                data = message(each) if isinstance(each, dict) else each
                assert isinstance(data, bytes)
                out += varint(number << 3 | BYTES) + varint(len(data)) + data
    return out


def entry(fields: Fields, payload: bytes = b"") -> bytes:
    """An entry of an image file, with the bytes behind it."""
    data = message(fields)
    return struct.pack("<I", len(data)) + data + payload


def image(magic: int, *entries: Fields | tuple[Fields, bytes], first: int = COMMON) -> bytes:
    """A whole image file."""
    body = b"".join(entry(*each) if isinstance(each, tuple) else entry(each) for each in entries)
    return struct.pack("<II", first, magic) + body


class Field(NamedTuple):
    """A field as it stands in a message. value: of a BYTES field what is in it, else the number."""

    number: int
    wire: int
    value: int | bytes


def fields_of(data: bytes) -> list[Field]:
    """The fields of a message; raises ValueError where the bytes are none."""
    found = []
    position = 0
    while position < len(data):
        key, position = _varint_at(data, position)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise ValueError("field 0")
        if wire == VARINT:
            value, position = _varint_at(data, position)
            found.append(Field(number, wire, value))
            continue
        if wire == BYTES:
            size, position = _varint_at(data, position)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if position + size > len(data):
            raise ValueError("cut short")
        found.append(Field(number, wire, data[position : position + size]))
        position += size
    return found


def _varint_at(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError("no varint")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def entries_of(data: bytes, payload_field: int = 0) -> list[tuple[bytes, bytes]]:
    """The entries of an image file, each with the bytes behind it that its field `payload_field` counts."""
    found = []
    first = struct.unpack_from("<I", data)[0] if data else COMMON
    position = 8 if first in (COMMON, SERVICE) else 4  # the inventory has one word before it
    while position < len(data):
        (size,) = struct.unpack_from("<I", data, position)
        body = data[position + 4 : position + 4 + size]
        position += 4 + size
        length = next((f.value for f in fields_of(body) if f.number == payload_field), 0)
        assert isinstance(length, int)
        found.append((body, data[position : position + length]))
        position += length
    return found
