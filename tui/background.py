"""Runs the children that check (crimg.tui.checking), and hands over what they say."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from crimg.escape import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crimg.tui.checks import Message
    from crimg.tui.session import Session

LONGEST = 1 << 22
"""Bytes of a message."""


async def run_child(which: str, fd: int, take: Callable[[Message], None]) -> str:
    """Run a check to its end, each of its messages given to `take`; what went wrong, or "".

    fd: of the image.
    """
    return await run_module("crimg.tui.checking", (which, str(fd)), (fd,), take)


async def run_module(
    module: str, words: Sequence[str], fds: Sequence[int], take: Callable[[Message], None]
) -> str:
    """Run a module in a child to its end, each of its messages given to `take`; what went wrong, or "".

    fds: descriptors that it inherits. A child that is still running when this is cancelled is ended.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=fds,
        env={**os.environ, "PYTHONPATH": paths},
        limit=LONGEST,
    )
    stdout, stderr = child.stdout, child.stderr
    if stdout is None or stderr is None:
        raise RuntimeError("the pipes were asked for")
    errors = asyncio.create_task(stderr.read())
    try:
        while line := await stdout.readline():
            take(json.loads(line))
            await asyncio.sleep(0)  # the keys have a turn
    finally:
        if child.returncode is None and not stdout.at_eof():
            child.kill()
        await stdout.read()  # up to their ends: that is what closes the pipes
        said = (await errors).decode(errors="replace").strip()
        status = await child.wait()
    last = said.splitlines()[-1] if said else f"it ended with status {status}"
    return "" if status == 0 else last


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
        error = None if task.cancelled() else task.exception()
        if error is not None:
            what = f"a mistake in crimg, please report it: {type(error).__name__}: {error}"
            self._session.checks.finish(task.get_name(), one_line(what))
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

        try:
            error = await run_child(which, self._session.fd, take)
        except OSError as failure:
            error = f"it could not be started: {failure.strerror}"
        checks.finish(which, error)
        self.news = True
