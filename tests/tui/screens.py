"""What a screen of the application shows, as lines of text; and how tests drive it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from crimg.tui.app import Browser
from crimg.tui.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from crimg.tui.checks import Verdict

_DEADLINE = 30
"""Seconds; generous, as other tests use the processors too."""


def shown(app: Browser) -> str:
    """The text on the screen, without blanks at the ends of lines."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def verdict_of(app: Browser, objref: int) -> Verdict:
    """What preflight said of a file."""
    found = app.session.checks.verdict(objref)
    assert found is not None
    return found


async def until(pilot: Pilot[None], met: Callable[[], bool]) -> None:
    """Wait until something is so; what is on the screen stands in the error if it never is."""
    end = asyncio.get_running_loop().time() + _DEADLINE
    while not met():
        app = pilot.app
        assert asyncio.get_running_loop().time() < end, shown(app) if isinstance(app, Browser) else ""
        await pilot.pause(0.01)
    await pilot.pause()


async def until_shown(pilot: Pilot[None], app: Browser, *texts: str) -> None:
    """Wait until all these texts are on the screen."""
    await until(pilot, lambda: all(text in shown(app) for text in texts))


async def answering(pilot: Pilot[None], app: Browser, id: str = "answer") -> None:
    """Wait until what is typed goes to this field."""
    await until(pilot, lambda: app.focused is not None and app.focused.id == id)


async def type_over(pilot: Pilot[None], app: Browser, text: str) -> None:
    """Type over what stands in a field."""
    await pilot.press("ctrl+u")
    await until(pilot, lambda: app.focused is not None and getattr(app.focused, "value", None) == "")
    await pilot.press(*text)


@asynccontextmanager
async def opened(
    path: Path, size: tuple[int, int] = (100, 30), *, checks: bool = True, revision: int | None = None
) -> AsyncIterator[tuple[Browser, Pilot[None]]]:
    """The application on an image, with all tables read and all checks done; checks: False for none."""
    session = Session(str(path), revision)
    app = Browser(session)
    if not checks:
        app.checking.start = lambda: None  # type: ignore[method-assign]
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: session.loaded)
        ended = {"done", "failed"} if checks else {"waiting"}
        await until(pilot, lambda: set(session.checks.state.values()) <= ended)
        await until(pilot, lambda: not app.checking.news)
        yield app, pilot
    session.close()


def drive(work: Callable[[], Awaitable[None]]) -> None:
    """Run a test that is a coroutine."""

    async def main() -> None:
        await work()

    asyncio.run(main())
