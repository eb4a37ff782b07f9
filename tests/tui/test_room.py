"""Where the keys go, and what is left out where there is little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.tui.cells import cells
from crimg.tui.heads import head_spans
from crimg.tui.places import CHANGE, FINDINGS, IMAGE, OBJECTS, Place
from crimg.tui.rows import lines_of
from tests.samples import HEAP, MM, TASK
from tests.tui.screens import drive, opened, shown, until, until_shown

if TYPE_CHECKING:
    from pathlib import Path


def test_a_page_that_was_asked_for_has_the_keys(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            await pilot.press("shift+tab")
            await until(pilot, lambda: app.pane == "tree")
            await pilot.press("3")
            await until_shown(pilot, app, "Files (")
            await until(pilot, lambda: app.focused is app.view("main"))
            await pilot.press("j")
            assert app.place.page == "files"

    drive(work)


@pytest.mark.parametrize("size", [(100, 30), (60, 20)], ids=["all panes", "one pane"])
def test_enter_in_the_tree_opens_a_node_or_leads_to_a_page(sound: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with opened(sound, size, checks=False) as (app, pilot):
            await pilot.press("shift+tab")
            await until(pilot, lambda: app.focused is app.view("tree"))
            texts = [app.view("tree").rows.row(at).text for at in range(len(app.view("tree").rows))]
            app.view("tree").move_to(next(at for at, text in enumerate(texts) if "+ objects" in text))
            await pilot.press("enter")
            await until_shown(pilot, app, "+ filesystem (")
            assert app.focused is app.view("tree")
            app.view("tree").move_to(next(at for at, text in enumerate(texts) if text.endswith(" files")))
            await pilot.press("enter")
            await until(pilot, lambda: app.place.page == "files")
            wanted = "main" if app.single else "tree"
            await until(pilot, lambda: app.focused is app.view(wanted))

    drive(work)


def test_the_keys_for_left_and_right_open_and_close_the_tree(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            tree = app.view("tree")
            await pilot.press("shift+tab")
            await until(pilot, lambda: app.focused is tree)
            texts = [tree.rows.row(at).text for at in range(len(tree.rows))]
            at = next(at for at, text in enumerate(texts) if "+ objects" in text)
            tree.move_to(at)
            await pilot.press("l")
            await until_shown(pilot, app, "- objects", "+ filesystem (")
            assert tree.cursor == at
            await pilot.press("right")
            await until(pilot, lambda: tree.cursor == at + 1)
            await pilot.press("h")
            await until(pilot, lambda: tree.cursor == at)
            await pilot.press("left")
            await until_shown(pilot, app, "+ objects")
            await pilot.press("left")
            await until(pilot, lambda: tree.cursor == 0)

    drive(work)


def test_the_page_stays_when_the_image_is_opened_anew_from_the_tree(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            app.go(CHANGE)
            await pilot.press("shift+tab")
            await until(pilot, lambda: app.focused is app.view("tree"))
            await pilot.press("ctrl+r")
            await until_shown(pilot, app, "this is revision 1")
            assert app.place == CHANGE

    drive(work)


def test_the_lower_pane_says_nothing_of_what_is_not_under_the_cursor(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, checks=False) as (app, pilot):
            app.go(OBJECTS)
            await until(pilot, lambda: len(app.view("detail").rows) > 0)
            app.go(FINDINGS)
            await until(pilot, lambda: len(app.view("detail").rows) == 0)
            app.go(OBJECTS)
            await until(pilot, lambda: len(app.view("detail").rows) > 0)
            await pilot.press("slash", *"no such thing", "enter")
            await until(pilot, lambda: len(app.view("detail").rows) == 0)

    drive(work)


def test_the_first_line_keeps_what_matters_at_80_columns(sound: Path) -> None:
    async def work() -> None:
        async with opened(sound, (80, 24), checks=False) as (app, pilot):
            app.session.draft.edits = {31: "/elsewhere"}
            app.editing.changed()
            await until_shown(pilot, app, "plan: 1 path, not written")
            checks = app.session.checks
            checks.differing = range(12345)  # type: ignore[assignment]  # how many is all that is asked
            app.session.read_only = "it is shown as it was at revision 3; only the last one can be changed"
            for width in (60, 80, 120, 200):
                line = "".join(text for _, text in head_spans(app.session, width))
                assert len(line) <= width or width == 60
                assert "plan: 1 path" in line
                assert "x 12,345 files differ here" in line
                assert "read-only" in line
            assert "at revision 3" in line
            checks.differing = range(1)  # type: ignore[assignment]
            assert "x 1 file differs here" in "".join(text for _, text in head_spans(app.session, 200))

    drive(work)


def test_memory_stays_at_its_address_when_rows_become_shorter(small: Path) -> None:
    async def work() -> None:
        async with opened(small, (160, 30), checks=False) as (app, pilot):
            app.go(Place("hex", MM, HEAP + 0x40))
            await until_shown(pilot, app, f"{HEAP + 0x40:x}  a1 a1 a1 a1 a1 a1 a1 a1  a1")
            await pilot.resize_terminal(80, 24)
            await until_shown(pilot, app, f"{HEAP + 0x40:x}  a1 a1 a1 a1 a1 a1 a1 a1  ........")
            row = app.view("main").row
            assert row is not None
            assert row.text.startswith(f"{HEAP + 0x40:x}")

    drive(work)


def test_nothing_of_a_long_text_is_lost() -> None:
    for text in ("", "a  b", "名前" * 30, "/long/path" * 20, "words and  blanks " * 9):
        for width in (2, 7, 50):
            lines = list(lines_of(text, width))
            assert "".join(lines) == text
            assert max(map(cells, lines)) <= width


@pytest.mark.parametrize("place", [IMAGE, Place("signals", TASK)], ids=lambda it: it.page)
def test_lines_fit_80_columns(small: Path, place: Place) -> None:
    async def work() -> None:
        async with opened(small, (80, 24), checks=False) as (app, _):
            app.go(place)
            rows = app.view("main").rows
            longest = max((rows.row(at).text for at in range(len(rows))), key=len)
            assert len(longest) <= app.session.room + 1, longest
            assert shown(app)

    drive(work)
