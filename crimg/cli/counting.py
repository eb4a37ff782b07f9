"""A line on the standard error that tells how far long work is; on a terminal only."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_FIRST = 0.5
_EVERY = 0.1


class Counting:
    """Shows numbers as they grow, at most ten times a second, from half a second on; a context manager.

    what: what is counted.  quiet: show nothing.
    """

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self._what = what
        self._shown = False
        self._next = float("inf")
        if not quiet and sys.stderr is not None and sys.stderr.isatty():
            self._next = time.monotonic() + _FIRST

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Take away what is shown."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False

    def show(self, done: int, total: int | None = None) -> None:
        """Show that so many are done, of so many where that is known."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _EVERY
            self._shown = True
            sys.stderr.write(f"\r\x1b[K{done:,}{f' of {total:,}' if total is not None else ''} {self._what}")
            sys.stderr.flush()
