"""The rows of an image in the making: numbers are given out, rows gathered, references counted."""

from __future__ import annotations

from collections import defaultdict

from crimg.graph import count_referrers
from crimg.model import File
from crimg.model.enums import NameState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    from crimg.model import Cred, Namespaces
    from crimg.model.enums import FileKind
    from crimg.model.record import Record

    R = TypeVar("R", bound=Record)


class Objects:
    """Tables in the making. Numbers (objrefs) start at 1 and are given out in the order of `number`."""

    def __init__(self) -> None:
        self.tables: defaultdict[type[Record], list[Record]] = defaultdict(list)
        self._last = 0
        self._equal: dict[Record, int] = {}

    def number(self) -> int:
        """A new objref."""
        self._last += 1
        return self._last

    def add(self, row: Record) -> None:
        """Take a row into the table of its kind."""
        self.tables[type(row)].append(row)

    def once(self, row: Cred | Namespaces) -> int:
        """The objref of a row whose own `objref` is 0: added where none with the same columns was."""
        objref = self._equal.get(row)
        if objref is None:
            objref = self._equal[row] = self.number()
            self.add(row.replace(objref=objref))
        return objref

    def rows(self, cls: type[R]) -> Sequence[R]:
        """The rows of one kind so far."""
        return self.tables.get(cls, [])  # type: ignore[return-value]  # `add` sorts them by class

    def count(self) -> None:
        """Write into every shared object how many references are made to it."""
        counts = count_referrers(self.tables)
        for cls, rows in self.tables.items():
            if "referrers" in cls.fields:
                objref, referrers = cls.fields.index("objref"), cls.fields.index("referrers")
                rows[:] = [
                    cls.from_row((*row[:referrers], counts.get(row[objref], 0), *row[referrers + 1 :]))
                    for row in rows
                ]


def file_row(objref: int, kind: FileKind, **known: Any) -> File:
    """The row of an open file. known: what is told of it, by column; flags, access, mount_id have to be."""
    return File(objref=objref, kind=kind, **{**_NOTHING_MORE, **known})


_NOTHING_MORE: dict[str, Any] = {
    "referrers": 0,
    "path": b"",
    "name_state": NameState.NONE,
    "position": 0,
    "inode": None,
    "pipe": None,
    "tty": None,
    "cred": None,
    "owner_type": -1,
    "owner": 0,
    "owner_signal": 0,
    "extra": None,
}
