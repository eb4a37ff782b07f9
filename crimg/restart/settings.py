"""What the threads of a process share: signal actions, limits, timers, pending signals."""

from __future__ import annotations

import errno
import fcntl
import resource
import struct

from crimg.errors import KernelError
from crimg.model import Lock, PosixTimer, Sigaction, Siginfo
from crimg.model.enums import LockKind
from crimg.restart.calls import Calls, numbers, prctl
from crimg.restart.files import flock_of
from crimg.restart.placement import free_numbers, moves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crimg.kernel.inject import Injector
    from crimg.model import Signal
    from crimg.model.image import Image
    from crimg.restart.process import NewProcess
    from crimg.restart.process_steps import SetDescriptors, SetProcess, SetTimers

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_CLOSE = 3
_NR_RT_SIGACTION = 13
_NR_SETITIMER = 38
_NR_GETPID = 39
_NR_FCNTL = 72
_NR_RT_SIGTIMEDWAIT = 128
_NR_RT_SIGQUEUEINFO = 129
_NR_PERSONALITY = 135
_NR_TIMER_CREATE = 222
_NR_TIMER_SETTIME = 223
_NR_DUP3 = 292
_NR_RT_TGSIGQUEUEINFO = 297

_PR_SET_CHILD_SUBREAPER = 36
_PR_TIMER_CREATE_RESTORE_IDS = 77
_O_CLOEXEC = 0o2000000
_F_SETFD, _F_SETLK, _FD_CLOEXEC = 2, 6, 1
_ACTION = struct.Struct("<4Q")
_ITIMERVAL = struct.Struct("<4q")
_ITIMERSPEC = struct.Struct("<4q")
_SIGEVENT = struct.Struct("<Qiii44x")  # value, signo, notify, thread id
_SIGKILL, _SIGSTOP = 9, 19
_NO_LIMIT = (1 << 64) - 1
_SECOND, _MICROSECOND = 10**9, 10**3


def set_process(image: Image, step: SetProcess, injector: Injector) -> None:
    """Signal actions, limits and the like. Raises KernelError."""
    calls = Calls(injector)
    actions = {
        row.signal: row
        for row in image.rows(Sigaction)
        if step.sighand and row.sighand == step.sighand.objref
    }
    table = injector.reserve(_ACTION.size * 65)
    for number in range(1, 65):
        if number not in (_SIGKILL, _SIGSTOP):
            row = actions.get(number)
            action = (row.handler, row.flags, row.restorer, row.mask) if row else (0, 0, 0, 0)
            injector.write(table + number * _ACTION.size, _ACTION.pack(*action))
            calls.add(
                f"rt_sigaction of {number}", _NR_RT_SIGACTION, number, table + number * _ACTION.size, 0, 8
            )
    if numbers(step.task.extra).get("child_subreaper"):
        calls.add("prctl(PR_SET_CHILD_SUBREAPER)", *prctl(_PR_SET_CHILD_SUBREAPER, 1))
    calls.add("personality", _NR_PERSONALITY, step.task.personality)
    calls.make()
    if step.signal is not None:
        set_limits(injector.tid, step.signal)
    _set_oom_score(injector.tid, step.task.oom_score_adj)


def set_limits(pid: int, signal: Signal) -> None:
    """The resource limits. Raises KernelError: a hard limit of ours is below one of then."""
    for which in range(len(signal.rlimits) // 2):
        soft, hard = (
            resource.RLIM_INFINITY if value == _NO_LIMIT else value
            for value in signal.rlimits[2 * which : 2 * which + 2]
        )
        if resource.prlimit(pid, which) != (soft, hard):
            try:
                resource.prlimit(pid, which, (soft, hard))
            except (OSError, ValueError) as error:
                hint = f"limit {which} was {soft}, {hard}: raise the hard limit first (ulimit -H)"
                raise KernelError("prlimit", errno.EPERM, pid=pid, hint=hint) from error


def _set_oom_score(pid: int, value: int) -> None:
    path = f"/proc/{pid}/oom_score_adj"
    with open(path) as file:
        if int(file.read()) == value:
            return
    try:
        with open(path, "w") as file:
            file.write(str(value))
    except OSError as error:
        hint = "to lower it takes CAP_SYS_RESOURCE"
        raise KernelError(f"write({path})", error.errno or errno.EACCES, pid=pid, hint=hint) from error


def set_descriptors(image: Image, step: SetDescriptors, fds: Mapping[int, int], injector: Injector) -> None:
    """Give every descriptor its number and close all others; POSIX locks.

    fds: by objref, the descriptors that the process has as yet.
    """
    calls = Calls(injector)
    wanted = {fd.fd: fds[fd.file] for fd in step.fds}
    cloexec = {fd.fd: fd.cloexec for fd in step.fds}
    for number in set(fds.values()) - set(wanted.values()):  # only mappings and directories needed them
        calls.add(f"close({number})", _NR_CLOSE, number)
    spare = next(free_numbers({*wanted, *fds.values()}))
    for source, target in moves(wanted, spare):
        flags = _O_CLOEXEC if cloexec.get(target) else 0
        calls.add(f"dup3({source}, {target})", _NR_DUP3, source, target, flags, expected=target)
    for number, source in wanted.items():
        if number == source and cloexec[number]:
            calls.add(f"fcntl({number}, F_SETFD)", _NR_FCNTL, number, _F_SETFD, _FD_CLOEXEC)
    for number in {spare, *wanted.values()} - wanted.keys():
        calls.add(f"close({number})", _NR_CLOSE, number, ignored=(errno.EBADF,))
    calls.make()
    number_of = {fd.file: fd.fd for fd in step.fds}
    slot = injector.reserve(64)
    for lock in image.rows(Lock):
        if lock.kind == LockKind.POSIX and lock.pid == step.task.pid and lock.file in number_of:
            injector.write(slot, flock_of(lock))
            fd_number = number_of[lock.file]
            hint = "another process has a lock there now"
            calls.add(f"fcntl({fd_number}, F_SETLK)", _NR_FCNTL, fd_number, _F_SETLK, slot, hint=hint)
            calls.make()
    for lease in step.leases:
        fd_number, kind = number_of[lease.file], fcntl.F_WRLCK if lease.write else fcntl.F_RDLCK
        hint = f"#{lease.file} is open elsewhere, so that nobody can have a lease on it"
        calls.add(f"fcntl({fd_number}, F_SETLEASE)", _NR_FCNTL, fd_number, fcntl.F_SETLEASE, kind, hint=hint)
    calls.make()


def set_timers(image: Image, step: SetTimers, process: NewProcess, numbers_now: Mapping[int, int]) -> None:
    """Interval timers, POSIX timers, pending signals; all threads are there. Raises KernelError.

    numbers_now: number in the image to that of now.
    """
    injector, signal = process.injector, step.signal
    take_back(step.told, injector)
    if signal is None:
        return
    calls = Calls(injector)
    value = injector.reserve(_ITIMERVAL.size)
    for which in range(len(signal.itimers) // 2):
        interval, left = signal.itimers[2 * which : 2 * which + 2]
        if left:
            words = [*divmod(interval // _MICROSECOND, 10**6), *divmod(left // _MICROSECOND or 1, 10**6)]
            injector.write(value, _ITIMERVAL.pack(*words))
            calls.add("setitimer", _NR_SETITIMER, which, value, 0)
            calls.make()
    timers = [row for row in image.rows(PosixTimer) if row.signal == signal.objref]
    if timers:
        _make_timers(timers, injector, numbers_now)
    queue_signals(image, signal, None, injector)


def take_back(signals: Sequence[int], injector: Injector) -> None:
    """Take these out of the queues of a process; it need not be there.

    rt_sigtimedwait(2) does not sleep with a time of nothing.
    """
    slot = injector.room("signals", 8)
    nothing = injector.room("no time", 16)
    injector.write(nothing, bytes(16))
    for number in signals:
        injector.write(slot, (1 << (number - 1)).to_bytes(8, "little"))
        while (result := injector.call(_NR_RT_SIGTIMEDWAIT, slot, 0, nothing, 8)) == number:
            continue
        if result != -errno.EAGAIN:
            raise KernelError("rt_sigtimedwait", -result, pid=injector.tid)


def _make_timers(timers: list[PosixTimer], injector: Injector, numbers_now: Mapping[int, int]) -> None:
    """POSIX timers, under the ids that they had (PR_TIMER_CREATE_RESTORE_IDS, Linux 6.16)."""
    calls = Calls(injector)
    event, slot = injector.reserve(_SIGEVENT.size), injector.reserve(8)
    spec = injector.reserve(_ITIMERSPEC.size)
    hint = "this kernel cannot make a timer with a given id (Linux 6.16 can)"
    calls.add("prctl(PR_TIMER_CREATE_RESTORE_IDS)", *prctl(_PR_TIMER_CREATE_RESTORE_IDS, 1), hint=hint)
    calls.make()
    for timer in timers:
        tid = numbers_now.get(timer.tid, timer.tid) if timer.tid is not None else 0
        injector.write(event, _SIGEVENT.pack(timer.value, timer.signo, timer.notify, tid))
        injector.write(slot, timer.id.to_bytes(4, "little"))
        calls.add(f"timer_create of {timer.id}", _NR_TIMER_CREATE, timer.clock, event, slot)
        calls.make()
        if timer.remaining:
            words = (*divmod(timer.interval, _SECOND), *divmod(timer.remaining, _SECOND))
            injector.write(spec, _ITIMERSPEC.pack(*words))
            calls.add(f"timer_settime of {timer.id}", _NR_TIMER_SETTIME, timer.id, 0, spec, 0)
            calls.make()
    calls.add("prctl(PR_TIMER_CREATE_RESTORE_IDS)", *prctl(_PR_TIMER_CREATE_RESTORE_IDS, 0))
    calls.make()


def queue_signals(image: Image, signal: Signal, tid: int | None, injector: Injector) -> None:
    """The pending signals of a thread of the image, or (None) of its process.

    They are sent by the thread to itself, and by the first one for the process: only so the kernel takes all
    kinds of siginfo (do_rt_sigqueueinfo in kernel/signal.c).
    """
    rows = [row for row in image.rows(Siginfo) if row.signal == signal.objref and row.tid == tid]
    if not rows:
        return
    calls = Calls(injector)
    slot = injector.reserve(128)
    (pid,) = injector.batch([(_NR_GETPID,)])
    for row in sorted(rows, key=lambda row: row.position):
        injector.write(slot, row.info)
        if tid is None:
            calls.add("rt_sigqueueinfo", _NR_RT_SIGQUEUEINFO, pid, row.number, slot)
        else:
            calls.add("rt_tgsigqueueinfo", _NR_RT_TGSIGQUEUEINFO, pid, injector.tid, row.number, slot)
        calls.make()
