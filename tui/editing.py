"""Changing the image: what is asked of the user, and what becomes of the draft.

The rules, the plan and the writing are the library's, in a child (crimg.tui.changing).
"""

from __future__ import annotations

from crimg.escape import escape
from crimg.rewrite.places import path_of
from crimg.tui.bars import Prompt
from crimg.tui.form import RuleForm
from crimg.tui.pages.change import summary
from crimg.tui.places import CHANGE
from crimg.tui.planner import Planner
from crimg.tui.proposing import toggle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.tui.app import Browser
    from crimg.tui.draft import Draft, RuleTable
    from crimg.tui.places import Place

ASKING = "a question is open: answer it, or give it up with Esc"
_REDRAW = 0.06
"""Seconds after which news of a plan are shown."""


class Editing:
    """Edits of one session."""

    def __init__(self, app: Browser) -> None:
        self._app = app
        self.planner = Planner(app.session, self._told)
        self._redraw = False

    @property
    def _draft(self) -> Draft:
        return self._app.session.draft

    def _told(self) -> None:
        """There is news of the plan: soon to be shown, together with what comes until then."""
        if not self._redraw:
            self._redraw = True
            self._app.set_timer(_REDRAW, self._show)

    def _show(self) -> None:
        self._redraw = False
        if not self._app.screen_stack:
            return
        self._app.show_judgement(self._judgement())
        self._app.show_page(keep=True)

    def _judgement(self) -> tuple[str, str] | None:
        """Role and text of what there is to say of what is typed; None where nothing is."""
        draft = self._draft
        if draft.typed is None:
            return None
        if draft.error:
            return "error", draft.error
        if draft.clashes:
            more = f" (and {len(draft.clashes) - 1} more)" if len(draft.clashes) > 1 else ""
            return "error", draft.clashes[0].text + more
        if draft.state == "running":
            return "dim", "..."
        unused = isinstance(draft.typed, dict) and draft.uses and draft.uses[-1].unused
        return ("warning", "it decides no path of the image") if unused else ("ok", summary(draft))

    def changed(self) -> None:
        """The draft is another one."""
        self._draft.refused = ""
        self.planner.request()

    def may_edit(self) -> bool:
        """Whether the draft can be changed at present; if not, it is said why."""
        app = self._app
        reason = app.busy or ("" if app.session.loaded else "the tables of the image are still being read")
        reason = reason or (ASKING if app.asking else "")
        if reason:
            app.say(reason, "warning")
        return not reason

    def plan(self) -> None:
        """Look at the plan."""
        self._app.go(CHANGE)

    def edit(self) -> None:
        """Ask for the new path of what is under the cursor."""
        app = self._app
        if not self.may_edit():
            return
        objref = app.focused_subject
        path = path_of(app.session.subject.image, objref) if objref is not None else None
        if objref is None or path is None:
            app.say("what is under the cursor has no path that could be changed", "warning")
            return
        self._ask_path(objref, self._draft.edits.get(objref, escape(path)), escape(path))

    def _ask_path(self, objref: int, value: str, before: str) -> None:
        draft = self._draft

        def typed(text: str) -> None:
            draft.typed = (objref, text)
            self.changed()

        def done(text: str) -> None:
            self._accept((objref, text), lambda: self._take_edit(objref, text, before), again)

        def again() -> None:
            self._ask_path(objref, draft.typed[1] if isinstance(draft.typed, tuple) else value, before)

        self._app.query_one(Prompt).ask(
            f"New path of #{objref}:", done, value=value, changed=typed, cancelled=self._give_up
        )
        typed(value)

    def _take_edit(self, objref: int, text: str, before: str) -> None:
        if text == before:
            self._draft.edits.pop(objref, None)
        else:
            self._draft.edits[objref] = text

    def _give_up(self) -> None:
        """What was typed means nothing."""
        self._draft.typed = None
        self.changed()

    def _accept(
        self, typed: RuleTable | tuple[int, str], take: Callable[[], None], again: Callable[[], None]
    ) -> None:
        """Take what was typed into the draft, unless it can be no rule; then ask again."""

        async def work() -> None:
            draft = self._draft
            draft.typed = typed
            self.changed()
            await self.planner.settled()
            if draft.error:
                self._app.say(draft.error, "error")
                again()
                return
            take()
            self._app.query_one(RuleForm).close()
            self._give_up()
            self._app.focus_pane()

        self._app.run_worker(work(), group="edit", exclusive=True)

    def rule(self) -> None:
        """Ask for a rule; on a rule of the plan, for what it is to be."""
        row = self._app.focused_row
        if not self.may_edit():
            return
        draft = self._draft
        place = row.detail if row is not None else None
        if place is not None and place.page == "rule" and place.number < len(draft.rules):
            number: int | None = place.number
            table = draft.rules[place.number]
        else:
            objref = self._app.focused_subject
            path = path_of(self._app.session.subject.image, objref) if objref is not None else None
            shown = escape(path) if path is not None and path.startswith(b"/") else "/"
            number, table = None, {"kind": "prefix", "old": shown, "new": shown}
        self._ask_rule(table, number)

    def _ask_rule(self, table: RuleTable, number: int | None) -> None:
        """number: of the rule of the draft that it stands in for, or None for a further one."""
        draft, form = self._draft, self._app.query_one(RuleForm)
        rules = list(draft.rules)
        if number is not None:
            del draft.rules[number]
        came_from = self._app.place
        self._app.go(CHANGE)

        def typed(table: RuleTable) -> None:
            draft.typed = table
            self.changed()

        def take() -> None:
            draft.rules.insert(len(draft.rules) if number is None else number, table_now())

        def table_now() -> RuleTable:
            return draft.typed if isinstance(draft.typed, dict) else table

        def cancelled() -> None:
            draft.rules[:] = rules
            self._give_up()
            if came_from != CHANGE:
                self._app.action_step(-1)
            self._app.arrange()
            self._app.focus_pane()

        form.ask(
            table, changed=typed, done=lambda now: self._accept(now, take, lambda: None), cancelled=cancelled
        )
        self._app.arrange()

    def opened(self, place: Place | None) -> bool:
        """Enter on a row that stands for something to be done; whether it was such a row."""
        app = self._app
        if place is None or place.page not in ("proposal", "candidate", "remedy", "open"):
            return False
        if place.page == "open":
            app.rewriting.show_revision(place.number)
        elif self.may_edit():
            toggle(app.session, place)
            self.changed()
        return True
