"""Two images compared: what the one that is browsed has, and the one before had not, or otherwise."""

from __future__ import annotations

from crimg.tui.pages.page import Page, mark, pair
from crimg.tui.places import BEFORE, Place
from crimg.tui.rows import Fixed, Joined, Made, Row, text_row, wrapped
from crimg.views.change_words import MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.tui.compared import Compared, Run, Space
    from crimg.tui.rows import Rows
    from crimg.tui.session import Session

_ROLES = {"added": "ok", "gone": "error", "changed": "warning"}
_NONE = "there is no other image: crimg tui BEFORE AFTER compares"
_AGAIN = (("v", "compare again"),)


def compare(session: Session, _place: Place) -> Page:
    """Every difference; the pane beneath shows its columns, Enter leads to the object."""
    compared = session.compared
    if compared is None:
        return Page("Differences", Fixed([text_row(_NONE, "dim")]))
    changes = compared.changes

    def make(number: int) -> Row:
        one = changes[number]
        role = _ROLES[one.change]
        spans = (
            (role, f"{MARKS[one.change]} "),
            ("", one.what),
            ("dim", f"  {'; '.join(one.fields)}" if one.fields else ""),
        )
        target = one.after if one.after is not None else before(one.before)
        return Row(spans, target, Place("difference", number), copy="\n".join((one.what, *one.fields)))

    parts: list[Rows] = [Fixed(_heads(session, compared))]
    for kind, numbers in compared.kinds.items():
        title = f"{kind.replace('_', ' ')} ({len(numbers):,})"
        parts += [Fixed([text_row(""), text_row(title, "head")]), Made(numbers, make)]
    for space in compared.memory:
        parts += _memory(space)
    state = {"running": " - running", "failed": " - failed"}.get(compared.state, "")
    return Page(f"Differences{state}", Joined(parts), True, _AGAIN)


def before(place: Place | None) -> Place | None:
    """The same place in the other image."""
    return place._replace(page=BEFORE + place.page) if place is not None else None


def _heads(session: Session, compared: Compared) -> Iterator[Row]:
    for label, one in (("before", compared.other), ("after", session)):
        image = one.subject.image
        target = Place(f"{BEFORE if one is compared.other else ''}image")
        yield pair(label, f"{one.shown_name}, revision {image.revision}, {image.size:,} bytes", target=target)
    if compared.state == "failed":
        yield Row((mark("error"), ("error", compared.error)))
    elif compared.state == "done":
        yield pair("differ", compared.summary)
    else:
        yield pair("", f"being compared: {compared.done:,} bytes of memory so far", role="dim")


def _memory(space: Space) -> Iterator[Rows]:
    def make(run: Run) -> Row:
        old, new = space.spaces
        gone = run.change == "gone" or new is None
        target = before(Place("hex", old or 0, run.start)) if gone else Place("hex", new or 0, run.start)
        spans = (
            (_ROLES[run.change], f"{MARKS[run.change]} "),
            ("number", f"{run.pages} "),
            ("path", run.mapping),
        )
        return Row(spans, target)

    yield Fixed([text_row(""), text_row(space.title, "head")])
    yield Made(space.runs, make)
    if space.rest:
        yield Fixed([text_row(space.rest, "dim")])


def difference(session: Session, place: Place) -> Page:
    """One object that differs: its columns, and where it is in either image."""
    compared = session.compared
    if compared is None or place.number >= len(compared.changes):
        return Page("Difference", Fixed([text_row("it is being compared again", "dim")]))
    one = compared.changes[place.number]
    role = _ROLES[one.change]
    rows = [Row(((role, f"{MARKS[one.change]} "), ("", f"{one.kind.replace('_', ' ')} {one.what}")))]
    for field in one.fields:
        rows += wrapped(field, "", ("", "    "), room=session.room)
    for label, target in (("before", before(one.before)), ("after", one.after)):
        if target is not None:
            rows.append(pair(label, _where(target), target=target))
    return Page(f"{one.change}: {one.what}", Fixed(rows))


def _where(place: Place) -> str:
    words = {"fds": f"descriptors of #{place.number}", "thread": f"thread {place.at}"}
    page = place.page.removeprefix(BEFORE)
    return words.get(page, f"#{place.number}" + (f" at {place.at:x}" if page == "hex" else ""))
