"""The few moments in which no signal may come between: a thread of the target holds foreign registers."""

from __future__ import annotations

import signal

# Without the names that Python's own wrapper makes of the numbers: this is called thousands of times.
from _signal import pthread_sigmask  # type: ignore[import-not-found]  # CPython's own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

# Those whose handlers a program may let raise, or that would stop it; real-time signals are left out, since
# Python is slow (50 us) at handling sets of all 64.
_POSTPONED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2),
    *(signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGCHLD, signal.SIGIO, signal.SIGWINCH),
    *(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGXCPU, signal.SIGPIPE),
)


class Uninterrupted:
    """Context manager: signals to the calling thread wait until its end (pthread_sigmask(3)); it nests.

    The Python handlers of what came run right at the end, so a Ctrl-C raises its KeyboardInterrupt there.
    In a program of several threads the kernel may hand a process's signal to another one; the handler then
    still runs in the main thread at once. The users of this class therefore keep what they need to clean up
    until they have done so, and are asked to from more than one place.
    """

    __slots__ = ("_saved",)

    def __enter__(self) -> None:
        self._saved = pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            # In here Python runs the handler of a signal that came just before, with the mask changed.
            pthread_sigmask(signal.SIG_BLOCK, _POSTPONED)
        except BaseException:
            pthread_sigmask(signal.SIG_SETMASK, self._saved)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        pthread_sigmask(signal.SIG_SETMASK, self._saved)
