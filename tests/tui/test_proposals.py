"""Moved files are searched for, and the rules that lead to them taken into the plan, one by one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from crimg.tui.places import Place
from tests.cli.command import crimg
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.tui.screens import answering, drive, opened, until, until_shown

_CODE = """
import os
os.makedirs("app/db")
opened = []
for name in ("app/db/base", "app/db/wal", "app/config"):
    file = open(name, "w")
    file.write(name)
    file.flush()
    opened.append(file)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files of a process that is gone; its image is `image` beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    with Agent(_CODE, tmp_path / "agent", cwd=tmp_path / "work") as agent:
        save(agent.pid, tmp_path / "image")
    time.sleep(0.02)  # later times of change than those that the image has
    return tmp_path / "work"


def test_moved_files_are_found_and_the_rule_is_taken(work: Path) -> None:
    (work / "app/db").rename(work / "moved [b]")

    async def main() -> None:
        async with opened(Path("image"), (240, 40)) as (app, pilot):
            await pilot.press("8", "R")
            await answering(pilot, app)
            await pilot.press(*"/no/such", "enter")
            await until_shown(pilot, app, "the search failed", "x /no/such: No such file")
            await pilot.press("R")
            await answering(pilot, app)
            await pilot.press(*str(work), "enter")
            await until_shown(pilot, app, "2 found, 0 not, among", "2 by inode: ", "/moved [b]")
            app.view("main").move_to(1)
            await pilot.press("enter")
            await until_shown(pilot, app, "* plan: 2 paths", "* 2 by inode: ")
            await pilot.press("enter")
            await until(pilot, lambda: not app.session.draft.pending)
            await pilot.press("enter", "8")
            await until_shown(pilot, app, "Paths that change (2)", "/moved [b]/wal")
            await pilot.press("w")
            await until_shown(pilot, app, "revision 2 is written")
            await until(pilot, lambda: app.session.checks.state["preflight"] == "done")
            assert not app.session.checks.differing

    drive(main)
    assert crimg("preflight", "image").returncode == 0


def test_of_several_files_one_can_be_chosen_and_a_remedy_be_taken(work: Path) -> None:
    trees = [work.parent / "tree1", work.parent / "tree2"]
    for tree in trees:
        shutil.copytree(work / "app/db", tree, copy_function=shutil.copy2)
        (tree / "wal").unlink()
    (work / "app/db/base").unlink()
    (work / "app/config").rename(work / "app/elsewhere")

    async def main() -> None:
        async with opened(Path("image"), (240, 40)) as (app, pilot):
            await pilot.press("R")
            await answering(pilot, app)
            await pilot.press(*":".join(map(str, trees)), "enter")
            await until_shown(pilot, app, f"{trees[1]}/base")
            rows = app.view("main").rows
            texts = [rows.row(index).text for index in range(len(rows))]
            app.view("main").move_to(next(at for at, line in enumerate(texts) if f"{trees[1]}/base" in line))
            await pilot.press("enter")
            await until_shown(pilot, app, f"* {trees[1]}/base", "* plan: 1 path")
            moved = next(one for one in app.session.checks.verdicts if one.verdict == "moved")
            app.go(Place("verdict", moved.objref))
            await until_shown(pilot, app, "Enter takes this rule into the plan")
            rows = app.view("main").rows
            at = next(at for at in range(len(rows)) if "Enter takes this" in rows.row(at).text)
            app.view("main").move_to(at)
            await pilot.press("enter")
            await until_shown(pilot, app, "* plan: 2 paths", "in the plan; Enter takes it out")
            assert app.session.draft.rules == [{"kind": "prefix", "old": moved.path, "new": moved.found}]

    drive(main)
