"""Change it: the third job, with keys alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.samples import DELETED_FILE
from tests.tui.screens import drive, opened, until, until_shown
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from crimg.tui.app import Browser


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound image in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sound.crimg"
    path.write_bytes(Draft().bytes())
    return path


async def answering(pilot: Pilot[None], app: Browser, id: str = "answer") -> None:
    """Wait until what is typed goes to this field."""
    await until(pilot, lambda: app.focused is not None and app.focused.id == id)


async def replace(pilot: Pilot[None], app: Browser, text: str) -> None:
    """Type over what stands in a field."""
    await pilot.press("ctrl+u")
    await until(pilot, lambda: app.focused is not None and app.focused.value == "")  # type: ignore[attr-defined]
    await pilot.press(*text)


def test_open_follow_find_rewrite_undo_quit(sound: Path) -> None:
    before = sound.read_bytes()

    async def work() -> None:
        async with opened(sound, (120, 40)) as (app, pilot):
            await pilot.press("8")
            await until_shown(pilot, app, "Plan: nothing is to be changed")
            await pilot.press("3")
            await until_shown(pilot, app, "/tmp/gone")
            await pilot.press("j", "e")
            await answering(pilot, app)
            await replace(pilot, app, "/tmp/elsewhere")
            await until_shown(pilot, app, "* -> /tmp/elsewhere", "1 path to change")
            await pilot.press("enter")
            await until(pilot, lambda: app.session.draft.edits == {DELETED_FILE: "/tmp/elsewhere"})
            await pilot.press("r")
            await answering(pilot, app, "rule-old")
            await replace(pilot, app, "/usr/bin")
            await pilot.press("tab")
            await answering(pilot, app, "rule-new")
            await replace(pilot, app, "/opt/bin")
            await until_shown(pilot, app, "/opt/bin/counter", "2 paths to change")
            await pilot.press("enter")
            await until(pilot, lambda: len(app.session.draft.rules) == 1)
            await until_shown(pilot, app, "Paths that change (2)")
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")
            await pilot.press("H")
            await until_shown(pilot, app, "Revisions (2)")
            await pilot.press("u")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            await pilot.press("y")
            await until_shown(pilot, app, "revision 2 is taken back")
            await pilot.press("q")
            await until(pilot, lambda: not app.is_running)

    drive(work)
    assert sound.read_bytes() == before
