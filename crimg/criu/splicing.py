"""Strings replaced in protobuf messages where they stand: every other byte stays as it is.

Messages are not decoded and serialized anew, which would move fields that this version does not know. Only
the lengths of the messages around a string that changes its length are written again.
"""

from __future__ import annotations

from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

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
    kept = 0
    for number, wire, _, inner, value, end in _fields(data):
        inside = wanted.get(number) if wire == _BYTES else None
        if inside is not None:
            old = data[value:end]
            new = change(inside, old) if isinstance(inside, str) else spliced(old, inside, change)
            if new != old:
                parts += [data[kept:inner], encoded(len(new)), new]
                kept = end
    return b"".join([*parts, data[kept:]]) if parts else data


def numbered(data: bytes, values: Mapping[int, Sequence[int]]) -> bytes:
    """The message with other numbers in the fields of `values`, where the first of each was, else at its end.

    values: field to its numbers, 0 or more; none removes the field. Raises FormatError.
    """
    parts: list[bytes] = []
    kept = 0
    left = {number: b"".join(_number(number, value) for value in those) for number, those in values.items()}
    for number, _, start, _, _, end in _fields(data):
        if number in values:
            parts += [data[kept:start], left.pop(number, b"")]
            kept = end
    return b"".join([*parts, data[kept:], *left.values()])


def zeroed(data: bytes, kept: Collection[int] = (), messages: Collection[int] = ()) -> bytes:
    """The message with zeros in all fields but `kept`, those too that the schema does not have.

    messages: fields that are messages, with zeros in all of their fields. Raises FormatError.
    """
    parts: list[bytes] = []
    for number, wire, start, inner, value, end in _fields(data):
        if number in kept:
            parts.append(data[start:end])
        elif wire == _VARINT:
            parts += [data[start:inner], b"\0"]
        else:
            new = zeroed(data[value:end]) if number in messages and wire == _BYTES else bytes(end - value)
            length = encoded(len(new)) if wire == _BYTES else b""
            parts += [data[start:inner], length, new]
    return b"".join(parts)


def _number(field: int, value: int) -> bytes:
    return encoded(field << 3 | _VARINT) + encoded(value)


def _fields(data: bytes) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Number and wire type of every field; where its key, what is behind the key (a length or the value), its
    value, and what follows it begin."""
    position = 0
    while position < len(data):
        start = position
        key, position = _varint(data, position)
        wire, inner = key & 7, position
        if wire == _VARINT:
            _, end = _varint(data, position)
        elif wire == _BYTES:
            size, position = _varint(data, position)
            end = position + size
        elif wire in (_FIXED64, _FIXED32):
            end = position + (8 if wire == _FIXED64 else 4)
        else:
            raise FormatError(f"no message: wire type {wire} at {start}")
        if end > len(data):
            raise FormatError(f"no message: field at {start} is cut short")
        yield key >> 3, wire, start, inner, position, end
        position = end


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
