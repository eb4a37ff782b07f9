"""The screens above the others: help, and a question."""

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
    ("1-8", "Image Memory Files Objects Findings Preflight Log Plan"),
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
    ("v", "validate and preflight again, compare again"),
    ("c", "differences of two images (crimg tui BEFORE AFTER)"),
    ("e", "change the path under the cursor"),
    ("r", "a rule for many paths; on a rule: change it"),
    ("R", "search directories for moved files"),
    ("F t D", "rules of a file, restamp, drop a keeper (in the plan)"),
    ("x", "take the rule or path under the cursor out of the plan"),
    ("w", "look at the plan; there: write it"),
    ("H u", "the revisions; take the last one back"),
    ("ctrl+r", "open the image anew"),
    ("m", "memory: as a list, or drawn to scale"),
    ("\\ |", "hide or show the tree, the lower pane"),
    ("< > - +", "size of the tree, of the lower pane (or drag the edge)"),
    ("ctrl+p", "all commands, themes"),
    ("q", "quit"),
)
_MARKS = "x error   ! warning   . note   + fine   * to be changed"


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
        own = {key for keys, _ in self._keys for key in keys.split()}
        others = [(keys, words) for keys, words in _EVERYWHERE if not set(keys.split()) <= own]
        for pairs in (self._keys, others):
            for key, words in pairs:
                yield Row((("key", f" {key:<12} "), ("", words)))
            yield text_row("")
            if pairs is self._keys:
                yield text_row("Everywhere", "head")
        yield text_row(_MARKS, "dim")


class Confirm(ModalScreen[str]):
    """A question with a few answers, each with its key; Esc stands for none of them ("")."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose('')", "Cancel"),
        *(Binding(key, f"choose('{key}')") for key in "ynwq"),
        Binding("ctrl+c", "choose('q')"),
    ]
    CSS = """
    Confirm { align: center middle; }
    Confirm Vertical { width: 76; max-width: 96%; border: round $primary; }
    """

    def __init__(self, rows: Sequence[Row], answers: Sequence[tuple[str, str]]) -> None:
        """answers: key and words of each."""
        super().__init__()
        self._rows = rows
        self._answers = answers

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical():
            yield LineView(id="question-rows")

    def on_mount(self) -> None:
        """Fill it."""
        shown = [
            Row((("key", f" {key:<4} "), ("", words))) for key, words in (*self._answers, ("Esc", "stay"))
        ]
        rows = [*self._rows, text_row(""), *shown]
        view = self.query_one(LineView)
        view.show(Fixed(rows), len(rows) - 1)
        self.query_one(Vertical).styles.height = min(len(rows) + 2, self.app.size.height - 2)
        view.focus()

    def action_choose(self, key: str) -> None:
        """Answer, where this is one of the answers."""
        if not key or key in dict(self._answers):
            self.dismiss(key)
