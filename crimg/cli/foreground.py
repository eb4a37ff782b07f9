"""A command in the foreground, the signals that are meant for it, and its exit status as shells have it."""

from __future__ import annotations

import os
import signal
import subprocess

from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

NOT_EXECUTABLE = 126
NOT_FOUND = 127
_FORWARDED = (
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM),
    *(signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGXCPU),
    *range(signal.SIGRTMIN, signal.SIGRTMAX + 1),
)
"""What would end this process, but for faults of its own, SIGINT and what is sent by its terminal."""


class Foreground:
    """Signals from now on: as long as no command runs they end this process in order (SystemExit), then they
    go to the command.

    What was ignored stays so, for the command too, as under nohup(1). Handlers stay until the process ends.
    """

    def __init__(self) -> None:
        self._starting = self._leaving = False
        self._pending: list[int] = []
        self._child: subprocess.Popen[bytes] | None = None
        _occupy()
        for number in _FORWARDED:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._got)

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], *, pass_fds: Sequence[int] = ()
    ) -> int:
        """Run a command to its end; its exit status, 128 + N where signal N killed it, 126 or 127 where it
        cannot be started, which is said.  pass_fds: descriptors that it inherits, besides 0, 1 and 2.
        """
        from crimg.cli.streams import say

        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._got)
        self._starting = True
        try:
            self._child = subprocess.Popen(words, env=environment, pass_fds=pass_fds)
        except (OSError, ValueError) as error:
            self._starting = False
            what = error.strerror if isinstance(error, OSError) else str(error)
            say(f"error: {escape(words[0])}: {what}")
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        while self._pending:
            self._forward(self._pending.pop(0))
        status = self._child.wait()
        return 128 - status if status < 0 else status

    def _got(self, number: int, _frame: FrameType | None) -> None:
        if self._child is not None:
            self._forward(number)
        elif self._starting:  # fork(2) may be done, and the command not known yet
            self._pending.append(number)
        elif not self._leaving:  # another one must not cut short what is being put in order
            self._leaving = True
            raise SystemExit(128 + number)

    def _forward(self, number: int) -> None:
        """Ctrl-C in a terminal reaches the command by itself: it is not sent twice."""
        if self._child is not None and not (number == signal.SIGINT and _has_terminal()):
            self._child.send_signal(number)


def _has_terminal() -> bool:
    """Whether this process is in the foreground of its terminal, and the command with it."""
    try:
        fd = os.open("/dev/tty", os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(fd)


def _occupy() -> None:
    """Let no file that is opened from now on be 0, 1 or 2 of a command: what is closed there stays closed."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
