"""Single lines above and below the panes, and the line that asks for something."""

from __future__ import annotations

from rich.segment import Segment
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from crimg.tui.theme import styles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import ClassVar

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crimg.tui.rows import Span


class Bar(Widget):
    """A line of spans; a click on one with a key presses that key."""

    DEFAULT_CSS = "Bar { height: 1; width: 100%; }"

    def __init__(self, *, id: str, spans: Sequence[Span] = ()) -> None:
        super().__init__(id=id)
        self._spans: tuple[Span, ...] = tuple(spans)
        self._keys: tuple[str, ...] = ()

    def show(self, spans: Sequence[Span], keys: Sequence[str] = ()) -> None:
        """Show these spans; the key of each, "" for none."""
        if tuple(spans) != self._spans:
            self._spans, self._keys = tuple(spans), tuple(keys)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        looks = styles(self.app.current_theme)
        strip = Strip([Segment(text, self.rich_style + looks[role]) for role, text in self._spans if text])
        return strip.crop_extend(0, self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Press the key of what was clicked."""
        end = 0
        for (_, text), key in zip(self._spans, self._keys, strict=False):
            end += len(text)
            if event.x < end:
                if key:
                    self.app.simulate_key(key)
                return


class Divider(Widget):
    """The edge between two panes: drag it."""

    DEFAULT_CSS = """
    Divider { width: 1; height: 100%; }
    Divider.-flat { width: 100%; height: 1; }
    """

    class Dragged(Message):
        """It is to be moved by so many cells."""

        def __init__(self, divider: Divider, by: int) -> None:
            super().__init__()
            self.divider = divider
            self.by = by

    def __init__(self, *, id: str, flat: bool = False) -> None:
        super().__init__(id=id, classes="-flat" if flat else "")
        self._flat = flat
        self._held_at: int | None = None

    def render_line(self, y: int) -> Strip:
        """A line."""
        style = self.rich_style + styles(self.app.current_theme)["dim"]
        return Strip([Segment(("─" if self._flat else "│") * self.size.width, style)])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of it."""
        self._held_at = self._along(event)
        self.capture_mouse()

    def on_mouse_up(self) -> None:
        """Let go of it."""
        self._held_at = None
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse: on the screen, as the edge itself is only moved when there is time to."""
        at = self._along(event)
        if self._held_at is not None and at != self._held_at:
            self.post_message(self.Dragged(self, at - self._held_at))
            self._held_at = at

    def _along(self, event: events.MouseEvent) -> int:
        return int(event.screen_y if self._flat else event.screen_x)


class Prompt(Horizontal):
    """A question in the last line. What is typed is in the escaped form of crimg.escape."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt Input { border: none; height: 1; padding: 0; width: 1fr; }
    Prompt Bar { width: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", show=False)]

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._label = Bar(id="question")
        self._input = Input(id="answer", compact=True)
        self._done: Callable[[str], None] = lambda _: None
        self._changed: Callable[[str], None] = lambda _: None
        self._cancelled: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """The question and the answer."""
        yield self._label
        yield self._input

    def ask(
        self,
        question: str,
        done: Callable[[str], None],
        *,
        value: str = "",
        changed: Callable[[str], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        """Ask; `done` gets the answer, `changed` what stands there after each key, `cancelled` is for Esc."""
        self._done = done
        self._changed = changed or (lambda _: None)
        self._cancelled = cancelled or (lambda: None)
        self._label.styles.width = len(question) + 1
        self._label.show([("key", question + " ")])
        self._input.value = value
        self.display = True
        self._input.focus()

    @property
    def value(self) -> str:
        """What stands there."""
        return self._input.value

    def on_input_changed(self, event: Input.Changed) -> None:
        """After each key."""
        event.stop()
        if self.display:
            self._changed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """After Enter."""
        event.stop()
        self._close()
        self._done(event.value)

    def action_cancel(self) -> None:
        """After Esc."""
        self._close()
        self._cancelled()

    def _close(self) -> None:
        self.display = False
        self.post_message(self.Closed())

    class Closed(Message):
        """The question is answered or given up."""
