"""What goes into the plan besides rules and paths that are typed, and what is taken out of it."""

from __future__ import annotations

import asyncio
import os

from crimg.errors import CrimgError, UsageError
from crimg.escape import unescape
from crimg.tui.bars import Prompt
from crimg.tui.draft import table_of
from crimg.tui.places import CHANGE, PROPOSALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.app import Browser


class Filling:
    """Fills the draft of one session."""

    def __init__(self, app: Browser) -> None:
        self._app = app

    def restamp(self) -> None:
        """Take the evidence of the files that are at the new paths, or do not."""
        if self._app.editing.may_edit():
            draft = self._app.session.draft
            draft.restamp = not draft.restamp
            self._app.go(CHANGE)
            self._app.editing.changed()

    def keeper(self) -> None:
        """Give up what keeps the contents of the deleted file under the cursor, or keep it."""
        app, draft = self._app, self._app.session.draft
        objref = app.focused_subject
        if not app.editing.may_edit():
            return
        if objref in draft.dropped:
            draft.dropped.remove(objref)
        elif objref is not None and self._is_kept(objref):
            draft.dropped.append(objref)
        else:
            app.say("under the cursor is no deleted file whose contents are kept", "warning")
            return
        app.editing.changed()

    def _is_kept(self, objref: int) -> bool:
        from crimg.rewrite.planning import inodes_with_keepers

        image = self._app.session.subject.image
        try:
            return set(inodes_with_keepers(image, [objref])) <= set(inodes_with_keepers(image, None))
        except UsageError:  # it is no file
            return False

    def file(self) -> None:
        """Ask for a file of rules, and take these into the plan."""
        if self._app.editing.may_edit():
            self._app.query_one(Prompt).ask("Rules of the file (TOML):", self._file)

    def _file(self, text: str) -> None:
        from crimg.rewrite.rulefile import read_rules

        async def work() -> None:
            app = self._app
            try:
                path = os.path.expanduser(os.fsdecode(unescape(text)))
                rules = await asyncio.to_thread(read_rules, path)
            except CrimgError as error:
                app.say(str(error), "error")
                return
            tables = [table for table in map(table_of, rules) if table not in app.session.draft.rules]
            app.session.draft.rules += tables
            app.go(CHANGE)
            app.editing.changed()
            app.say(f"{len(tables):,} rules are in the plan now")

        if text:
            self._app.run_worker(work(), group="edit", exclusive=True)

    def drop(self) -> None:
        """Take what is under the cursor out of the plan."""
        row = self._app.focused_row
        draft = self._app.session.draft
        if row is None or not self._app.editing.may_edit():
            return
        if row.detail is not None and row.detail.page == "rule" and row.detail.number < len(draft.rules):
            del draft.rules[row.detail.number]
        elif row.detail is not None and row.detail.page == "restamp":
            draft.restamp = False
        elif row.subject in draft.edits:
            del draft.edits[row.subject]
        elif row.subject in draft.dropped:
            draft.dropped.remove(row.subject)
        else:
            self._app.say("under the cursor is nothing that could be taken out of the plan", "warning")
            return
        self._app.editing.changed()

    def forget(self) -> None:
        """Drop the whole plan."""
        if self._app.editing.may_edit():
            self._app.session.draft.clear()
            self._app.editing.changed()

    def search(self) -> None:
        """Ask where to search for moved files."""
        if self._app.editing.may_edit():
            value = ":".join(self._app.session.proposals.directories)
            self._app.query_one(Prompt).ask(
                "Search in directories (: between them):", self._search, value=value
            )

    def _search(self, text: str) -> None:
        directories = tuple(part for part in text.split(":") if part)
        if directories:
            self._app.go(PROPOSALS)
            self._app.jobs.search(directories)
