"""C3xx: images with one wrong mapping, page run or range."""

from __future__ import annotations

import struct

from crimg.model import File, Mm, Sighand, Task, Vma
from tests.builders import GUARD, PARENT, ZERO
from tests.samples import (
    CWD_FILE,
    DELETED_FILE,
    HEAP,
    MM,
    PACKED_PAGES_ID,
    PAGE,
    PAGEMAP_ID,
    PAGES_ID,
    PROGRAM_FILE,
    READ_END,
    SCRATCH,
    SIGHAND,
    STACK,
    TEXT,
)
from tests.validate.cases import breaks
from tests.validate.sound import ANONYMOUS, CHILD, RUNS, VDSO, Draft

FREE = 0x7FFF_F000_0000
VSYSCALL = 0xFFFF_FFFF_FF60_0000


def with_runs(*runs: tuple[int, int, int, int]) -> bytes:
    """The sound image with these page runs more, in order."""
    draft = Draft()
    draft.runs = sorted((*RUNS, *runs))
    return draft.bytes()


def with_vma(like: int, **columns: object) -> bytes:
    """The sound image with another mapping, like the one at an address, in order."""
    draft = Draft().copy(Vma, (MM, like), **columns)
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    return draft.counted().bytes()


@breaks("C301")
def heap_into_nothing() -> bytes:
    return with_vma(HEAP, start=HEAP + PAGE, end=HEAP + 9 * PAGE, name=None)


@breaks("C301")
def same_start() -> bytes:
    return with_vma(ANONYMOUS, end=ANONYMOUS + 4 * PAGE)


@breaks("C301")
def inside_another_not_next_to_it() -> bytes:
    draft = Draft().copy(Vma, (MM, ANONYMOUS), start=FREE, end=FREE + 64 * PAGE)
    draft.copy(Vma, (MM, ANONYMOUS), start=FREE + PAGE, end=FREE + 2 * PAGE)
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    return draft.counted().bytes()


@breaks("C302")
def stack_first() -> bytes:
    draft = Draft()
    stack = draft.row(Vma, (MM, STACK))
    draft.remove(Vma, (MM, STACK)).records.insert(0, stack)
    return draft.bytes()


@breaks("C303")
def half_a_page() -> bytes:
    return with_vma(ANONYMOUS, start=FREE, end=FREE + PAGE // 2)


@breaks("C303")
def empty() -> bytes:
    return with_vma(ANONYMOUS, start=FREE, end=FREE)


@breaks("C303")
def odd_offset() -> bytes:
    return Draft().change(Vma, (MM, SCRATCH), offset=12).bytes()


@breaks("C304")
def kernel_address() -> bytes:
    return with_vma(ANONYMOUS, start=0xFFFF_8000_0000_0000, end=0xFFFF_8000_0000_1000)


@breaks("C304")
def longer_vsyscall() -> bytes:
    return Draft().change(Vma, (MM, VSYSCALL), end=VSYSCALL + 2 * PAGE).bytes()


@breaks("C305")
def grows_down() -> bytes:
    return Draft().change(Vma, (MM, ANONYMOUS), prot=8 | 3).bytes()


@breaks("C306")
def file_was_cut_short() -> bytes:
    return Draft().change(Vma, (MM, TEXT), offset=1 << 20).bytes()


@breaks("C307")
def database() -> bytes:
    return with_vma(TEXT, start=FREE, end=FREE + 64 * PAGE, offset=0)


@breaks("C308")
def writable_program() -> bytes:
    return with_vma(SCRATCH, start=FREE, end=FREE + PAGE, file=PROGRAM_FILE)


@breaks("C309")
def mapped_directory() -> bytes:
    return with_vma(TEXT, start=FREE, end=FREE + PAGE, file=CWD_FILE)


@breaks("C309")
def mapped_pipe() -> bytes:
    return with_vma(TEXT, start=FREE, end=FREE + PAGE, file=READ_END)


@breaks("C309")
def mapped_write_only() -> bytes:
    draft = Draft().change(File, DELETED_FILE, flags=1, access=2).change(Vma, (MM, SCRATCH), prot=2)
    draft.change(Vma, (MM, SCRATCH), vm_flags=b"wr sh ms")
    draft.records = [row for row in draft.records if row.key[:2] != (DELETED_FILE, 2)]
    return draft.counted().bytes()


@breaks("C310")
def flags_say_read_only() -> bytes:
    return Draft().change(Vma, (MM, ANONYMOUS), vm_flags=b"rd mr mw me").bytes()


@breaks("C310")
def flags_say_private() -> bytes:
    return Draft().change(Vma, (MM, SCRATCH), vm_flags=b"rd wr mr mw me").bytes()


@breaks("C321")
def end_before_start() -> bytes:
    return Draft().change(Mm, MM, end_code=TEXT - 1).bytes()


@breaks("C321")
def brk_in_the_kernel() -> bytes:
    return Draft().change(Mm, MM, env_end=1 << 63).bytes()


@breaks("C322")
def stack_elsewhere() -> bytes:
    return Draft().change(Mm, MM, start_stack=FREE).bytes()


@breaks("C322")
def heap_elsewhere() -> bytes:
    return Draft().change(Mm, MM, brk=HEAP + 64 * PAGE).bytes()


def _auxv(*words: int) -> bytes:
    return Draft().change(Mm, MM, auxv=struct.pack(f"<{len(words)}Q", *words)).bytes()


@breaks("C323")
def auxv_without_end() -> bytes:
    return _auxv(6, PAGE)


@breaks("C323")
def auxv_of_other_pages() -> bytes:
    return _auxv(6, 65536, 0, 0)


@breaks("C323")
def auxv_half_a_pair() -> bytes:
    return _auxv(6, PAGE, 0)


@breaks("C323")
def auxv_of_another_vdso() -> bytes:
    return _auxv(33, VDSO + PAGE, 0, 0)


@breaks("C324")
def program_is_a_directory() -> bytes:
    return Draft().change(Mm, MM, exe=CWD_FILE).counted().bytes()


@breaks("C325")
def dumpable_three() -> bytes:
    return Draft().change(Mm, MM, dumpable=3).bytes()


@breaks("C331")
def page_twice() -> bytes:
    return with_runs((HEAP // PAGE + 1, 1, PAGES_ID, 0))


@breaks("C331")
def out_of_order() -> bytes:
    draft = Draft()
    draft.runs = RUNS[::-1]
    return draft.bytes()


@breaks("C331")
def empty_run() -> bytes:
    return with_runs((STACK // PAGE, 0, PAGES_ID, 0))


@breaks("C331")
def guard_with_an_index() -> bytes:
    draft = Draft()
    draft.runs = [(run[0], run[1], run[2], 5 if run[2] == GUARD else run[3]) for run in RUNS]
    return draft.bytes()


@breaks("C332")
def page_in_no_mapping() -> bytes:
    return with_runs((FREE // PAGE, 1, PAGES_ID, 0))


@breaks("C332")
def longer_than_the_mapping() -> bytes:
    return with_runs((VDSO // PAGE, 2, ZERO, 0))


@breaks("C333")
def more_pages_than_there_are() -> bytes:
    draft = Draft()
    draft.runs = [(run[0], run[1], run[2], 3 if run[2] == PACKED_PAGES_ID else run[3]) for run in RUNS]
    return draft.bytes()


@breaks("C333")
def pages_in_a_page_map() -> bytes:
    return with_runs((VDSO // PAGE, 1, PAGEMAP_ID, 0))


@breaks("C334")
def pages_of_a_shared_file() -> bytes:
    return with_runs((SCRATCH // PAGE, 1, PAGES_ID, 0))


@breaks("C335")
def parent_of_nothing() -> bytes:
    return with_runs((VDSO // PAGE, 1, PARENT, 0))


@breaks("C336")
def child_without_mappings() -> bytes:
    addresses = ("start_stack", "start_brk", "brk", "arg_start", "arg_end", "env_start", "env_end")
    draft = Draft().copy(Mm, MM, objref=901, pagemap=None, **dict.fromkeys(addresses, 0))
    draft.copy(Sighand, SIGHAND, objref=902).change(Task, CHILD, mm=901, sighand=902)
    return draft.counted().bytes()


@breaks("C337")
def memory_removed() -> bytes:
    return Draft().change(Mm, MM, extra={"removed": [[HEAP, HEAP + PAGE]]}).bytes()
