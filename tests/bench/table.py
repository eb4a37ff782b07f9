"""The table that comes out: rows of figures, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.bench.measure import Series


class Row(NamedTuple):
    """One line.

    what: was measured, with its unit.  figures: of it.  against: what was measured in the same minute,
    "" for nothing.  base: its figures, in the same unit.  ratio: what is looked at; figures by base unless it
    is given.  at_most, at_least: goal for the median of the ratio, or of the figures where there is none.
    note: what else there is to say.
    """

    what: str
    figures: Series | None
    against: str = ""
    base: Series | None = None
    ratio: Series | None = None
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    def cells(self) -> list[str]:
        """The cells of the table."""
        ratio = self.ratio
        if ratio is None and self.figures is not None and self.base is not None:
            ratio = self.figures.per(self.base)
        judged = ratio if ratio is not None else self.figures
        goal = ""
        if self.at_most is not None:
            goal = f"≤ {self.at_most:g}"
        elif self.at_least is not None:
            goal = f"≥ {self.at_least:g}"
        met = ""
        if goal and judged is not None:
            met = "yes" if self._met(judged.median) else "**no**"
        return [
            self.what,
            _text(self.figures),
            self.against,
            _text(self.base),
            _text(ratio),
            goal,
            met,
            self.note,
        ]

    def _met(self, figure: float) -> bool:
        if self.at_most is not None:
            return figure <= self.at_most
        return self.at_least is not None and figure >= self.at_least


HEAD = ("measured", "median (min-max)", "against", "median (min-max)", "ratio", "goal", "met", "note")


def _text(series: Series | None) -> str:
    return "" if series is None else str(series)


def lines(title: str, rows: Iterable[Row]) -> Iterator[str]:
    """A title and a table; the lines come as the rows do."""
    yield f"## {title}"
    yield ""
    yield f"| {' | '.join(HEAD)} |"
    yield f"|{' --- |' * len(HEAD)}"
    for row in rows:
        yield f"| {' | '.join(row.cells())} |"
    yield ""
