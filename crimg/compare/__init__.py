"""Two images, or two revisions of one, compared object by object and page by page."""

from __future__ import annotations

from crimg.compare.comparison import Changed, Difference, KindDifference, compare
from crimg.compare.memory import MOST_RUNS, MemoryDifference, PageRun
from crimg.compare.side import Side

__all__ = [
    "MOST_RUNS",
    "Changed",
    "Difference",
    "KindDifference",
    "MemoryDifference",
    "PageRun",
    "Side",
    "compare",
]
