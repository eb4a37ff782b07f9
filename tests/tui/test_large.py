"""Large tables: a page makes the rows in sight, and is not made again with each news of the checks."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from crimg.tui.pages import page_of
from crimg.tui.places import FINDINGS, IMAGE, JOURNAL, PREFLIGHT, Place
from crimg.tui.session import Session
from crimg.views import memory
from tests.bench.loading import write_large_tables
from tests.samples import HEAP, MM
from tests.tui.screens import drive, opened, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from crimg.tui.rows import Rows
    from crimg.views.subject import Subject

_COUNT = 5_000
LARGE = (
    FINDINGS,
    PREFLIGHT,
    Place("fds", 40),
    Place("memory", MM),
    Place("space", MM),
    Place("object", 40),
    Place("object", MM),
)


def fill(session: Session) -> None:
    """What the children would tell."""
    take = session.checks.take
    take("validate", {"rules": [["C201", "error", "It is lost.", "dump again", ["It matters."]]]})
    findings = [("C201", 40, f"fd {n}", "file", "lost") for n in range(_COUNT)]
    take("validate", packed("findings", findings, lambda row: row[:2]))
    verdicts: list[Any] = [
        (1000 + n, "same", n % 2 == 0, f"/x/{n}", "", "", [("verdict", "same")], []) for n in range(_COUNT)
    ]
    take("preflight", packed("verdicts", verdicts, itemgetter(0, 2)))


def packed(name: str, rows: list[Any], head: Callable[[Any], object]) -> dict[str, Any]:
    """The message of a child with these rows."""
    return {name: {"rows": json.dumps(rows), "heads": list(map(head, rows))}}


def test_lists_are_paged_without_being_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.crimg"
    write_large_tables(path, _COUNT)
    made: list[int] = []

    def counted(rows: Rows) -> None:
        make = rows.row
        monkeypatch.setattr(rows, "row", lambda index: (made.append(index), make(index))[1])  # type: ignore[func-returns-value]

    async def work() -> None:
        async with opened(path, checks=False) as (app, pilot):
            fill(app.session)
            view = app.view("main")
            for place in LARGE:
                app.go(place)
                await until(pilot, lambda: len(view.rows) >= _COUNT)
                last = len(view.rows) - 1
                made.clear()
                counted(view.rows)
                await pilot.press("G")
                await until(pilot, lambda last=last: view.cursor == last)  # type: ignore[misc]
                await pilot.press("pageup", "g", "j")
                await until(pilot, lambda: view.cursor == 1)
                assert 0 < len(made) < 500, place

    drive(work)


def test_pages_that_take_time_are_made_once(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(small.name)
    records, asked = memory.memory_kind_records, []

    def kinds(subject: Subject) -> list[dict[str, Any]]:
        asked.append(subject)
        return records(subject)

    monkeypatch.setattr(memory, "memory_kind_records", kinds)
    session.load()
    for _ in range(3):
        page_of(session, IMAGE)
    assert len(asked) == 1
    for place in (Place("hex", MM, HEAP), Place("space", MM), JOURNAL):
        assert page_of(session, place).rows is page_of(session, place).rows
    other = Session(small.name)
    other.load()
    session.adopt(other).close()
    page_of(session, IMAGE)
    assert len(asked) == 2
    session.close()
