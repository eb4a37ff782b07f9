"""The place where one is, shown: a page, what its cursor is on, and the lines around."""

from __future__ import annotations

from crimg.escape import one_line
from crimg.tui.form import RuleForm
from crimg.tui.heads import head_spans, status_spans, tab_spans
from crimg.tui.looks import wants_mono
from crimg.tui.pages import page_of
from crimg.tui.panes import Panes, while_running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.driver import Driver

    from crimg.tui.line_view import LineView
    from crimg.tui.places import Place
    from crimg.tui.rows import Row
    from crimg.tui.session import Session


_NARROW = 90
"""Columns of a page below which paths come first."""


class Showing(Panes):
    """Panes that show the pages of one session."""

    def __init__(self, session: Session, driver: type[Driver] | None = None) -> None:
        super().__init__(driver, ansi_color=True if wants_mono() else None)
        self.session = session

    @property
    def place(self) -> Place:
        """Where one is."""
        return self.session.trail.place

    def go(self, place: Place) -> None:
        """Go to a place, as following a link does."""
        self.session.trail.leave(self.view("main").cursor)
        self.session.trail.go(place)
        self.show_page()

    def arrange(self) -> None:
        """As in Panes; with more room, or less, a page has its columns in another order."""
        super().arrange()
        if self._measured():
            self.show_page(keep=True)

    def _measured(self) -> bool:
        """Note whether a page has little room; whether that is new."""
        room = self.size.width - (self.sizes["tree"] if self.shows("tree") else 0)
        narrow = room < _NARROW
        if narrow == self.session.narrow:
            return False
        for session in self.session.sessions:
            session.narrow = narrow
        return True

    def show_page(self, *, keep: bool = False) -> None:
        """Show the place where one is; keep: the cursor stays, the page only has more to say."""
        self._measured()
        view = self.view("main")
        row = view.cursor if keep else self.session.trail.row
        self.page = page_of(self.session, self.place)
        rows = self.page.rows
        if not keep:
            row = row or rows.row_of(self.place.at)
        if not (keep and view.is_filtered):
            view.show(rows, row, stay=keep)
        self.bar("title").show([("head", self.page.title)])
        self.show_heads()
        self.arrange()

    def show_heads(self) -> None:
        """Show the lines above and below the panes."""
        asking = "" if not self.asking else "rule" if self.query_one(RuleForm).display else "line"
        self.bar("head").show(head_spans(self.session))
        spans = tab_spans(self.session)
        self.bar("tabs").show(spans, [str(number) for number in range(1, len(spans) + 1)])
        self.bar("status").show(status_spans(self.page, asking, self.size.width))

    @while_running
    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """Show what the cursor is on: of the tree as the page, of the page beneath it."""
        if event.view.id == "tree" and event.view.has_focus and event.row.target:
            self.session.trail.replace(event.row.target)
            self.show_page()
        elif event.view.id == "main" and self.page.split:
            place = event.row.beside
            if place is not None:
                page = page_of(self.session, place)
                self.view("detail").show(page.rows, page.rows.row_of(place.at))

    @property
    def focused_subject(self) -> int | None:
        """Objref of what the row under the cursor is about; where it says none, of the object shown."""
        row = self.focused_row
        if row is not None and row.subject is not None:
            return row.subject
        return self.place.number if self.place.page in ("object", "verdict") else None

    @property
    def focused_row(self) -> Row | None:
        """The row under the cursor of the pane that has the keys."""
        return self.view(self.pane).row

    def say(self, text: str, role: str = "information") -> None:
        """A message in a corner; the text is never taken for markup."""
        severity = role if role in ("error", "warning") else "information"
        self.notify(one_line(text), severity=severity, markup=False)  # type: ignore[arg-type]
