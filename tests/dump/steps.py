"""The steps of a dump, one system call each, as places to disturb it at: found by one run, hit by others."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

from crimg.kernel import libc, ptrace

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

_OS_CALLS = (
    *("open", "close", "pread", "pwrite", "writev", "readlink", "listdir"),
    *("link", "rename", "unlink", "fsync", "copy_file_range", "ftruncate", "makedirs"),
)
_REQUESTS = {
    value: name
    for name, value in vars(ptrace).items()
    if name.startswith("PTRACE_") and not name.startswith(("PTRACE_O_", "PTRACE_EVENT"))
}


class Steps:
    """For a forked dumper: writes the name of each step to `log`, and disturbs one of them.

    at: which one, from 0.  named: count only steps of this name.  disturb: called with its name before that
    step or, with `after`, when it is done; where it returns an error number before a step, the call fails
    with that and is not made. Two dumps of one process may differ by a few steps: what a run did is in its
    own log.
    """

    def __init__(
        self,
        log: Path,
        at: int = -1,
        disturb: Callable[[str], int | None] = lambda name: None,
        *,
        after: bool = False,
        named: str = "",
    ) -> None:
        self.log = log
        self.at = at
        self.disturb = disturb
        self.after = after
        self.named = named

    def __call__(self) -> None:
        """Take the place of the functions that make system calls; there is no way back."""
        self._count = -1
        self._file = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        real = libc.try_syscall

        def try_syscall(number: int, *arguments: Any) -> int:
            name = f"system call {number}"
            if number == ptrace.NR_PTRACE:
                name = str(_REQUESTS.get(arguments[0], arguments[0]))
            return int(self._step(name, lambda: real(number, *arguments), lambda error: -error))

        libc.try_syscall = try_syscall
        for name in _OS_CALLS:
            setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def fail(error: int) -> None:
            raise OSError(error, os.strerror(error))

        def wrapper(*arguments: Any, **named: Any) -> Any:
            return self._step(name, lambda: function(*arguments, **named), fail)

        return wrapper

    def _step(self, name: str, call: Callable[[], Any], fail: Callable[[int], Any]) -> Any:
        counts = self.named in ("", name)
        self._count += counts
        here = counts and self._count == self.at
        os.write(self._file, name.encode() + b"\n")
        error = self.disturb(name) if here and not self.after else None
        if error is not None:
            return fail(error)
        result = call()
        if here and self.after:
            self.disturb(name)
        return result


def sending(number: signal.Signals, pause: float = 0.0) -> Callable[[str], None]:
    """A disturbance: the dumper sends itself a signal, after a pause of so many seconds."""

    def disturb(_name: str) -> None:
        time.sleep(pause)
        os.kill(os.getpid(), number)

    return disturb


def failing(error: int = errno.EPERM) -> Callable[[str], int | None]:
    """A disturbance: the step fails and is not made; but not ptrace(2), which puts things right again."""
    return lambda name: None if name.startswith("PTRACE") or name == "close" else error
