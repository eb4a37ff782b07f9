"""C301 to C310: mappings, by themselves and against the files they map."""

from __future__ import annotations

import os
from itertools import accumulate, pairwise

from crimg.escape import escape
from crimg.model import File, Inode, Vma
from crimg.model.enums import Access, FileKind, OtherFileKind, Prot
from crimg.model.record import unrecorded
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, NOTE, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

USER_END = 1 << 56
"""End of the addresses of user space with five levels of page tables (x86_64/mm.rst of the kernel)."""
_VSYSCALL = (0xFFFF_FFFF_FF60_0000, 0xFFFF_FFFF_FF60_1000)
_ALL_PROT = Prot.READ | Prot.WRITE | Prot.EXEC
_O_PATH = 0o10000000
_MAPPABLE = (
    *(FileKind.REGULAR, FileKind.CHARACTER_DEVICE, FileKind.MEMORY),
    *(OtherFileKind.PACKET_SOCKET, OtherFileKind.EXTERNAL),
)
_START, _END, _PROT, _SHARED, _OFFSET, _FILE, _FLAGS = map(
    Vma.fields.index, ("start", "end", "prot", "shared", "offset", "file", "vm_flags")
)


@rule("C301", ERROR)
def overlap(checked: Checked) -> Iterator[Hit]:
    """Two mappings of one address space overlap.

    Addresses belong to one mapping at most: a restart would map the second over the first (MAP_FIXED), and
    pages of the first would be gone.

    Remedy: undo what rewrote the image, or dump again.
    """
    for vmas in checked.owned(Vma).values():
        bounds = [(row[_START], row[_END]) for row in vmas if row[_START] < row[_END]]
        if bounds != sorted(bounds):
            vmas = sorted(vmas, key=lambda row: (row[_START], row[_END]))
        sound = [row for row in vmas if row[_START] < row[_END]]
        ends = accumulate((row[_END] for row in sound), max)
        for end, row in zip(ends, sound[1:], strict=False):
            if row[_START] < end:
                yield Hit(f"begins before {end:x}, where the one before it ends", row, "start")


@rule("C302", WARNING)
def order(checked: Checked) -> Iterator[Hit]:
    """Mappings of one address space are not in the order of their addresses.

    Each comes back all the same; but what maps them one after the other, or shows them, takes them as
    they come.

    Remedy: find out what rewrote the image; the kernel lists them in order.
    """
    for vmas in checked.owned(Vma).values():
        starts = [row[_START] for row in vmas]
        if starts != sorted(starts):
            for before, row in pairwise(vmas):
                if row[_START] < before[_START]:
                    yield Hit(f"stands behind {before[_START]:x}", row, "start")


@rule("C303", ERROR)
def alignment(checked: Checked) -> Iterator[Hit]:
    """A mapping is empty, or does not begin and end at pages.

    mmap(2) refuses it (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    mask = checked.page_size - 1
    for row in checked.rows(Vma):
        if row[_START] >= row[_END] or (row[_START] | row[_END] | row[_OFFSET]) & mask:
            text = f"{row.start:x} to {row.end:x}, offset {row.offset:#x}, pages of {checked.page_size} bytes"
            yield Hit(text, row)


@rule("C304", ERROR)
def address_space(checked: Checked) -> Iterator[Hit]:
    """A mapping lies outside the addresses of user space.

    mmap(2) refuses it (ENOMEM). The one page of [vsyscall] alone is up there, and is the kernel's.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Vma):
        if row[_END] > USER_END and (row[_START], row[_END]) != _VSYSCALL:
            yield Hit(f"ends at {row.end:x}", row, "end")


@rule("C305", ERROR)
def protection(checked: Checked) -> Iterator[Hit]:
    """A mapping has protection bits that mmap(2) does not know.

    It is refused, or means something else there (PROT_GROWSDOWN and the like).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Vma):
        if row[_PROT] > _ALL_PROT:
            yield Hit(f"protection {row.prot:#x}", row, "prot")


def _file_ends(checked: Checked) -> dict[int, tuple[int, File]]:
    """Objref of every mapped regular file: its length in whole pages, bytes; and itself."""
    size = checked.page_size
    ends = {}
    for objref in {row[_FILE] for row in checked.rows(Vma)}:
        file = checked.find(File, objref)
        inode = checked.find(Inode, file.inode) if file and file.kind == FileKind.REGULAR else None
        if file is not None and inode is not None and "size" not in unrecorded(inode):
            ends[objref] = (-(-inode.size // size) * size, file)
    return ends


@rule("C306", WARNING)
def behind_file(checked: Checked) -> Iterator[Hit]:
    """A mapping begins behind the end of its file.

    The file was cut short under it. Every access raises SIGBUS, after a restart as before the dump: a log
    that was emptied, or a library that was installed by overwriting it.

    Remedy: if the program is to use this memory, start it anew instead; otherwise nothing.
    """
    ends = _file_ends(checked)
    for row in checked.rows(Vma):
        end = ends.get(row[_FILE])
        if end is not None and row[_PROT] and row[_OFFSET] >= end[0]:
            path = escape(end[1].path)
            yield Hit(f"offset {row.offset:#x} of {path}, which ends before it", row, "offset")


@rule("C307", NOTE)
def beyond_file(checked: Checked) -> Iterator[Hit]:
    """A mapping reaches beyond the end of its file.

    Databases do so to grow without mapping anew. What is behind the end raises SIGBUS, after a restart
    as before the dump.

    Remedy: nothing is wrong, unless the file was cut short under the program.
    """
    ends = _file_ends(checked)
    for row in checked.rows(Vma):
        end = ends.get(row[_FILE])
        if end is not None and row[_PROT] and row[_OFFSET] < end[0] < row[_OFFSET] + row[_END] - row[_START]:
            beyond = row[_OFFSET] + row[_END] - row[_START] - end[0]
            yield Hit(f"{beyond} bytes beyond the end of {escape(end[1].path)}", row, "end")


@rule("C308", ERROR)
def shared_writable(checked: Checked) -> Iterator[Hit]:
    """A shared mapping can be written, but its file is not open for writing.

    mmap(2) refuses it (EACCES). Opened for reading and writing instead, the restarted program could do more
    than it could before.

    Remedy: the mapping belongs to another open file of the same inode: dump again, or undo what rewrote it.
    """
    writable = Prot.WRITE.value
    for row in checked.rows(Vma):
        if not (row[_SHARED] and row[_FILE] is not None and row[_PROT] & writable):
            continue
        file = checked.find(File, row[_FILE])
        if file is not None and not file.access & Access.WRITE and not _is_opened_anew(row):
            yield Hit(f"{escape(file.path)} is not open for writing", row, "file")


def _is_opened_anew(vma: Vma) -> bool:
    """Whether the file is opened for writing for this mapping alone: CRIU keeps the flags for it apart."""
    flags = (vma.extra or {}).get("open_flags")
    return isinstance(flags, int) and flags & os.O_ACCMODE == os.O_RDWR


@rule("C309", ERROR)
def unmappable(checked: Checked) -> Iterator[Hit]:
    """A mapped file cannot be mapped: it is no regular file, device or memory, or is not open for reading.

    mmap(2) refuses it (ENODEV, EACCES, EBADF).

    Remedy: undo what rewrote the image, or dump again.
    """
    bad = {}
    for objref in {row[_FILE] for row in checked.rows(Vma)}:
        file = checked.find(File, objref)
        if file is None:
            continue
        if file.kind not in _MAPPABLE:
            bad[objref] = "is no regular file and no device"
        elif not file.access & Access.READ or file.flags & _O_PATH:
            bad[objref] = "is not open for reading"
    if bad:
        for row in checked.rows(Vma):
            if row[_FILE] in bad:
                yield Hit(f"#{row[_FILE]} {bad[row[_FILE]]}", row, "file")


@rule("C310", WARNING)
def flags(checked: Checked) -> Iterator[Hit]:
    """The kernel's flags of a mapping contradict its protection.

    Both come from one page of /proc/PID/smaps. A restart sets the protection by one and the advice
    (madvise(2), mlock(2)) by the other.

    Remedy: undo what rewrote the image, or dump again.
    """
    kinds = {(row[_FLAGS], row[_PROT], row[_SHARED]) for row in checked.rows(Vma) if row[_FLAGS]}
    wrong = {}
    for kind in kinds:
        spelled, prot, shared = kind
        words = spelled.split(b" ")
        told = (b"rd" in words, b"wr" in words, b"ex" in words, b"ms" in words)
        if told != (bool(prot & 1), bool(prot & 2), bool(prot & 4), shared):
            wrong[kind] = escape(spelled)
    if wrong:
        for row in checked.rows(Vma):
            kind = (row[_FLAGS], row[_PROT], row[_SHARED])
            if kind in wrong:
                yield Hit(f"flags are {wrong[kind]}, protection {row.prot}", row, "vm_flags")
