"""What else can be in a plan: rules of a file, restamp, keepers that are given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Inode
from crimg.model.enums import Keeper
from crimg.reader import open_image
from tests.samples import DELETED, DELETED_FILE, PROGRAM
from tests.tui.screens import answering, drive, opened, shown, until, until_shown

if TYPE_CHECKING:
    from pathlib import Path

_RULES = r"""
[[rule]]
old = "/tmp"
new = "/new"
places = ["fd"]
objects = [31]
[[rule]]
kind = "regex"
old = '/usr/(\w+)/counter'
new = "/{1}"
"""


def test_rules_of_a_file(sound: Path) -> None:
    sound.with_name("rules.toml").write_text(_RULES)

    async def work() -> None:
        async with opened(sound, (120, 30), checks=False) as (app, pilot):
            await pilot.press("F")
            await answering(pilot, app)
            await pilot.press(*"none.toml", "enter")
            await until_shown(pilot, app, "none.toml: No such file")
            await pilot.press("F")
            await answering(pilot, app)
            await pilot.press(*"rules.toml", "enter")
            await until_shown(pilot, app, "-> /new/gone", "-> /bin", "prefix /tmp -> /new in fd of #31")
            app.view("main").move_to(1)
            await pilot.press("r")
            await answering(pilot, app, "rule-old")
            await pilot.press("enter")
            await until(pilot, lambda: not app.asking)
            assert app.session.draft.rules[0]["objects"] == [31]
            assert "* plan: 2 paths, not written" in shown(app)

    drive(work)


def test_a_keeper_is_given_up(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, (120, 30), checks=False) as (app, pilot):
            await pilot.press("3")
            await until_shown(pilot, app, "/tmp/gone")
            await pilot.press("D")
            await until_shown(pilot, app, "under the cursor is no deleted file")
            await pilot.press("j", "D")
            await until(pilot, lambda: app.session.draft.dropped == [DELETED_FILE])
            await pilot.press("8")
            await until_shown(pilot, app, "drop   what keeps the contents of #31", "inode keeper: ")
            assert "other values, not written" in shown(app)
            await pilot.press("j", "x")
            await until_shown(pilot, app, "Plan: nothing is to be changed")
            await pilot.press("3", "j", "D", "8")
            await until_shown(pilot, app, "inode keeper: ")
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")

    drive(work)
    with open_image(sound) as image:
        kept = image.find(Inode, DELETED)
        assert kept is not None and kept.keeper == Keeper.REMOVED


def test_evidence_is_taken_anew(sound: Path) -> None:
    program = sound.with_name("counter").resolve()
    program.write_text("another one")

    async def work() -> None:
        async with opened(sound, (160, 40), checks=False) as (app, pilot):
            app.session.draft.rules.append({"kind": "exact", "old": "/usr/bin/counter", "new": str(program)})
            await pilot.press("t")
            await until_shown(
                pilot, app, "restamp take the evidence of the files that are at the new paths now"
            )
            await until_shown(pilot, app, f"inode number: 1001 -> {program.stat().st_ino}")
            app.view("main").move_to(2)
            await until_shown(pilot, app, "preflight knows them")
            await pilot.press("x")
            await until(pilot, lambda: app.session.draft.amount == "1 path")

    drive(work)
    with open_image(sound) as image:
        assert image.find(Inode, PROGRAM) is not None
