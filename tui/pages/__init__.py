"""What can be looked at: a page makes the rows of one kind of place."""

from __future__ import annotations

from importlib import import_module

from crimg.tui.pages.page import Page
from crimg.tui.places import BEFORE
from crimg.tui.rows import Fixed, Moved, text_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.places import Place
    from crimg.tui.session import Session

_HOMES = {
    "image": "overview",
    "files": "files",
    "fds": "files",
    "memory": "memory",
    "space": "space",
    "hex": "hexadecimal",
    "objects": "objects",
    "object": "objects",
    "threads": "tasks",
    "thread": "tasks",
    "signals": "tasks",
    "limits": "tasks",
    "journal": "journal",
    "remark": "journal",
    "sections": "journal",
    "findings": "findings",
    "finding": "findings",
    "preflight": "findings",
    "verdict": "findings",
    "change": "change",
    "planned": "change",
    "rule": "change",
    "restamp": "change",
    "proposals": "proposals",
    "proposal": "proposals",
    "candidate": "proposals",
    "revisions": "revisions",
    "revision": "revisions",
    "compare": "compare",
    "difference": "compare",
}
"""Name of a page to the module that has a function of this name."""
_AT_ONCE = frozenset({"image", "findings", "preflight", "compare", "difference"})
"""Pages that need no more than what is there at the start."""

__all__ = ["Page", "page_of"]


def page_of(session: Session, place: Place) -> Page:
    """The page of a place."""
    if place.page.startswith(BEFORE):
        return _page_before(session, place)
    if not session.loaded and place.page not in _AT_ONCE:
        return Page("Loading", Fixed([text_row("The tables of the image are being read ...", "dim")]))
    module = import_module(f"crimg.tui.pages.{_HOMES[place.page]}")
    page: Page = getattr(module, place.page)(session, place)
    return page


def _page_before(session: Session, place: Place) -> Page:
    """A page of the other one of two images. Its rows are about no object of the one that is browsed."""
    if session.compared is None:
        return Page("Nothing", Fixed([text_row("there is no other image", "dim")]))
    other = session.compared.other
    page = page_of(other, place._replace(page=place.page.removeprefix(BEFORE)))
    return page._replace(title=f"{other.shown_name}: {page.title}", rows=Moved(page.rows, BEFORE), keys=())
