"""Two images side by side: what differs, and the way to each thing that does."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.compare import Side, compare
from crimg.model import Fd, File
from crimg.reader import open_image
from crimg.tui.app import Browser
from crimg.tui.places import COMPARE, Place
from crimg.tui.session import Session
from crimg.views.changes import object_change_records
from crimg.views.subject import Subject
from tests import samples
from tests.cli.command import crimg
from tests.cli.golden import check
from tests.compare.pairs import OTHER, SHIFT, image, renumbered
from tests.samples import DELETED_FILE, HEAP, MM
from tests.tui.screens import drive, shown, until, until_shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

AFTER_MM = MM + SHIFT


@pytest.fixture
def later(small: Path) -> Path:
    """The same process dumped again: one position and a page differ, a descriptor has another number."""
    rows = [renumbered(row) for row in samples.small_records()]
    rows = [row.replace(position=99) if isinstance(row, File) and row.inode == 111 else row for row in rows]
    rows = [row.replace(fd=33) if isinstance(row, Fd) and row.fd == 1 else row for row in rows]
    path = small.with_name("later.crimg")
    path.write_bytes(image(rows, uuid=OTHER, pages=b"Z" * samples.PAGE + samples.SAVED_PAGES[samples.PAGE :]))
    return Path(path.name)


@asynccontextmanager
async def compared(
    one: Path, other: Path, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Browser, Pilot[None]]]:
    """The application on two images that are compared, without the checks."""
    sessions = [Session(path.name) for path in (one, other)]
    sessions[1].compare_with(sessions[0])
    app = Browser(sessions[1])
    app.checking.start = lambda: None  # type: ignore[method-assign]
    found = sessions[1].compared
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: found is not None and found.state in ("done", "failed"))
        await until(pilot, lambda: not app.checking.news)
        yield app, pilot
    for session in sessions:
        session.close()


def cursor_to(app: Browser, text: str) -> None:
    """Put the cursor on the row that has this text."""
    view = app.view("main")
    view.move_to(next(n for n in range(len(view.rows)) if text in view.rows.row(n).text))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_pages(small: Path, later: Path, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with compared(small, later, size) as (app, pilot):
            await until_shown(pilot, app, "Differences")
            check(f"tui/compare-{size[0]}x{size[1]}.txt", shown(app))
            assert app.session.compared is not None
            ways = [one.change for one in app.session.compared.changes]
            number = ways.index("changed")
            app.go(Place("difference", number))
            await until_shown(pilot, app, "position: ")
            check(f"tui/difference-{size[0]}x{size[1]}.txt", shown(app))

    drive(work)


def test_every_difference_is_told_and_leads_to_its_object(small: Path, later: Path) -> None:
    with open_image(small.name) as one, open_image(later.name) as other:
        found = compare(Side(one), Side(other))
        wanted = [
            (record["kind"], record["change"])
            for record in object_change_records(Subject(one, b""), Subject(other, b""), found)
        ]
    assert {change for _, change in wanted} == {"added", "gone", "changed"}

    async def work() -> None:
        async with compared(small, later) as (app, pilot):
            assert app.place == COMPARE
            told = app.session.compared
            assert told is not None
            assert [(one.kind, one.change) for one in told.changes] == wanted
            cursor_to(app, "position: ")
            await pilot.press("enter")
            await until_shown(pilot, app, "Referred to by")
            assert (app.place.page, app.place.number > SHIFT) == ("object", True)
            await pilot.press("b")
            await until_shown(pilot, app, "Differences")
            cursor_to(app, "- fd 1")
            await pilot.press("enter")
            await until_shown(pilot, app, "small.crimg: Descriptors of #")
            assert app.place.page == "before.fds"
            assert app.focused_subject is None  # nothing of the first image is to be edited
            await pilot.press("enter")
            await until_shown(pilot, app, "small.crimg: #")
            assert app.place.page == "before.object"
            await pilot.press("b", "b")
            await until_shown(pilot, app, "Differences")
            cursor_to(app, "1 page  ")
            await pilot.press("enter")
            await until_shown(pilot, app, "5a 5a 5a 5a")
            assert app.place == Place("hex", AFTER_MM, HEAP)

    drive(work)


def test_memory_of_the_first_image_is_searched(small: Path, later: Path) -> None:
    async def work() -> None:
        async with compared(small, later) as (app, pilot):
            app.go(Place("before.hex", MM, HEAP))
            await until_shown(pilot, app, "a1 a1 a1 a1")
            await pilot.press("slash")
            await until(pilot, lambda: app.focused is not None and app.focused.id == "answer")
            await pilot.press(*"0xa1a1a1a1", "enter")
            await until(pilot, lambda: bool(app.search.matches))
            assert app.search.matches[0] == HEAP
            assert app.view("main").rows.row(app.view("main").cursor).text.startswith(f"{HEAP:012x}")

    drive(work)


def test_images_that_cannot_be_compared_say_why(small: Path) -> None:
    whole = bytearray(small.read_bytes())
    whole[whole.index(b"/tmp/gone")] ^= 1
    small.with_name("damaged.crimg").write_bytes(whole)

    async def work() -> None:
        async with compared(Path("damaged.crimg"), small) as (app, pilot):
            await until_shown(pilot, app, "the first image: ", "checksum")
            await pilot.press("2")
            await until_shown(pilot, app, "Memory #42")
            app.go(Place("before.object", DELETED_FILE))
            await until_shown(pilot, app, "damaged.crimg: ")

    drive(work)


def test_usage(small: Path) -> None:
    done = crimg("tui", small, small, small)
    assert (done.returncode, done.stderr) == (
        2,
        b"crimg: error: 3 images; one can be browsed, or two compared\n",
    )
    assert crimg("tui", "-", "-").returncode == 2


def test_one_image_has_no_differences_to_show(small: Path) -> None:
    async def work() -> None:
        session = Session(small.name)
        app = Browser(session)
        app.checking.start = lambda: None  # type: ignore[method-assign]
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.press("c")
            await until_shown(pilot, app, "there is no other image: crimg tui BEFORE AFTER compares")
        session.close()

    drive(work)
