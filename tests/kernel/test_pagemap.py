"""Which pages of memory in a known state are wanted."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

import pytest

from crimg.kernel import inodes, pagemap, procmaps
from crimg.kernel.pagemap import EVERYTHING, PRIVATE, SHARED, PageRun
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import advise, child, libc, mapping, touch
from tests.kernel.pagemaps import PAGE, both_ways, open_map, pages

HUGE = 2 << 20
MADV_DONTNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_PAGEOUT, MADV_GUARD_INSTALL = 4, 14, 15, 21, 102


@both_ways
def test_only_written_pages_of_private_memory(way: str) -> None:
    written = [0, 1, 2, 7, 63]

    def prepare() -> int:
        base = mapping(64 * PAGE)
        advise(base, 64 * PAGE, MADV_NOHUGEPAGE)
        for page in written:
            touch(base + page * PAGE)
        touch(base + 20 * PAGE)
        advise(base + 20 * PAGE, PAGE, MADV_DONTNEED)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base = process.value
        runs = list(page_map.runs(base, base + 64 * PAGE, PRIVATE))
        assert runs == [
            PageRun(base, base + 3 * PAGE, 0),
            PageRun(base + 7 * PAGE, base + 8 * PAGE, 0),
            PageRun(base + 63 * PAGE, base + 64 * PAGE, 0),
        ]
        part = page_map.runs(base + PAGE, base + 8 * PAGE, PRIVATE)
        assert pages(part, base) == [1, 2, 7]


@both_ways
def test_zero_pages_are_told_by_the_scan_only(way: str) -> None:
    def prepare() -> int:
        base = mapping(8 * PAGE)
        advise(base, 8 * PAGE, MADV_NOHUGEPAGE)
        ctypes.string_at(base + 3 * PAGE, 1)
        touch(base + 5 * PAGE)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base = process.value
        found = pages(page_map.runs(base, base + 8 * PAGE, PRIVATE), base)
        assert found == ([5] if way == "scan" else [3, 5])


@both_ways
def test_private_file_pages_only_where_written(tmp_path: Path, way: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 16 * PAGE)

    def prepare() -> int:
        base = mapping(16 * PAGE, flags=2, fd=os.open(path, os.O_RDWR))
        for page in range(16):
            ctypes.string_at(base + page * PAGE, 1)
        touch(base + 4 * PAGE, 9)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base = process.value
        assert pages(page_map.runs(base, base + 16 * PAGE, PRIVATE), base) == [4]
        kinds = {run.categories for run in page_map.runs(base, base + 16 * PAGE, EVERYTHING)}
        assert kinds == {pagemap.PAGE_IS_PRESENT, pagemap.PAGE_IS_PRESENT | pagemap.PAGE_IS_FILE}


@both_ways
def test_guard_pages_are_reported_apart(way: str) -> None:
    def prepare() -> int:
        base = mapping(16 * PAGE)
        advise(base, 16 * PAGE, MADV_NOHUGEPAGE)
        ctypes.memset(base, 1, 16 * PAGE)
        for page, count in ((2, 1), (5, 3)):
            if libc.madvise(base + page * PAGE, count * PAGE, MADV_GUARD_INSTALL) != 0:
                return 0
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base = process.value
        if not base:
            pytest.skip("a kernel without MADV_GUARD_INSTALL (before Linux 6.13)")
        if not page_map.guards_known:
            pytest.skip("a kernel that does not tell guard pages (before Linux 6.15)")
        runs = list(page_map.runs(base, base + 16 * PAGE, PRIVATE))
        guards = [run for run in runs if run.categories & pagemap.PAGE_IS_GUARD]
        assert pages(iter(guards), base) == [2, 5, 6, 7]
        assert sorted(pages(iter(runs), base)) == list(range(16))
        with open(f"/proc/{process.pid}/mem", "rb", 0) as memory:
            memory.seek(base + 2 * PAGE)
            with pytest.raises(OSError):
                memory.read(1)


@both_ways
def test_transparent_huge_pages(way: str) -> None:
    def prepare() -> int:
        base = mapping(4 * HUGE)
        base += -base % HUGE
        advise(base, 3 * HUGE, MADV_HUGEPAGE)
        touch(base)
        ctypes.string_at(base + HUGE, 1)  # the huge zero page, or small ones
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base = process.value
        smaps = proc.read("smaps").split(b"%x-" % base)[1]
        huge = int(smaps.split(b"AnonHugePages:")[1].split()[0])
        if huge != 2048:
            pytest.skip("no transparent huge page was given")
        runs = list(page_map.runs(base, base + 3 * HUGE, PRIVATE))
        assert runs[0].start == base
        if way == "scan":
            assert runs == [PageRun(base, base + HUGE, 0)]
        else:
            assert runs[-1].end in (base + HUGE, base + 2 * HUGE, base + HUGE + PAGE)


@both_ways
def test_shared_memory_has_pages_that_the_page_table_lacks(way: str) -> None:
    """Why a shared mapping is asked through its file: MADV_DONTNEED only unmaps, the data stay."""

    def prepare() -> tuple[int, int]:
        base = mapping(8 * PAGE, flags=0x21)
        for page in (1, 2, 6):
            touch(base + page * PAGE)
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            touch(base + 4 * PAGE)
            os.write(write_end, b"done")
            signal.pause()
        os.read(read_end, 4)
        advise(base + 2 * PAGE, PAGE, MADV_DONTNEED)
        return base, pid

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base, pid = process.value
        try:
            assert pages(page_map.runs(base, base + 8 * PAGE, SHARED), base) == [1, 6]
            if os.geteuid() == 0:
                fd = procmaps.open_mapped(proc, base, base + 8 * PAGE, os.O_RDONLY)
                extents = list(inodes.data_extents(fd, 8 * PAGE))
                os.close(fd)
                assert extents == [(PAGE, 3 * PAGE), (4 * PAGE, 5 * PAGE), (6 * PAGE, 7 * PAGE)]
        finally:
            os.kill(pid, signal.SIGKILL)


@both_ways
def test_swapped_pages_are_wanted(way: str) -> None:
    if len(Path("/proc/swaps").read_text().splitlines()) < 2:
        pytest.skip("no swap space on this machine")

    def prepare() -> int:
        base = mapping(64 * PAGE)
        advise(base, 64 * PAGE, MADV_NOHUGEPAGE)
        ctypes.memset(base, 1, 64 * PAGE)
        advise(base, 32 * PAGE, MADV_PAGEOUT)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, way) as page_map:
        base = process.value
        kinds = [run.categories for run in page_map.runs(base, base + 64 * PAGE, EVERYTHING)]
        if pagemap.PAGE_IS_SWAPPED not in kinds:
            pytest.skip("the kernel did not swap the pages out")
        assert list(page_map.runs(base, base + 64 * PAGE, PRIVATE)) == [PageRun(base, base + 64 * PAGE, 0)]
