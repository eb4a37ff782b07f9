"""Objrefs for what CRIU numbers kind by kind, and the tables that the rows go into."""

from __future__ import annotations

from itertools import count
from operator import itemgetter

from crimg.errors import FormatError
from crimg.graph import count_references
from crimg.model import Fd, File, Vma
from crimg.model.check import fault
from crimg.model.record import KINDS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


_UNSURE: dict[type[Record], tuple[str, ...]] = {
    Fd: (),
    File: ("path",),
    Vma: ("prot",),
}
"""Columns of the large tables whose values the types of CRIU's messages do not keep within those of the
model; of other kinds, and of rows that `doubt` was told, all columns are looked at."""


class Numbers(dict[object, int]):
    """The objrefs of a kind of things by what CRIU calls them: asking for one (`[]`) makes it."""

    __slots__ = ("_next",)

    def __init__(self, numbers: Iterator[int]) -> None:
        """numbers: what the next objref is taken from."""
        super().__init__()
        self._next = numbers

    def __missing__(self, name: object) -> int:
        self[name] = number = next(self._next)
        return number


class Tables:
    """Rows by kind, while they are made.

    note: called with every damage; raises it, or keeps it and lets the work go on.
    """

    def __init__(self, note: Callable[[FormatError], None]) -> None:
        self.note = note
        self._rows: dict[type[Record], list[Record]] = {}
        self._later: dict[type[Record], Callable[[], list[Record]]] = {}
        self._unsure: set[type[Record]] = set()
        self._counted: set[type[Record]] = set()
        self._doubtful: dict[type[Record], list[Record]] = {}
        self._numbers: dict[str, Numbers] = {}
        self._next = count(1)

    def objref(self, space: str, name: object) -> int:
        """The objref of what CRIU calls `name` among the things of a kind (`space`)."""
        return self.numbers(space)[name]

    def numbers(self, space: str) -> Numbers:
        """All objrefs of a kind of things so far; it grows."""
        if space not in self._numbers:
            self._numbers[space] = Numbers(self._next)
        return self._numbers[space]

    def knows(self, space: str, name: object) -> bool:
        """Whether an objref was asked for already."""
        return name in self.numbers(space)

    def add(self, row: Record) -> None:
        """Put a row into its table."""
        self._rows.setdefault(type(row), []).append(row)

    def table(self, cls: type[Record]) -> list[Record]:
        """The rows of a kind so far, to which more can be appended."""
        return self._rows.setdefault(cls, [])

    def doubt(self, row: Record) -> None:
        """Have all columns looked at of a row of a large table, which other rows of the table need not."""
        self._doubtful.setdefault(type(row), []).append(row)

    def later(self, cls: type[Record], make: Callable[[], list[Record]], *, vouched: bool = False) -> None:
        """Have further rows of a kind made when that kind is first asked for, and then looked at.

        vouched: whatever the files hold, the schema allows these rows.
        """
        self._later[cls] = make
        if not vouched:
            self._unsure.add(cls)

    def finish(self, *, everything: bool = False) -> None:
        """All rows are added: leave out, and note, what the schema does not allow.

        everything: make those too that were left for later, as far as anything can be wrong with them.
        """
        for cls in list(self._rows):
            self._rows[cls] = self._checked(cls, self._rows[cls])
        if everything:
            for cls in self._unsure:
                self._made(cls)

    def rows(self, cls: type[Record]) -> list[Record]:
        """The rows of one kind, with the references to each counted. Only after `finish`.

        Raises what `note` raises.
        """
        rows = self._made(cls)
        if rows and "referrers" in cls.fields and cls not in self._counted:
            counts = self.references_to(cls)
            objref, at = cls.fields.index("objref"), cls.fields.index("referrers")
            rows[:] = [cls.from_row((*row[:at], counts.get(row[objref], 0), *row[at + 1 :])) for row in rows]
        return rows

    def references_to(self, cls: type[Record]) -> dict[int, int]:
        """Objref to the number of references to it, for the rows of one kind, which are counted herewith."""
        self._counted.add(cls)
        name = cls.__name__
        referring = [
            each for each in KINDS.values() if any(name in column.kinds for _, column in each.references)
        ]
        return count_references(((each, self._made(each)) for each in referring), cls)

    def _made(self, cls: type[Record]) -> list[Record]:
        """The rows of one kind, those too that were left for later."""
        if cls in self._later:
            more = self._later[cls]()
            if cls in self._unsure:
                more = self._checked(cls, more)
            del self._later[cls]
            self._rows[cls] = sorted([*self._rows.get(cls, ()), *more], key=itemgetter(cls.key_columns[0]))
        return self._rows.get(cls, [])

    def _checked(self, cls: type[Record], rows: list[Record]) -> list[Record]:
        """The rows that the schema allows; the others are noted."""
        if not fault(cls, rows, _UNSURE.get(cls)) and not fault(cls, self._doubtful.get(cls, ())):
            return rows
        sound = []
        for row in rows:
            wrong = fault(cls, [row])
            if wrong:
                self.note(FormatError(f"{cls.noun} {_key(row)}: {wrong}"))
            else:
                sound.append(row)
        return sound


def _key(row: Record) -> Any:
    return row.key[0] if len(row.key) == 1 else row.key
