"""Memory of two address spaces, page by page, without having more of it in memory than a piece."""

from __future__ import annotations

from typing import NamedTuple

from crimg.compare.kept import STEP
from crimg.pages import ABSENT, SAVED, ZERO, Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crimg.compare.side import Side
    from crimg.model import Mm
    from crimg.pages import Piece

MOST_RUNS = 1000
"""Runs of pages that are kept of one address space; all of them are counted."""
ADDED, GONE, CHANGED = "added", "gone", "changed"


class PageRun(NamedTuple):
    """Pages next to each other that differ in one way.

    change: "added" (only the second image has them), "gone" (only the first), "changed".  start, end:
    addresses.  A page that an image does not have is as in the mapped file, or zero.
    """

    change: str
    start: int
    end: int


class MemoryDifference:
    """Where two address spaces differ.

    before, after: the address spaces, None where an image has none.  page_size: bytes.  runs: the first
    `MOST_RUNS` of them, by address.  counts: number of runs and of pages by change.  compared: bytes of
    saved pages that were held against each other.
    """

    __slots__ = ("after", "before", "compared", "counts", "page_size", "runs")

    def __init__(self, before: Mm | None, after: Mm | None, page_size: int) -> None:
        self.before = before
        self.after = after
        self.page_size = page_size
        self.runs: list[PageRun] = []
        self.counts = {change: [0, 0] for change in (ADDED, GONE, CHANGED)}
        self.compared = 0

    @property
    def pages(self) -> int:
        """Pages that differ."""
        return sum(pages for _, pages in self.counts.values())

    def add(self, run: PageRun) -> None:
        """One more run."""
        count = self.counts[run.change]
        count[0] += 1
        count[1] += (run.end - run.start) // self.page_size
        if len(self.runs) < MOST_RUNS:
            self.runs.append(run)


def compare_memory(
    before: Side, after: Side, one: Mm | None, other: Mm | None, progress: Callable[[int], object] | None
) -> MemoryDifference:
    """Where the memory of two address spaces differs. progress: as of `compare`. Raises FormatError."""
    result = MemoryDifference(one, other, min(before.image.page_size, after.image.page_size))
    if one is not None and other is not None and _same_map(before, after, one.pagemap, other.pagemap):
        return result
    memories = [_memory(side, mm) if mm is not None else None for side, mm in ((before, one), (after, other))]
    spans = [_span(memory) for memory in memories if memory is not None and memory.runs]
    if not spans:
        return result
    low, high = min(start for start, _ in spans), max(end for _, end in spans)
    left, right = (
        _pieces(side, memory, low, high) for side, memory in zip((before, after), memories, strict=True)
    )
    open_run: PageRun | None = None
    for run in _differences(before, after, left, right, result, progress):
        if open_run is not None and open_run.change == run.change and open_run.end == run.start:
            open_run = PageRun(run.change, open_run.start, run.end)
            continue
        if open_run is not None:
            result.add(open_run)
        open_run = run
    if open_run is not None:
        result.add(open_run)
    return result


def _same_map(before: Side, after: Side, one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and before.same_bytes(after, one, other)


def _memory(side: Side, mm: Mm) -> Memory:
    with side.named():
        return Memory(side.image, mm)


def _span(memory: Memory) -> tuple[int, int]:
    first, last = memory.runs[0], memory.runs[-1]
    return first[0] * memory.page_size, (last[0] + last[1]) * memory.page_size


def _pieces(side: Side, memory: Memory | None, low: int, high: int) -> Iterator[Piece | None]:
    """The memory between two addresses without gaps; None for an address space that is not there."""
    if memory is None:
        yield None
        return
    with side.named():
        yield from memory.pieces(low, high)


def _differences(
    before: Side,
    after: Side,
    left: Iterator[Piece | None],
    right: Iterator[Piece | None],
    result: MemoryDifference,
    progress: Callable[[int], object] | None,
) -> Iterator[PageRun]:
    """The runs that differ, by address; neighbours not joined."""
    one, other = next(left), next(right)
    while one is not None or other is not None:
        start = max(piece.start for piece in (one, other) if piece is not None)
        end = min(piece.end for piece in (one, other) if piece is not None)
        change = _by_origin(one, other)
        if change is None and one is not None and other is not None:
            if not _is_same_place(before, after, one, other):
                yield from _by_bytes(one, other, start, end, result)
                if progress is not None:
                    progress(result.compared)
        elif change:
            yield PageRun(change, start, end)
        if one is not None and one.end == end:
            one = next(left, None)
        if other is not None and other.end == end:
            other = next(right, None)


def _by_origin(one: Piece | None, other: Piece | None) -> str | None:
    """How a stretch differs by where it comes from: "" if it does not, None where the bytes tell."""
    absent = [piece is None or piece.origin == ABSENT for piece in (one, other)]
    if all(absent):
        return ""
    if absent[0]:
        return ADDED
    if absent[1] or one is None or other is None:
        return GONE
    if SAVED in (one.origin, other.origin) and {one.origin, other.origin} <= {SAVED, ZERO}:
        return None
    return "" if one.origin == other.origin else CHANGED


def _is_same_place(before: Side, after: Side, one: Piece, other: Piece) -> bool:
    """Whether two stretches are the very same bytes of one file."""
    if one.origin != SAVED or other.origin != SAVED:
        return False
    return one.offset - one.start == other.offset - other.start and before.same_bytes(
        after, one.section, other.section
    )


def _by_bytes(one: Piece, other: Piece, start: int, end: int, result: MemoryDifference) -> Iterator[PageRun]:
    """The pages of a stretch whose bytes differ."""
    size = result.page_size
    step = max(STEP, size)
    for low in range(start, end, step):
        high = min(low + step, end)
        left, right = _bytes(one, low, high), _bytes(other, low, high)
        result.compared += high - low
        if left == right:
            continue
        for page in range(low, high, size):
            inside = slice(page - low, page - low + size)
            if left[inside] != right[inside]:
                yield PageRun(CHANGED, page, min(page + size, high))


def _bytes(piece: Piece, low: int, high: int) -> bytes:
    """A copy of a part of a piece: comparing views is a hundred times slower."""
    if piece.data is None:
        return bytes(high - low)
    return bytes(piece.data[low - piece.start : high - piece.start])
