"""Contents that are kept in BLOB sections of two images: the first byte that differs."""

from __future__ import annotations

from crimg.pages import blob_extents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.compare.side import Side

STEP = 256 << 10
"""Bytes compared at once: a copy of both fits the processor's cache."""


def kept_difference(before: Side, after: Side, left: Sequence[int], right: Sequence[int]) -> int | None:
    """Offset in the kept file at which two contents begin to differ, None where they do not.

    left, right: the BLOB sections of each. A hole differs from zero bytes: it is restored as a hole.
    Raises FormatError.
    """
    if len(left) == len(right) and all(map(before.same_bytes, [after] * len(left), left, right)):
        return None
    one, other = _stretches(before, left), _stretches(after, right)
    offset, first = next(one, _END)
    its_offset, second = next(other, _END)
    while first or second:
        if offset != its_offset or not first or not second:
            return min(start for start, data in ((offset, first), (its_offset, second)) if data)
        length = min(len(first), len(second), STEP)
        if (position := first_difference(first[:length], second[:length])) is not None:
            return offset + position
        offset, first = (offset + length, first[length:]) if len(first) > length else next(one, _END)
        its_offset, second = (
            (its_offset + length, second[length:]) if len(second) > length else next(other, _END)
        )
    return None


_END = (0, memoryview(b""))


def _stretches(side: Side, section_ids: Sequence[int]) -> Iterator[tuple[int, memoryview]]:
    """The extents of a kept file that hold bytes."""
    with side.named():
        for offset, data in blob_extents(side.image, section_ids):
            if data:
                yield offset, data


def first_difference(one: memoryview, other: memoryview) -> int | None:
    """Index of the first byte that differs in two buffers of one length, at most `STEP` bytes."""
    left, right = bytes(one), bytes(other)  # comparing views is a hundred times slower
    if left == right:
        return None
    low, high = 0, len(left)
    while high - low > 1:  # the first half that differs holds the first byte that does
        middle = (low + high) // 2
        if left[low:middle] != right[low:middle]:
            high = middle
        else:
            low = middle
    return low
