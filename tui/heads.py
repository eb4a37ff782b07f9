"""The lines above and below the panes: the image, the pages that have a number, the keys."""

from __future__ import annotations

from crimg.tui.looks import MARKS
from crimg.tui.pages.page import count
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


def head_spans(session: Session, width: int) -> list[Span]:
    """The image, what is to be changed, what is wrong; without the less important that has no room."""
    spans: list[Span] = []
    for leave_out in range(_LEAVE_OUT + 1):
        spans = _head_spans(session, leave_out)
        if sum(len(text) for _, text in spans) <= width:
            break
    return spans


_LEAVE_OUT = 4
"""What can be left out of the first line: size, revision, words of the plan, why it is read-only."""


def _head_spans(session: Session, leave_out: int) -> list[Span]:
    image, draft = session.subject.image, session.draft
    facts = (f"{image.size:,} bytes, ", f"revision {image.revision}  ")
    told = [("head", f" {_short(session.shown_name)}"), ("", "  "), ("", "".join(facts[leave_out:]))]
    if draft.pending:
        words = f"plan: {draft.amount}" + ("" if leave_out > 2 else ", not written")
        told.append(("edited", f"{MARKS['edited']} {words} "))
    counts = session.checks.counts()
    told += [(role, f" {MARKS[role]} {count(number, role)}") for role, number in counts.items() if number]
    wrong = len(session.checks.differing)
    if wrong:
        told.append(("error", f"  {MARKS['error']} {count(wrong, 'file')} differ{'s' * (wrong == 1)} here"))
    if session.read_only:
        why = f": {session.read_only}" if leave_out < _LEAVE_OUT else ""
        told.append(("warning", f"  read-only{why}"))
    return told


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
