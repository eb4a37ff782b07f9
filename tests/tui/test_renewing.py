"""What stays as it is when the image is another one: the tree, and which revision is looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from crimg.errors import ImageChangedError
from crimg.model import File
from crimg.reader import open_image
from crimg.tui.background import run_child
from crimg.tui.checks import Checks
from crimg.tui.navigator import CHUNK, Tree
from crimg.tui.pinned import open_pinned, pin
from crimg.tui.places import Place
from crimg.tui.session import Session
from crimg.writer.revise import append_revision, undo
from tests.many_files import write_many_files
from tests.samples import DELETED_FILE
from tests.tui.screens import drive, opened, until, until_shown

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.tui.checks import Message


def append(path: Path, number: int) -> None:
    """Append a revision in which the deleted file has another path."""
    with open_image(path) as image:
        rows = [row.replace(path=b"/%d" % number) for row in image.rows(File) if row.objref == DELETED_FILE]
        append_revision(path, rows, fingerprint=image.fingerprint)


def test_the_tree_stays_open_and_the_cursor_where_it_is(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, (140, 40), checks=False) as (app, pilot):
            view = app.view("tree")
            await pilot.press("shift+tab", "j", "j", "enter")
            await until_shown(pilot, app, "- 4242", "threads (2)")
            await pilot.press("G", "enter")
            await until_shown(pilot, app, "- objects", "file (10)")
            at = next(n for n in range(len(view.rows)) if "file (" in view.rows.row(n).text)
            view.move_to(at)
            await pilot.press("enter")
            await until_shown(pilot, app, "#31 [deleted] /tm")
            at = next(n for n in range(len(view.rows)) if "#31 " in view.rows.row(n).text)
            view.move_to(at)
            await until(pilot, lambda: app.place == Place("object", DELETED_FILE))
            append(sound, 1)
            await pilot.press("ctrl+r")
            await until_shown(pilot, app, "#31 [deleted] /1", "threads (2)", "this is revision 2")
            assert view.cursor == at
            assert app.place == Place("object", DELETED_FILE)

    drive(work)


def test_a_tree_that_is_made_anew_has_as_many_nodes(tmp_path: Path) -> None:
    path = tmp_path / "many"
    write_many_files(path, 3 * CHUNK, 2)
    session = Session(str(path))
    session.load()
    tree = Tree(session)
    for text in ("objects", "file ("):
        tree.toggle(next(n for n, node in enumerate(tree.nodes) if node.label.startswith(text)))
    tree.toggle(next(n for n, node in enumerate(tree.nodes) if node.rest is not None))
    again = Tree(session, tree)
    assert [node.key for node in again.nodes] == [node.key for node in tree.nodes]
    assert len(again) > 2 * CHUNK
    assert all(again.index_of(tree, at) == at for at in range(len(tree)))
    fewer = Tree(session)
    inside = next(n for n, node in enumerate(tree.nodes) if node.label.startswith("file ("))
    assert fewer.nodes[fewer.index_of(tree, inside + 5)].label == "objects"
    session.close()


def told(session: Session) -> Checks:
    """What preflight says of the image that is shown."""
    checks = Checks()

    def take(message: Message) -> None:
        checks.take("preflight", message)

    checks.finish("preflight", asyncio.run(run_child("preflight", session, take)))
    return checks


def test_checks_are_of_the_revision_that_is_shown(sound: Path) -> None:
    session = Session(str(sound))
    append(sound, 1)
    verdict = told(session).verdict(DELETED_FILE)
    assert verdict is not None and verdict.path == "/tmp/gone"
    session.close()
    session = Session(str(sound))
    undo(sound)
    append(sound, 2)
    assert told(session).error["preflight"].startswith("the image was changed by another program")
    with pytest.raises(ImageChangedError):
        open_pinned(*pin(session))
    session.close()


@pytest.mark.parametrize("key", ["3", "2"])
def test_paths_are_in_sight_at_80_columns(sound: Path, key: str) -> None:
    async def work() -> None:
        async with opened(sound, (80, 24), checks=False) as (app, pilot):
            await pilot.press(key)
            await until_shown(pilot, app, "/usr/bin/counter", "/tmp/gone")
            assert app.session.narrow
            await pilot.press("backslash")
            await pilot.resize_terminal(200, 24)
            await until_shown(pilot, app, "NAME", "PATH")
            assert not app.session.narrow

    drive(work)
