"""Memory as hexadecimal digits and text, over all mappings of an address space."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

from crimg.errors import FormatError
from crimg.escape import escape
from crimg.model import Mm
from crimg.tui.pages.page import Page
from crimg.tui.places import Place
from crimg.tui.rows import Moved, Row, Rows, text_row
from crimg.views.hexdump import ROW, dump_lines, reason, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.session import Session

_AT_ONCE = 64
"""Rows that are read together."""
_KEYS = (
    (":", "go to an address"),
    ("/", "search memory: text, or 0x and digits"),
    ("n N", "next, previous match"),
    ("m", "mappings"),
)


class HexRows(Rows):
    """The rows of an address space. What lies between two mappings is one row, however large.

    subject, mm: the image, and the address space in it.  each: bytes in a row; half of what there are
    elsewhere where a page has little room.
    """

    def __init__(self, session: Session, mm: Mm) -> None:
        self.subject = session.subject
        self.mm = mm
        self.each = ROW // 2 if session.narrow else ROW
        self._vmas = session.subject.vmas(mm.objref)
        self._starts = [vma.start for vma in self._vmas]
        counts = []
        end = 0
        for vma in self._vmas:
            gap = vma.start > end
            counts.append(gap + -(-(vma.end - vma.start) // self.each))
            end = vma.end
        self._ends = list(accumulate(counts))
        self._read = lru_cache(maxsize=64)(self._read_block)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def row_of(self, address: int) -> int:
        """As in Rows; an address that is not mapped has the row of its gap."""
        part = bisect_right(self._starts, address) - 1
        if part < 0:
            return 0
        first = self._first(part)
        rows = self._ends[part] - first
        return min(first + (address - self._starts[part]) // self.each, first + rows)

    def _first(self, part: int) -> int:
        """The row of the first byte of a mapping."""
        before = self._ends[part - 1] if part else 0
        return before + self._has_gap(part)

    def _has_gap(self, part: int) -> bool:
        return self._starts[part] > (self._vmas[part - 1].end if part else 0)

    def address_of(self, index: int) -> int:
        """The first address of a row."""
        part = bisect_right(self._ends, index)
        first = self._first(part)
        if index < first:
            return self._vmas[part - 1].end if part else 0
        return self._starts[part] + (index - first) * self.each

    def row(self, index: int) -> Row:
        """As in Rows."""
        part = bisect_right(self._ends, index)
        address = self.address_of(index)
        if index < self._first(part):
            return text_row(f"{address:012x}  (not mapped: {self._starts[part] - address:,} bytes)", "dim")
        block, line = divmod((address - self._starts[part]) // self.each, _AT_ONCE)
        return self._read(part, block)[line]

    def _read_block(self, part: int, block: int) -> list[Row]:
        vma = self._vmas[part]
        start = vma.start + block * _AT_ONCE * self.each
        end = min(start + _AT_ONCE * self.each, vma.end)
        rows: list[Row] = []
        try:
            for piece in stretches(self.subject, self.mm, start, end):
                here = Place("hex", self.mm.objref, piece.start)
                if piece.origin == "saved":
                    for line in dump_lines(piece.start, piece.data, self.each):
                        rows.append(Row((("number", line[:14]), ("", line[14:])), subject=vma.file))
                    continue
                why = reason(piece)
                for address in range(piece.start, piece.end, self.each):
                    text = why if address == piece.start else '"'
                    rows.append(Row((("number", f"{address:012x}  "), ("dim", text)), here, subject=vma.file))
        except FormatError as error:
            rows = [text_row(escape(str(error)), "error")] * -(-(end - start) // self.each)
        return rows


def hex(session: Session, place: Place) -> Page:
    """The memory of an address space."""
    mm = session.subject.image.find(Mm, place.number)
    if mm is None:
        from crimg.tui.rows import Fixed

        return Page("Memory", Fixed([text_row("the image has no such address space", "error")]))
    rows = session.kept(("hex", mm.objref, session.narrow), lambda: HexRows(session, mm))
    return Page(f"Memory #{mm.objref}", rows, False, _KEYS)


def memory_rows(rows: Rows) -> HexRows | None:
    """The rows of memory that a list shows, of the image that is browsed or of another; None for others."""
    if isinstance(rows, Moved):
        rows = rows.base
    return rows if isinstance(rows, HexRows) else None
