"""Large ranges, refusals, and the agreement of the two ways to ask a pagemap."""

from __future__ import annotations

import os

import pytest

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import pagemap, procmaps
from crimg.kernel.pagemap import EVERYTHING, PRIVATE, SHARED, PageMap, PageRun
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import advise, become_nobody, child, in_child, libc, mapping, needs_root, touch
from tests.kernel.pagemaps import PAGE, both_ways, open_map, pages

MADV_NOHUGEPAGE = 15


def test_many_runs_come_once_each_and_the_ways_agree() -> None:
    """More runs than one call returns, and than the kernel's own buffer of 512 holds.

    On Linux 6.18 the end of the walk that the kernel reports is too low after that many, so that going on
    from there gives runs twice.
    """
    count = 2 * 4096 + 600

    def prepare() -> int:
        base = mapping(2 * count * PAGE)
        advise(base, 2 * count * PAGE, MADV_NOHUGEPAGE)
        for page in range(0, 2 * count, 2):
            touch(base + page * PAGE)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, PageMap(proc) as page_map:
        base = process.value
        for runs in (600, 4096, 4097, count):
            end = base + 2 * runs * PAGE
            scanned = list(page_map.runs(base, end, PRIVATE))
            assert scanned == [
                PageRun(base + page * PAGE, base + (page + 1) * PAGE, 0) for page in range(0, 2 * runs, 2)
            ]
            page_map.scans = False
            assert list(page_map.runs(base, end, PRIVATE)) == scanned
            page_map.scans = True


def test_a_run_is_whole_across_blocks_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagemap, "_ENTRIES", 16)

    def prepare() -> int:
        base = mapping(64 * PAGE)
        advise(base, 64 * PAGE, MADV_NOHUGEPAGE)
        for page in (*range(3, 48), *range(50, 64)):
            touch(base + page * PAGE)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, "entries") as page_map:
        base = process.value
        assert list(page_map.runs(base, base + 64 * PAGE, PRIVATE)) == [
            PageRun(base + 3 * PAGE, base + 48 * PAGE, 0),
            PageRun(base + 50 * PAGE, base + 64 * PAGE, 0),
        ]


def test_sparse_reservation_of_a_tebibyte() -> None:
    size = 1 << 40
    touched = [0, 12345, (size // PAGE) // 2, size // PAGE - 1]

    def prepare() -> int:
        base = mapping(size, prot=0, flags=0x4022)
        for page in touched:
            assert libc.mprotect(base + page * PAGE, PAGE, 3) == 0
            touch(base + page * PAGE)
        return base

    with child(prepare) as process, ProcDir(process.pid) as proc, open_map(proc, "scan") as page_map:
        assert pages(page_map.runs(process.value, process.value + size, PRIVATE), process.value) == touched


def test_the_ways_agree_on_this_process() -> None:
    """Every mapping of an interpreter; zero pages, which the entries do not tell, are taken out of both."""
    with child(lambda: None) as process, ProcDir(process.pid) as proc, open_map(proc, "scan") as page_map:
        compared = 0
        for vma in procmaps.read_maps(proc):
            if vma.label in (b"[vsyscall]", b"[vvar]", b"[vvar_vclock]", b"[vdso]"):
                continue
            page_map.scans = True
            everything = list(page_map.runs(vma.start, vma.end, EVERYTHING))
            if any(run.categories & pagemap.PAGE_IS_PFNZERO for run in everything):
                continue
            for wanted in (PRIVATE, SHARED):
                page_map.scans = True
                scanned = list(page_map.runs(vma.start, vma.end, wanted))
                page_map.scans = False
                assert list(page_map.runs(vma.start, vma.end, wanted)) == scanned, vma
                compared += len(scanned)
        assert compared > 50


@both_ways
def test_process_that_has_ended_is_not_taken_for_empty(way: str) -> None:
    def prepare() -> int:
        base = mapping(8 * PAGE)
        touch(base)
        return base

    with child(prepare) as process:
        proc = ProcDir(process.pid)
        page_map = open_map(proc, way)
        assert pages(page_map.runs(process.value, process.value + 8 * PAGE, PRIVATE), process.value) == [0]
    with proc, page_map, pytest.raises(ProcessGoneError):
        list(page_map.runs(process.value, process.value + 8 * PAGE, PRIVATE))


def test_addresses_beyond_user_space_are_refused() -> None:
    with ProcDir(os.getpid()) as proc, open_map(proc, "scan") as page_map, pytest.raises(KernelError):
        list(page_map.runs(0xFFFF_FFFF_FF60_0000, 0xFFFF_FFFF_FF60_1000, PRIVATE))


@both_ways
def test_empty_range(way: str) -> None:
    with ProcDir(os.getpid()) as proc, open_map(proc, way) as page_map:
        assert list(page_map.runs(0x10000, 0x10000, PRIVATE)) == []


def test_selection_in_the_kernels_words() -> None:
    file, present = pagemap.PAGE_IS_FILE, pagemap.PAGE_IS_PRESENT
    swapped, zero, guard = pagemap.PAGE_IS_SWAPPED, pagemap.PAGE_IS_PFNZERO, pagemap.PAGE_IS_GUARD
    table = {present: True, swapped: True, swapped | guard: True, present | file: False, 0: False}
    table |= {present | zero: False, file: False, present | file | swapped: False}
    assert {categories: PRIVATE.wants(categories) for categories in table} == table
    assert SHARED.wants(present | file) and not SHARED.wants(file)
    assert EVERYTHING.wants(0)


@needs_root
def test_pagemap_of_another_users_process_is_refused() -> None:
    """The file is readable for its owner only; as root this is seen by dropping the user in a child."""

    def as_nobody(pid: int) -> bool:
        become_nobody()
        try:
            with ProcDir(pid) as proc:
                PageMap(proc)
        except KernelError as error:
            return error.hint != ""
        return False

    parent = os.getpid()
    assert in_child(lambda: as_nobody(parent))
