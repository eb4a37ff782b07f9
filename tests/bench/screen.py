"""A program on a pseudo-terminal: when a text is first on its screen, and what it has in memory."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_PATIENCE = 120
_MOMENT = 10
_COLUMNS, _LINES = 100, 30
_TERMINAL = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LC_ALL": "C.UTF-8",
    "COLUMNS": str(_COLUMNS),  # a program believes these before it asks the terminal
    "LINES": str(_LINES),
}


class Screen:
    """The program and its terminal of 100x30. started: time.perf_counter() before it was.

    terminal: the descriptor of its other side.  written: all that came from it.
    """

    def __init__(self, pid: int, terminal: int, started: float) -> None:
        self.pid = pid
        self.terminal = terminal
        self.started = started
        self._seen = b""
        self.written = b""

    def wait_for(self, text: str, keys: str = "") -> float:
        """Wait until the program has written a text since the last call; seconds since its start.

        keys: pressed once more while nothing comes: a program that has just drawn its first screen may not
        have listened yet.
        """
        patience = _PATIENCE
        while text.encode() not in _CONTROLS.sub(b"", self._seen):
            ready, _, _ = select.select([self.terminal], [], [], _MOMENT if keys else patience)
            if keys and not ready and patience > 0:
                patience -= _MOMENT
                self.press(keys)
                continue
            try:
                part = os.read(self.terminal, 1 << 16) if ready else b""
            except OSError:  # EIO: it has gone
                part = b""
            if not part:
                raise CommandError(
                    f"{text!r} does not come up: {self._seen[-2000:].decode(errors='replace')}"
                )
            self._seen += part
            self.written += part
        self._seen = b""
        return time.perf_counter() - self.started

    def watch(self, seconds: float) -> None:
        """Take what the program writes for a while, and forget it; the pipe to the terminal is never full."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                self.written += os.read(self.terminal, 1 << 16)
        self._seen = b""

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self.terminal, keys.encode())

    def peak_memory(self) -> int:
        """The most that the program had in memory so far, bytes; without its children."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10  # type: ignore[index]  # proc(5)


@contextmanager
def on_screen(command: Sequence[str | Path], **terminal_words: str) -> Iterator[Screen]:
    """Run a command on a terminal of its own; it is killed in the end. terminal_words: of its environment."""
    terminal, its_end = os.openpty()
    fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("4H", _LINES, _COLUMNS, 0, 0))
    words = [os.fspath(word) for word in command]
    actions = [(os.POSIX_SPAWN_DUP2, its_end, number) for number in (0, 1, 2)]
    started = time.perf_counter()
    pid = os.posix_spawnp(
        words[0], words, {**os.environ, **_TERMINAL, **terminal_words}, file_actions=actions, setsid=True
    )
    os.close(its_end)
    try:
        yield Screen(pid, terminal, started)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
