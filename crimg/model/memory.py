"""Address spaces: the mm and its mappings. The pages themselves are reached through crimg.pages."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import U8, U32, U64, Address, Extra, FileRef, MmRef, SectionId


class Mm(Record, kind=12, noun="mm"):
    """An address space (struct mm_struct); addresses from /proc/PID/stat and prctl(PR_SET_MM_MAP)."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    exe: FileRef | None
    """The program file (/proc/PID/exe), or nil."""
    start_code: Address
    """First byte of the program's text."""
    end_code: Address
    """End of the text."""
    start_data: Address
    """First byte of initialised data."""
    end_data: Address
    """End of initialised data."""
    start_brk: Address
    """Start of the heap."""
    brk: Address
    """Program break, brk(2)."""
    start_stack: Address
    """Stack pointer at the program's start."""
    arg_start: Address
    """First byte of the arguments."""
    arg_end: Address
    """End of the arguments."""
    env_start: Address
    """First byte of the environment."""
    env_end: Address
    """End of the environment."""
    auxv: bytes
    """Auxiliary vector, pairs of 64-bit words (getauxval(3), /proc/PID/auxv)."""
    dumpable: U8
    """prctl(PR_GET_DUMPABLE): 0, 1 or 2."""
    pagemap: SectionId | None
    """PAGEMAP section with the pages that were saved, or nil for none."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Vma(Record, kind=13, noun="vma", key=("mm", "start")):
    """One mapping of an address space (/proc/PID/smaps)."""

    mm: MmRef
    """The address space it is in."""
    start: Address
    """First address; a multiple of the page size."""
    end: Address
    """First address behind it."""
    prot: U8
    """Protection: 1 read, 2 write, 4 execute (mmap(2))."""
    shared: bool
    """MAP_SHARED, else MAP_PRIVATE."""
    offset: U64
    """Offset in the file of the first address, bytes (pgoff times the page size)."""
    file: FileRef | None
    """The mapped file, or nil."""
    name: bytes | None
    """The kernel's name for a mapping of no file ("[heap]", "[anon:...]"), or nil."""
    vm_flags: bytes
    """Flags as smaps spells them in VmFlags: two letters each, apart by blanks (proc(5))."""
    extra: Extra | None = None
    """Further attributes, or nil."""


MEMORY_KINDS = (
    "anonymous",
    "heap",
    "stack",
    "file private",
    "file shared",
    "anonymous shared",
    "vdso, vvar",
)
"""Kinds of memory in the order in which they are shown; the last one is all that the kernel itself maps."""


def memory_kind(vma: Vma) -> str:
    """Which of `MEMORY_KINDS` a mapping is."""
    if vma.file is not None:
        return "file shared" if vma.shared else "file private"
    name = vma.name
    if not name or name.startswith(b"[anon"):
        return "anonymous shared" if vma.shared else "anonymous"
    if name == b"[heap]":
        return "heap"
    return "stack" if name.startswith(b"[stack") else "vdso, vvar"
