"""Page maps of CRIU as they stand in their files, and without some of their pages."""

from __future__ import annotations

from struct import Struct

from crimg.criu.framing import header_size
from crimg.criu.sections import PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.criu.directory import Files, Part
    from crimg.criu.framing import Entry

STEMS = ("pagemap", "pagemap-shmem")
_LENGTH = Struct("<i")
_PARENT, _PRESENT = 1, 4
"""Bits of an entry's `flags` (criu/include/pagemap.h)."""


class PageMap:
    """A page map. pages: name of the file that its pages are in.

    entries: each with the index of its first page there, and how many it has there. Raises FormatError.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        found = part.entries()
        self._head = next(found, None)
        number = self._head.message.pages_id if self._head is not None else 0
        self.pages = f"pages-{number}.img"
        self.entries: list[tuple[Entry, int, int]] = []
        self.count = 0
        """Pages that the entries have in all."""
        for entry in found:
            count = _pages_in_file(entry.message)
            self.entries.append((entry, self.count, count))
            self.count += count

    def without(self, gone: Sequence[tuple[int, int]]) -> bytes:
        """The page map without the pages that are gone (ranges of indices, in order), as a file.

        An entry that lost some is divided; the fields of it that nobody knows are in each part.
        """
        view = self.part.view
        if self.part.kind is None or self._head is None:
            return bytes(view)
        parts = [bytes(view[: header_size(view, self.part.kind, self.part.name)])]
        parts += _framed(bytes(self._head.data))
        position = 0
        for entry, start, count in self.entries:
            while position < len(gone) and gone[position][1] <= start:
                position += 1
            for low, high in _kept(start, start + count, gone, position) if count else ((start, start),):
                if high - low == count:
                    parts += _framed(bytes(entry.data))
                else:
                    parts += _framed(_part(entry.message, low - start, high - low))
        return b"".join(parts)


def page_maps(files: Files) -> Iterator[PageMap]:
    """All page maps of an image. Raises FormatError."""
    for part in files.parts.values():
        if part.stem in STEMS and part.size:
            yield PageMap(part)


def _framed(data: bytes) -> tuple[bytes, bytes]:
    return _LENGTH.pack(len(data)), data


def _pages_in_file(message: Any) -> int:
    """How many pages of the file an entry stands for: none where they are elsewhere."""
    flags = message.flags if message.HasField("flags") else _PRESENT
    if flags & _PARENT or message.in_parent or not flags & _PRESENT:
        return 0
    return int(message.nr_pages if message.HasField("nr_pages") else message.compat_nr_pages)


def _kept(start: int, end: int, gone: Sequence[tuple[int, int]], position: int) -> Iterator[tuple[int, int]]:
    """What of the pages from start to end is in no range of `gone`, of which those from `position` count."""
    while position < len(gone) and gone[position][0] < end:
        low, high = gone[position]
        if start < low:
            yield start, low
        start = max(start, high)
        position += 1
    if start < end:
        yield start, end


def _part(message: Any, skipped: int, count: int) -> bytes:
    """An entry of some of the pages of another."""
    part = type(message)()
    part.CopyFrom(message)
    part.vaddr = message.vaddr + skipped * PAGE
    for name in ("nr_pages", "compat_nr_pages"):
        if message.HasField(name):
            setattr(part, name, count)
    data: bytes = part.SerializeToString()
    return data
