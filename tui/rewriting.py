"""Writes the plan, takes revisions back, and opens the image anew; nothing is lost where that fails."""

from __future__ import annotations

import asyncio

from crimg.errors import CrimgError, ImageChangedError, UnsoundError
from crimg.tui.dialogs import Confirm
from crimg.tui.editing import ASKING
from crimg.tui.pages.change import summary
from crimg.tui.places import CHANGE, REVISIONS
from crimg.tui.rows import Row, text_row, wrapped
from crimg.tui.session import Session
from crimg.views.journal import history_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.app import Browser
    from crimg.tui.draft import Message


class Rewriting:
    """What changes the image of the application, one thing at a time (`Browser.busy` says which)."""

    def __init__(self, app: Browser) -> None:
        self._app = app

    def write(self) -> None:
        """Write the plan; where it is not in sight, show it first."""
        app, draft = self._app, self._app.session.draft
        if app.busy or app.asking:
            app.say(app.busy or ASKING, "warning")
        elif app.session.read_only:
            app.say(f"read-only: {app.session.read_only}", "error")
        elif not draft.pending:
            app.say("there is no plan: e changes the path under the cursor, r is for a rule", "warning")
        elif app.place != CHANGE:
            app.go(CHANGE)
            app.say("this is the plan; w writes it")
        else:
            app.run_worker(self._write(), group="write")

    async def _write(self, *, force: bool = False) -> bool:
        """Whether the plan is written."""
        app, draft = self._app, self._app.session.draft
        await app.editing.planner.settled()
        if draft.error or draft.clashes or not draft.changes:
            app.say(draft.error or f"nothing is written: {summary(draft)}", "error")
            return False
        app.busy = "the plan is being written"
        try:
            answer = await app.editing.planner.write(force=force)
            if "written" in answer:
                draft.clear()
                await self._reopen()
                app.say(f"revision {answer['written']} is written; u takes it back")
                return True
            draft.refused = f"not written: {answer['refused']}"
            if answer["kind"] == ImageChangedError.__name__ and await self._reopen():
                draft.refused += " (it was opened anew, and the plan made anew: look at it again)"
        finally:
            app.busy = ""
        app.show_page(keep=True)
        if answer["kind"] == UnsoundError.__name__ and not force:
            return await self._write_unsound(answer)
        app.say(draft.refused, "error")
        return False

    async def _write_unsound(self, answer: Message) -> bool:
        """Ask whether an image that is not sound is to be rewritten all the same."""
        rows = [text_row("The image is not sound.", "error"), *wrapped(answer["refused"])]
        answers = [("y", "write the plan all the same"), ("n", "leave the image as it is")]
        if await self._app.push_screen_wait(Confirm(rows, answers)) == "y":
            return await self._write(force=True)
        return False

    def undo(self) -> None:
        """Take the last revision back, after a question."""
        app = self._app
        revision = app.session.subject.image.revision
        if app.busy or app.asking:
            app.say(app.busy or ASKING, "warning")
        elif app.session.read_only:
            app.say(f"read-only: {app.session.read_only}", "error")
        elif revision == 1:
            app.say("revision 1 is the dump itself: there is nothing to take back", "warning")
        else:
            app.run_worker(self._undo(), group="write")

    async def _undo(self) -> None:
        app = self._app
        image = app.session.subject.image
        answers = [
            ("y", f"take it back; the image is at revision {image.revision - 1} then"),
            ("n", "keep it"),
        ]
        if await app.push_screen_wait(Confirm(self._last_revision(), answers)) != "y":
            return
        from crimg.writer.revise import take_back

        app.busy = "a revision is being taken back"
        try:
            await self._quiet()  # nobody is to look at what goes
            try:
                undone = await asyncio.to_thread(
                    take_back, app.session.name, 1, fingerprint=image.fingerprint
                )
                text, role = f"revision {undone.revision + 1} is taken back", "information"
            except CrimgError as error:
                text, role = f"nothing is taken back: {error}", "error"
            await self._reopen()
            app.say(text, role)
        finally:
            app.busy = ""

    def _last_revision(self) -> list[Row]:
        """What the history says of the last revision."""
        subject = self._app.session.subject
        number = subject.image.revision
        rows = [text_row(f"Take revision {number} back?", "head")]
        for entry in history_records(subject):
            if entry["revision"] == number:
                from crimg.escape import escape

                rows.append(text_row(f"  {entry['time']}  {' '.join(map(escape, entry['command']))}"))
                rows += [text_row(f"  {escape(rule)}", "path") for rule in entry["rules"][:8]]
        return rows

    def reopen(self) -> None:
        """Open the image anew, at its last revision."""
        self.show_revision(None)

    def show_revision(self, number: int | None) -> None:
        """Open the image as it was at a revision; None for the last one."""
        app = self._app
        if app.busy or not app.session.loaded:
            app.say(app.busy or "the tables of the image are still being read", "warning")
        elif app.session.name == "-":
            app.say("what came through a pipe cannot be opened again", "warning")
        else:
            app.run_worker(self._show_revision(number), group="write")

    async def _show_revision(self, number: int | None) -> None:
        app = self._app
        app.busy = "the image is being opened"
        try:
            if await self._reopen(number):
                app.say(f"this is revision {app.session.subject.image.revision}")
        finally:
            app.busy = ""

    async def _quiet(self) -> None:
        """End all that looks at the image."""
        app = self._app
        await app.checking.stop()
        await app.jobs.stop()
        await app.comparing.stop()
        await app.editing.planner.stop()
        await app.search.end()

    async def _reopen(self, number: int | None = None) -> bool:
        """Open the image as it is now, and show it; whether that went well. If not, the old one stays."""
        app = self._app
        await self._quiet()

        def opened() -> Session:
            new = Session(app.session.name, number)
            try:
                new.load()
            except BaseException:
                new.close()
                raise
            return new

        try:
            app.renew(await asyncio.to_thread(opened))
        except CrimgError as error:
            app.say(f"the image cannot be opened again: {error}", "error")
            return False
        finally:
            app.action_check()
            app.editing.planner.request()
        return True

    def history(self) -> None:
        """The revisions."""
        self._app.go(REVISIONS)

    def quit(self) -> None:
        """End the application; ask first where a plan is not written."""
        app = self._app
        if app.busy:
            app.say(f"{app.busy}; wait for it", "warning")
        elif app.session.draft.pending or app.asking:
            app.run_worker(self._ask_and_quit(), group="write")
        else:
            app.exit()

    async def _ask_and_quit(self) -> None:
        app = self._app
        rows = [text_row(f"The plan is not written: {summary(app.session.draft)}.", "head")]
        answers = [("w", "write it, and quit"), ("q", "quit without it")]
        if app.asking:
            answers = answers[1:]
        elif app.session.read_only:
            rows.append(text_row(f"It cannot be: {app.session.read_only}.", "warning"))
            answers = answers[1:]
        answer = await app.push_screen_wait(Confirm(rows, answers))
        if answer == "q" or (answer == "w" and await self._write()):
            app.exit()
