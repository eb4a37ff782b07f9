"""The screen above the others: help."""

from __future__ import annotations

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from crimg.tui.line_view import LineView
from crimg.tui.rows import Fixed, Row, text_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import ClassVar

    from textual.app import ComposeResult
    from textual.binding import BindingType

_EVERYWHERE = (
    ("1-7", "Image Memory Files Objects Findings Preflight Log"),
    ("j k  arrows", "one row down, up"),
    ("h l  arrows", "sideways; in the tree: close, open"),
    ("g G", "first, last row"),
    ("pgup pgdn", "a page up, down (also ctrl+u, ctrl+d, space)"),
    ("Tab", "the next pane"),
    ("Enter", "follow the link under the cursor"),
    ("b f", "back, forward (Esc goes back too)"),
    ("/", "filter; in memory: search"),
    ("n N", "next, previous match"),
    (":", "go to #object, or an address"),
    ("y", "copy the row to the clipboard"),
    ("s", "save the page as text"),
    ("v", "validate and preflight again"),
    ("m", "memory: as a list, or drawn to scale"),
    ("\\ |", "hide or show the tree, the lower pane"),
    ("< > - +", "size of the tree, of the lower pane (or drag the edge)"),
    ("ctrl+p", "all commands, themes"),
    ("q", "quit"),
)
_MARKS = "x error   ! warning   . note   + fine"


class Help(ModalScreen[None]):
    """The keys of the present page, and those that do the same everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "dismiss", "Close")]
    CSS = "Help { align: center middle; } Help Vertical { width: 76; height: 90%; border: round $primary; }"

    def __init__(self, title: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._keys = keys

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical():
            yield LineView(id="help")

    def on_mount(self) -> None:
        """Fill it."""
        view = self.query_one(LineView)
        view.show(Fixed(self._rows()))
        view.focus()

    def _rows(self) -> Iterator[Row]:
        yield text_row(self._title, "head")
        for pairs in (self._keys, _EVERYWHERE):
            for key, words in pairs:
                yield Row((("key", f" {key:<12} "), ("", words)))
            yield text_row("")
            if pairs is self._keys:
                yield text_row("Everywhere", "head")
        yield text_row(_MARKS, "dim")
