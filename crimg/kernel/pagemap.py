"""Which pages of a mapping hold something: the PAGEMAP_SCAN ioctl, or the pagemap entries themselves.

PAGEMAP_SCAN is in Linux since 6.7 (include/uapi/linux/fs.h; Documentation/admin-guide/mm/pagemap.rst). Before
that each page's 8-byte entry is read; zero pages cannot be told by those and count as present.

Only the page tables are asked. A page of shared memory that this process has not mapped yet, or no longer
(MADV_DONTNEED, swap, the work of another process), is in no page table: what a shared mapping holds,
SEEK_DATA on its file tells (see files.data_extents and procmaps.open_mapped).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from typing import NamedTuple

from crimg.errors import KernelError, ProcessGoneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from crimg.kernel.procfs import ProcDir

PAGE_SIZE = 4096

PAGE_IS_WPALLOWED = 1 << 0
PAGE_IS_WRITTEN = 1 << 1
PAGE_IS_FILE = 1 << 2
PAGE_IS_PRESENT = 1 << 3
PAGE_IS_SWAPPED = 1 << 4
PAGE_IS_PFNZERO = 1 << 5
PAGE_IS_HUGE = 1 << 6
PAGE_IS_SOFT_DIRTY = 1 << 7
PAGE_IS_GUARD = 1 << 8

PAGEMAP_SCAN = 0xC0606610  # _IOWR('f', 16, struct pm_scan_arg)
_ARG = struct.Struct("<12Q")  # struct pm_scan_arg
_REGION = struct.Struct("<3Q")  # struct page_region
_REGIONS = 4096
_ENTRIES = 1 << 17
"""Entries read at once without PAGEMAP_SCAN: 1 MiB of them, for 512 MiB of addresses."""


class PageRun(NamedTuple):
    """Neighbouring pages of the same categories: `start` to `end` (exclusive), and PAGE_IS_* bits."""

    start: int
    end: int
    categories: int


class Selection(NamedTuple):
    """Which pages are wanted, in the words of struct pm_scan_arg.

    A page is wanted if, with the bits of `inverted` turned round, it has all of `mask` and, where `any_of` is
    not 0, one of those. `returned`: the categories that runs carry; the fewer, the longer the runs.
    """

    inverted: int
    mask: int
    any_of: int
    returned: int

    def wants(self, categories: int) -> bool:
        """Whether a page of these categories is wanted (pagemap_scan_is_interesting_page)."""
        turned = categories ^ self.inverted
        return turned & self.mask == self.mask and (self.any_of == 0 or turned & self.any_of != 0)


_HELD = PAGE_IS_PRESENT | PAGE_IS_SWAPPED

PRIVATE = Selection(PAGE_IS_FILE | PAGE_IS_PFNZERO, PAGE_IS_FILE | PAGE_IS_PFNZERO, _HELD, PAGE_IS_GUARD)
"""Of a private mapping: pages that are neither those of the file nor the zero page; guard pages marked."""
SHARED = Selection(PAGE_IS_PFNZERO, PAGE_IS_PFNZERO, _HELD, PAGE_IS_GUARD)
"""Of a shared mapping: every page in the page table but the zero page; guard pages marked."""
EVERYTHING = Selection(0, 0, 0, PAGE_IS_FILE | _HELD | PAGE_IS_PFNZERO | PAGE_IS_GUARD)
"""Every page of a mapping, with what it is; untouched pages have no category."""


class PageMap:
    """The open pagemap of one process; a context manager, to be closed.

    Needs ptrace access. It follows the address space, not the process: after an exec it describes nothing.
    """

    __slots__ = ("_arg", "_known", "_vector", "fd", "pid", "scans")

    def __init__(self, proc: ProcDir) -> None:
        self.pid = proc.pid
        self.fd = proc.open("pagemap")
        self._arg = bytearray(_ARG.size)
        self._vector = ctypes.create_string_buffer(_REGIONS * _REGION.size)
        self._known = ~0
        self.scans = self._probe(EVERYTHING)
        """PAGEMAP_SCAN is there."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _probe(self, wanted: Selection) -> bool:
        """Whether the kernel has the ioctl; learns on the way whether it knows guard pages."""
        try:
            self._scan(0, 0, wanted)
        except KernelError as error:
            if error.errno == errno.EINVAL and self.guards_known:
                self._known = ~PAGE_IS_GUARD
                return self._probe(wanted)
            if error.errno == errno.ENOTTY:
                return False
            self.close()
            raise
        return True

    @property
    def guards_known(self) -> bool:
        """PAGE_IS_GUARD is there (Linux 6.15); on 6.13 and 6.14 guard pages look swapped out."""
        return self._known == ~0

    def runs(self, start: int, end: int, wanted: Selection) -> Iterator[PageRun]:
        """The wanted pages from `start` to `end` (page-aligned, user addresses), ascending.

        Addresses that nothing is mapped at are left out. Raises KernelError: EFAULT above the user's address
        space ([vsyscall]), EINVAL where an address is not aligned; ProcessGoneError where the address space
        is gone, which would look like one without pages by the entries.
        """
        if self.scans:
            position = start
            while position < end:
                runs = self._scan(position, end, wanted)
                yield from runs
                position = runs[-1].end if len(runs) == _REGIONS else end
        else:
            yield from self._joined(self._read(start, end, wanted))
        if start < end and not self._entries(start // PAGE_SIZE, 1):
            raise ProcessGoneError(self.pid)

    def _scan(self, start: int, end: int, wanted: Selection) -> list[PageRun]:
        """One call: all runs, or the first `_REGIONS` of them.

        Where the kernel says that it stopped (walk_end) is not used: after more than 512 regions it can be an
        address in the midst of what was returned, left from an earlier turn of the loop in do_pagemap_scan
        (seen on Linux 6.18), and whoever goes on from there gets the last regions twice.
        """
        _ARG.pack_into(
            self._arg,
            0,
            _ARG.size,
            0,  # flags
            start,
            end,
            0,  # walk_end, written by the kernel
            ctypes.addressof(self._vector),
            _REGIONS,
            0,  # max_pages: no limit
            wanted.inverted & self._known,
            wanted.mask & self._known,
            wanted.any_of & self._known,
            wanted.returned & self._known,
        )
        try:
            count = fcntl.ioctl(self.fd, PAGEMAP_SCAN, self._arg, True)
        except OSError as error:
            if error.errno == errno.ESRCH:
                raise ProcessGoneError(self.pid) from error
            raise KernelError("ioctl(PAGEMAP_SCAN)", error.errno or errno.EIO, pid=self.pid) from error
        regions = memoryview(self._vector)[: count * _REGION.size]
        return [PageRun._make(region) for region in _REGION.iter_unpack(regions)]

    def _entries(self, first_page: int, count: int) -> bytes:
        """`count` entries of /proc/PID/pagemap, 8 bytes each; fewer where the address space is gone."""
        try:
            return os.pread(self.fd, count * 8, first_page * 8)
        except OSError as error:
            raise KernelError("read(pagemap)", error.errno or errno.EIO, pid=self.pid) from error

    def _read(self, start: int, end: int, wanted: Selection) -> Iterator[PageRun]:
        """The wanted runs from the entries, cut where a block of entries ends."""
        import re

        classes, kinds = _classify(wanted)
        run_of_one_class = re.compile(b"|".join(re.escape(bytes((kind,))) + b"+" for kind in kinds))
        untouched = bytes(_ENTRIES * 8)
        for position in range(start, end, _ENTRIES * PAGE_SIZE):
            entries = self._entries(position // PAGE_SIZE, min(_ENTRIES, (end - position) // PAGE_SIZE))
            if entries == untouched and not classes[0]:
                continue
            tops = entries[7::8].translate(classes)
            for run in run_of_one_class.finditer(tops):
                first, last = run.span()
                yield PageRun(position + first * PAGE_SIZE, position + last * PAGE_SIZE, kinds[tops[first]])

    @staticmethod
    def _joined(runs: Iterator[PageRun]) -> Iterator[PageRun]:
        """The same pages with neighbours of the same categories in one run."""
        pending: PageRun | None = None
        for run in runs:
            if pending is None:
                pending = run
            elif pending.end == run.start and pending.categories == run.categories:
                pending = PageRun(pending.start, run.end, run.categories)
            else:
                yield pending
                pending = run
        if pending is not None:
            yield pending


def _categories(top: int) -> int:
    """The categories that bits 56-63 of a pagemap entry tell (fs/proc/task_mmu.c, PM_*)."""
    categories = PAGE_IS_PRESENT if top & 0x80 else 0
    categories |= PAGE_IS_SWAPPED if top & 0x40 else 0
    categories |= PAGE_IS_FILE if top & 0x20 else 0
    return categories | (PAGE_IS_GUARD if top & 0x04 else 0)


def _classify(wanted: Selection) -> tuple[bytes, dict[int, int]]:
    """A table from the top byte of an entry to a class, 0 for unwanted, and each class's categories."""
    table = bytearray(256)
    kinds: dict[int, int] = {}
    classes: dict[int, int] = {}
    for top in range(256):
        categories = _categories(top)
        if wanted.wants(categories):
            shown = categories & wanted.returned
            table[top] = classes.setdefault(shown, len(classes) + 1)
            kinds[table[top]] = shown
    return bytes(table), kinds
