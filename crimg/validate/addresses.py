"""C321 to C325: address spaces: ranges of code, data, stack, heap; the auxiliary vector; the program."""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct

from crimg.model import File, Mm, Vma
from crimg.model.enums import FileKind
from crimg.validate.finding import Hit
from crimg.validate.memory import USER_END
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_PAIR = Struct("<QQ")
_AT_NULL, _AT_PAGESZ, _AT_SYSINFO_EHDR = 0, 6, 33  # linux/auxvec.h
_ORDERS = (
    ("start_code", "end_code"),
    ("start_data", "end_data"),
    ("start_brk", "brk"),
    ("arg_start", "arg_end"),
    ("env_start", "env_end"),
)


_START, _END, _PROT = map(Vma.fields.index, ("start", "end", "prot"))


class Ranges:
    """The mapped addresses of one address space. only: only mappings with all of these protection bits."""

    def __init__(self, vmas: list[Vma], only: int = 0) -> None:
        bits = int(only)  # operators of enumerations are slow
        bounds = sorted((row[_START], row[_END]) for row in vmas if row[_PROT] & bits == bits)
        self._starts = [low for low, _ in bounds]
        self._ends = [high for _, high in bounds]

    def __contains__(self, address: int) -> bool:
        index = bisect_right(self._starts, address) - 1
        return index >= 0 and address < self._ends[index]


@rule("C321", ERROR)
def ranges(checked: Checked) -> Iterator[Hit]:
    """A range of an address space ends before it begins, or is outside user space.

    prctl(PR_SET_MM_MAP), which sets them at a restart, refuses all of them for one (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for mm in checked.rows(Mm):
        for low, high in _ORDERS:
            if getattr(mm, low) > getattr(mm, high):
                text = f"{low} is {getattr(mm, low):x}, {high} is {getattr(mm, high):x}"
                yield Hit(text, mm, low)
            elif getattr(mm, high) > USER_END:
                yield Hit(f"{high} is {getattr(mm, high):x}", mm, high)
        if mm.start_stack > USER_END:
            yield Hit(f"start_stack is {mm.start_stack:x}", mm, "start_stack")


@rule("C322", WARNING, whole=True)
def unmapped(checked: Checked) -> Iterator[Hit]:
    """The stack, the heap, the arguments or the environment are not mapped.

    ps(1) and /proc/PID/cmdline of the restarted process show nothing or something else, and its heap cannot
    grow from where it was.

    Remedy: a mapping may be lost: dump again. A program that has unmapped its own stack or heap can go on.
    """
    for mm in checked.objects_of(Mm).values():
        vmas = checked.owned(Vma).get(mm.objref)
        if not vmas:
            continue  # C336
        mapped = Ranges(vmas)
        for low, high in _ORDERS[2:]:
            start, end = getattr(mm, low), getattr(mm, high)
            if start < end <= USER_END and not (start in mapped and end - 1 in mapped):
                yield Hit(f"{low} to {high} ({start:x}-{end:x}) is not mapped", mm, low)
        if 0 < mm.start_stack <= USER_END and mm.start_stack not in mapped:
            yield Hit(f"start_stack ({mm.start_stack:x}) is not mapped", mm, "start_stack")


@rule("C323", WARNING)
def auxiliary_vector(checked: Checked) -> Iterator[Hit]:
    """The auxiliary vector is not whole, or does not fit the image.

    The C library of the restarted program reads the page size, the vdso and the capabilities of the CPU from
    it (getauxval(3)).

    Remedy: undo what rewrote the image, or dump again.
    """
    for mm in checked.objects_of(Mm).values():
        if not mm.auxv:
            continue
        if len(mm.auxv) % _PAIR.size:
            yield Hit(f"{len(mm.auxv)} bytes are no pairs of words", mm, "auxv")
            continue
        pairs = list(_PAIR.iter_unpack(mm.auxv))
        values = dict(reversed(pairs))
        if _AT_NULL not in values:
            yield Hit("has no end (AT_NULL)", mm, "auxv")
        if values.get(_AT_PAGESZ, checked.page_size) != checked.page_size:
            yield Hit(f"pages of {values[_AT_PAGESZ]} bytes, in the image {checked.page_size}", mm, "auxv")
        vdso = [row.start for row in checked.owned(Vma).get(mm.objref, ()) if row.name == b"[vdso]"]
        if vdso and _AT_SYSINFO_EHDR in values and values[_AT_SYSINFO_EHDR] not in vdso:
            text = f"the vdso is at {vdso[0]:x}, not at {values[_AT_SYSINFO_EHDR]:x}"
            yield Hit(text, mm, "auxv")


@rule("C324", ERROR)
def program(checked: Checked) -> Iterator[Hit]:
    """The program of an address space is no regular file.

    prctl(PR_SET_MM_EXE_FILE) refuses it (EACCES).

    Remedy: undo what rewrote the image, or dump again.
    """
    for mm in checked.rows(Mm):
        file = checked.find(File, mm.exe)
        if file is not None and file.kind != FileKind.REGULAR:
            yield Hit(f"#{file.objref} is no regular file", mm, "exe")


@rule("C325", ERROR)
def dumpable(checked: Checked) -> Iterator[Hit]:
    """The dumpable attribute is none of 0, 1, 2.

    prctl(PR_SET_DUMPABLE) refuses it (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for mm in checked.rows(Mm):
        if mm.dumpable > 2:
            yield Hit(f"dumpable is {mm.dumpable}", mm, "dumpable")
