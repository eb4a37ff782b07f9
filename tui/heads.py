"""The lines above and below the panes: the image, the pages that have a number, the keys."""

from __future__ import annotations

from crimg.tui.looks import MARKS
from crimg.tui.places import CHANGE, FILES, FINDINGS, IMAGE, JOURNAL, OBJECTS, PREFLIGHT, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.pages import Page
    from crimg.tui.rows import Span
    from crimg.tui.session import Session

TABS = ("Image", "Memory", "Files", "Objects", "Findings", "Preflight", "Log", "Plan")
_ROOM_FOR_NAME = 24
_KEYS = (
    ("?", "Help"),
    ("/", "Find"),
    ("Enter", "Open"),
    ("b", "Back"),
    ("Tab", "Pane"),
    ("q", "Quit"),
)


def tab_place(session: Session, number: int) -> Place:
    """Where a number leads, from 1."""
    mm = session.root_mm
    memory = Place("memory", mm.objref if mm else 0)
    return (IMAGE, memory, FILES, OBJECTS, FINDINGS, PREFLIGHT, JOURNAL, CHANGE)[number - 1]


def tab_spans(session: Session) -> list[Span]:
    """The pages that have a number."""
    here = session.trail.place.page
    return [
        ("chosen" if tab_place(session, number).page == here else "", f" {number} {name} ")
        for number, name in enumerate(TABS, 1)
    ]


def head_spans(session: Session) -> list[Span]:
    """The image, what is to be changed, what is wrong with it."""
    image, draft = session.subject.image, session.draft
    told = [("head", f" {_short(session.shown_name)}")]
    told.append(("", f"  {image.size:,} bytes, revision {image.revision}  "))
    if draft.pending:
        told.append(("edited", f"{MARKS['edited']} plan: {draft.amount}, not written "))
    counts = session.checks.counts()
    told += [(role, f" {MARKS[role]} {number} {role}s") for role, number in counts.items() if number]
    wrong = len(session.checks.differing)
    told += [("error", f"  x {wrong} files differ here")] if wrong else []
    return told + ([("warning", f"  read-only: {session.read_only}")] if session.read_only else [])


def _short(name: str) -> str:
    """A name for the first line, which has more to say."""
    return name if len(name) <= _ROOM_FOR_NAME else name.rpartition("/")[2]


def status_spans(page: Page, asking: str, width: int) -> list[Span]:
    """The most important keys, as many as there is room for.

    asking: what an answer is waited for in: "line", "rule", or "" for nothing.
    """
    shown = [*page.keys[:3], *_KEYS]
    if asking:
        shown = [("Enter", "Take it"), ("Esc", "Give up")]
    if asking == "rule":
        shown += [("Tab", "Field"), ("ctrl+t", "Kind of rule")]
    while sum(len(key) + len(word) + 3 for key, word in shown) > width and len(shown) > 2:
        del shown[-2]
    return [span for key, word in shown for span in (("key", f" {key}"), ("", f" {word} "))]
