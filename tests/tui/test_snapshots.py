"""Every page at two sizes, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.tui.places import FILES, FINDINGS, IMAGE, JOURNAL, OBJECTS, PREFLIGHT, Place
from tests.cli.golden import check
from tests.samples import DELETED_FILE, FD_TABLE, HEAP, MM, TASK
from tests.tui.screens import drive, opened, shown, until

if TYPE_CHECKING:
    from pathlib import Path

PLACES = (
    IMAGE,
    FILES,
    OBJECTS,
    FINDINGS,
    PREFLIGHT,
    JOURNAL,
    Place("object", DELETED_FILE),
    Place("fds", FD_TABLE),
    Place("memory", MM),
    Place("space", MM),
    Place("hex", MM, HEAP),
    Place("threads", TASK),
    Place("thread", TASK, 4243),
    Place("signals", TASK),
    Place("limits", TASK),
    Place("sections"),
)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_page(small: Path, size: tuple[int, int]) -> None:
    path = small.name

    async def work() -> None:
        from pathlib import Path as RealPath

        async with opened(RealPath(path), size) as (app, pilot):
            app.session.checks.start("preflight")  # the verdicts depend on the files of the machine
            app.session.checks.finish("preflight")
            app.session.checks.summary.update(validate="", preflight="")  # the number of rules grows
            app.view("tree").redraw()
            for place in PLACES:
                app.go(place)
                await until(pilot, lambda place=place: app.place == place)  # type: ignore[misc]
                await pilot.pause()
                check(f"tui/{place.page}-{size[0]}x{size[1]}.txt", shown(app))

    drive(work)
