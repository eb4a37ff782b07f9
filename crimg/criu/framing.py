"""The framing of image files: words that tell the kind, then entries, each behind its length.

An entry is one protobuf message; behind it may be bytes that it counts. Nothing is copied: messages and
payloads are views of the file.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError

from crimg.criu.kinds import COMMON_MAGIC, RAW, SERVICE_MAGIC
from crimg.criu.messages import BATCHED, parse, parse_batch
from crimg.criu.splicing import encoded
from crimg.errors import BadMagicError, FormatError, TruncatedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.criu.kinds import ImageKind

_WORD = Struct("<I")
_LENGTH = Struct("<i")
WORD = _WORD.size


class Entry:
    """One entry of an image file.

    offset: of its length, bytes from the start of the file.  data: the message as it stands there.
    message: the same, decoded.  payload: the bytes behind it that belong to it.
    """

    __slots__ = ("data", "message", "offset", "payload")

    def __init__(self, offset: int, data: memoryview, message: Any, payload: memoryview) -> None:
        self.offset = offset
        self.data = data
        self.message = message
        self.payload = payload

    @property
    def start(self) -> int:
        """Offset of the message, bytes from the start of the file."""
        return self.offset + WORD


def header_size(view: memoryview, kind: ImageKind, place: str) -> int:
    """Bytes before the first entry. Raises BadMagicError for a file that is of another kind, or no image."""
    if kind.magic == RAW:
        return 0
    if len(view) < WORD:
        raise TruncatedError(f"{len(view)} bytes are no image of CRIU", section=place, offset=0)
    (first,) = _WORD.unpack_from(view)
    if first == kind.magic:  # version 1 of the images
        return WORD
    if first not in (COMMON_MAGIC, SERVICE_MAGIC):
        raise BadMagicError("does not begin as an image of CRIU", section=place, offset=0)
    if len(view) < 2 * WORD or _WORD.unpack_from(view, WORD)[0] != kind.magic:
        raise BadMagicError(f'is no "{kind.stem}" image', section=place, offset=WORD)
    return 2 * WORD


def entries(view: memoryview, kind: ImageKind, place: str) -> Iterator[Entry]:
    """The entries of a file, in order. place: its name. Raises FormatError where one does not fit."""
    position = header_size(view, kind, place)
    name = kind.head or kind.message
    while position < len(view):
        offset = position
        data, position = message_at(view, position, place)
        message = parse(name, data, place, offset)
        length = getattr(message, kind.payload) if kind.payload else 0
        if length > len(view) - position:
            raise TruncatedError(f"{length} bytes should follow the entry", section=place, offset=offset)
        yield Entry(offset, data, message, view[position : position + length])
        position += length
        name = kind.message


def first_message(view: memoryview, kind: ImageKind, place: str) -> Any:
    """The message of the first entry, None where there is none. Raises FormatError where it does not fit."""
    position = header_size(view, kind, place)
    if position == len(view):
        return None
    data, _ = message_at(view, position, place)
    return parse(kind.head or kind.message, data, place, position)


def batch(view: memoryview, kind: ImageKind, place: str) -> Sequence[Any] | None:
    """The messages of a file of which there may be very many, decoded in one go: a third of the time.

    None for other kinds, and where the file is damaged: `entries` then tells where.
    """
    key = BATCHED.get(kind.message)
    if key is None:
        return None
    data = bytes(view)
    end = len(data)
    position = header_size(view, kind, place)
    heads: dict[int, bytes] = {}
    parts: list[bytes] = []
    unpack, append = _LENGTH.unpack_from, parts.append  # each step here is done for every entry
    try:
        while position < end:
            length = unpack(data, position)[0]
            head = heads.get(length)
            if head is None:
                if length <= 0:
                    return None
                head = heads[length] = key + encoded(length)
            position += WORD
            append(head)
            append(data[position : position + length])
            position += length
    except StructError:
        return None
    return parse_batch(kind.message, b"".join(parts)) if position == end else None


def message_at(view: memoryview, position: int, place: str) -> tuple[memoryview, int]:
    """The bytes of the message whose length stands at `position`, and where they end."""
    if position + WORD > len(view):
        raise TruncatedError("the file ends in a length", section=place, offset=position)
    (length,) = _LENGTH.unpack_from(view, position)
    start = position + WORD
    if length <= 0:
        raise FormatError(f"an entry of {length} bytes", section=place, offset=position)
    if length > len(view) - start:
        text = f"an entry of {length} bytes; {len(view) - start} are left"
        raise TruncatedError(text, section=place, offset=position)
    return view[start : start + length], start + length
