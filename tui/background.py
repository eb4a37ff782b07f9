"""Runs the children that check (crimg.tui.checking), and hands over what they say."""

from __future__ import annotations

import asyncio

from crimg.tui.children import Child, mistake
from crimg.tui.pinned import pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.tui.checks import Message
    from crimg.tui.session import Session


async def run_child(which: str, session: Session, take: Callable[[Message], None]) -> str:
    """Run a check to its end, each of its messages given to `take`; what went wrong, or ""."""
    return await Child("crimg.tui.checking", (which, *pin(session)), (session.fd,), take).run()


class Checking:
    """The checks of one image, each in a child.

    news: a child said something since this was last set to False.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.news = False

    def start(self) -> None:
        """Validate, and compare with this machine; what still runs of this is ended first."""
        for which in ("validate", "preflight"):
            task = asyncio.create_task(self._run(which, self._tasks.get(which)), name=which)
            task.add_done_callback(self._ended)
            self._tasks[which] = task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if what := mistake(task):
            self._session.checks.finish(task.get_name(), what)
            self.news = True

    async def stop(self) -> None:
        """End the children, and wait until they have gone."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, which: str, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.gather(before, return_exceptions=True)
        checks = self._session.checks
        checks.start(which)
        self.news = True

        def take(message: Message) -> None:
            checks.take(which, message)
            self.news = True

        checks.finish(which, await run_child(which, self._session, take))
        self.news = True
