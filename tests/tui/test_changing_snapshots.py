"""The pages, the form and the questions with which paths are changed, at two sizes, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.tui.places import CHANGE, FILES, PROPOSALS, REVISIONS, Place
from tests.cli.golden import check
from tests.samples import DELETED_FILE, PROGRAM_FILE
from tests.tui.screens import answering, drive, opened, shown, type_over, until, until_shown
from tests.tui.test_large import packed

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from crimg.tui.app import Browser

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")


async def compared(pilot: Pilot[None], app: Browser, name: str) -> None:
    """Hold the screen against the one that is kept under this name."""
    await pilot.pause()
    width, height = app.size
    check(f"tui/{name}-{width}x{height}.txt", shown(app))


@SIZES
def test_the_plan(sound: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with opened(sound, size, checks=False) as (app, pilot):
            app.go(CHANGE)
            await compared(pilot, app, "change-nothing")
            draft = app.session.draft
            draft.rules += [
                {"kind": "prefix", "old": "/tmp", "new": "/srv/tmp"},
                {"kind": "glob", "old": "/nowhere/*", "new": "/{1}", "places": ["fd", "vma"]},
            ]
            draft.edits[PROGRAM_FILE] = "/dev/pts/3"
            app.editing.changed()
            await until_shown(pilot, app, "Conflicts (1)")
            await compared(pilot, app, "change")
            app.view("main").move_to(app.view("main").cursor + 11)
            await until_shown(pilot, app, "before       /usr/bin/counter")
            await compared(pilot, app, "change-planned")
            app.go(FILES)
            await compared(pilot, app, "files-planned")
            await pilot.press("q")
            await until_shown(pilot, app, "The plan is not written", "Files (10)")
            await compared(pilot, app, "quit-asks")

    drive(work)


@SIZES
def test_what_is_asked(sound: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with opened(sound, size, checks=False) as (app, pilot):
            app.go(Place("object", PROGRAM_FILE))
            await pilot.press("e")
            await answering(pilot, app)
            await type_over(pilot, app, "/dev/pts/3")
            await until_shown(pilot, app, "x #30 /usr/bin/counter would get")
            await compared(pilot, app, "edit-path")
            await pilot.press("escape", "r")
            await answering(pilot, app, "rule-old")
            await until_shown(pilot, app, "+ 0 paths to change")
            await pilot.press("tab")
            await answering(pilot, app, "rule-new")
            await type_over(pilot, app, "/new")
            await until_shown(pilot, app, "-> /new", "+ 1 path to change")
            await compared(pilot, app, "rule-form")

    drive(work)


@SIZES
def test_moved_files(sound: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with opened(sound, size, checks=False) as (app, pilot):
            found = app.session.proposals
            app.go(PROPOSALS)
            await compared(pilot, app, "proposals-none")
            found.start(("/srv",))
            moved = ([PROGRAM_FILE], "/usr/bin/counter", "/opt/bin/counter", "inode")
            unsettled = [
                ([DELETED_FILE], "/tmp/gone", "2 files with its name", ["/srv/one/gone", "/srv/two/gone"]),
                ([32], "/etc/x", "no file of 10 bytes in these directories", []),
            ]
            messages: list[dict[str, object]] = [
                {"entries": 1234},
                {"rule": ["/usr/bin", "/opt/bin", "1 by inode"]},
                packed("moves", [moved], lambda _: None),
                packed("unsettled", unsettled, lambda row: len(row[3])),
                {"notes": ["not searched: /srv/lost+found: could not be read"]},
            ]
            for message in messages:
                found.take(message)
            found.finish("")
            app.session.draft.rules.append({"kind": "prefix", "old": "/usr/bin", "new": "/opt/bin"})
            app.session.draft.edits[DELETED_FILE] = "/srv/two/gone"
            app.editing.changed()
            await until_shown(pilot, app, "plan: 2 paths")
            app.view("main").move_to(1)
            await until_shown(pilot, app, "is in the plan")
            await compared(pilot, app, "proposals")

    drive(work)


@SIZES
def test_revisions(sound: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with opened(sound, size, checks=False) as (app, pilot):
            past = app.session.past
            past.state = "running"
            common = {"version": "0.1.0", "note": "", "in_file": True}
            for number, command, rules, summary in (
                (1, "crimg rewrite sound.crimg --map /a=/b", ["prefix /a=/b"], ["file: 1 (path)"]),
                (0, "crimg dump 17", [], []),
            ):
                time = f"2026-11-2{number}T10:00:00.000000000Z"
                row = {"number": number, "time": time, "command": command, "added": 900 * number or None}
                past.take({"revision": {**common, **row, "rules": rules, "summary": summary}})
                past.take({"lines": ["  ~ #30 /b/x", "      path: /a/x -> /b/x"] if summary else []})
            past.finish("")
            app.go(REVISIONS)
            await until_shown(pilot, app, "Revisions (2)", "path: /a/x -> /b/x")
            await compared(pilot, app, "revisions")
            await pilot.press("enter")
            await until(pilot, lambda: app.place == Place("revision", 0))
            await compared(pilot, app, "revision")

    drive(work)


@SIZES
def test_help_of_the_plan(sound: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with opened(sound, size, checks=False) as (app, pilot):
            app.go(CHANGE)
            await pilot.press("question_mark")
            await until_shown(pilot, app, "Everywhere")
            await compared(pilot, app, "change-help")

    drive(work)
