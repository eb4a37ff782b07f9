"""A page, and words that several pages use."""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.tui.looks import MARKS
from crimg.tui.rows import Row, Rows, lines_of
from crimg.views.objects import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.tui.places import Place
    from crimg.tui.rows import Span
    from crimg.tui.session import Session


class Page(NamedTuple):
    """title: one line.  rows: what there is to see.  split: a pane beneath shows what the cursor is on.
    keys: what else can be done here, key and words, for the help and the last line.
    """

    title: str
    rows: Rows
    split: bool = False
    keys: tuple[tuple[str, str], ...] = ()


def mark(role: str) -> Span:
    """The mark of a verdict, in its colour."""
    return role, MARKS[role] + " "


def pair(label: str, text: str, width: int = 12, role: str = "", target: Place | None = None) -> Row:
    """A label and a text beside it."""
    return Row((("dim", f"{label:<{width}} "), ("link" if target else role, text)), target, copy=text)


def pairs(
    session: Session, label: str, text: str, width: int = 12, role: str = "", target: Place | None = None
) -> Iterator[Row]:
    """A label and a text beside it, in as many rows as it needs."""
    for at, line in enumerate(lines_of(text, max(session.room - width - 1, width))):
        yield pair("" if at else label, line, width, role, target)._replace(copy=text)


def count(number: int, noun: str, ending: str = "s") -> str:
    """ "1 path", "2,000 paths"."""
    return f"{number:,} {noun}{ending if number != 1 else ''}"


def differing(session: Session) -> str:
    """How many files are not as a restart needs them."""
    wrong = len(session.checks.differing)
    return f"{wrong:,} of {count(len(session.checks.verdicts), 'file')} differ{'s' * (wrong == 1)}"


def planned_words(session: Session, objref: int | None) -> tuple[Span, ...]:
    """What the plan makes of the path of an object, to stand behind it; nothing where it stays."""
    draft = session.draft
    one = draft.planned(objref) if objref is not None else None
    if one is None:
        return ()
    role = "error" if objref in draft.clashing else "edited"
    return ((role, f"  {MARKS[role]} -> {one.after}"),)


def object_words(session: Session, objref: int) -> str:
    """ "#12 file /tmp/x": an object in a line."""
    row = session.subject.image.lookup(objref)
    if row is None:
        return f"#{objref} is not in the image"
    return f"#{objref} {type(row).noun} {escape(describe(session.subject, row))}".rstrip()
