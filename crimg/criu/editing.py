"""Image files with some of their strings replaced, entry by entry; all else stays where it is."""

from __future__ import annotations

from struct import Struct

from crimg.criu.framing import entries, header_size, message_at
from crimg.criu.messages import parse
from crimg.criu.splicing import spliced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from crimg.criu.kinds import ImageKind
    from crimg.criu.splicing import Tree

    Change = Callable[[Any, str, bytes], bytes]
    """Makes the new string of a place (the decoded entry, word for the place, old string)."""

_LENGTH = Struct("<i")


def edited(data: bytes, kind: ImageKind, place: str, wanted: Tree | str, change: Change) -> bytes:
    """The bytes of an image file with the strings of `wanted` in its entries as `change` makes them.

    place: its name.  wanted: a word instead, for whole entries.  It is `data` itself where nothing changes.
    Raises FormatError where the file is damaged.
    """
    new = b"".join(_pieces(data, kind, place, wanted, change))
    return data if new == data else new


def _pieces(data: bytes, kind: ImageKind, place: str, wanted: Tree | str, change: Change) -> Iterator[bytes]:
    view = memoryview(data)
    start = header_size(view, kind, place)
    yield data[:start]
    if kind.stem == "ghost-file":  # one message, and then contents
        message, end = message_at(view, start, place)
        yield from _entry(bytes(message), parse(kind.message, message, place, start), wanted, change)
        yield data[end:]
        return
    for entry in entries(view, kind, place):
        yield from _entry(bytes(entry.data), entry.message, wanted, change)
        yield bytes(entry.payload)


def _entry(data: bytes, message: Any, wanted: Tree | str, change: Change) -> Iterator[bytes]:
    if isinstance(wanted, str):
        new = change(message, wanted, data)
    else:
        new = spliced(data, wanted, lambda word, old: change(message, word, old))
    yield _LENGTH.pack(len(new))
    yield new
