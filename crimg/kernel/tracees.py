"""The threads of one process while they are traced: stopping all of them, and letting them go.

Threads are seized, not attached to: no SIGSTOP is sent, and a group-stop stays one. Signals that arrive
meanwhile stay in the kernel's queues. Where the tracer dies, the kernel detaches from all of them; what
they need to go on is in their registers from the first moment (see `_spare_eintr`).
"""

from __future__ import annotations

import _thread
import errno
import os
import signal
import time
from functools import partial

from crimg.errors import KernelError, ProcessGoneError, UsageError
from crimg.kernel import ptrace
from crimg.kernel.access import read_proc, task_state
from crimg.kernel.procstat import parse_status
from crimg.kernel.reaper import Reaper
from crimg.kernel.registers import ERESTARTNOHAND, Registers
from crimg.kernel.stops import (
    INTERRUPT_STOP,
    is_event_stop,
    is_group_stop,
    is_signal_delivery,
    not_stopping,
    peek_stop,
    poll_stop,
    reap,
    wait_stop,
)
from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from crimg.kernel.inject import Injector

    Leave = Literal["running", "stopped", "killed"]

# System calls that give EINTR for any stop, with no restart by the kernel (signal(7), "Interruption of system
# calls and library functions by stop signals"), and that have done nothing yet when they do. Not close(2) and
# its like: those have done it.
_EINTR_BY_STOP = frozenset(
    (
        *(0, 1, 19, 20, 17, 18, 295, 296, 327, 328),  # read, write, ...v, p...: sockets with a timeout
        *(42, 43, 288, 44, 45, 46, 47, 299, 307),  # connect, accept, accept4, send..., recv...: the same
        *(232, 281, 441),  # epoll_wait, epoll_pwait, epoll_pwait2
        *(65, 220, 128),  # semop, semtimedop, rt_sigtimedwait
        *(208, 333, 426),  # io_getevents, io_pgetevents, io_uring_enter
    )
)
_EINTR = 4
_SIGNAL = 0x7F  # of a stop
_MOMENT = 0.02  # seconds
_RELEASE_SECONDS = 1.0


class Tracees:
    """All threads of process `pid`, those of the calling thread's tracing.

    stops: the stop of each, None until it has come to one.  injectors: to be closed before the threads go.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.stops: dict[int, int | None] = {}
        self.injectors: list[Injector] = []
        self._exited: set[int] = set()
        self._seized: set[int] = set()

    @property
    def leader_exited(self) -> bool:
        """Whether the main thread has ended before the others."""
        return self.pid in self._exited and self.pid not in self.stops

    @property
    def group_stopped(self) -> bool:
        """Whether a signal had stopped the process."""
        return any(stop is not None and is_group_stop(stop) for stop in self.stops.values())

    def stop_all(self, timeout: float) -> None:
        """Threads make threads while this goes on: it ends when all that are there have stopped."""
        deadline = time.monotonic() + timeout
        status = read_proc(self.pid, "status")
        if status and (leader := parse_status(status).tgid) != self.pid:
            raise UsageError(f"{self.pid} is a thread of process {leader}: give that one")
        with Reaper(self._seized):
            while fresh := self._not_stopped():
                self._seize(fresh)
                self._await(fresh, deadline, timeout)
                if time.monotonic() > deadline:
                    hint = f"its threads did not all stop within {timeout:g} s; new ones may keep appearing"
                    raise KernelError("ptrace(PTRACE_SEIZE)", errno.ETIME, pid=self.pid, hint=hint)
        if not self.stops:
            raise ProcessGoneError(self.pid)

    def release(self, leave: Leave = "running") -> None:
        """Detach from every thread; an error is raised at the end, with all others let go.

        A second call does nothing.
        """
        with Uninterrupted():
            steps: list[Callable[[], None]] = [injector.close_after_failure for injector in self.injectors]
            if leave == "killed":
                steps.append(lambda: send(self.pid, signal.SIGKILL))
            elif leave == "stopped" and not self.group_stopped:
                steps.append(lambda: send(self.pid, signal.SIGSTOP))
            for tid in sorted(self.stops, key=lambda tid: (tid == self.pid, tid)):
                steps.append(partial(_let_go, tid))
            failure: KernelError | None = None
            for step in steps:
                try:
                    step()
                except KernelError as error:
                    failure = error
            self.injectors.clear()
            self.stops.clear()
            if failure is not None:
                raise failure

    def release_after_failure(self) -> None:
        """As they were; what an exception that is on its way needs, which says more than one from here."""
        try:
            self.release()
        except KernelError:
            return

    def _not_stopped(self) -> list[int]:
        """The threads still to be stopped; of those that have stopped, each is asked whether it still does.

        It does not where another thread has called execve(2), killed the leader and taken its number.
        """
        for tid in list(self.stops):
            try:
                if peek_stop(tid) is None:
                    del self.stops[tid]
            except ProcessGoneError:
                self._forget(tid)
        try:
            tids = [int(name) for name in os.listdir(f"/proc/{self.pid}/task")]
        except (FileNotFoundError, ProcessLookupError) as error:
            raise ProcessGoneError(self.pid) from error
        except OSError as error:
            call = f"readdir(/proc/{self.pid}/task)"
            raise KernelError(call, error.errno or errno.EIO, pid=self.pid) from error
        self._exited = {tid for tid in self._exited if task_state(tid) in "ZX"}
        return [tid for tid in tids if tid not in self.stops and tid not in self._exited]

    def _seize(self, tids: list[int]) -> None:
        for tid in tids:
            self._seized.add(tid)
            self.stops[tid] = None  # before the fact: so that no exception can leave a thread behind
            try:
                self._seize_one(tid)
                ptrace.interrupt(tid)
            except ProcessGoneError:
                self._forget(tid)
            except KernelError as error:
                if error.errno != errno.ESRCH:
                    raise
                del self.stops[tid]  # by execve(2), another thread has this number now: the next look

    def _seize_one(self, tid: int) -> None:
        try:
            ptrace.seize(tid)
        except KernelError as error:
            # A thread that we have already may go by the leader's number now, after execve(2).
            status = read_proc(tid, "status")
            if not status:
                raise ProcessGoneError(tid) from error
            if parse_status(status).tracer_pid != _thread.get_native_id():
                raise

    def _await(self, tids: list[int], deadline: float, timeout: float) -> None:
        """All to their event stops; none is waited for alone.

        A thread in execve(2) does not stop before the tracer has reaped the others, which it has killed.
        """
        while tids := [tid for tid in tids if tid in self.stops and not self._stopped(tid)]:
            if time.monotonic() > deadline:
                raise not_stopping(tids[0], timeout)

    def _stopped(self, tid: int) -> bool:
        """Whether it is in its event stop, given a moment.

        A signal that came first is delivered: its handler is set up, and not yet run.
        """
        try:
            stop = poll_stop(tid, _MOMENT)
            if stop is None:
                return False
            if is_event_stop(stop):
                if stop == INTERRUPT_STOP:
                    _spare_eintr(tid)
                self.stops[tid] = stop
                return True
            ptrace.interrupt(tid)
            ptrace.cont(tid, stop & _SIGNAL)
        except ProcessGoneError:
            self._forget(tid)
        except KernelError as error:
            if error.errno != errno.ESRCH:
                raise
            # Killed in its stop, as by execve(2) of another thread; the next look tells.
        return False

    def _forget(self, tid: int) -> None:
        self.stops.pop(tid, None)
        self._exited.add(tid)  # where it is a zombie, it stays in the list of threads
        reap(tid, 0.0)


def _let_go(tid: int) -> None:
    try:
        if peek_stop(tid) is None:
            ptrace.interrupt(tid)
        stop = wait_stop(tid, _RELEASE_SECONDS)
        ptrace.detach(tid, stop & _SIGNAL if is_signal_delivery(stop) else 0)
    except ProcessGoneError:
        reap(tid, _RELEASE_SECONDS)
    except KernelError as error:
        if error.errno != errno.ESRCH:  # it was not yet seized
            raise


def send(pid: int, number: int) -> None:
    """kill(2); that it has ended by itself is no error. Raises KernelError."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it has ended by itself
    except OSError as error:
        raise KernelError("kill", error.errno or errno.EPERM, pid=pid) from error


def _spare_eintr(tid: int) -> None:
    """Have a call restarted that would give EINTR for our stop alone, if no handler runs before it is.

    That is what ERESTARTNOHAND means to the kernel (arch_do_signal_or_restart in arch/x86/kernel/signal.c): a
    signal with a handler, at whatever moment it comes, still makes it EINTR.
    """
    registers = Registers(ptrace.getregset(tid, ptrace.NT_PRSTATUS))
    if registers.error == _EINTR and registers.orig_rax in _EINTR_BY_STOP:
        registers.rax = -ERESTARTNOHAND
        ptrace.setregset(tid, ptrace.NT_PRSTATUS, bytes(registers))
