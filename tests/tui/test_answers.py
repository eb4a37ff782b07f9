"""Keys are answered while a plan over ten thousand files is made anew with each of them."""

from __future__ import annotations

import asyncio
import time
from asyncio import events
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from textual.events import Key
from textual.widgets import Input

from tests.many_files import write_many_files
from tests.tui.screens import answering, drive, opened, shown, until, until_shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from crimg.tui.app import Browser

_COUNT = 10_000
_MOST = 0.1
"""Seconds that a key may wait for what the application itself does."""


@contextmanager
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Processor time of every step of the event loop, seconds: what a key would wait for."""
    run, taken = events.Handle._run, []

    def timed(handle: events.Handle) -> None:
        before = time.thread_time()
        run(handle)
        taken.append(time.thread_time() - before)

    with monkeypatch.context() as patch:
        patch.setattr(events.Handle, "_run", timed)
        yield taken


async def typed(app: Browser, field: Input, letter: str) -> tuple[float, float]:
    """Type a letter; seconds until it is on the screen, and of those what this thread worked."""
    wanted = field.value + letter
    worked, waited = time.thread_time(), time.perf_counter()
    app.post_message(Key(letter, letter))
    while not (field.value == wanted and wanted in shown(app)):
        assert time.perf_counter() - waited < 30, shown(app)
        await asyncio.sleep(0.001)
    return time.thread_time() - worked, time.perf_counter() - waited


def test_a_rule_over_very_many_files_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.crimg"
    write_many_files(path, _COUNT, 1000)

    async def work() -> None:
        async with opened(path, checks=False) as (app, pilot):
            draft = app.session.draft
            await pilot.press("r")
            await answering(pilot, app, "rule-old")
            field = app.query_one("#rule-new", Input)
            app.query_one("#rule-old", Input).value = "/"
            field.value = "/n"
            field.focus(scroll_visible=False)
            await answering(pilot, app, "rule-new")
            await pilot.press("end")
            await until(pilot, lambda: len(draft.changes) > _COUNT and draft.state == "done")
            with steps(monkeypatch) as taken:
                answers = [await typed(app, field, letter) for letter in "ew/place"]
                await until(pilot, lambda: draft.state == "done" and len(draft.changes) > _COUNT)
            await until_shown(pilot, app, "-> /new/place/d0/f0")
            # Other programs may have the processors: what the application itself takes is held tightly.
            assert max(taken) < 2 * _MOST, sorted(taken)[-5:]
            assert median(worked for worked, _ in answers) < _MOST, answers
            assert median(waited for _, waited in answers) < 1, answers
            await pilot.press("enter")
            await until(pilot, lambda: len(draft.rules) == 1)
            await until(pilot, lambda: draft.state == "done")
            await pilot.press("w")
            with steps(monkeypatch) as taken:
                await until_shown(pilot, app, "revision 3 is written")
            assert max(taken) < 3 * _MOST, sorted(taken)[-5:]

    drive(work)
