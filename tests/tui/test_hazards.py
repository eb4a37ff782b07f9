"""What can go wrong with a terminal: hostile names, tiny sizes, mouse, no colour, keys that lead nowhere."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from crimg.model import HistoryEntry, LogEntry
from crimg.tui.line_view import LineView
from crimg.tui.places import CHANGE, FILES, PROPOSALS, REVISIONS, Place
from tests import samples
from tests.bench.screen import on_screen
from tests.builders import ImageBuilder
from tests.samples import TIME
from tests.tui.screens import drive, opened, shown, until, until_shown
from tests.tui.test_snapshots import PLACES

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model import Record
    from crimg.tui.app import Browser

_HOSTILE = "[/][b]x[/b]\x1b]0;owned\x07\x9b31m\x00\u202e\n\t\\ end"
_NAMES = (
    "path",
    "comm",
    "hostname",
    "mount_point",
    "source",
    "options",
    "label",
    "keeper_path",
    "tool",
    "note",
)
SIZES = ((1, 1), (2, 1), (3, 2), (10, 3), (19, 5), (40, 10), (79, 23), (200, 6), (5, 60))


def spoilt(row: Record) -> Record:
    """The row with such a text in each of its names."""
    changes: dict[str, object] = {}
    for name in _NAMES:
        value = getattr(row, name, None)
        if isinstance(value, bytes) and value:
            changes[name] = (value + _HOSTILE.replace("\x00", "").encode("utf-8"))[:4000]
        elif isinstance(value, str):
            changes[name] = value + _HOSTILE
    if changes.get("comm"):
        changes["comm"] = b"[/]\x1b[7m\x9b1m"
    return row.replace(**changes)


@pytest.fixture
def hostile(small: Path) -> Path:
    """An image in which every name is hostile."""
    builder = ImageBuilder(created=TIME).pagemap(samples.RUNS).pages(samples.SAVED_PAGES)
    builder.pages(samples.PACKED_PAGES, codec=1).blob(samples.DELETED_CONTENTS)
    builder.blob([(0, samples.PIPE_CONTENTS)])
    builder.batches(samples.tables([spoilt(row) for row in samples.small_records()]))
    text = _HOSTILE
    entry = HistoryEntry(
        revision=1,
        time=TIME,
        tool_version=text,
        command=(text.encode(), b"[/x]"),
        rules=(b"[/]=" + text.encode(),),
        note=text,
    )
    builder.log([LogEntry(time=TIME, severity=1, text=text, objref=None)]).history([entry])
    path = small.with_name("hostile.crimg")
    path.write_bytes(builder.revision().bytes())
    return path


def everything(app: Browser) -> str:
    """The text of the present page: what is in sight of all panes, and all rows of the page."""
    rows = app.view("main").rows
    return shown(app) + "\n".join(rows.row(number).text for number in range(min(len(rows), 300)))


def test_hostile_names_are_harmless_on_every_page(hostile: Path) -> None:
    places = [*PLACES, CHANGE, PROPOSALS, REVISIONS, Place("finding", 0), Place("verdict", 31)]
    places += [Place("object", objref) for objref in range(1, 50)]
    seen = []

    async def work() -> None:
        async with opened(hostile, (160, 50)) as (app, pilot):
            for place in places:
                app.go(place)
                await pilot.pause()
                text = everything(app)
                assert all(line.isprintable() for line in text.splitlines()), place
                seen.append(text)
            app.go(FILES)
            await until_shown(pilot, app, r"[/][b]x[/b]\x1b]0;owned\x07")
            await pilot.press("y")
            await until(pilot, lambda: r"\x1b]0;owned" in app.clipboard)
            await pilot.press("question_mark")
            await until_shown(pilot, app, "Everywhere")

    drive(work)
    for where in ("[b]x[/b]", r"\u202e", r"[/]\x1b[7m"):
        assert sum(where in text for text in seen) > 3, where


def test_every_size_of_a_terminal(small: Path) -> None:
    keys = (
        "j",
        "G",
        "enter",
        "tab",
        "m",
        "8",
        "2",
        "pagedown",
        "b",
        "less_than_sign",
        "vertical_line",
        "colon",
    )

    async def work() -> None:
        async with opened(small, checks=False) as (app, pilot):
            for size in SIZES:
                await pilot.resize_terminal(*size)
                await pilot.press(*keys, "escape", "question_mark", "escape", "3")
                await until(pilot, lambda: len(app.screen_stack) == 1 and not app.asking)
                assert len(shown(app).splitlines()) == size[1]
            await pilot.resize_terminal(100, 30)
            await until_shown(pilot, app, "Files (", "/tmp/gone")

    drive(work)


def test_200_columns_are_used(small: Path) -> None:
    async def work() -> None:
        async with opened(small, (200, 50)) as (app, pilot):
            app.go(FILES)
            await until_shown(pilot, app, "Files (")
            lines = app.screen._compositor.render_strips()
            assert {strip.cell_length for strip in lines} == {200}
            assert app.view("main").region.right == 200

    drive(work)


def test_the_mouse(small: Path) -> None:
    async def work() -> None:
        async with opened(small, checks=False) as (app, pilot):
            view, header = app.view("main"), 1
            await pilot.click("#tabs", offset=(22, 0))
            await until_shown(pilot, app, "Files (")
            await pilot.click("#main", offset=(5, 2 + header))
            await until(pilot, lambda: view.cursor == 2)
            await pilot.click("#main", offset=(5, 0))  # the header is no row
            await pilot.click("#main", offset=(5, 12))  # nor is what is below the last one
            assert view.cursor == 2
            await pilot.click("#main", offset=(5, 2 + header))
            await until(pilot, lambda: app.place.page == "object")
            await pilot.click("#status", offset=(1, 0))
            width = app.view("tree").size.width
            await pilot.mouse_down("#tree-edge", offset=(0, 3))
            await pilot.hover("#tree-edge", offset=(4, 3))
            await pilot.mouse_up("#tree-edge", offset=(0, 3))
            await until(pilot, lambda: app.view("tree").size.width == width + 4)
            await pilot.click("#tree", offset=(3, 3))
            await until(pilot, lambda: app.pane == "tree")

    drive(work)


def colours(app: Browser) -> set[str]:
    """The colours on the screen, of text and of what is behind it."""
    styles = [segment.style for strip in app.screen._compositor.render_strips() for segment in strip]
    both = [colour for style in styles if style for colour in (style.color, style.bgcolor)]
    return {colour.name for colour in both if colour is not None and not colour.is_default}


@pytest.mark.parametrize("page", [FILES, CHANGE, Place("image")], ids=lambda page: page.page)
def test_without_colour_there_is_none(small: Path, monkeypatch: pytest.MonkeyPatch, page: Place) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def work() -> None:
        async with opened(small) as (app, pilot):
            app.go(page)
            await pilot.pause()
            assert app.theme == "crimg-mono"
            assert colours(app) == set()
            assert any(mark in shown(app) for mark in ("x ", "! ", "+ "))  # marks say what colours would
            await pilot.press("question_mark")
            await until_shown(pilot, app, "Everywhere")
            assert colours(app) == set()

    drive(work)


def test_every_theme_shows_every_role(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            app.go(FILES)
            await until_shown(pilot, app, "Files (")
            text = shown(app)
            for theme in app.available_themes:
                app.theme = theme
                await pilot.pause()
                assert shown(app).splitlines()[3:10] == text.splitlines()[3:10], theme
                if theme in ("crimg-dark", "crimg-light"):
                    assert len(colours(app)) > 5

    drive(work)


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        ({"TERM": "linux", "COLORTERM": ""}, rb"[34]8;[25];"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, rb"[34]8;2;"),
        ({"NO_COLOR": "1"}, rb"[34]8;[25];|\x1b\[(?:[0-9]+;)*(?:3|4|9|10)[0-7](?:;[0-9]+)*m"),
    ],
    ids=["16 colours", "256 colours", "none"],
)
def test_terminals_get_no_colours_that_they_have_not(
    small: Path, words: dict[str, str], forbidden: bytes
) -> None:
    with on_screen([sys.executable, "-m", "crimg", "tui", small], **words) as screen:
        screen.wait_for("Will it come back?")
        screen.press("3")
        screen.wait_for("Files (")
        found = re.search(forbidden, screen.written)
        assert found is None, found
        assert (b"\x1b[" in screen.written) and len(screen.written) > 1000


@pytest.mark.parametrize("key", ["slash", "colon", "s", "question_mark", "ctrl+p", "r", "R", "e", "H", "8"])
def test_escape_always_leads_back_to_the_panes(small: Path, key: str) -> None:
    async def work() -> None:
        async with opened(small, checks=False) as (app, pilot):
            await pilot.press("3")
            await until_shown(pilot, app, "Files (")
            await pilot.press(key)
            await pilot.press("tab", "tab", "shift+tab")
            await pilot.press("escape", "escape", "escape")
            await until(pilot, lambda: len(app.screen_stack) == 1 and not app.asking)
            await until(pilot, lambda: isinstance(app.focused, LineView))
            await pilot.press("3")
            await until_shown(pilot, app, "Files (")
            for _ in range(4):  # each pane has a way out
                await pilot.press("tab")
                assert isinstance(app.focused, LineView)

    drive(work)
