"""Every key is answered within 100 ms: while a large image is validated, while a plan is made anew with each.

What is held to that is the processor time of the application itself, all its threads, from the key to what it
shows: other programs may have the processors meanwhile, and that is none of its doing.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import events
from contextlib import contextmanager
from typing import TYPE_CHECKING

from textual.events import Key
from textual.widgets import Input

from tests.many_files import write_many_files
from tests.tui.screens import answering, drive, opened, shown, until, until_shown
from tests.unit.sparse import write_sparse_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from crimg.tui.app import Browser

_COUNT = 10_000
_SIZE = 10 << 30
_MOST = 0.1
"""Seconds that a key may wait."""
_PATIENCE = 30
_KEYS = (
    *(("3", "Files ("), ("2", " mappings)"), ("m", "drawn to scale"), ("m", " mappings)")),
    *(("4", "Objects ("), ("G", ""), ("g", ""), ("j", ""), ("k", ""), ("pagedown", "")),
    *(("enter", "Referred to by"), ("b", "Objects ("), ("5", "Findings:"), ("6", "Preflight:")),
    *(("7", "Log and history"), ("8", "Plan:"), ("question_mark", "Everywhere"), ("escape", "-Everywhere")),
    ("1", "Will it come back?"),
)
"""Names of keys, and what is on the screen when each is answered: after "-" what is gone, "": another row."""


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


async def answer(app: Browser, key: Key, met: Callable[[], bool]) -> float:
    """Press a key; the seconds that the application worked until this is so, without those of looking."""
    looking, end = 0.0, time.monotonic() + _PATIENCE
    worked = time.process_time()
    app.post_message(key)
    while True:
        await asyncio.sleep(0.001)
        looked = time.process_time()
        if met():
            return looked - worked - looking
        looking += time.process_time() - looked
        assert time.monotonic() < end, (key, shown(app))


def moved(app: Browser) -> Callable[[], bool]:
    """Whether the cursor is on another row than now, and that on the screen."""
    view = app.view("main")
    before = view.cursor

    def met() -> bool:
        return view.cursor != before and view.row is not None and view.row.text[:40].rstrip() in shown(app)

    return met


def shows(app: Browser, text: str) -> Callable[[], bool]:
    """Whether a text is on the screen; after "-": whether it is not."""
    gone = text.startswith("-")
    return lambda: (text.removeprefix("-") in shown(app)) is not gone


async def press(app: Browser, key: str, text: str) -> float:
    """As `answer`, for one of _KEYS."""
    return await answer(app, Key(key, None), shows(app, text) if text else moved(app))


def test_keys_are_answered_while_a_large_image_is_validated(tmp_path: Path) -> None:
    path = tmp_path / "large.crimg"
    write_sparse_image(path, _SIZE)

    async def work() -> None:
        async with opened(path, checks=False) as (app, pilot):
            checks = app.session.checks
            del app.checking.start  # what `opened` has put there
            app.action_check()
            await until(pilot, lambda: checks.progress["validate"][1] > _SIZE // 2)
            rounds = [[await press(app, *key) for key in _KEYS] for _ in range(3)]
            taken = [(min(each), key) for key, *each in zip(_KEYS, *rounds, strict=True)]
            assert checks.state["validate"] == "running", "it was done too soon: nothing was measured"
            assert max(taken)[0] < _MOST, taken

    drive(work)


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
                answers = [
                    await answer(app, Key(letter, letter), shows(app, field.value + letter))
                    for letter in "ew/place"
                ]
                await until(pilot, lambda: draft.state == "done" and len(draft.changes) > _COUNT)
            assert max(answers) < _MOST, answers
            assert max(taken) < _MOST, sorted(taken)[-5:]
            await until_shown(pilot, app, "-> /new/place/d0/f0")
            await pilot.press("enter")
            await until(pilot, lambda: len(draft.rules) == 1)
            await until(pilot, lambda: draft.state == "done")
            await pilot.press("w")
            with steps(monkeypatch) as taken:
                await until_shown(pilot, app, "revision 3 is written")
            assert max(taken) < _MOST, sorted(taken)[-5:]

    drive(work)
