"""The end of the application: whatever is still on its way then is let be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.events import Key, Resize
from textual.geometry import Size

from crimg.tui.bars import Divider, Prompt
from crimg.tui.line_view import LineView
from tests.tui.screens import drive, opened, until_shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.message import Message

    from crimg.tui.app import Browser


def _moved(app: Browser) -> Message:
    view = app.view("main")
    return LineView.Moved(view, view.rows.row(1))


def _opened(app: Browser) -> Message:
    view = app.view("main")
    return LineView.Opened(view, 1, view.rows.row(1))


@pytest.mark.parametrize(
    "late",
    [
        _moved,
        _opened,
        lambda app: Divider.Dragged(app.query_one("#tree-edge", Divider), 3),
        lambda _app: Prompt.Closed(),
        lambda _app: Key("3", "3"),
        lambda _app: Resize(Size(90, 30), Size(90, 30)),
    ],
    ids=["moved", "opened", "dragged", "closed", "key", "resize"],
)
def test_messages_that_come_when_the_screens_have_gone_are_dropped(
    small: Path, late: Callable[[Browser], Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with opened(small, checks=False) as (app, pilot):
            await pilot.press("3")
            await until_shown(pilot, app, "Files (")
            message, close_all = late(app), app._close_all

            async def close_and_send() -> None:
                await close_all()
                assert app.post_message(message)

            monkeypatch.setattr(app, "_close_all", close_and_send)

    drive(work)
