"""Runs the children that check (crimg.tui.checking), and hands over what they say."""

from __future__ import annotations

import asyncio
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crimg.tui.checks import Message

_LONGEST = 1 << 26
"""Bytes of a message."""
_AT_ONCE = 200
"""Messages that are taken before the keys have a turn."""
_NICE = 5


async def run_child(which: str, fd: int, more: Sequence[str], take: Callable[[Message], None]) -> str:
    """Run a child to its end, each of its messages given to `take`; what went wrong, or "".

    fd: of the image. A child that is still running when this is cancelled is ended.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "crimg.tui.checking", which, str(fd), *more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(fd,),
        env={**os.environ, "PYTHONPATH": paths},
        limit=_LONGEST,
    )
    errors = asyncio.create_task(child.stderr.read()) if child.stderr else None
    try:
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICE)
        count = 0
        while child.stdout and (line := await child.stdout.readline()):
            take(json.loads(line))
            count += 1
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
        status = await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    said = (await errors).decode(errors="replace").strip() if errors else ""
    last = said.splitlines()[-1] if said else f"it ended with status {status}"
    return "" if status == 0 else last
