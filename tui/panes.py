"""The panes of the application: which are there, which has the keys, how large each is."""

from __future__ import annotations

from functools import wraps

from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import InputEvent

from crimg.tui.bars import Bar, Divider, Prompt
from crimg.tui.form import RuleForm
from crimg.tui.line_view import LineView
from crimg.tui.looks import DETAIL, LEAST, MARKS, TREE
from crimg.tui.pages import Page
from crimg.tui.rows import Fixed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.driver import Driver

    A = TypeVar("A", bound=App[Any])
    P = ParamSpec("P")

_PANES = ("tree", "main", "detail")


def while_running(handler: Callable[Concatenate[A, P], None]) -> Callable[Concatenate[A, P], None]:
    """Make a handler of an application do nothing at its end: the panes go before the last messages come."""

    @wraps(handler)
    def handle(app: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if app.is_running:
            handler(app, *args, **kwargs)

    return handle


class Panes(App[None]):
    """A tree, a page, and a pane that shows what the page's cursor is on.

    page: what "main" shows.  pane: the one with the keys.  hidden: those that the user does not want.
    sizes: columns of the tree, lines of the lower pane.
    """

    CSS = """
    Screen { layout: vertical; }
    #panes { height: 1fr; }
    #right { width: 1fr; }
    #main { height: 1fr; }
    #head, #status { background: $panel; }
    #judgement { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "pane(1)", "Pane", show=False, priority=True),
        Binding("shift+tab", "pane(-1)", "Pane", show=False, priority=True),
        Binding("backslash", "hide('tree')", "Tree", show=False),
        Binding("vertical_line", "hide('detail')", "Lower pane", show=False),
        Binding("less_than_sign", "size('tree', -4)", "Narrower", show=False),
        Binding("greater_than_sign", "size('tree', 4)", "Wider", show=False),
        Binding("minus", "size('detail', -2)", "Lower", show=False),
        Binding("plus", "size('detail', 2)", "Higher", show=False),
    ]

    def __init__(self, driver: type[Driver] | None, *, ansi_color: bool | None) -> None:
        super().__init__(driver, ansi_color=ansi_color)
        self.page = Page("", Fixed([]))
        self.pane = "main"
        self.hidden: set[str] = set()
        self.sizes = {"tree": TREE, "detail": DETAIL}

    def compose(self) -> ComposeResult:
        """The panes."""
        yield Bar(id="head")
        yield Bar(id="tabs")
        with Horizontal(id="panes"):
            yield LineView(id="tree")
            yield Divider(id="tree-edge")
            with Vertical(id="right"):
                yield Bar(id="title")
                yield LineView(id="main")
                yield Divider(id="detail-edge", flat=True)
                yield LineView(id="detail")
        yield RuleForm()
        yield Bar(id="judgement")
        yield Prompt()
        yield Bar(id="status")

    def view(self, name: str) -> LineView:
        """A pane by its name."""
        return self.screen_stack[0].query_one(f"#{name}", LineView)

    def bar(self, name: str) -> Bar:
        """A line by its name."""
        return self.screen_stack[0].query_one(f"#{name}", Bar)

    async def on_event(self, event: events.Event) -> None:
        """Keys and the mouse mean nothing any more once the panes have gone."""
        if self.is_running or not isinstance(event, InputEvent):
            await super().on_event(event)

    @property
    def single(self) -> bool:
        """Whether there is room for one pane only."""
        return self.size.width < LEAST[0] or self.size.height < LEAST[1]

    def shows(self, name: str) -> bool:
        """Whether a pane beside the page is to be seen."""
        return name not in self.hidden and not self.single

    @while_running
    def arrange(self) -> None:
        """Show the panes that there is room for: all, or on a small terminal the one with the keys."""
        single, split = self.single, self.page.split
        if self.pane == "detail" and not split:
            self.pane = "main"
        shown = {name: name not in self.hidden for name in _PANES}
        shown["detail"] = shown["detail"] and split
        if self.query_one(RuleForm).display:
            shown["detail"] = False  # the plan wants the room
        if single:
            shown = {name: name == self.pane for name in _PANES}
        for name in _PANES:
            self.view(name).display = shown[name]
        self.query_one("#right").display = shown["main"] or shown["detail"]
        self.query_one("#tree-edge").display = shown["tree"] and not single
        self.query_one("#detail-edge").display = shown["detail"] and not single
        self.view("tree").styles.width = "1fr" if single else self.sizes["tree"]
        self.view("detail").styles.height = "1fr" if single else self.sizes["detail"]

    def on_resize(self, _event: events.Resize) -> None:
        """Another size of the terminal."""
        self.call_after_refresh(self.arrange)

    def show_judgement(self, judgement: tuple[str, str] | None) -> None:
        """Show a role and a text above what is typed; None for nothing."""
        bar = self.bar("judgement")
        bar.display = judgement is not None
        if judgement is not None:
            role, text = judgement
            bar.show([(role, f" {MARKS.get(role, ' ')} {text}")])

    @property
    def asking(self) -> bool:
        """Whether an answer is waited for, in the last line or in the form."""
        return self.query_one(Prompt).display or self.query_one(RuleForm).display

    def focus_pane(self) -> None:
        """Give the keys to the pane that had them."""
        self.view(self.pane).focus()

    def action_pane(self, by: int) -> None:
        """Give the keys to the next pane; in a form, to its next field."""
        if len(self.screen_stack) > 1 or self.query_one(Prompt).display:
            return
        form = self.query_one(RuleForm)
        if form.display:
            form.action_step(by)
            return
        single = self.single
        there = [n for n in _PANES if (n != "detail" or self.page.split) and (single or n not in self.hidden)]
        self.pane = there[(there.index(self.pane) + by) % len(there)] if self.pane in there else "main"
        self.arrange()
        self.view(self.pane).focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A pane has the keys."""
        if event.widget.id in _PANES:
            self.pane = event.widget.id or "main"

    def action_hide(self, name: str) -> None:
        """Hide or show a pane."""
        self.hidden ^= {name}
        self.action_pane(0) if self.pane not in self.hidden else self.action_pane(1)

    def action_size(self, name: str, by: int) -> None:
        """Another size of a pane."""
        most = (self.size.width if name == "tree" else self.size.height) - 12
        self.sizes[name] = max(4, min(self.sizes[name] + by, most))
        self.arrange()

    @while_running
    def on_divider_dragged(self, event: Divider.Dragged) -> None:
        """The edge of a pane was dragged."""
        name = (event.divider.id or "").removesuffix("-edge")
        self.action_size(name, event.by if name == "tree" else -event.by)
