"""Objrefs for what CRIU numbers kind by kind, and the tables that the rows go into."""

from __future__ import annotations

from crimg.errors import FormatError
from crimg.graph import count_references
from crimg.model.check import fault
from crimg.model.record import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.model.record import Record


class Tables:
    """Rows by kind, while they are made.

    note: called with every damage; raises it, or keeps it and lets the work go on.
    """

    def __init__(self, note: Callable[[FormatError], None]) -> None:
        self.note = note
        self.rows: dict[type[Record], list[Record]] = {}
        self._numbers: dict[tuple[str, object], int] = {}
        self._next = 1

    def objref(self, space: str, name: object) -> int:
        """The objref of what CRIU calls `name` among the things of a kind (`space`)."""
        key = (space, name)
        if key not in self._numbers:
            self._numbers[key] = self._next
            self._next += 1
        return self._numbers[key]

    def knows(self, space: str, name: object) -> bool:
        """Whether an objref was asked for already."""
        return (space, name) in self._numbers

    def add(self, row: Record) -> None:
        """Put a row into its table."""
        self.rows.setdefault(type(row), []).append(row)

    def finish(self) -> dict[type[Record], list[Record]]:
        """The tables, every row as the schema allows it, with the references to it counted."""
        for cls in list(self.rows):
            self.rows[cls] = self._checked(cls, self.rows[cls])
        counts = count_references((cls, self.rows.get(cls, [])) for cls in KINDS.values())
        for cls, rows in self.rows.items():
            if "referrers" in cls.fields:
                objref, referrers = cls.fields.index("objref"), cls.fields.index("referrers")
                self.rows[cls] = [
                    cls.from_row((*row[:referrers], counts.get(row[objref], 0), *row[referrers + 1 :]))
                    for row in rows
                ]
        return self.rows

    def _checked(self, cls: type[Record], rows: list[Record]) -> list[Record]:
        """The rows that the schema allows; the others are noted."""
        if not fault(cls, rows):
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
