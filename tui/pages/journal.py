"""LOG, HISTORY and the container."""

from __future__ import annotations

from crimg.escape import escape
from crimg.tui.pages.page import Page, object_words, pairs
from crimg.tui.places import REVISIONS, Place
from crimg.tui.rows import Fixed, Made, Row, text_row, wrapped
from crimg.views import journal as records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.tui.session import Session


def journal(session: Session, _place: Place) -> Page:
    """What the dump remarked, and how each revision came to be."""
    rows = session.kept(("journal", session.room), lambda: Fixed(_rows(session)))
    return Page("Log and history", rows, True)


def remark(session: Session, place: Place) -> Page:
    """One entry of the log."""
    entry = records.log_records(session.subject)[place.number]
    told = (("time", entry["time"]), (entry["severity"], escape(entry["text"])))
    rows = [row for label, text in told for row in pairs(session, label, text)]
    about = entry["objref"]
    if about is not None:
        rows += pairs(session, "about", object_words(session, about), target=Place("object", about))
    return Page("Log", Fixed(rows))


def _rows(session: Session) -> Iterator[Row]:
    yield text_row("History", "head")
    for entry in reversed(records.history_records(session.subject)):
        note = f": {escape(entry['note'])}" if entry["note"] else ""
        by = escape(entry["tool_version"])
        yield Row((("key", f"revision {entry['revision']:<4}"), ("", f" {entry['time']}, by {by}{note}")))
        if entry["command"]:
            yield from wrapped(
                " ".join(map(escape, entry["command"])), "dim", ("", "    "), room=session.room
            )
        for rule in entry["rules"]:
            yield text_row(f"    rule {escape(rule)}", "path")
    yield text_row("")
    yield text_row("Log", "head")
    for number, entry in enumerate(records.log_records(session.subject)):
        about = entry["objref"]
        role = entry["severity"] if entry["severity"] in ("error", "warning") else ""
        text = f"{entry['time']}  {entry['severity']}: {escape(entry['text'])}"
        link = (("link", f" #{about}"),) if about is not None else ()
        target = Place("object", about) if about is not None else None
        yield Row(((role, text), *link), target, Place("remark", number))
    yield text_row("")
    yield Row((("link", "revisions"), ("dim", ": what each changed, and undo")), REVISIONS)
    yield Row((("link", "sections of the file"),), Place("sections"))


def sections(session: Session, _place: Place) -> Page:
    """Where each part of the file is."""
    rows = session.kept("sections", lambda: records.section_records(session.subject))
    header = f"{'OFFSET':>14} {'ID':>6} {'REV':>4} CODEC {'STORED':>14} {'RAW':>14}  TYPE"
    return Page(f"Sections ({len(rows):,})", Made(rows, _section_row, header))


def _section_row(row: dict[str, Any]) -> Row:
    return text_row(
        f"{row['offset']:>14,} {row['id']:>6} {row['revision']:>4} {row['codec']:<5} {row['stored']:>14,}"
        f" {row['raw']:>14,}  {row['type']}" + (f" of {row['rows_of']}" if row["rows_of"] else "")
    )
