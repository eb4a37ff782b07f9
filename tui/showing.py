"""The place where one is, shown: a page, what its cursor is on, and the lines around."""

from __future__ import annotations

from crimg.escape import one_line
from crimg.tui.form import RuleForm
from crimg.tui.heads import head_spans, status_spans, tab_spans
from crimg.tui.looks import wants_mono
from crimg.tui.pages import page_of
from crimg.tui.pages.hexadecimal import memory_rows
from crimg.tui.panes import Panes, while_running
from crimg.tui.rows import Fixed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.driver import Driver

    from crimg.tui.line_view import LineView
    from crimg.tui.places import Place
    from crimg.tui.rows import Row
    from crimg.tui.session import Session


class Showing(Panes):
    """Panes that show the pages of one session."""

    def __init__(self, session: Session, driver: type[Driver] | None = None) -> None:
        super().__init__(driver, ansi_color=True if wants_mono() else None)
        self.session = session
        self._more = ""

    @property
    def place(self) -> Place:
        """Where one is."""
        return self.session.trail.place

    def go(self, place: Place, *, stay: bool = False) -> None:
        """Go to a place, as following a link does. stay: the keys stay with the pane that has them."""
        self.session.trail.leave(self.view("main").cursor)
        self.session.trail.go(place)
        if not stay:
            self.pane = "main"
        self.show_page()
        if not stay:
            self.focus_pane()

    def arrange(self) -> None:
        """As in Panes; with more room, or less, a page has its columns in another order."""
        super().arrange()
        if self._measured():
            self.show_page(keep=True)

    def _measured(self) -> bool:
        """Note how much room a page has, beside the tree and with a scroll bar; whether that is new."""
        room = self.size.width - (self.sizes["tree"] + 1 if self.shows("tree") else 0) - 1
        if room == self.session.room:
            return False
        for session in self.session.sessions:
            session.room = room
        return True

    def show_page(self, *, keep: bool = False) -> None:
        """Show the place where one is; keep: the cursor stays, the page only has more to say."""
        self._measured()
        view = self.view("main")
        row = view.cursor if keep else self.session.trail.row
        self.page = page_of(self.session, self.place)
        rows = self.page.rows
        before, memory = memory_rows(view.rows), memory_rows(rows)
        if not keep:
            row = row or rows.row_of(self.place.at)
        elif before is not None and memory is not None:  # which may have other rows now
            row = memory.row_of(before.address_of(row))
        if not (keep and view.is_filtered):
            view.show(rows, row, stay=keep)
        self.show_title(self._more if keep else "")
        self.show_heads()
        self.arrange()

    def show_title(self, more: str = "") -> None:
        """Show the title of the page, and what else there is to say of it until another page comes."""
        self._more = more
        self.bar("title").show([("head", self.page.title), ("key", more)])

    def show_heads(self) -> None:
        """Show the lines above and below the panes."""
        asking = "" if not self.asking else "rule" if self.query_one(RuleForm).display else "line"
        self.bar("head").show(head_spans(self.session, self.size.width))
        spans = tab_spans(self.session)
        self.bar("tabs").show(spans, [str(number) for number in range(1, len(spans) + 1)])
        self.bar("status").show(status_spans(self.page, asking, self.size.width))

    @while_running
    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """Show what the cursor is on: of the tree as the page, of the page beneath it."""
        row = event.row
        if event.view.id == "tree" and not event.shown and row is not None and row.target:
            self.session.trail.replace(row.target)
            self.show_page()
        elif event.view.id == "main" and self.page.split:
            place = row.beside if row is not None else None
            rows = page_of(self.session, place).rows if place is not None else Fixed([])
            self.view("detail").show(rows, rows.row_of(place.at) if place is not None else 0)

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
