"""The application: a tree, a page, a pane that shows what the page's cursor is on."""

from __future__ import annotations

from textual.binding import Binding

from crimg.escape import one_line
from crimg.tui.bars import Prompt
from crimg.tui.commands import BINDINGS as EDIT_BINDINGS
from crimg.tui.commands import system_commands
from crimg.tui.dialogs import Help
from crimg.tui.driver import driver_after
from crimg.tui.editing import Editing
from crimg.tui.filling import Filling
from crimg.tui.heads import TABS, tab_place
from crimg.tui.looks import wants_mono
from crimg.tui.navigator import Tree
from crimg.tui.panes import while_running
from crimg.tui.places import COMPARE, Place
from crimg.tui.rewriting import Rewriting
from crimg.tui.searching import Search
from crimg.tui.theme import THEMES
from crimg.tui.working import Working

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from textual.app import SystemCommand
    from textual.binding import BindingType
    from textual.driver import Driver
    from textual.screen import Screen

    from crimg.tui.first_screen import FirstScreen
    from crimg.tui.line_view import LineView
    from crimg.tui.session import Session


class Browser(Working):
    """Looks at one image, and changes it: the keys, and what each does."""

    TITLE = "crimg"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c", "quit", "Quit"),
        Binding("question_mark,f1", "help", "Help"),
        *(Binding(str(n), f"tab({n})", name, show=False) for n, name in enumerate(TABS, 1)),
        Binding("c", "compare", "Differences", show=False),
        Binding("b,backspace,escape", "step(-1)", "Back", show=False),
        Binding("f", "step(1)", "Forward", show=False),
        Binding("slash", "find", "Find", show=False),
        Binding("n", "again(1)", "Next", show=False),
        Binding("N", "again(-1)", "Previous", show=False),
        Binding("colon", "go", "Go to", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("s", "save", "Save", show=False),
        Binding("v", "check", "Check again", show=False),
        Binding("m", "scale", "Map", show=False),
        Binding("p", "find_path", "Path in memory", show=False),
        *EDIT_BINDINGS,
    ]

    def __init__(self, session: Session, driver: type[Driver] | None = None) -> None:
        super().__init__(session, driver)
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "crimg-mono" if wants_mono() else "crimg-dark"
        self.search = Search(self)
        self.editing = Editing(self)
        self.rewriting = Rewriting(self)
        self._changers = (self.rewriting, self.editing, Filling(self))

    @while_running
    def on_line_view_opened(self, event: LineView.Opened) -> None:
        """Follow a link; in the tree: open or close a node too."""
        stay = event.view.id == "tree"
        if isinstance(rows := event.view.rows, Tree):
            if rows.toggle(event.index):
                event.view.redraw()
            else:
                stay = not self.single
        if self.editing.opened(event.row.detail if event.row.target is None else None):
            return
        if event.row.target is not None and event.view.id not in ("help", "question-rows"):
            self.go(event.row.target, stay=stay)

    def action_tab(self, number: int) -> None:
        """Go to one of the first pages."""
        self.go(tab_place(self.session, number))

    def action_compare(self) -> None:
        """Go to the differences of two images."""
        self.go(COMPARE)

    def action_step(self, by: int) -> None:
        """Go back or forward; back first takes a filter away."""
        prompt = self.query_one(Prompt)
        if by < 0 and prompt.display:  # a click has taken the keys from it
            prompt.action_cancel()
            return
        if by < 0 and self.search.stop(self.view("main")):
            return
        self.session.trail.leave(self.view("main").cursor)
        if self.session.trail.step(by):
            self.show_page()

    def action_find(self) -> None:
        """Filter the page, or search memory."""
        self.search.ask(self.view("main"), self.place)

    def action_again(self, by: int) -> None:
        """The next or previous match."""
        self.search.again(self.view("main"), by)

    def action_find_path(self) -> None:
        """Look for the path of the file under the cursor in memory."""
        row = self.focused_row
        mm = self.session.root_mm
        file = self.session.subject.image.lookup(row.subject) if row and row.subject is not None else None
        path = getattr(file, "path", b"")
        if path and mm is not None:
            self.go(Place("hex", mm.objref))
            self.search.search_memory(self.view("main"), path)
        else:
            self.say("there is no path under the cursor", "warning")

    def action_go(self) -> None:
        """Ask where to go."""
        self.query_one(Prompt).ask("Go to #object or address:", self._go_to)

    def _go_to(self, text: str) -> None:
        word = text.strip()
        mm = self.session.root_mm
        if self.place.page in ("hex", "memory", "space"):
            mm = self.session.subject.image.find(type(mm), self.place.number) if mm else None
        try:
            if word.startswith("#"):
                self.go(Place("object", int(word[1:])))
            elif mm is not None:
                self.go(Place("hex", mm.objref, int(word, 16)))
        except ValueError:
            self.say(f"{one_line(text)} is no #object and no hexadecimal address", "error")

    @while_running
    def on_prompt_closed(self) -> None:
        """Give the keys back to the pane."""
        self.show_heads()
        self.focus_pane()

    def action_change(self, what: str) -> None:
        """Do something about the plan, or with it (crimg.tui.commands.COMMANDS)."""
        getattr(next(one for one in self._changers if hasattr(one, what)), what)()

    async def action_quit(self) -> None:
        """Leave; a plan that is not written is asked about first."""
        self.rewriting.quit()

    def action_copy(self) -> None:
        """Copy the row to the clipboard (OSC 52)."""
        row = self.focused_row
        if row is not None:
            self.copy_to_clipboard(row.copy or row.text.strip())
            self.say("copied (if the terminal lets it): s saves the whole page")

    def action_save(self) -> None:
        """Ask for a file, and save the page as text."""
        from crimg.tui.saving import ask_and_save

        ask_and_save(self)

    def action_scale(self) -> None:
        """Change between the list of mappings and the drawing to scale."""
        place = self.place if self.place.page in ("memory", "space", "hex") else tab_place(self.session, 2)
        self.go(Place("space" if place.page == "memory" else "memory", place.number))

    def action_help(self) -> None:
        """The keys of this page."""
        self.push_screen(Help(self.page.title, self.page.keys))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette has: the pages, and everything that has a key."""
        return system_commands(self)


def run(session: Session, screen: FirstScreen) -> None:
    """Run the application until it is quit. screen: what stands on the terminal so far."""
    Browser(session, driver_after(screen)).run()
