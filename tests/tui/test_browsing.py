"""What is in it? Will it come back? The first two jobs, with keys alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from crimg.tui.places import FINDINGS, PREFLIGHT, Place
from tests import samples
from tests.bench.loading import write_large_tables
from tests.samples import DELETED_FILE, HEAP, MM, TASK
from tests.tui.screens import drive, opened, shown, until, until_shown, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_references_are_followed_there_and_back(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            await pilot.press("3")
            await until_shown(pilot, app, "Files (", "/tmp/gon")
            await pilot.press("j", "enter")
            await until_shown(pilot, app, f"#{DELETED_FILE} file", "Referred to by")
            assert app.place == Place("object", DELETED_FILE)
            await pilot.press("b")
            await until_shown(pilot, app, "Files (")
            assert app.view("main").cursor == 1
            await pilot.press("f")
            await until_shown(pilot, app, "Referred to by")
            await pilot.press("colon")
            await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
            await pilot.press("#", *str(TASK), "enter")
            await until_shown(pilot, app, "process 4242", "oom_score_adj")

    drive(work)


def test_memory_is_shown_and_searched(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            await pilot.press("2")
            await until_shown(pilot, app, "Memory #42", "7ffff7d00000")
            await pilot.press("m")
            await until_shown(pilot, app, "drawn to scale")
            app.go(Place("hex", MM, HEAP))
            await until_shown(pilot, app, "a1 a1 a1 a1")
            await pilot.press("slash")
            await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
            await pilot.press(*"packed page", "enter")
            await until(pilot, lambda: bool(app.search.matches))
            await until_shown(pilot, app, "70 61 63 6b 65 64")
            assert app.search.matches == [samples.SCRATCH + 4096]
            await until_shown(pilot, app, "1 match in ")
            await pilot.press("slash")
            await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
            await pilot.press(*"0xa1a1a1a1", "enter")
            await until(pilot, lambda: len(app.search.matches) > 1)
            first = app.view("main").cursor
            await pilot.press("n")
            await until(pilot, lambda: app.view("main").cursor > first)
            await pilot.press("N")
            await until(pilot, lambda: app.view("main").cursor == first)

    drive(work)


def test_a_search_tells_how_far_it_is_and_can_be_stopped(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(*_: object) -> Iterator[tuple[int, int | None]]:
        for number in range(10**6):
            time.sleep(0.01)
            yield 4096 * number, HEAP + 0x400 if number == 3 else None

    monkeypatch.setattr("crimg.tui.searching.find", find)

    async def work() -> None:
        async with opened(small, checks=False) as (app, pilot):
            app.go(Place("hex", MM))
            app.search.search_memory(app.view("main"), b"large image")
            await until_shown(pilot, app, "searched ", ": 1 match (Esc stops)", f"{HEAP + 0x400:x}  a1")
            app.show_page(keep=True)
            assert "Esc stops" in shown(app)
            await pilot.press("escape")
            await until_shown(pilot, app, "1 match in ")
            assert "Esc stops" not in shown(app)
            assert app.place.page == "hex"

    drive(work)


def test_lists_are_filtered(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            await pilot.press("4")
            await until_shown(pilot, app, "Objects (")
            everything = len(app.view("main").rows)
            await pilot.press("slash")
            await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
            await pilot.press(*"inode", "enter")
            await until_shown(pilot, app, "filter: 6 of")
            await pilot.press("escape")
            await until(pilot, lambda: len(app.view("main").rows) == everything)

    drive(work)


def test_findings_lead_to_their_objects_and_objects_show_them(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            await pilot.press("5")
            await until_shown(pilot, app, "Findings: ")
            assert app.place == FINDINGS
            assert app.session.checks.findings
            numbers = [one.objref for one in app.session.checks.findings]
            index = next(at for at, objref in enumerate(numbers) if objref is not None)
            app.view("main").move_to(index)
            await pilot.press("enter")
            await until(pilot, lambda: app.place == Place("object", numbers[index] or 0))
            await until_shown(pilot, app, app.session.checks.findings[index].rule)
            await pilot.press("6")
            await until_shown(pilot, app, "Preflight: ", "missing")
            assert app.place == PREFLIGHT
            assert verdict_of(app, DELETED_FILE).verdict == "kept"

    drive(work)


def test_control_characters_and_markup_are_shown_and_not_obeyed(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            await until_shown(pilot, app, r"counter\x1b[1m")
            strips = app.screen._compositor.render_strips()
            assert all("\x1b" not in strip.text for strip in strips)
            app.say("[/] [b]not bold[/b] \x1b]0;x")
            await until_shown(pilot, app, "[/] [b]not bold[/b]")

    drive(work)


def test_help_palette_copy_and_save(small: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            await pilot.press("question_mark")
            await until_shown(pilot, app, "Everywhere")
            await pilot.press("escape", "3")
            await until_shown(pilot, app, "Files (")
            await pilot.press("y")
            await until(pilot, lambda: app.clipboard == "/usr/bin/counter")
            await pilot.press("s")
            await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
            await pilot.press(*"out.txt", "enter")
            await until(pilot, lambda: (tmp_path / "out.txt").exists())
            await until_shown(pilot, app, "8 rows saved")
            assert len((tmp_path / "out.txt").read_text().splitlines()) == 10
            await pilot.press("ctrl+p")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            await pilot.press("escape")

    drive(work)


def test_small_terminals_show_one_pane(small: Path) -> None:
    async def work() -> None:
        async with opened(small, (60, 20)) as (app, pilot):
            assert not app.view("tree").display
            await pilot.press("shift+tab")
            await until(pilot, lambda: app.view("tree").display)
            assert not app.view("main").display
            await pilot.resize_terminal(200, 50)
            await until(pilot, lambda: app.view("main").display and app.view("tree").display)

    drive(work)


@pytest.mark.parametrize("keys", [("G", "g", "pagedown", "j")])
def test_100_000_descriptors_are_paged_without_a_list(tmp_path: Path, keys: tuple[str, ...]) -> None:
    path = tmp_path / "large.crimg"
    write_large_tables(path, 100_000)

    async def work() -> None:
        async with opened(path, checks=False) as (app, pilot):  # it breaks rules 190,000 times
            app.go(Place("fds", 40))
            await until_shown(pilot, app, "(100,000)")
            made = []
            rows = app.view("main").rows
            make = rows._make  # type: ignore[attr-defined]  # Made
            rows._make = lambda item: (made.append(1), make(item))[1]  # type: ignore[attr-defined,func-returns-value]
            for key in keys:
                await pilot.press(key)
            await until(pilot, lambda: app.view("main").cursor > 0)
            assert len(made) < 500
            await pilot.press("G")
            await until_shown(pilot, app, " 99999 ")

    drive(work)
