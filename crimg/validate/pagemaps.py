"""C331 to C337: page maps: which memory was saved, and where it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from operator import itemgetter

from crimg.format.constants import (
    MAX_SECTION_ID,
    PAGES_GUARD,
    PAGES_PARENT,
    PAGES_ZERO,
    SectionType,
)
from crimg.model import ImageInfo, Mm, Vma
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crimg.validate.checked import Checked, Run

_SPECIAL = (PAGES_PARENT, PAGES_GUARD, PAGES_ZERO)
_KERNEL_OWN = (b"[vvar]", b"[vvar_vclock]", b"[vsyscall]")
_START, _END = Vma.fields.index("start"), Vma.fields.index("end")


def _runs(checked: Checked) -> Iterator[tuple[Mm, list[Run]]]:
    """Every page map, once, with an address space that it is of: first page, pages, section, index there."""
    seen: set[int | None] = {None}
    for mm in checked.objects_of(Mm).values():
        if mm.pagemap not in seen:
            seen.add(mm.pagemap)
            yield mm, checked.runs(mm.pagemap)


def _span(checked: Checked, run: Run) -> str:
    size = checked.page_size
    return f"pages {run[0] * size:x}-{(run[0] + run[1]) * size:x}"


@rule("C331", ERROR)
def run_order(checked: Checked) -> Iterator[Hit]:
    """A page run is empty, overlaps another, is out of order, or has no origin.

    A page that is there twice has two contents, and readers that search the map find one or the other.
    No reader takes such a page map.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    limit = (1 << 64) // checked.page_size
    for mm, runs in _runs(checked):
        for run in runs:
            if not run[1]:
                yield Hit(f"the run at {run[0] * checked.page_size:x} is empty", mm, "pagemap")
            elif run[0] + run[1] > limit:
                yield Hit(f"{_span(checked, run)} pass the end of all addresses", mm, "pagemap")
            elif run[2] > MAX_SECTION_ID and run[2] not in _SPECIAL:
                yield Hit(f"{_span(checked, run)} come from nowhere ({run[2]:#x})", mm, "pagemap")
            elif run[3] and run[2] in _SPECIAL:
                yield Hit(f"{_span(checked, run)} have an index, but no section", mm, "pagemap")
        for before, run in pairwise(runs):
            if run[0] < before[0] + before[1] and run[1] and before[1]:
                text = f"{_span(checked, run)} stand behind {_span(checked, before)}"
                yield Hit(text, mm, "pagemap")


@rule("C332", ERROR, whole=True)
def run_outside(checked: Checked) -> Iterator[Hit]:
    """Saved pages lie in no mapping.

    A restart has no memory to put them into: a mapping was lost, or the page map belongs to another process.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    size = checked.page_size
    vmas = checked.owned(Vma)
    for mm in checked.objects_of(Mm).values():
        runs = checked.sorted_runs(mm.pagemap)
        bounds = [(row[_START], row[_END]) for row in vmas.get(mm.objref, ())] if runs else []
        for low, high in _gaps(bounds) if runs else ():
            found = _between(runs, low, high, size)
            if found:
                yield Hit(f"{_span(checked, runs[found[0]])}{_more(found)} not all mapped", mm, "pagemap")


def _gaps(bounds: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The ranges of addresses that none of these covers."""
    end = 0
    for low, high in sorted(bounds):
        if low > end:
            yield end, low
        end = max(end, high)
    yield end, 1 << 64


def _between(runs: list[Run], low: int, high: int, size: int) -> range:
    """Indices of the runs, which are in order, that have pages from `low` to `high`."""
    first = bisect_right(runs, low // size, key=itemgetter(0))
    if first and (runs[first - 1][0] + runs[first - 1][1]) * size > low:
        first -= 1
    return range(first, bisect_left(runs, -(-high // size), lo=first, key=itemgetter(0)))


def _more(found: range) -> str:
    return f" and {len(found) - 1} more runs are" if len(found) > 1 else " are"


@rule("C333", ERROR, whole=True)
def run_section(checked: Checked) -> Iterator[Hit]:
    """A page run reaches outside its section, or names one that holds no pages.

    The memory it stands for is not in the image.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    pages = {
        entry.id: entry.len_raw // checked.page_size
        for entry in checked.sections.values()
        if entry.type == SectionType.PAGES
    }
    for mm, runs in _runs(checked):
        for run in runs:
            if run[2] <= MAX_SECTION_ID and run[2] != PAGES_PARENT:
                held = pages.get(run[2])
                if held is None:
                    text = f"section {run[2]}, which is no PAGES section of the image"
                    yield Hit(f"{_span(checked, run)} are in {text}", mm, "pagemap")
                elif run[3] + run[1] > held:
                    text = f"are pages {run[3]} to {run[3] + run[1]} of section {run[2]}, which has {held}"
                    yield Hit(f"{_span(checked, run)} {text}", mm, "pagemap")


@rule("C334", WARNING)
def run_not_kept(checked: Checked) -> Iterator[Hit]:
    """Pages were saved of a mapping whose pages are not the process's own.

    Pages of a shared file mapping are the file's, and those of [vvar] and [vsyscall] the kernel's. A restart
    leaves them alone: it would overwrite what the file holds by then.

    Remedy: nothing is lost if the file itself is kept; find out what made the image.
    """
    size = checked.page_size
    vmas = checked.owned(Vma)
    for mm in checked.objects_of(Mm).values():
        runs = checked.sorted_runs(mm.pagemap, saved=True)
        for row in vmas.get(mm.objref, ()) if runs else ():
            if (row.shared and row.file is not None) or row.name in _KERNEL_OWN:
                found = _between(runs, row.start, row.end, size)
                if found:
                    text = f"{_span(checked, runs[found[0]])}{_more(found)} in {row.start:x}-{row.end:x}"
                    yield Hit(text, mm, "pagemap")


@rule("C335", ERROR)
def run_parent(checked: Checked) -> Iterator[Hit]:
    """Pages are said to be in a parent image, but the image has none.

    Contents of this memory are nowhere.

    Remedy: dump again, in full; undo what rewrote the image.
    """
    if any(info.parent is not None for info in checked.rows(ImageInfo)):
        return
    for mm, runs in _runs(checked):
        for run in runs:
            if run[2] == PAGES_PARENT:
                yield Hit(f"{_span(checked, run)} are in the parent image", mm, "pagemap")


@rule("C336", ERROR, whole=True)
def no_memory(checked: Checked) -> Iterator[Hit]:
    """An address space has no mapping.

    No program can run in it.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    vmas = checked.owned(Vma)
    for mm in checked.objects_of(Mm).values():
        if mm.objref not in vmas:
            yield Hit("has no mapping", mm)


@rule("C337", WARNING)
def removed_memory(checked: Checked) -> Iterator[Hit]:
    """Memory of an address space was removed from the image on purpose.

    The image can be looked at, but the program would find zero bytes, or those of the mapped file, where it
    had data: a restart refuses the image.

    Remedy: to restart, take the image from which the memory was not removed.
    """
    for mm in checked.rows(Mm):
        removed = (mm.extra or {}).get("removed")
        if removed:
            count = len(removed) if isinstance(removed, tuple) else 1
            yield Hit("a range is removed" if count == 1 else f"{count} ranges are removed", mm, "extra")
