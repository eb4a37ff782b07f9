"""Asking a pagemap in both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.kernel import pagemap
from crimg.kernel.pagemap import PageMap, PageRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.kernel.procfs import ProcDir

PAGE = pagemap.PAGE_SIZE
both_ways = pytest.mark.parametrize("way", ["scan", "entries"])
"""By PAGEMAP_SCAN, and by the entries of the file."""


def pages(runs: Iterator[PageRun], base: int) -> list[int]:
    """The numbers of the pages, in the order given, each as often as it is."""
    return [page for run in runs for page in range((run.start - base) // PAGE, (run.end - base) // PAGE)]


def open_map(proc: ProcDir, way: str) -> PageMap:
    """The pagemap, to be asked in that way."""
    page_map = PageMap(proc)
    if way == "scan" and not page_map.scans:
        pytest.skip("a kernel without PAGEMAP_SCAN (before Linux 6.7)")
    page_map.scans = way == "scan"
    return page_map
