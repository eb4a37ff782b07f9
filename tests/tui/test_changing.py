"""Change it: the third job, with keys alone."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from crimg.reader import open_image
from crimg.tui import planner
from crimg.tui.places import CHANGE, FILES, Place
from crimg.validate import validate
from crimg.views.journal import history_records
from crimg.views.subject import Subject
from tests.cli.command import crimg
from tests.samples import DELETED_FILE, PROGRAM_FILE, READ_END, TTY_FILE
from tests.tui.screens import answering, drive, opened, shown, type_over, until, until_shown, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from crimg.tui.app import Browser
    from crimg.tui.places import Place as AnyPlace


async def edit(pilot: Pilot[None], app: Browser, objref: int, path: str) -> None:
    """Give an object another path, from its page."""
    app.go(Place("object", objref))
    await until_shown(pilot, app, "Referred to by")
    await pilot.press("e")
    await answering(pilot, app)
    await type_over(pilot, app, path)
    await pilot.press("enter")
    await until(pilot, lambda: app.session.draft.edits.get(objref) == path)


async def add_rule(pilot: Pilot[None], app: Browser, kind: str, old: str, new: str) -> None:
    """Type a rule in the form; Enter is left to the caller."""
    await pilot.press("r")
    await answering(pilot, app, "rule-old")
    for _ in range(["prefix", "glob", "regex", "exact"].index(kind)):
        await pilot.press("ctrl+t")
    await type_over(pilot, app, old)
    await pilot.press("tab")
    await answering(pilot, app, "rule-new")
    await type_over(pilot, app, new)
    await until(pilot, lambda: app.session.draft.typed == {"kind": kind, "old": old, "new": new})


def test_open_follow_find_rewrite_undo_quit(sound: Path) -> None:
    before = sound.read_bytes()

    async def work() -> None:
        async with opened(sound, (140, 30)) as (app, pilot):
            await pilot.press("8")
            await until_shown(pilot, app, "Plan: nothing is to be changed")
            await pilot.press("3", "j", "enter")
            await until_shown(pilot, app, "Referred to by")
            await pilot.press("b", "e")
            await answering(pilot, app)
            assert "/tmp/gone" in shown(app)
            await type_over(pilot, app, "/tmp/elsewhere")
            await until_shown(pilot, app, "+ 1 path to change")
            assert app.place == FILES
            await pilot.press("enter")
            await until(pilot, lambda: app.session.draft.edits == {DELETED_FILE: "/tmp/elsewhere"})
            await add_rule(pilot, app, "prefix", "/usr/bin", "/opt/bin")
            await until_shown(pilot, app, "-> /opt/bin/counter", "+ 2 paths to change")
            await pilot.press("enter")
            await until_shown(pilot, app, "Paths that change (2)", "plan: 2 paths, not written")
            assert sound.read_bytes() == before
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written", "revision 2")
            assert not app.session.draft.pending
            await pilot.press("3")
            await until_shown(pilot, app, "/opt/bin/counter", "/tmp/elsewhere")
            await until(pilot, lambda: set(app.session.checks.state.values()) == {"done"})
            assert verdict_of(app, PROGRAM_FILE).path == "/opt/bin/counter"
            with open_image(sound) as image:
                assert not validate(image).findings
                entry = history_records(Subject(image, b""))[-1]
                assert entry["command"] == [b"crimg", b"tui", str(sound).encode()]
                assert entry["rules"] == [b"prefix /usr/bin=/opt/bin", b"set #31=/tmp/elsewhere"]
            await pilot.press("H")
            await until_shown(pilot, app, "Revisions (2)", "file: 2 (path)")
            await pilot.press("u")
            await until_shown(pilot, app, "Take revision 2 back?", "prefix /usr/bin=/opt/bin")
            await pilot.press("n")
            await until(pilot, lambda: len(app.screen_stack) == 1)
            assert app.session.subject.image.revision == 2
            await pilot.press("u")
            await until_shown(pilot, app, "Take revision 2 back?")
            await pilot.press("y")
            await until_shown(pilot, app, "revision 2 is taken back", "Revisions (1)")
            await pilot.press("q")
            await until(pilot, lambda: not app.is_running)

    drive(work)
    assert sound.read_bytes() == before


def test_what_is_typed_is_judged_while_it_is_typed(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            app.go(Place("object", PROGRAM_FILE))
            await pilot.press("e")
            await answering(pilot, app)
            await type_over(pilot, app, "relative")
            await until_shown(pilot, app, "the new path is relative")
            await type_over(pilot, app, "/dev/pts/3")
            await until_shown(pilot, app, "x #30 /usr/bin/counter would get the path of #33: /dev/pts/3")
            await type_over(pilot, app, r"/a\q")
            await until_shown(pilot, app, r"\q is no escape sequence")
            await pilot.press("enter")
            await until_shown(pilot, app, "New path of #30")  # it asks again, with what was typed
            await answering(pilot, app)
            await type_over(pilot, app, r"/a\x1b[1m[/]")
            await until_shown(pilot, app, "+ 1 path to change")
            await pilot.press("enter")
            await until(pilot, lambda: PROGRAM_FILE in app.session.draft.edits)
            await pilot.press("8")
            await until_shown(pilot, app, r"-> /a\x1b[1m[/]")
            app.go(Place("object", READ_END))
            await until_shown(pilot, app, "Referred to by")
            await pilot.press("e")
            await until_shown(pilot, app, "under the cursor has no path")

    drive(work)


@pytest.mark.parametrize(
    ("kind", "old", "new", "made"),
    [
        ("exact", "/usr/bin/counter", "/c", "/c"),
        ("glob", "/usr/*/counter", "/{1}", "/bin"),
        ("regex", r"/usr/(.)in/(\w+)", "/{2}{1}", "/counterb"),
    ],
)
def test_rules_of_every_kind(sound: Path, kind: str, old: str, new: str, made: str) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await add_rule(pilot, app, kind, old, new)
            await until_shown(pilot, app, f"-> {made}  (exe", "+ 1 path to change")
            await pilot.press("escape")
            await until(pilot, lambda: not app.asking)
            await until_shown(pilot, app, "Image", "sound.crimg")
            assert not app.session.draft.pending

    drive(work)


def test_rules_are_changed_limited_and_taken_out(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await add_rule(pilot, app, "prefix", "/tmp", "/new")
            await pilot.press("tab", *"cwd")
            await until_shown(pilot, app, "it decides no path of the image")
            await pilot.press("enter")
            await until(pilot, lambda: len(app.session.draft.rules) == 1)
            await until_shown(pilot, app, "! prefix /tmp -> /new in cwd  decides no path")
            assert app.place == CHANGE
            app.view("main").move_to(1)
            await pilot.press("r")
            await answering(pilot, app, "rule-old")
            await pilot.press("up")
            await answering(pilot, app, "rule-places")
            await type_over(pilot, app, "fd")
            await until_shown(pilot, app, "+ 2 paths to change")
            await pilot.press("enter")
            await until(pilot, lambda: app.session.draft.rules[0]["places"] == ["fd"])
            app.view("main").move_to(1)
            await pilot.press("x")
            await until_shown(pilot, app, "Plan: nothing is to be changed")

    drive(work)


def test_an_expression_that_never_ends_holds_nobody_up(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "PATIENCE", 0.2)

    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await add_rule(pilot, app, "regex", "/(([a-z/]+)*)*x!", "/new")
            await until_shown(pilot, app, " ...")
            app.session.draft.typed = {"kind": "prefix", "old": "/tmp", "new": "/new"}
            app.editing.changed()
            await until_shown(pilot, app, "+ 2 paths to change")

    drive(work)


def test_a_plan_that_is_not_written_is_asked_about(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await edit(pilot, app, DELETED_FILE, "/tmp/elsewhere")
            await pilot.press("q")
            await until_shown(pilot, app, "The plan is not written: 1 path to change", "quit without it")
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
            assert app.is_running
            await pilot.press("ctrl+c")
            await until_shown(pilot, app, "The plan is not written")
            await pilot.press("w")
            await until(pilot, lambda: not app.is_running)

    drive(work)
    with open_image(sound) as image:
        assert image.revision == 2


def test_conflicts_are_marked_and_not_written(sound: Path) -> None:
    before = sound.read_bytes()

    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await edit(pilot, app, DELETED_FILE, "/tmp/elsewhere")
            app.session.draft.edits[PROGRAM_FILE] = "/dev/pts/3"
            app.editing.changed()
            await pilot.press("8")
            await until_shown(pilot, app, "Conflicts (1): nothing is written", "x #30 ", "* #31 ")
            assert app.session.draft.clashing == {PROGRAM_FILE: (0,), TTY_FILE: (0,)}
            await pilot.press("w")
            await until_shown(pilot, app, "nothing is written: 2")

    drive(work)
    assert sound.read_bytes() == before


def places() -> list[AnyPlace]:
    """Pages that show what a plan makes of a path."""
    return [FILES, Place("fds", 40), Place("memory", 42), Place("object", DELETED_FILE)]


@pytest.mark.parametrize("place", places(), ids=lambda place: place.page)
def test_pages_show_what_becomes_of_a_path(sound: Path, place: AnyPlace) -> None:
    async def work() -> None:
        async with opened(sound, (140, 30), checks=False) as (app, pilot):
            app.session.draft.edits[DELETED_FILE] = "/tmp/elsewhere"
            app.editing.changed()
            app.go(place)
            await until_shown(pilot, app, "/tmp/gone  * -> /tmp/elsewhere")

    drive(work)


def test_the_whole_command_line_agrees(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await edit(pilot, app, DELETED_FILE, "/tmp/elsewhere")
            await pilot.press("8", "w")
            await until_shown(pilot, app, "revision 2 is written")

    copy = sound.with_name("copy")
    copy.write_bytes(sound.read_bytes())
    drive(work)
    done = crimg("rewrite", copy, "--set", f"{DELETED_FILE}=/tmp/elsewhere")
    assert done.returncode == 0
    assert isinstance(done, subprocess.CompletedProcess)
    shown = [json.loads(crimg("inspect", path, "--files", "--json").stdout) for path in (sound, copy)]
    assert shown[0]["files"] == shown[1]["files"]


def test_without_colour_everything_is_told_by_marks(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    def colours(app: Browser) -> set[str]:
        strips = app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
        used = {each.name for style in styles for each in (style.color, style.bgcolor) if each is not None}
        return used - {"default"}

    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await edit(pilot, app, DELETED_FILE, "/tmp/elsewhere")
            await pilot.press("8")
            await until_shown(pilot, app, "* #31", "* plan: 1 path")
            app.view("main").move_to(app.view("main").cursor + 6)
            await until_shown(pilot, app, "before       /tmp/gone")
            await pilot.press("y")
            await until(pilot, lambda: app.clipboard == "/tmp/elsewhere")
            assert not colours(app)
            await pilot.press("r")
            await answering(pilot, app, "rule-old")
            assert not colours(app)
            await pilot.press("escape", "q")
            await until_shown(pilot, app, "The plan is not written")
            assert not colours(app)

    drive(work)
