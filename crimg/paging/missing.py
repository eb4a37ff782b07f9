"""What of an address space is still to come, and from where. Pure.

No named tuples here: without the typing module, the process that supplies pages starts a third faster.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

RAW = -1
"""As a section: the bytes are in the file as they are, and offsets count from its start."""


class Part:
    """Pages that are still to come.

    start, end: addresses.  section: where they are in the image, RAW or the id of a section.
    offset: bytes from the start of the file, or of the decoded body of the section.
    """

    __slots__ = ("end", "offset", "section", "start")

    def __init__(self, start: int, end: int, section: int, offset: int) -> None:
        self.start = start
        self.end = end
        self.section = section
        self.offset = offset

    def between(self, start: int, end: int) -> Part:
        """What lies between two addresses, at least one page of it."""
        low = max(start, self.start)
        return Part(low, min(end, self.end), self.section, self.offset + low - self.start)


_START = attrgetter("start")


class Missing:
    """Parts of one address space, none above another, in the order of addresses."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = sorted(parts, key=_START)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def copy(self) -> Missing:
        """The same for a copy of the address space."""
        return Missing(self._parts)

    def first(self) -> Part:
        """The part with the lowest address; IndexError where there is none."""
        return self._parts[0]

    def at(self, address: int) -> Part | None:
        """The part that an address is in."""
        index = bisect_right(self._parts, address, key=_START) - 1
        return self._parts[index] if index >= 0 and address < self._parts[index].end else None

    def gap(self, address: int) -> tuple[int, int]:
        """Between which addresses around one that is in no part there is none."""
        index = bisect_right(self._parts, address, key=_START)
        before = self._parts[index - 1].end if index else 0
        return before, self._parts[index].start if index < len(self._parts) else 1 << 64

    def drop(self, start: int, end: int) -> list[Part]:
        """Take out, and return, what lies between two addresses."""
        first = max(bisect_right(self._parts, start, key=_START) - 1, 0)
        last = first
        taken: list[Part] = []
        left: list[Part] = []
        while start < end and last < len(self._parts) and self._parts[last].start < end:
            part = self._parts[last]
            last += 1
            if part.end <= start:
                left.append(part)
                continue
            taken.append(part.between(start, end))
            if part.start < start:
                left.append(part.between(part.start, start))
            if part.end > end:
                left.append(part.between(end, part.end))
        self._parts[first:last] = left
        return taken

    def move(self, source: int, target: int, length: int) -> None:
        """Pages were moved (mremap(2)); what was at the new place is no more."""
        moved = self.drop(source, source + length)
        self.drop(target, target + length)
        for part in moved:
            start = part.start - source + target
            index = bisect_right(self._parts, start, key=_START)
            self._parts.insert(index, Part(start, start + part.end - part.start, part.section, part.offset))
