"""An address space drawn to scale: one bar for each stretch without large gaps."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import Mm
from crimg.model.memory import memory_kind
from crimg.tui.pages.memory import KEYS
from crimg.tui.pages.page import Page
from crimg.tui.places import Place
from crimg.tui.rows import Fixed, Joined, Made, Row, text_row, wrapped
from crimg.views.memory import SavedBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model import Vma
    from crimg.tui.session import Session

_AT_ONCE = 2000
"""Mappings that are drawn while a key is answered."""
_FEWEST, _MOST = 24, 96
"""Cells of a bar, as there is room beside what stands behind it."""
_BEHIND = 34
_GAP = 1 << 30
"""A gap of so many bytes ends a stretch: drawn to scale, it would leave no room for anything else."""
_LETTERS = {
    "anonymous": "a",
    "heap": "h",
    "stack": "s",
    "file private": "f",
    "file shared": "m",
    "anonymous shared": "z",
    "vdso, vvar": "v",
}


def space(session: Session, place: Place) -> Page:
    """The bars, and beneath them every mapping with its share of its stretch."""
    large = len(session.subject.vmas(place.number)) > _AT_ONCE
    cells = max(_FEWEST, min(session.room - _BEHIND, _MOST))
    kept = session.kept_soon if large else session.kept
    drawn = kept((place, cells), lambda: _bars(session, place.number, cells))
    rows = drawn if drawn is not None else Fixed([text_row("it is being drawn ...", "dim")])
    return Page(f"Memory #{place.number}, drawn to scale", rows, False, KEYS)


def _bars(session: Session, number: int, cells: int) -> Joined:
    mm = session.subject.image.find(Mm, number)
    saved = SavedBytes(session.subject.memory(mm) if mm else None)
    groups = _stretches(session.subject.vmas(number))
    bars = (part for group in groups for part in _drawn(number, group, saved, cells))
    return Joined([Fixed(_legend()), *bars])


def _legend() -> Iterator[Row]:
    words = "  ".join(f"{letter} {kind}" for kind, letter in _LETTERS.items())
    yield from wrapped(words, "dim")
    yield from wrapped(
        "A capital letter: some of it is stored in the image. A dot: nothing is mapped.", "dim"
    )


def _stretches(vmas: Sequence[Vma]) -> Iterator[list[Vma]]:
    group: list[Vma] = []
    for vma in vmas:
        if group and vma.start - group[-1].end >= _GAP:
            yield group
            group = []
        group.append(vma)
    if group:
        yield group


def _drawn(mm: int, group: list[Vma], saved: SavedBytes, cells: int) -> Iterator[Fixed | Made]:
    low, high = group[0].start, group[-1].end
    each = -(-(high - low) // cells)
    title = f"{low:012x}-{high:012x}  {size_words(high - low)}, a cell is {size_words(each)}"
    target = Place("hex", mm, low)
    bar = _cells(group, low, each, saved, cells)
    heads = wrapped(title, "head", target=target)
    yield Fixed([text_row(""), *heads, text_row(f"|{bar}|", target=target)])

    def make(vma: Vma) -> Row:
        first, last = (vma.start - low) // each, max((vma.end - 1 - low) // each, (vma.start - low) // each)
        letter = _letter(vma, saved)
        drawn = "." * first + letter * (last - first + 1)
        spans = (("", f"|{drawn:.<{cells}}| "), ("number", f"{vma.start:x} "), ("dim", _name(vma)))
        return Row(spans, Place("hex", mm, vma.start), subject=vma.file)

    yield Made(group, make)


def _letter(vma: Vma, saved: SavedBytes) -> str:
    letter = _LETTERS[memory_kind(vma)]
    return letter.upper() if saved.between(vma.start, vma.end) else letter


def _cells(group: list[Vma], low: int, each: int, saved: SavedBytes, cells: int) -> str:
    """One letter a cell: of the mapping that has most of it."""
    best = [(0, ".")] * cells
    for vma in group:
        for cell in range((vma.start - low) // each, min((vma.end - 1 - low) // each + 1, cells)):
            start, end = low + cell * each, low + (cell + 1) * each
            share = min(vma.end, end) - max(vma.start, start)
            if share > best[cell][0]:
                best[cell] = (share, _letter(vma, saved))
    return "".join(letter for _, letter in best)


def _name(vma: Vma) -> str:
    return f"{size_words(vma.end - vma.start)} {escape(vma.name or b'')}" + (
        f" #{vma.file}" if vma.file else ""
    )


def size_words(size: int) -> str:
    """ "1.5 MiB": about how much, for people."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if amount < 1024 or unit == "PiB":
            return f"{amount:.4g} {unit}"
        amount /= 1024
    raise AssertionError("not reached")
