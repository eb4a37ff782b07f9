"""The revisions of the image: when and by what each came, and what it changed."""

from __future__ import annotations

from crimg.tui.pages.page import Page, mark, pairs
from crimg.tui.places import Place
from crimg.tui.rows import Fixed, Made, Row, text_row, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.tui.answers import Revision
    from crimg.tui.session import Session

_KEYS = (("u", "Undo the last"), ("Enter", "Details"))


def revisions(session: Session, _place: Place) -> Page:
    """All of them, the last one first."""
    past = session.past
    now = session.subject.image.revision

    def make(number: int) -> Row:
        one = past.revisions[number]
        shown = one.in_file and one.number == now
        changed = "; ".join(one.summary) or ("" if one.in_file else "before a compaction")
        spans = (
            mark("ok" if shown else ""),
            ("number", f"{one.number:>3} "),
            ("", f"{one.time[:19]:<19} "),
            ("key", f"{changed}  " if changed else ""),
            ("dim", one.command),
        )
        place = Place("revision", number)
        return Row(spans, place, place, copy=one.command)

    rows = Made(
        range(len(past.revisions)), make, "    N WHEN (UTC)          WHAT IT CHANGED, AND BY WHICH COMMAND"
    )
    title = f"Revisions ({len(past.revisions)})" if past.state == "done" else "Revisions ..."
    if past.error:
        return Page(
            title, Fixed(wrapped(past.error, "error", mark("error"), room=session.room)), False, _KEYS
        )
    if not past.revisions:
        return Page(title, Fixed([text_row("they are being read ...", "dim")]), False, _KEYS)
    return Page(title, rows, True, _KEYS)


def revision(session: Session, place: Place) -> Page:
    """One of them, with every object that it changed."""
    past = session.past
    if place.number >= len(past.revisions):
        return Page("Revision", Fixed([text_row("they are being read ...", "dim")]))
    one = past.revisions[place.number]
    return Page(f"Revision {one.number}", Fixed(_rows(session, one)), False, _KEYS[:1])


def _rows(session: Session, one: Revision) -> Iterator[Row]:
    added = f"  {one.added:,} bytes" if one.added is not None else ""
    yield from pairs(session, "made", f"{one.time}, by crimg {one.version}{added}")
    for label, text in (
        ("command", one.command),
        ("note", one.note),
        *(("rule", rule) for rule in one.rules),
    ):
        if text:
            yield from pairs(session, label, text)
    if not one.in_file:
        lost = "what it changed is not to be had any more: the image was compacted since"
        yield from wrapped(lost, "dim", room=session.room)
        return
    if one.number != session.subject.image.revision:
        shown = "look at the image as it was at this revision"
        yield Row((("link", shown),), None, Place("open", one.number))
    if not one.summary:
        yield text_row("the first one in the file" if one.number == 1 else "it changed nothing", "dim")
    for text in one.summary:
        yield from pairs(session, "changed", text)
    for line in one.lines:
        yield from wrapped(line, room=session.room)
