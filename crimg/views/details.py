"""Threads, credentials, signals, limits."""

from __future__ import annotations

import struct

from crimg.model import Cred, PosixTimer, Sigaction, Siginfo, Signal, Task, Thread
from crimg.views import names, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]

_REGISTERS = struct.Struct("<27Q")
_SI_CODE = struct.Struct("<8xi")


def thread_records(subject: Subject) -> list[Row]:
    """The threads: scheduling, signal mask, registers, and what the kernel keeps for the C library."""
    pids = {task.objref: task.pid for task in subject.image.rows(Task)}
    return [
        {
            "task": thread.task,
            "pid": pids.get(thread.task),
            "tid": thread.tid,
            "comm": thread.comm,
            "state": words.state(thread.state),
            "policy": names.nth(names.POLICIES, thread.policy),
            "priority": thread.priority,
            "nice": thread.nice,
            "cpus": names.cpu_list(thread.cpus),
            "blocked": names.signal_set(thread.sigmask),
            "cred": thread.cred,
            "registers": registers(thread.registers),
            "xsave_size": len(thread.xsave),
            "altstack": words.hexadecimal(thread.altstack),
            "altstack_size": thread.altstack_size,
            "altstack_flags": words.hexadecimal(thread.altstack_flags),
            "robust_list": words.hexadecimal(thread.robust_list),
            "rseq": words.hexadecimal(thread.rseq),
            "rseq_size": thread.rseq_size,
            "rseq_signature": words.hexadecimal(thread.rseq_signature),
            "clear_child_tid": words.hexadecimal(thread.clear_child_tid),
        }
        for thread in subject.image.rows(Thread)
    ]


def registers(data: bytes) -> Row | None:
    """Registers by name; None for bytes that are no struct user_regs_struct."""
    if len(data) != _REGISTERS.size:
        return None
    values = map(words.hexadecimal, _REGISTERS.unpack(data))
    return dict(zip(names.REGISTERS, values, strict=True))


def cred_records(subject: Subject) -> list[Row]:
    """The credentials, with the names of the capabilities."""
    return [
        {
            "objref": cred.objref,
            "uid": cred.uid,
            "euid": cred.euid,
            "suid": cred.suid,
            "fsuid": cred.fsuid,
            "gid": cred.gid,
            "egid": cred.egid,
            "sgid": cred.sgid,
            "fsgid": cred.fsgid,
            "groups": list(cred.groups),
            "cap_inheritable": names.capability_set(cred.cap_inheritable),
            "cap_permitted": names.capability_set(cred.cap_permitted),
            "cap_effective": names.capability_set(cred.cap_effective),
            "cap_bounding": names.capability_set(cred.cap_bounding),
            "cap_ambient": names.capability_set(cred.cap_ambient),
            "securebits": names.securebits(cred.securebits),
            "no_new_privs": cred.no_new_privs,
            "label": cred.label,
        }
        for cred in subject.image.rows(Cred)
    ]


def action_records(subject: Subject) -> list[Row]:
    """The signal actions that are not the default."""
    return [
        {
            "sighand": action.sighand,
            "signal": names.signal_name(action.signal),
            "handler": {0: "SIG_DFL", 1: "SIG_IGN"}.get(action.handler) or words.hexadecimal(action.handler),
            "flags": names.action_flags(action.flags),
            "restorer": words.hexadecimal(action.restorer),
            "blocked": names.signal_set(action.mask),
        }
        for action in subject.image.rows(Sigaction)
    ]


def pending_records(subject: Subject) -> list[Row]:
    """The pending signals in the order of their queues; `tid` is None for the queue of the process."""
    return [
        {
            "signal_struct": row.signal,
            "tid": row.tid,
            "position": row.position,
            "signal": names.signal_name(row.number),
            "si_code": _SI_CODE.unpack_from(row.info)[0] if len(row.info) >= _SI_CODE.size else None,
            "siginfo": row.info.hex(),
        }
        for row in subject.image.rows(Siginfo)
    ]


def timer_records(subject: Subject) -> list[Row]:
    """Interval timers that run, and all POSIX timers; times in nanoseconds."""
    rows: list[Row] = []
    for signal in subject.image.rows(Signal):
        for number, name in enumerate(names.ITIMERS):
            interval, remaining = (*signal.itimers[2 * number : 2 * number + 2], 0, 0)[:2]
            if interval or remaining:
                rows.append(_timer(signal.objref, name, interval=interval, remaining=remaining))
    for timer in subject.image.rows(PosixTimer):
        rows.append(
            _timer(
                timer.signal,
                f"timer {timer.id}",
                interval=timer.interval,
                remaining=timer.remaining,
                clock=names.clock_name(timer.clock),
                notify=names.notification(timer.notify),
                sends=names.signal_name(timer.signo),
                tid=timer.tid,
                value=words.hexadecimal(timer.value),
            )
        )
    return rows


def _timer(signal: int, name: str, **columns: object) -> Row:
    absent = dict.fromkeys(("clock", "notify", "sends", "tid", "value"))
    return {"signal_struct": signal, "timer": name, **absent, **columns}


def limit_records(subject: Subject) -> list[Row]:
    """The resource limits; None is "unlimited"."""
    pids = subject.pids_of("signal")
    rows: list[Row] = []
    for signal in subject.image.rows(Signal):
        for number in range(len(signal.rlimits) // 2):
            soft, hard = signal.rlimits[2 * number : 2 * number + 2]
            rows.append(
                {
                    "signal_struct": signal.objref,
                    "pids": pids.get(signal.objref, []),
                    "resource": names.rlimit_name(number),
                    "soft": None if soft == names.RLIM_INFINITY else soft,
                    "hard": None if hard == names.RLIM_INFINITY else hard,
                }
            )
    return rows
