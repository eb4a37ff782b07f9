"""The process itself: task, threads, credentials, signals, timers, limits, namespaces."""

from __future__ import annotations

import os
import struct

from crimg.dump.identity import add_cred, read_label
from crimg.evidence import device_number
from crimg.kernel import procstat, proctask, ptrace, threadstate
from crimg.kernel.priority import io_priority
from crimg.kernel.procfs import ProcDir
from crimg.model import (
    PosixTimer,
    Sigaction,
    Sighand,
    Siginfo,
    Signal,
    Task,
    Thread,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.dump.inside import Inside, ThreadInside
    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems

_SIGEV = {"signal": 0, "none": 1, "thread": 2}
_SIGEV_THREAD_ID = 4
_SCHED_DEADLINE = 6
_SIGINFO_NUMBER = struct.Struct("<i")


class TaskCollector:
    """Gathers what a process is besides its memory and files."""

    def __init__(self, proc: ProcDir, objects: Objects, problems: Problems) -> None:
        self.proc = proc
        self.objects = objects
        self.problems = problems

    def sighand(self, inside: Inside) -> int:
        """The objref of the table of signal actions."""
        objref = self.objects.number()
        self.objects.add(Sighand(objref=objref, referrers=0))
        for number, action in inside.actions.items():
            handler, flags, restorer, mask = action
            if any(action):
                self.objects.add(
                    Sigaction(
                        sighand=objref,
                        signal=number,
                        handler=handler,
                        flags=flags,
                        restorer=restorer,
                        mask=mask,
                    )
                )
        return objref

    def signal(self, inside: Inside, leader: int) -> int:
        """The objref of what the threads share: limits, timers, signals pending for the process."""
        objref = self.objects.number()
        limits = proctask.read_limits(self.proc)
        self.objects.add(
            Signal(
                objref=objref,
                referrers=0,
                rlimits=tuple(value for pair in limits for value in pair),
                itimers=inside.itimers,
            )
        )
        for timer in proctask.read_timers(self.proc):
            interval, remaining = inside.timers[timer.timer_id]
            notify = _SIGEV[timer.notify] | (_SIGEV_THREAD_ID if timer.target_is_thread else 0)
            self.objects.add(
                PosixTimer(
                    signal=objref,
                    id=timer.timer_id,
                    clock=timer.clock,
                    notify=notify,
                    signo=timer.signal,
                    value=timer.value,
                    tid=timer.target if timer.target_is_thread else None,
                    interval=interval,
                    remaining=remaining,
                )
            )
        self._pending(objref, leader, procstat.read_status(self.proc).shared_pending, shared=True)
        return objref

    def _pending(self, signal: int, tid: int, pending: int, *, shared: bool) -> None:
        """Add the signals of one queue. pending: the set that the kernel tells of it, bit N-1 is signal N."""
        if not pending:
            return
        queue = ptrace.peeksiginfo(tid, shared=shared)
        numbers = [_SIGINFO_NUMBER.unpack_from(info)[0] for info in queue]
        for number in range(1, 65):
            if pending >> (number - 1) & 1 and number not in numbers:
                # Sent when there was no room for its siginfo: delivered as from SI_USER of nobody
                # (collect_signal in kernel/signal.c).
                numbers.append(number)
                queue.append(_SIGINFO_NUMBER.pack(number).ljust(ptrace.SIGINFO_SIZE, b"\0"))
        for position, (number, info) in enumerate(zip(numbers, queue, strict=True)):
            self.objects.add(
                Siginfo(
                    signal=signal,
                    tid=None if shared else tid,
                    position=position,
                    number=number,
                    info=info,
                )
            )

    def thread(self, task: int, tid: int, signal: int, state: str, inside: ThreadInside) -> None:
        """Add one thread. state: its letter before the stop."""
        with ProcDir(tid) as proc:
            stat, status = procstat.read_stat(proc), procstat.read_status(proc)
            label = read_label(proc)
        policy = os.sched_getscheduler(tid)
        if policy == _SCHED_DEADLINE:
            reason = "cannot be saved yet"
            self.problems.add(f"thread {tid}", "scheduling by deadline", reason, "deadline", objref=task)
        head, head_size = threadstate.get_robust_list(tid)
        cpus = sum(1 << cpu for cpu in os.sched_getaffinity(tid))
        self.objects.add(
            Thread(
                task=task,
                tid=tid,
                comm=stat.comm,
                state=ord(state),
                registers=inside.registers,
                xsave=inside.xsave,
                sigmask=inside.sigmask,
                altstack=inside.altstack,
                altstack_flags=inside.altstack_flags,
                altstack_size=inside.altstack_size,
                robust_list=head,
                robust_list_size=head_size,
                rseq=inside.rseq.pointer,
                rseq_size=inside.rseq.size,
                rseq_signature=inside.rseq.signature,
                rseq_cs=inside.rseq_cs,
                clear_child_tid=inside.clear_child_tid,
                policy=policy,
                priority=os.sched_getparam(tid).sched_priority,
                nice=os.getpriority(os.PRIO_PROCESS, tid),
                cpus=cpus.to_bytes((cpus.bit_length() + 7) // 8, "little"),
                cred=add_cred(self.objects, status, inside.securebits, label),
                extra=self._thread_extra(tid, inside),
            )
        )
        self._pending(signal, tid, status.sig_pending, shared=False)

    @staticmethod
    def _thread_extra(tid: int, inside: ThreadInside) -> dict[str, object] | None:
        """What is not as it is by default, and the I/O priority (ioprio_get(2)) where one was set."""
        priority = io_priority(tid)
        return {**(inside.extra or {}), "ioprio": priority} if priority else inside.extra

    def task(self, objref: int, state: str, inside: Inside, refs: Mapping[str, int]) -> None:
        """Add the process. state: its letter before the stop.  refs: its columns that refer to objects."""
        securebits = inside.threads[self.proc.pid].securebits
        self._task(objref, state, securebits, refs, inside.task_extra or {})

    def zombie(self, objref: int) -> None:
        """Add a process that has ended and was not waited for, with the status that wait(2) will give."""
        refs = dict.fromkeys(("mm", "fd_table", "fs", "sighand", "signal", "namespaces"))
        status = procstat.read_stat(self.proc).exit_code
        self._task(objref, "Z", 0, refs, {"exit_status": status})

    def _task(
        self,
        objref: int,
        state: str,
        securebits: int,
        refs: Mapping[str, int | None],
        extra: dict[str, object],
    ) -> None:
        stat = procstat.read_stat(self.proc)
        status = procstat.read_status(self.proc)
        cred = add_cred(self.objects, status, securebits, read_label(self.proc))
        if stat.tty_nr and stat.tpgid > 0:
            extra = {**extra, "foreground": stat.tpgid}
        self.objects.add(
            Task(
                objref=objref,
                referrers=0,
                pid=stat.pid,
                ppid=stat.ppid,
                pgid=stat.pgrp,
                sid=stat.session,
                comm=stat.comm,
                state=ord(state),
                exit_signal=stat.exit_signal,
                start_time=stat.starttime,
                tty=device_number(stat.tty_nr & 0xFFFF_FFFF),
                personality=proctask.read_personality(self.proc),
                oom_score_adj=proctask.read_oom_score_adj(self.proc),
                cred=cred,
                extra=extra or None,
                **refs,
            )
        )
