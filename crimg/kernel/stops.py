"""What a traced thread is stopped by, and waiting for it: never for any other child, never without end.

A stop is the number that waitid(2) calls si_status: the signal, plus the PTRACE_EVENT_* number times 256.
Nothing is taken out of the kernel here (WNOWAIT): asking twice gives the same answer, so an exception
between two bytecodes loses nothing, and the exit status of a caller's own child stays there for the caller.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import struct
import time

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import libc, ptrace
from crimg.kernel.access import read_proc, task_state
from crimg.kernel.procstat import parse_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPT_STOP = signal.SIGTRAP | ptrace.PTRACE_EVENT_STOP << 8
"""The stop that PTRACE_INTERRUPT asked for, or news of a SIGCONT."""

SYSCALL_STOP = signal.SIGTRAP | 0x80
"""Entry to or exit from a system call (with PTRACE_O_TRACESYSGOOD)."""

_ALL = 0x4000_0000  # __WALL: threads too, not only children that end with SIGCHLD
_CLD_TRAPPED = 4  # only a tracer gets to see this one
_ANY = os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT | _ALL

_YIELDING = 0.000_3  # longer than a thread on the same CPU takes to its next stop
_FIRST_SLEEP = 0.000_05
_LONGEST_SLEEP = 0.005


def is_event_stop(stop: int) -> bool:
    """Whether it is a stop at which the thread is on its way to user space: by interrupt or group-stop."""
    return stop >> 8 == ptrace.PTRACE_EVENT_STOP


def is_group_stop(stop: int) -> bool:
    """Whether the whole process is stopped, by SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU."""
    return is_event_stop(stop) and stop != INTERRUPT_STOP


def is_signal_delivery(stop: int) -> bool:
    """Whether a signal was taken from the queue, and goes to the thread only if the tracer hands it on."""
    return stop >> 8 == 0 and stop != SYSCALL_STOP


def peek_stop(tid: int) -> int | None:
    """The stop that tracee `tid` is in, None while it runs.

    Raises ProcessGoneError where it has ended, or is no tracee of the calling thread.
    """
    stop = _reported(tid)
    return _taken_by_others(tid) if stop is None else stop


def _reported(tid: int) -> int | None:
    try:
        result = os.waitid(os.P_PID, tid, _ANY)
    except ChildProcessError as error:
        raise ProcessGoneError(tid) from error
    except OSError as error:
        raise KernelError("waitid", error.errno or errno.EIO, pid=tid) from error
    if result is None:
        return None
    if result.si_code == _CLD_TRAPPED:
        return result.si_status
    if result.si_code in (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED):
        raise ProcessGoneError(tid)
    return None


def _taken_by_others(tid: int) -> int | None:
    """The stop, from its siginfo_t: a host program's wait for any child may have taken it from waitid.

    Or it came just now. PTRACE_EVENT_* stops have their number in si_code (ptrace_event in linux/ptrace.h).
    """
    info = ctypes.create_string_buffer(ptrace.SIGINFO_SIZE)
    if libc.try_syscall(ptrace.NR_PTRACE, ptrace.PTRACE_GETSIGINFO, tid, 0, info) < 0:
        return None
    number, _, code = struct.unpack_from("<iii", info)
    return int(code if code >> 8 > 0 or code == SYSCALL_STOP else number)


def wait_stop(tid: int, timeout: float) -> int:
    """Wait until tracee `tid` is in a stop, and tell which; at most `timeout` seconds.

    Raises ProcessGoneError, or the KernelError of `not_stopping`.
    """
    stop = poll_stop(tid, timeout)
    if stop is None:
        raise not_stopping(tid, timeout)
    return stop


def poll_stop(tid: int, timeout: float, unless: Callable[[], bool] = lambda: False) -> int | None:
    """As `wait_stop`, with None where the time runs out, or as soon as `unless()` while it runs.

    The first moments go by in sched_yield(2): the thread mostly needs no more than our CPU. Only
    the first moments: on a busy machine each yield can cost a time slice of somebody else's.
    """
    started = time.monotonic()
    while True:
        stop = _reported(tid)
        if stop is not None or unless():
            return stop
        if time.monotonic() - started > _YIELDING:
            break
        os.sched_yield()
    deadline, pause = started + timeout, _FIRST_SLEEP
    while True:
        stop = peek_stop(tid)
        if stop is not None or unless() or time.monotonic() > deadline:
            return stop
        if task_state(tid) in "ZX":  # the end of a leader is not reported before that of its last thread
            raise ProcessGoneError(tid)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_SLEEP)


def not_stopping(tid: int, timeout: float) -> KernelError:
    """What to raise (ETIME) for a thread that did not stop within `timeout` seconds; with its state."""
    state = task_state(tid)
    where = read_proc(tid, "wchan") or b""
    inside = f" in {where.decode('ascii', 'replace')}" if where not in (b"", b"0") else ""
    kind = "sleeps uninterruptibly" if state == "D" else f"is in state {state}"
    hint = f"the thread did not stop within {timeout:g} s: it {kind}{inside}"
    return KernelError("ptrace(PTRACE_INTERRUPT)", errno.ETIME, pid=tid, hint=hint)


def reap(tid: int, timeout: float) -> None:
    """Take note of the end of tracee `tid`, so that its real parent hears of it; at most `timeout` seconds.

    A process that is the caller's own child is left for the caller to wait for. A thread that was never
    traced, or has been reaped, is none to wait for: that is no error.
    """
    status = read_proc(tid, "status")
    if status:
        record = parse_status(status)
        if record.ppid == os.getpid() and record.tgid == tid:
            return
    deadline, pause = time.monotonic() + timeout, _FIRST_SLEEP
    while True:
        try:
            if os.waitid(os.P_PID, tid, os.WEXITED | os.WNOHANG | _ALL) is not None:
                return
        except ChildProcessError:
            return
        except OSError as error:
            raise KernelError("waitid", error.errno or errno.EIO, pid=tid) from error
        if time.monotonic() >= deadline:
            return
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_SLEEP)
