"""The one list of the application: draws the rows in sight, however many there are.

Everything that depends on Textual's line API (ScrollView, Strip) is in this module.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from crimg.tui.rows import Chosen, Fixed, Row, Rows, marked
from crimg.tui.theme import styles

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import ClassVar

    from textual import events
    from textual.binding import BindingType

_STEP = 8
"""Columns that one key scrolls sideways."""
_MOST_STRIPS = 2000


class LineView(ScrollView, can_focus=True):
    """Rows with a cursor, of which only those in sight are made.

    Positions are kept as integers: the scroll offset of a ScrollView is exact up to 2**53 rows.
    """

    DEFAULT_CSS = "LineView { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("h,left", "sideways(-1)", "Left", show=False),
        Binding("l,right", "sideways(1)", "Right", show=False),
        Binding("g,home", "edge(0)", "First", show=False),
        Binding("G,end", "edge(1)", "Last", show=False),
        Binding("pagedown,ctrl+d,space", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    class Moved(Message):
        """The cursor is on another row; None: there is none. shown: since other rows are shown."""

        def __init__(self, view: LineView, row: Row | None, *, shown: bool = False) -> None:
            super().__init__()
            self.view = view
            self.row = row
            self.shown = shown

    class Opened(Message):
        """Enter, or a second click, on a row."""

        def __init__(self, view: LineView, index: int, row: Row) -> None:
            super().__init__()
            self.view = view
            self.index = index
            self.row = row

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.rows: Rows = Fixed([])
        self.cursor = 0
        self.pattern: re.Pattern[str] | None = None
        """What is marked wherever it stands."""
        self._strips: dict[tuple[int, bool, bool], Strip] = {}
        self._widest = 0

    def show(self, rows: Rows, cursor: int = 0, *, stay: bool = False) -> None:
        """Show other rows, with the cursor on this one. stay: no further scrolled than that takes."""
        self.rows = rows
        self._widest = 0
        self.redraw()
        self.cursor = max(0, min(cursor, len(rows) - 1))
        self._set_size()
        first = self._first_for(self.cursor, middle=not stay)
        self.scroll_to(None if stay else 0, first, animate=False, force=True)
        self.post_message(self.Moved(self, self.row, shown=True))

    def redraw(self) -> None:
        """The rows, or their looks, have changed."""
        self._strips.clear()
        self._set_size()
        self.refresh()

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None in an empty list."""
        return self.rows.row(self.cursor) if self.cursor < len(self.rows) else None

    @property
    def _top(self) -> int:
        return 1 if self.rows.header else 0

    @property
    def _room(self) -> int:
        """Rows that there is room for."""
        return max(self.scrollable_content_region.height - self._top, 1)

    def _set_size(self) -> None:
        width = max(self._widest, cell_len(self.rows.header))
        size = Size(width, len(self.rows) + self._top)
        if size != self.virtual_size:
            self.virtual_size = size

    def _first_for(self, index: int, *, middle: bool = False) -> int:
        """The first row to show so that this one is in sight."""
        first = self.scroll_offset.y
        if first <= index < first + self._room and not middle:
            return first
        if middle:
            return max(index - self._room // 2, 0) if index >= self._room else 0
        return index if index < first else index - self._room + 1

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, and that in sight."""
        index = max(0, min(index, len(self.rows) - 1))
        if index == self.cursor:
            return
        far = abs(index - self.cursor) > self._room
        self.cursor = index
        self.scroll_to(None, self._first_for(index, middle=far), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self, self.row))

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by as many rows as are in sight."""
        self.move_to(self.cursor + by * max(self._room - 1, 1))

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first or the last row."""
        self.move_to(len(self.rows) - 1 if end else 0)

    def action_sideways(self, by: int) -> None:
        """Scroll by some columns; in a tree, open or close."""
        index = self.rows.sideways(self.cursor, by)
        if index is not None:
            self.redraw()
            self.move_to(index)
            return
        self.scroll_to(self.scroll_offset.x + by * _STEP, None, animate=False, force=True)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        row = self.row
        if row is not None:
            self.post_message(self.Opened(self, self.cursor, row))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a click on the row under the cursor opens it."""
        index = self.scroll_offset.y + event.y - self._top
        if event.y < self._top or index >= len(self.rows):
            return
        if index == self.cursor:
            self.action_open()
        else:
            self.move_to(index)

    def on_focus(self) -> None:
        """Show which list the keys go to."""
        self.redraw()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self.redraw()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.redraw()
        self.scroll_to(None, self._first_for(self.cursor), animate=False, force=True)

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        if self._top and y == 0:
            return self._cut(self._header(), width)
        index = self.scroll_offset.y + y - self._top
        if not 0 <= index < len(self.rows):
            return Strip.blank(width, self.rich_style)
        return self._cut(self._strip(index), width)

    def _cut(self, strip: Strip, width: int) -> Strip:
        left = self.scroll_offset.x
        return strip.crop_extend(left, left + width, self._base(strip))

    def _base(self, strip: Strip) -> Style:
        segments = list(strip)
        last = segments[-1].style if segments else None
        return Style(bgcolor=last.bgcolor, reverse=last.reverse) if last else self.rich_style

    def _header(self) -> Strip:
        style = self.rich_style + styles(self.app.current_theme)["head"]
        return Strip([Segment(self.rows.header, style)], cell_len(self.rows.header))

    def _strip(self, index: int) -> Strip:
        key = (index, index == self.cursor, self.has_focus)
        if key not in self._strips:
            if len(self._strips) > _MOST_STRIPS:
                self._strips.clear()
            strip = self._strips[key] = self._made(index)
            if strip.cell_length > self._widest:
                self._widest = strip.cell_length
                self.call_later(self._set_size)
        return self._strips[key]

    def _made(self, index: int) -> Strip:
        looks = styles(self.app.current_theme)
        base = self.rich_style
        row = self.rows.row(index)
        over = Style.null()
        if index == self.cursor:
            over = looks["cursor" if self.has_focus else "cursor-blur"]
        spans = marked(row.spans, self.pattern) if self.pattern is not None else row.spans
        segments = [Segment(text, base + looks[role] + over) for role, text in spans if text]
        return Strip(segments or [Segment(" ", base + over)])

    @property
    def visible_region(self) -> Region:
        """Where its rows are, for tests."""
        return self.scrollable_content_region

    @property
    def is_filtered(self) -> bool:
        """Whether only chosen rows are shown."""
        return isinstance(self.rows, Chosen)
