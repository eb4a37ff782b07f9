"""Very many rows that a child sent, kept as the text that it sent them as.

A hundred thousand verdicts as objects are a hundred megabytes, which the collector of cycles goes through
again and again, and which take a tenth of a second to be given back: all of it is felt at the keys. Packed
they take a hundredth of that, and the rows in sight are unpacked when they are drawn.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

T = TypeVar("T")
_UNPACKED = 4
"""Parts that stay unpacked: those that the rows in sight are in."""


class Packed(Generic[T]):
    """A sequence that only grows. make: a row of what JSON had for it."""

    def __init__(self, make: Callable[[list[Any]], T]) -> None:
        self._make = make
        self._parts: list[bytes] = []
        self._ends: list[int] = []
        self._unpacked: dict[int, list[Any]] = {}

    def add(self, text: str, count: int) -> None:
        """Add `count` rows. text: them as a JSON array."""
        self._parts.append(zlib.compress(text.encode(), 1))
        self._ends.append(len(self) + count)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> T:
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = bisect_right(self._ends, index)
        if part not in self._unpacked:
            if len(self._unpacked) >= _UNPACKED:
                del self._unpacked[next(iter(self._unpacked))]
            self._unpacked[part] = json.loads(zlib.decompress(self._parts[part]))
        return self._make(self._unpacked[part][index - (self._ends[part - 1] if part else 0)])

    def __iter__(self) -> Iterator[T]:
        return (self[index] for index in range(len(self)))
