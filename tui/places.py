"""Where one can be: what a view shows, small enough to be kept in a history and compared."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.record import Record


class Place(NamedTuple):
    """One thing to look at.

    page: name of a page (crimg.tui.pages).  number: the objref, or a number the page gives its things.
    at: an address in memory, a thread id.
    """

    page: str
    number: int = 0
    at: int = 0


IMAGE = Place("image")
FILES = Place("files")
OBJECTS = Place("objects")
FINDINGS = Place("findings")
PREFLIGHT = Place("preflight")
CHANGE = Place("change")
PROPOSALS = Place("proposals")
REVISIONS = Place("revisions")
JOURNAL = Place("journal")
COMPARE = Place("compare")
BEFORE = "before."
"""What the names of pages begin with that show the other one of two images."""


def place_of(row: Record) -> Place | None:
    """Where one sees a row: the object, or the list that a part stands in; None for what has no place."""
    cls = type(row)
    if cls.shared:
        return Place("object", row.key[0])
    if cls.noun == "fd":
        return Place("fds", row[0])
    if cls.noun == "vma":
        return Place("hex", row[0], row[1])
    if cls.noun == "thread":
        return Place("thread", row[0], row[1])
    if cls.columns[cls.key_columns[0]].kinds:
        return Place("object", row[0])
    return None


class Trail:
    """The places that were visited, as in a web browser: going somewhere new forgets what lay ahead."""

    def __init__(self, start: Place) -> None:
        self._visited: list[tuple[Place, int]] = [(start, 0)]
        self._now = 0

    @property
    def place(self) -> Place:
        """Where one is."""
        return self._visited[self._now][0]

    @property
    def row(self) -> int:
        """Number of the row that the cursor was on when the place was left."""
        return self._visited[self._now][1]

    def leave(self, row: int) -> None:
        """Note the row that the cursor is on."""
        self._visited[self._now] = (self.place, row)

    def go(self, place: Place) -> None:
        """Go to a place; staying where one is adds nothing."""
        if place != self.place:
            del self._visited[self._now + 1 :]
            self._visited.append((place, 0))
            self._now += 1

    def replace(self, place: Place) -> None:
        """Be somewhere else without a step that leads back: for places that only follow a cursor."""
        self._visited[self._now] = (place, 0)

    def step(self, by: int) -> bool:
        """Go back (-1) or forward (1); whether there was anything."""
        if not 0 <= self._now + by < len(self._visited):
            return False
        self._now += by
        return True
