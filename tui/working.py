"""What goes on behind the page: tables are read, checks and other children run, and their news is shown."""

from __future__ import annotations

import asyncio

from crimg.collecting import collect_again
from crimg.errors import CrimgError
from crimg.tui.background import Checking
from crimg.tui.compared import Comparing
from crimg.tui.jobs import Jobs
from crimg.tui.navigator import Tree
from crimg.tui.panes import while_running
from crimg.tui.rows import Fixed
from crimg.tui.showing import Showing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.driver import Driver

    from crimg.tui.editing import Editing
    from crimg.tui.searching import Search
    from crimg.tui.session import Session

_REDRAW = 0.2
"""Seconds between two looks at what the checks have said."""


class Working(Showing):
    """Shows a session, and what is found out about it.

    busy: what is done to the image at present, in words; nothing else is to be done meanwhile.
    """

    search: Search
    editing: Editing

    def __init__(self, session: Session, driver: type[Driver] | None = None) -> None:
        super().__init__(session, driver)
        self.checking = Checking(session)
        self.jobs = Jobs(session, self.redraw_soon)
        self.comparing = Comparing(session, self.redraw_soon)
        self.busy = ""
        self._makes = False

    def on_mount(self) -> None:
        """Show what is there; read and check the rest behind it."""
        self.view("tree").show(Tree(self.session))
        self.show_page()
        self.view("main").focus()
        self.call_after_refresh(self._begin)

    @while_running
    def _begin(self) -> None:
        collect_again()
        self.run_worker(self._load(), group="load")
        self.set_interval(_REDRAW, self._redraw_checks)

    async def _load(self) -> None:
        try:
            await asyncio.to_thread(self.session.load)
            if self.session.compared is not None:
                await asyncio.to_thread(self.session.compared.other.load)
        except CrimgError as error:
            self.say(str(error), "error")
        else:
            self._loaded()

    @while_running
    def _loaded(self) -> None:
        self._show_tree()
        self.show_page(keep=True)
        self.action_check()

    def renew(self, session: Session) -> None:
        """Look at what another session of this image has opened; the rest stays as it is."""
        view = self.view("main")
        self.search.stop(view)
        self.view("detail").show(Fixed([]))
        before = self.session.adopt(session)
        self._show_tree()
        self.show_page(keep=True)
        before.close()

    def _show_tree(self) -> None:
        """Show the tree as it is now: what was open stays open, and the cursor where it is."""
        view = self.view("tree")
        before = view.rows if isinstance(view.rows, Tree) else None
        tree = Tree(self.session, before)
        view.show(tree, tree.index_of(before, view.cursor) if before is not None else 0, stay=True)

    def show_page(self, *, keep: bool = False) -> None:
        """As in Showing; what a page needs and is not there yet is asked for."""
        super().show_page(keep=keep)
        if self.place.page in ("revisions", "revision"):
            self.jobs.read_past()
        if not self._makes and any(session.wanted for session in self.session.sessions):
            self._makes = True
            self.run_worker(self._make_wanted(), group="wanted")

    async def _make_wanted(self) -> None:
        """Have a thread make what takes time."""
        try:
            for session in self.session.sessions:
                await asyncio.to_thread(session.make_wanted)
        finally:
            self._makes = False
            self.redraw_soon()

    def action_check(self) -> None:
        """Validate and compare with this machine, each in a child."""
        self.checking.start()
        self.comparing.start()

    async def on_unmount(self) -> None:
        """No child outlives the application."""
        await self.checking.stop()
        await self.jobs.stop()
        await self.comparing.stop()
        await self.editing.planner.stop()

    def redraw_soon(self) -> None:
        """There is news of a child: they are shown with those of the checks."""
        self.checking.news = True

    @while_running
    def _redraw_checks(self) -> None:
        if self.checking.news:
            self.checking.news = False
            for name in ("tree", "detail"):
                self.view(name).redraw()
            self.show_page(keep=True)
