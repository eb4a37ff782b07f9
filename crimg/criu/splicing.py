"""Strings replaced in protobuf messages where they stand: every other byte stays as it is.

Messages are not decoded and serialized anew, which would move fields that this version does not know. Only
the lengths of the messages around a string that changes its length are written again.
"""

from __future__ import annotations

from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Tree = dict[int, "Tree | str"]
    """Field number to what is inside it, or to the word for the string that it is."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST = 10
"""Bytes of a varint at the most."""


def spliced(data: bytes, wanted: Tree, change: Callable[[str, bytes], bytes]) -> bytes:
    """The message with the strings of `wanted` replaced by what `change` makes of them (word, string).

    Raises FormatError for bytes that are no message.
    """
    parts: list[bytes] = []
    position = kept = 0
    while position < len(data):
        key, position = _varint(data, position)
        wire, before = key & 7, position
        if wire == _VARINT:
            _, position = _varint(data, position)
            continue
        if wire == _BYTES:
            size, position = _varint(data, position)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise FormatError(f"no message: wire type {wire} at {before}")
        end = position + size
        if end > len(data):
            raise FormatError(f"no message: field at {before} is cut short")
        inside = wanted.get(key >> 3) if wire == _BYTES else None
        if inside is not None:
            old = data[position:end]
            new = change(inside, old) if isinstance(inside, str) else spliced(old, inside, change)
            if new != old:
                parts += [data[kept:before], encoded(len(new)), new]
                kept = end
        position = end
    return b"".join([*parts, data[kept:]]) if parts else data


def encoded(number: int) -> bytes:
    """A number of 0 or more as a varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST):
        if position + index >= len(data):
            break
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    raise FormatError(f"no message: no number at {position}")
