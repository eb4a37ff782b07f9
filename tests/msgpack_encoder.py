"""A small MessagePack encoder of the tests' own, so that no library stands on both sides of a comparison."""

from __future__ import annotations

import struct


class Encoded(bytes):
    """MessagePack bytes that `encode` puts in as they are: for values in forms that it would not choose."""


def encode(value: object) -> bytes:
    """The value in MessagePack, in its shortest form; a float as binary64."""
    match value:
        case Encoded():
            return bytes(value)
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _encode_int(value)
        case float():
            return struct.pack(">Bd", 0xCB, value)
        case bytes():
            return _length(len(value), (0xC4, 0xC5, 0xC6)) + value
        case str():
            data = value.encode()
            return _length(len(data), (0xD9, 0xDA, 0xDB), 0xA0, 32) + data
        case list() | tuple():
            return _length(len(value), (0, 0xDC, 0xDD), 0x90, 16) + b"".join(map(encode, value))
        case dict():
            pairs = (encode(key) + encode(item) for key, item in value.items())
            return _length(len(value), (0, 0xDE, 0xDF), 0x80, 16) + b"".join(pairs)
    raise TypeError(f"no MessagePack for {type(value).__name__}")


def _encode_int(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack(">b", value) if value < 0 else bytes([value])
    forms = ((0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q"))
    if value < 0:
        forms = ((0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q"))
    for marker, code in forms:
        bits = 8 * struct.calcsize(code)
        low, high = (-(1 << (bits - 1)), 0) if value < 0 else (0, 1 << bits)
        if low <= value < high:
            return struct.pack(f">B{code}", marker, value)
    raise OverflowError(f"{value} does not fit in 64 bits")


def _length(length: int, markers: tuple[int, int, int], fix: int = 0, fix_limit: int = 0) -> bytes:
    """Marker and length: `fix` holds lengths under `fix_limit`; a marker of 0 says that a form is missing."""
    if length < fix_limit:
        return bytes([fix | length])
    for marker, code, limit in zip(markers, "BHI", (1 << 8, 1 << 16, 1 << 32), strict=True):
        if marker and length < limit:
            return struct.pack(f">B{code}", marker, length)
    raise OverflowError(f"length {length}")
