"""Has the draft planned while one types, and written, by a child that works beside the application."""

from __future__ import annotations

import asyncio
import time

from crimg.tui.children import Child, mistake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.tui.draft import Message
    from crimg.tui.session import Session

PATIENCE = 3.0
"""Seconds that a plan may take when a later one is waited for; the child that works on it is ended then."""


def changing_child(session: Session, take: Callable[[Message], None]) -> Child:
    """A child that plans, writes and searches for a session (crimg.tui.changing)."""
    fd, fingerprint = session.fd, session.subject.image.fingerprint
    revision = "" if session.revision is None else str(session.revision)
    return Child("crimg.tui.changing", (str(fd), session.name, fingerprint, revision), (fd,), take)


class Planner:
    """Plans of one session. The child is started with the first, and stays for those that follow."""

    def __init__(self, session: Session, told: Callable[[], None]) -> None:
        """told: called when there is news in the draft."""
        self._session = session
        self._told = told
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: Message | None = None
        self._working = 0
        """Number of the request that the child works on; 0 for none."""
        self._since = 0.0
        self._answer: asyncio.Future[Message] | None = None
        self._settled = asyncio.Event()
        self._settled.set()

    def request(self) -> None:
        """Plan the draft as it is now. Of requests that come while one is worked on, the last one counts."""
        self._waiting = self._session.draft.request()
        if self._waiting is None:
            self._settled.set()
            self._told()
            return
        self._settled.clear()
        if self._working:
            wait = max(self._since + PATIENCE - time.monotonic(), 0)
            asyncio.get_running_loop().call_later(wait, self._lose_patience, self._working)
        else:
            self._send()

    async def settled(self) -> None:
        """Wait until the last plan that was asked for is there, or cannot be."""
        await self._settled.wait()

    def _send(self) -> None:
        request, self._waiting = self._waiting, None
        if request is None:
            return
        if self._child is None:
            self._child = changing_child(self._session, self._take)
            self._task = asyncio.create_task(self._run(self._child))
            self._task.add_done_callback(self._stumbled)
        self._working, self._since = request["plan"], time.monotonic()
        self._child.ask(request)

    def _lose_patience(self, number: int) -> None:
        if self._working == number and self._waiting is not None and self._child is not None:
            self._child.kill()

    async def _run(self, child: Child) -> None:
        error = await child.run()
        if self._child is child:
            self._child = None
            self._ended(error)

    def _stumbled(self, task: asyncio.Task[None]) -> None:
        if what := mistake(task):
            self._child = None
            self._ended(what)

    def _ended(self, error: str) -> None:
        """The child is gone, unasked or out of patience."""
        lost, self._working = self._working, 0
        text = error or "the child that plans has ended"
        if self._answer is not None and not self._answer.done():
            self._answer.set_result({"refused": text, "kind": ""})
        if self._waiting is not None:
            self._send()
        elif lost == self._session.draft.number:
            self._session.draft.fail(text)
            self._settled.set()
        self._told()

    def _take(self, message: Message) -> None:
        if "number" not in message:
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(message)
            return
        self._session.draft.take(message)
        if "done" in message or "error" in message:
            self._working = 0
            if self._waiting is not None:
                self._send()
            else:
                self._settled.set()
        self._told()

    async def write(self, *, force: bool) -> Message:
        """Write the plan that is there: {"written": revision}, or {"refused": why, "kind": the error}."""
        if self._child is None:
            self.request()
            await self.settled()
        if self._child is None:
            return {"refused": self._session.draft.error or "there is no plan", "kind": ""}
        self._answer = asyncio.get_running_loop().create_future()
        self._child.ask({"apply": True, "force": force})
        try:
            return await self._answer
        finally:
            self._answer = None

    async def stop(self) -> None:
        """End the child; where it writes, after that."""
        if self._answer is not None:
            await asyncio.wait([self._answer])
        child, self._child, self._working, self._waiting = self._child, None, 0, None
        if child is not None and self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
