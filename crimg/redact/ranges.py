"""Sets of numbers as ranges: pairs of start and end, ascending, with gaps between them."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Range = tuple[int, int]

_END = itemgetter(1)


def union(ranges: Iterable[Range]) -> list[Range]:
    """The set that these ranges cover, which may overlap and come in any order; empty ones count for none."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], high))
        elif low < high:
            result.append((low, high))
    return result


def within(ranges: Sequence[Range], low: int, high: int) -> Iterator[Range]:
    """What of a set lies between two numbers."""
    for index in range(bisect_right(ranges, low, key=_END), len(ranges)):
        start, end = ranges[index]
        if start >= high:
            return
        yield max(start, low), min(end, high)


def without(ranges: Iterable[Range], others: Sequence[Range]) -> list[Range]:
    """What of the first set is not in the second."""
    result = []
    for low, high in ranges:
        for start, end in within(others, low, high):
            if low < start:
                result.append((low, start))
            low = end
        if low < high:
            result.append((low, high))
    return result


def at_most(ranges: Sequence[Range], most: int) -> list[Range]:
    """A set that covers this one with at most so many ranges, over the smallest of its gaps."""
    gaps = sorted((ranges[number][0] - ranges[number - 1][1], number) for number in range(1, len(ranges)))
    closed = {number for _, number in gaps[: max(len(ranges) - most, 0)]}
    result: list[Range] = []
    for number, (low, high) in enumerate(ranges):
        if number in closed:
            result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return result


def total(ranges: Iterable[Range]) -> int:
    """How many numbers are in a set."""
    return sum(high - low for low, high in ranges)
