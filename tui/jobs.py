"""Work of a child of its own: the search for moved files, and what each revision changed."""

from __future__ import annotations

import asyncio

from crimg.tui.children import mistake
from crimg.tui.planner import changing_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.tui.answers import Past, Proposals
    from crimg.tui.draft import Message
    from crimg.tui.session import Session


class Jobs:
    """At most one of each kind runs. told: called when there is news."""

    def __init__(self, session: Session, told: Callable[[], None]) -> None:
        self._session = session
        self._told = told
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def search(self, directories: tuple[str, ...]) -> None:
        """Search directories (escaped) for moved files; a search that runs is given up."""
        self._session.proposals.start(directories)
        self._start("relocate", {"relocate": list(directories)}, self._session.proposals)

    def read_past(self) -> None:
        """Find out what each revision changed, where that is not known."""
        past = self._session.past
        if past.state == "none":
            past.state = "running"
            self._start("revisions", {"revisions": True}, past)

    def _start(self, which: str, request: Message, answer: Proposals | Past) -> None:
        task = asyncio.create_task(self._run(self._tasks.get(which), request, answer))
        self._tasks[which] = task

        def ended(task: asyncio.Task[None]) -> None:
            if what := mistake(task):
                answer.finish(what)
                self._told()

        task.add_done_callback(ended)

    async def _run(
        self, before: asyncio.Task[None] | None, request: Message, answer: Proposals | Past
    ) -> None:
        if before is not None:
            before.cancel()
            await asyncio.gather(before, return_exceptions=True)

        def take(message: Message) -> None:
            answer.take(message)
            self._told()

        child = changing_child(self._session, take)
        child.ask(request, last=True)
        answer.finish(await child.run())
        self._told()

    async def stop(self) -> None:
        """End what runs."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
