"""A process held still by ptrace(2), and let go as if nothing had been."""

from __future__ import annotations

import weakref

from crimg.errors import ProcessGoneError
from crimg.kernel.inject import DATA_SIZE, Injector
from crimg.kernel.tracees import Tracees
from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crimg.kernel.scratch import Scratch
    from crimg.kernel.tracees import Leave as Leave


class Freeze:
    """Context manager: all threads of process `pid` stand still, each in a ptrace-stop of the calling thread.

    leave: what becomes of the process after a body that raised nothing: "running" (as it was before, also
    stopped if it was), "stopped" (by a SIGSTOP) or "killed" (SIGKILL); the body may still set it. After an
    exception the process is always as before. timeout: seconds that the stopping may take in all.

    Raises UsageError for a pid that is only a thread's; ProcessGoneError where the process has ended or ends
    meanwhile; KernelError where it may not be traced (with the reason), or (ETIME) does not stop in time: a
    thread in an uninterruptible sleep, such as the parent in a vfork(2), does not. Such a thread stays
    attached until the calling thread ends; there is no way to detach from one that runs.

    A system call that sleeps goes on sleeping to its old deadline or, where the kernel knows only EINTR for
    it (epoll_wait, sigtimedwait, sockets with a timeout), starts again. A write that had written a part
    returns that, as after any stop signal.

    Everything has to be done by the operating-system thread that entered.
    """

    def __init__(self, pid: int, *, leave: Leave = "running", timeout: float = 5.0) -> None:
        self.pid = pid
        self.leave: Leave = leave
        self.timeout = timeout
        self._tracees = Tracees(pid)
        # Where a Ctrl-C comes on the very way into __exit__, that is skipped; then this is the last chance.
        # (A __del__ would be called every time, and swallow a Ctrl-C that comes on the very way into it.)
        self._last_chance = weakref.finalize(self, self._tracees.release_after_failure)
        self._last_chance.atexit = False

    def __enter__(self) -> Self:
        try:
            self._tracees.stop_all(self.timeout)
        except BaseException:
            self._tracees.release_after_failure()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with Uninterrupted():
            if value is None:
                self._tracees.release(self.leave)
            else:
                self._tracees.release_after_failure()
            self._last_chance.detach()
        if isinstance(value, ProcessGoneError) and value.pid != self.pid:
            raise ProcessGoneError(self.pid) from value  # one of its threads told of it

    def abandon(self) -> None:
        """Let the process go as it was, however far the freezing came; raises nothing of its own."""
        with Uninterrupted():
            self._tracees.release_after_failure()
            self._last_chance.detach()

    @property
    def tids(self) -> tuple[int, ...]:
        """The frozen threads, the leader first; without those that have exited."""
        return tuple(sorted(self._tracees.stops, key=lambda tid: (tid != self.pid, tid)))

    @property
    def stops(self) -> dict[int, int | None]:
        """The stop that each thread came to, as the module `stops` has it."""
        return dict(self._tracees.stops)

    @property
    def leader_exited(self) -> bool:
        """Whether the main thread has ended before the others (pthread_exit(3)); it is a zombie then.

        Only /proc/TID of another thread shows the process's memory and descriptors.
        """
        return self._tracees.leader_exited

    @property
    def group_stopped(self) -> bool:
        """Whether a signal had stopped the process (SIGSTOP, SIGTSTP, ...); it stays so."""
        return self._tracees.group_stopped

    def injector(
        self, tid: int, *, scratch: Scratch | None = None, data_size: int = DATA_SIZE, timeout: float = 5.0
    ) -> Injector:
        """An `Injector` for one of the threads, closed before the thread is let go, whatever happens."""
        injector = Injector(tid, scratch=scratch, data_size=data_size, timeout=timeout)
        self._tracees.injectors.append(injector)
        return injector
