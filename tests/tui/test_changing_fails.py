"""What can go wrong when an image is changed: it is said, and nothing is lost."""

from __future__ import annotations

import fcntl
import os
import resource
import struct
from typing import TYPE_CHECKING

import pytest

from crimg.reader import open_image
from crimg.rewrite import Rule, apply, plan
from crimg.tui.places import CHANGE, REVISIONS, Place
from crimg.writer.revise import undo
from tests.samples import DELETED_FILE
from tests.tui.screens import drive, opened, until, until_shown, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from crimg.tui.app import Browser

_ANSWER = "/tmp/elsewhere"


async def planned(pilot: Pilot[None], app: Browser) -> None:
    """A plan, in sight."""
    app.session.draft.edits[DELETED_FILE] = _ANSWER
    app.editing.changed()
    app.go(CHANGE)
    await until_shown(pilot, app, "Paths that change (1)")


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Another program changes the image."""
    with open_image(path) as image:
        made = plan(image, [Rule("prefix", old, new)])
    apply(made, path)


def test_an_image_that_another_program_changes(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await planned(pilot, app)
            rewrite(sound, b"/usr", b"/opt")
            await pilot.press("w")
            await until_shown(pilot, app, "not written:", "opened anew", "revision 2")
            assert app.session.draft.edits == {DELETED_FILE: _ANSWER}
            await until_shown(pilot, app, "Paths that change (1)")
            await pilot.press("w")
            await until_shown(pilot, app, "revision 3 is written")
            rewrite(sound, b"/opt", b"/usr")
            await pilot.press("u")
            await until_shown(pilot, app, "Take revision 3 back?")
            await pilot.press("y")
            await until_shown(pilot, app, "nothing is taken back", "revision 4")

    drive(work)
    with open_image(sound) as image:
        assert image.revision == 4


def test_a_plan_is_never_made_of_another_image_than_the_one_that_is_shown(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            rewrite(sound, b"/usr", b"/opt")
            app.session.draft.edits[DELETED_FILE] = _ANSWER
            app.editing.changed()
            app.go(CHANGE)
            await until_shown(pilot, app, "x the image was changed by another program")
            await pilot.press("ctrl+r")
            await until_shown(pilot, app, "this is revision 2", "Paths that change (1)")

    drive(work)


def test_an_image_that_another_program_writes(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await planned(pilot, app)
            fd = os.open(sound, os.O_RDWR)
            try:
                fcntl.fcntl(
                    fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                )
                await pilot.press("w")
                await until_shown(pilot, app, "another program is")
            finally:
                os.close(fd)
            assert app.session.draft.edits == {DELETED_FILE: _ANSWER}
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")

    drive(work)


def test_no_room_for_the_revision(sound: Path) -> None:
    before = sound.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))  # the child inherits it
            try:
                await planned(pilot, app)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            await pilot.press("w")
            await until_shown(pilot, app, "not written:", "File too large")
            assert app.session.draft.edits == {DELETED_FILE: _ANSWER}

    drive(work)
    assert sound.read_bytes() == before


def test_an_image_that_is_not_sound_is_rewritten_only_when_that_is_wanted(small: Path) -> None:
    async def work() -> None:
        async with opened(small, checks=False) as (app, pilot):
            await planned(pilot, app)
            await pilot.press("w")
            await until_shown(pilot, app, "The image is not sound.", "write the plan all the same")
            await pilot.press("n")
            await until_shown(pilot, app, "not written: the image is not")
            await pilot.press("w")
            await until_shown(pilot, app, "The image is not sound.")
            await pilot.press("y")
            await until_shown(pilot, app, "revision 2 is written")

    drive(work)


def test_an_image_that_is_gone(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await planned(pilot, app)
            sound.rename(sound.with_name("moved"))
            await pilot.press("w")
            await until_shown(pilot, app, "not written:", "No such file")
            await pilot.press("ctrl+r")
            await until_shown(pilot, app, "cannot be opened")
            sound.with_name("moved").rename(sound)
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")

    drive(work)


def test_a_planner_that_is_killed_is_started_again(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await planned(pilot, app)
            child = app.editing.planner._child
            assert child is not None
            child.kill()
            await until(pilot, lambda: app.editing.planner._child is None)
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")

    drive(work)


def earlier(path: Path) -> tuple[str, int | None]:
    """An image with a later revision."""
    rewrite(path, b"/usr", b"/opt")
    return "it is shown as it was at revision 1; only the last one can be changed", 1


def damaged(path: Path) -> tuple[str, int | None]:
    """An image whose first section is damaged."""
    data = bytearray(path.read_bytes())
    data[70] ^= 0xFF
    path.write_bytes(data[:-1])
    return "the image is damaged, and read as far as it is whole", None


@pytest.mark.parametrize("make", [earlier, damaged])
def test_what_cannot_be_changed_says_why(sound: Path, make: object) -> None:
    reason, revision = make(sound)  # type: ignore[operator]
    before = sound.read_bytes()

    async def work() -> None:
        async with opened(sound, (140, 30), checks=False, revision=revision) as (app, pilot):
            await until_shown(pilot, app, f"read-only    {reason}", "change     read-only")
            app.session.draft.edits[DELETED_FILE] = _ANSWER
            app.editing.changed()
            await pilot.press("8")
            await until_shown(pilot, app, f"! read-only: {reason[:20]}")
            await pilot.press("w")
            await until_shown(pilot, app, "read-only: ")
            await pilot.press("q")
            await until_shown(pilot, app, "It cannot be: ")
            await pilot.press("q")
            await until(pilot, lambda: not app.is_running)

    drive(work)
    assert sound.read_bytes() == before


def test_no_permission_to_change(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refused(path: str, flags: int, *more: int) -> int:  # root may write everything
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *more)

    monkeypatch.setattr("crimg.writer.locking.os.open", refused)

    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await until_shown(pilot, app, "read-only    cannot be changed: Permission denied")

    drive(work)


def test_a_torn_image_says_so_and_is_mended_by_the_next_change(sound: Path) -> None:
    with open(sound, "ab") as file:
        file.write(bytes(100))

    async def work() -> None:
        async with opened(sound, (140, 30), checks=False) as (app, pilot):
            await until_shown(pilot, app, "torn         100 bytes behind revision 1, of a rewrite")
            await planned(pilot, app)
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")
            await pilot.press("1")
            await until_shown(pilot, app, "Will it come back?")
            assert not app.session.torn

    drive(work)


def test_an_earlier_revision_is_looked_at_and_left(sound: Path) -> None:
    rewrite(sound, b"/usr", b"/opt")

    async def work() -> None:
        async with opened(sound, (120, 30), checks=False) as (app, pilot):
            app.go(REVISIONS)
            await until_shown(pilot, app, "Revisions (2)")
            await pilot.press("j", "enter")
            await until_shown(pilot, app, "look at the image as it was at this revision")
            app.view("main").move_to(3)
            await pilot.press("enter")
            await until_shown(pilot, app, "this is revision 1", "read-only: it is shown")
            app.go(Place("object", 30))
            await until_shown(pilot, app, "/usr/bin/counter")
            await pilot.press("ctrl+r")
            await until_shown(pilot, app, "this is revision 2", "/opt/bin/counter")
            assert not app.session.read_only
            undo(sound)

    drive(work)


def test_the_checks_are_those_of_the_revision_that_is_shown(sound: Path) -> None:
    rewrite(sound, b"/usr", b"/opt")

    async def work() -> None:
        async with opened(sound, revision=1) as (app, _pilot):
            assert verdict_of(app, 30).path == "/usr/bin/counter"
        async with opened(sound, revision=2) as (app, _pilot):
            assert verdict_of(app, 30).path == "/opt/bin/counter"
            assert not app.session.read_only

    drive(work)
