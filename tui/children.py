"""Runs a child of the application, asks it, and hands over what it says: JSON lines, both ways."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

from crimg.escape import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Sequence
    from typing import Any

    Message = dict[str, Any]

LONGEST = 1 << 22
"""Bytes of a message."""


class Child:
    """One child: requests go to it, each of its messages is given to `take`.

    module: that it runs.  words: its arguments.  fds: descriptors that it inherits.
    """

    def __init__(
        self, module: str, words: Sequence[str], fds: Sequence[int], take: Callable[[Message], None]
    ) -> None:
        self._words = ("-P", "-m", module, *words)
        self._fds = tuple(fds)
        self._take = take
        self._waiting: list[bytes] = []
        self._process: Process | None = None
        self._closed = False

    def ask(self, request: Message, *, last: bool = False) -> None:
        """Send a request. last: none follows, and the child ends when it has answered."""
        self._waiting.append(json.dumps(request).encode() + b"\n")
        self._closed = last
        self._pass_on()

    def _pass_on(self) -> None:
        stdin = self._process.stdin if self._process is not None else None
        if stdin is not None and not stdin.is_closing():
            stdin.writelines(self._waiting)
            self._waiting.clear()
            if self._closed:
                stdin.close()

    async def run(self) -> str:
        """Run it to its end; what went wrong, or "". It is killed where this is cancelled."""
        try:
            process = self._process = await self._start()
        except OSError as failure:
            return f"it could not be started: {failure.strerror}"
        stdout, stderr = process.stdout, process.stderr
        if stdout is None or stderr is None:
            raise RuntimeError("the pipes were asked for")
        errors = asyncio.create_task(stderr.read())
        try:
            self._pass_on()
            while line := await stdout.readline():
                self._take(json.loads(line))
                await asyncio.sleep(0)  # the keys have a turn
        finally:
            self.kill()
            await stdout.read()  # up to their ends: that is what closes the pipes
            said = (await errors).decode(errors="replace").strip()
            status = await process.wait()
        if status == -signal.SIGALRM:
            return "it took too long, and was given up"
        return "" if status == 0 else (said.splitlines() or [f"it ended with status {status}"])[-1]

    async def _start(self) -> Process:
        paths = os.pathsep.join(path for path in sys.path if path)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, *self._words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=self._fds,
            env={**os.environ, "PYTHONPATH": paths},
            limit=LONGEST,
        )

    def kill(self) -> None:
        """End it, whatever it does."""
        process = self._process
        if process is None or process.stdout is None:
            return
        if process.returncode is None and not process.stdout.at_eof():
            process.kill()


def mistake(task: asyncio.Task[None]) -> str:
    """What a task that has ended stumbled over, in words; empty for nothing."""
    error = None if task.cancelled() else task.exception()
    if error is None:
        return ""
    return one_line(f"a mistake in crimg, please report it: {type(error).__name__}: {error}")
