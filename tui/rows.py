"""What a list shows: rows made when they are drawn. Nothing here knows of Textual.

A list of 100,000 descriptors, or of the 10**13 lines of an address space, is an object that tells how many
rows it has and makes each of them on demand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple, Protocol

from crimg.tui.cells import fitting
from crimg.tui.places import Place  # noqa: TC001 - a NamedTuple has it in its annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

_ROOM = 52
"""What a page has at 80 columns."""
Span = tuple[str, str]
"""Role (a key of crimg.tui.looks.SHAPES, or "chosen") and printable text."""


class Row(NamedTuple):
    """One line.

    spans: what stands in it.  target: where Enter leads.  detail: what is shown beside it while it is under
    the cursor; the target where there is none.  copy: what goes to the clipboard; the whole line where empty.
    subject: objref of what it is about, for what is done with an object (edit its path).
    """

    spans: tuple[Span, ...]
    target: Place | None = None
    detail: Place | None = None
    copy: str = ""
    subject: int | None = None

    @property
    def beside(self) -> Place | None:
        """What is shown beside it while it is under the cursor."""
        return self.detail or self.target

    @property
    def text(self) -> str:
        """The line without roles."""
        return "".join(text for _, text in self.spans)


def text_row(text: str, role: str = "", **more: object) -> Row:
    """A line of one role."""
    return Row(((role, text),), **more)  # type: ignore[arg-type]  # columns of Row by their names


def lines_of(text: str, width: int) -> Iterator[str]:
    """A text in lines of at most so many columns, broken behind blanks if there are any; nothing is lost."""
    while (end := fitting(text, max(width, 2))) < len(text):
        end = text.rfind(" ", 0, end) + 1 or end
        yield text[:end]
        text = text[end:]
    yield text


def wrapped(
    text: str, role: str = "", mark: Span = ("", ""), *, room: int = _ROOM, target: Place | None = None
) -> list[Row]:
    """A text of any length in as many rows as it needs, the mark before the first; each copies the whole.

    room: columns of a row.
    """
    blank = ("", " " * len(mark[1]))
    return [
        Row((blank if at else mark, (role, line)), target, copy=text)
        for at, line in enumerate(lines_of(text, room - len(mark[1])))
    ]


def marked(spans: Iterable[Span], pattern: re.Pattern[str]) -> Iterator[Span]:
    """Spans, with what the pattern finds in them on its own."""
    for role, text in spans:
        end = 0
        for match in pattern.finditer(text):
            if match.end() > match.start():
                yield role, text[end : match.start()]
                yield "match", match[0]
                end = match.end()
        yield role, text[end:]


class Rows(ABC):
    """Rows by their number."""

    header: str = ""
    """Column titles that stay above the rows; empty for none."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def row(self, index: int) -> Row:
        """The row with this number, from 0. Fast: it is called for each line in sight."""

    def sideways(self, _index: int, _by: int) -> int | None:
        """Open (1) or close (-1) a row; the row to go to, or None where rows are scrolled instead."""
        return None

    def row_of(self, _address: int) -> int:
        """The number of the row that shows an address in memory; the first where rows have no addresses."""
        return 0


class Fixed(Rows):
    """Rows that are there already: few."""

    def __init__(self, rows: Iterable[Row], header: str = "") -> None:
        self._rows = list(rows)
        self.header = header

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        """As in Rows."""
        return self._rows[index]


class Items(Protocol):
    """What a list is made of: all that is asked of a sequence."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> object: ...


class Made(Rows):
    """Rows that are made from the elements of a sequence, which stays as it is."""

    def __init__(self, items: Items, make: Callable[..., Row], header: str = "") -> None:
        self._items = items
        self._make = make
        self.header = header

    def __len__(self) -> int:
        return len(self._items)

    def row(self, index: int) -> Row:
        """As in Rows."""
        return self._make(self._items[index])


class Joined(Rows):
    """Several lists below each other."""

    def __init__(self, parts: Iterable[Rows], header: str = "") -> None:
        self._parts = [part for part in parts if len(part)]
        self._ends = list(accumulate(map(len, self._parts)))
        self.header = header

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def row(self, index: int) -> Row:
        """As in Rows."""
        part = bisect_right(self._ends, index)
        return self._parts[part].row(index - (self._ends[part - 1] if part else 0))


class Chosen(Rows):
    """Some rows of another list, in its order. More may be added at the end while it is shown."""

    def __init__(self, base: Rows) -> None:
        self.base = base
        self.indices: list[int] = []
        self.header = base.header

    def __len__(self) -> int:
        return len(self.indices)

    def row(self, index: int) -> Row:
        """As in Rows."""
        return self.base.row(self.indices[index])


class Moved(Rows):
    """Another list, its links to the pages whose names begin otherwise, and about no object."""

    def __init__(self, base: Rows, start: str) -> None:
        self.base = base
        self._start = start
        self.header = base.header

    def __len__(self) -> int:
        return len(self.base)

    def row(self, index: int) -> Row:
        """As in Rows."""
        row = self.base.row(index)
        target, detail = self._moved(row.target), self._moved(row.detail)
        return row._replace(target=target, detail=detail, subject=None)

    def row_of(self, address: int) -> int:
        """As in Rows."""
        return self.base.row_of(address)

    def _moved(self, place: Place | None) -> Place | None:
        return place._replace(page=self._start + place.page) if place is not None else None
