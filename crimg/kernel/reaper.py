"""A helper thread that takes note of tracees which end while the tracer is kept waiting by the kernel.

execve(2) in a process of several threads kills the others and waits until their tracer has reaped them,
holding a lock (cred_guard_mutex) that PTRACE_SEIZE of yet another of its threads wants: a tracer of one
thread would then sleep for ever. Reaping may be done by any thread of the tracer's process.
"""

from __future__ import annotations

import _thread
import os
import signal

from crimg.kernel.stops import reap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

_SECONDS_BETWEEN = 0.02
_ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT | 0x4000_0000  # __WALL


class Reaper:
    """Context manager: those of `tids`, a collection that may change meanwhile, are reaped when they end."""

    def __init__(self, tids: Collection[int]) -> None:
        self._tids = tids
        self._stop = _thread.allocate_lock()
        self._stopped = _thread.allocate_lock()

    def __enter__(self) -> None:
        self._stop.acquire()
        self._stopped.acquire()
        _thread.start_new_thread(self._run, ())

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.release()
        self._stopped.acquire()

    def _run(self) -> None:
        # Signals shall go to the thread that can hold them off (`uninterrupted`).
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            while not self._stop.acquire(timeout=_SECONDS_BETWEEN):
                for tid in tuple(self._tids):
                    if _has_ended(tid):
                        reap(tid, 0.0)
        finally:
            self._stopped.release()


def _has_ended(tid: int) -> bool:
    try:
        return os.waitid(os.P_PID, tid, _ENDED) is not None
    except ChildProcessError:
        return False
