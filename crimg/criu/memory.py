"""Address spaces: mm-PID.img, pagemap-PID.img, and shared memory, as mappings and page runs."""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from operator import attrgetter, itemgetter
from struct import pack

from crimg.criu.sections import PAGE
from crimg.errors import FormatError, MissingFileError
from crimg.format.bodies import pack_runs
from crimg.format.constants import MAX_SECTION_ID, PAGES_GUARD, PAGES_PARENT
from crimg.model import Mm, Vma

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from crimg.criu.building import Builder
    from crimg.criu.directory import Part

    Run = tuple[int, int, int, int]
    Look = tuple[bool, bytes, bool, bytes | None, bool]

_STACK, _VSYSCALL, _VDSO, _HEAP = 1 << 1, 1 << 2, 1 << 3, 1 << 5
FILE_PRIVATE, FILE_SHARED, ANON_SHARED = 1 << 6, 1 << 7, 1 << 8
_SYSVIPC, _SOCKET, _VVAR, _MEMFD, _GUARD = 1 << 10, 1 << 11, 1 << 12, 1 << 14, 1 << 16
"""Bits of a mapping's `status` (criu/include/image.h)."""
_OF_A_FILE = FILE_PRIVATE | FILE_SHARED | _SOCKET | _MEMFD
_WITH_OWN_PAGES = ANON_SHARED | _SYSVIPC | _GUARD
_MAPPING = attrgetter("start", "end", "prot", "flags", "status", "pgoff", "shmid")
_NAMES = (
    (_HEAP, b"[heap]"),
    (_STACK, b"[stack]"),
    (_VDSO, b"[vdso]"),
    (_VVAR, b"[vvar]"),
    (_VSYSCALL, b"[vsyscall]"),
)
_MAP_SHARED, _MAP_GROWSDOWN, _MAP_LOCKED, _MAP_NORESERVE = 0x1, 0x100, 0x2000, 0x4000
_PARENT, _PRESENT = 1, 4
"""Bits of a pagemap entry's `flags`."""
_MOST_SHARED_RUNS = 1 << 18
"""Page runs that mappings of shared memory may add to those of an image, at most."""


class MemoryBuilder:
    """Makes the rows of address spaces. page_maps: number of a task to the runs of its page map, packed."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._shared: dict[int, list[Run]] = {}
        self._room = _MOST_SHARED_RUNS
        self._looks: dict[tuple[int, int, int], Look] = {}

    def add(self, pid: int, objref: int, mm: Any, vmas: Sequence[Any]) -> None:
        """The rows of one address space."""
        part = self._builder.directory.part("pagemap", pid)
        exe = self._builder.file_objref(mm.exe_file_id) if mm.exe_file_id else None
        others = self._add_mappings(objref, vmas, mm.mm_start_stack)
        self._builder.tables.add(
            Mm(
                objref=objref,
                referrers=0,
                exe=exe,
                start_code=mm.mm_start_code,
                end_code=mm.mm_end_code,
                start_data=mm.mm_start_data,
                end_data=mm.mm_end_data,
                start_brk=mm.mm_start_brk,
                brk=mm.mm_brk,
                start_stack=mm.mm_start_stack,
                arg_start=mm.mm_arg_start,
                arg_end=mm.mm_arg_end,
                env_start=mm.mm_env_start,
                env_end=mm.mm_env_end,
                auxv=_auxiliary_vector(mm.mm_saved_auxv),
                dumpable=mm.dumpable if mm.HasField("dumpable") else 1,
                pagemap=self._page_map(part, others) if part is not None else None,
            )
        )

    def _add_mappings(self, mm: int, vmas: Sequence[Any], stack: int) -> list[Any]:
        """The rows of mappings; the entries that matter to the page map."""
        rows, looks = self._builder.tables.table(Vma), self._looks
        files = self._builder.tables.numbers("file")
        others, new = [], tuple.__new__
        for vma in vmas:
            start, end, prot, flags, status, offset, shmid = _MAPPING(vma)
            look = looks.get((prot, flags, status)) or self._look(prot, flags, status)
            shared, words, of_a_file, name, with_own_pages = look
            file: int | None = None
            extra: dict[str, object] | None = None
            if with_own_pages:
                others.append(vma)
                if status & _GUARD:  # a stretch of the mapping around it that faults, no mapping
                    continue
            if of_a_file:
                file = files[shmid]
                if vma.HasField("fdflags"):
                    extra = {"open_flags": vma.fdflags}
            else:
                if name is None and start <= stack < end:
                    name = b"[stack]"
                if with_own_pages:
                    extra = {"shmid": shmid}
            rows.append(new(Vma, (mm, start, end, prot, shared, offset, file, name, words, extra)))
        return others

    def _look(self, prot: int, flags: int, status: int) -> Look:
        """What mappings with these numbers have in common, of which there are few kinds.

        Whether it is shared; what CRIU records of the kernel's flags, as smaps spells them; whether it is of
        a file, or else the kernel's name for it; whether its pages are not, or not all, in the page map.
        """
        of_a_file = status & _OF_A_FILE != 0
        name = None if of_a_file else next((text for bit, text in _NAMES if status & bit), None)
        with_own_pages = status & _WITH_OWN_PAGES != 0
        look = (bool(flags & _MAP_SHARED), _flag_words(prot, flags), of_a_file, name, with_own_pages)
        self._looks[prot, flags, status] = look
        return look

    def _page_map(self, part: Part, vmas: list[Any]) -> int:
        """The section id of a page map: runs of a task, guards, and runs of the shared memory that it maps.

        vmas: guards, and mappings of shared memory.
        """
        runs = self._runs(part)
        guards = [
            (vma.start // PAGE, (vma.end - vma.start) // PAGE, PAGES_GUARD, 0)
            for vma in vmas
            if vma.status & _GUARD and vma.end > vma.start
        ]
        more = guards + self._of_shared(vmas)
        if more:
            runs = _merged(runs, more)
        return self._builder.sections.of_page_map(part, pack_runs(runs))

    def _runs(self, part: Part, start: int = 0) -> list[Run]:
        """The runs of a page map, in the order of the file."""
        runs: list[Run] = []
        try:
            found = part.entries()
            head = next(found, None)
            pages = self._builder.pages_section(head.message.pages_id) if head is not None else None
            index = 0
            for entry in found:
                message = entry.message
                count = message.nr_pages if message.HasField("nr_pages") else message.compat_nr_pages
                flags = message.flags if message.HasField("flags") else _PRESENT
                first = message.vaddr // PAGE
                if first + count > 1 << 52:
                    text = f"{count} pages from {message.vaddr:#x} pass the end of all addresses"
                    raise FormatError(text, section=part.name, offset=entry.offset)
                if flags & _PARENT or message.in_parent:
                    runs.append((first, count, PAGES_PARENT, 0))
                elif flags & _PRESENT:
                    if pages is None:
                        text = f"pages-{head.message.pages_id if head else 0}.img is not in the directory"
                        raise MissingFileError(text, section=part.name, offset=entry.offset)
                    runs.append((first, count, pages, index))
                    index += count
                    if index >= 1 << 32:
                        raise FormatError("more pages than fit", section=part.name, offset=entry.offset)
        except FormatError as error:
            self._builder.tables.note(error)
        return runs

    def _of_shared(self, vmas: list[Any]) -> list[Run]:
        """Runs for the mappings of shared memory, whose pages are in page maps of their own."""
        found = []
        for vma in vmas:
            shmid = self._builder.shared_memory_of(vma)
            if shmid is None:
                continue
            first, last = vma.pgoff // PAGE, (vma.pgoff + vma.end - vma.start) // PAGE
            move = vma.start // PAGE - first
            runs = self._shared_runs(shmid)
            start = max(bisect_right(runs, first, key=itemgetter(0)) - 1, 0)
            for page, count, section, index in islice(runs, start, None):
                if page >= last:
                    break
                low, high = max(page, first), min(page + count, last)
                if low < high:
                    own = section != PAGES_PARENT
                    found.append((low + move, high - low, section, index + low - page if own else 0))
                    self._room -= 1
                    if self._room < 0:
                        text = f"mappings of shared memory have more than {_MOST_SHARED_RUNS} page runs"
                        self._builder.tables.note(FormatError(text))
                        return []
        return found

    def shared_blobs(self, shmid: int, size: int) -> tuple[int, ...]:
        """The ids of BLOB sections with the contents of shared memory of `size` bytes; none for no page."""
        part = self._builder.directory.part("pagemap-shmem", shmid)
        runs = [
            run for run in self._shared_runs(shmid) if run[2] <= MAX_SECTION_ID and run[2] != PAGES_PARENT
        ]
        if part is None or not runs or runs[-1][0] + runs[-1][1] > -(-size // PAGE):
            return ()
        return (self._builder.sections.of_shared(part, runs, size),)

    def _shared_runs(self, shmid: int) -> list[Run]:
        if shmid not in self._shared:
            part = self._builder.directory.part("pagemap-shmem", shmid)
            self._shared[shmid] = sorted(self._runs(part)) if part is not None else []
        return self._shared[shmid]


def _auxiliary_vector(words: Any) -> bytes:
    """The vector with its end (AT_NULL), which CRIU leaves out."""
    data = pack(f"<{len(words)}Q", *words)
    return data if data[-16:-8] == bytes(8) and len(data) % 16 == 0 else data + bytes(16)


def _merged(runs: list[Run], more: list[Run]) -> list[Run]:
    """Both in order, without those of `more` that overlap one before them."""
    merged: list[Run] = []
    end = 0
    own = {id(run) for run in runs}
    for run in sorted([*runs, *more]):
        if run[0] >= end or id(run) in own:
            merged.append(run)
            end = max(end, run[0] + run[1])
    return merged


def _flag_words(prot: int, flags: int) -> bytes:
    words = [
        (prot & 1, b"rd"),
        (prot & 2, b"wr"),
        (prot & 4, b"ex"),
        (flags & _MAP_SHARED, b"sh"),
        (flags & _MAP_SHARED, b"ms"),
        (flags & _MAP_GROWSDOWN, b"gd"),
        (flags & _MAP_LOCKED, b"lo"),
        (flags & _MAP_NORESERVE, b"nr"),
    ]
    return b" ".join(word for bit, word in words if bit)
