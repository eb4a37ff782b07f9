"""Why the kernel does not let this process trace another one (ptrace(2), "access mode checking")."""

from __future__ import annotations

import _thread
import errno
import os
import time

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel.procstat import parse_stat, parse_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.errors import CrimgError
    from crimg.kernel.procstat import Status

_CAP_SYS_PTRACE = 1 << 19
_PF_KTHREAD = 0x0020_0000
_DYING_SECONDS = 1.0

_YAMA = {
    1: "kernel.yama.ptrace_scope is 1 (only a process's ancestors may trace it): needs CAP_SYS_PTRACE",
    2: "kernel.yama.ptrace_scope is 2: needs CAP_SYS_PTRACE",
    3: "kernel.yama.ptrace_scope is 3: nobody may trace a process until the next boot",
}


def read_proc(tid: int, name: str) -> bytes | None:
    """The content of /proc/TID/NAME, or None where the thread is gone (or the file not ours to read).

    Raises KernelError for anything else, such as EMFILE.
    """
    try:
        with open(f"/proc/{tid}/{name}", "rb", buffering=0) as file:
            return file.readall()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    except OSError as error:
        raise KernelError(f"read(/proc/{tid}/{name})", error.errno or errno.EIO, pid=tid) from error


def task_state(tid: int) -> str:
    """The state letter of thread `tid` as in proc_pid_stat(5); "X" (dead) where there is none."""
    raw = read_proc(tid, "stat")
    return parse_stat(raw).state if raw else "X"


def refusal(call: str, number: int, tid: int) -> CrimgError:
    """What to raise where a ptrace `call` on tracee `tid` gave error `number`.

    ESRCH means either that the thread has ended or that it is in no ptrace-stop of ours; /proc tells which.
    A thread that SIGKILL tore out of its stop is still there for a moment, on its way out.
    """
    if number != errno.ESRCH:
        return KernelError(call, number, pid=tid)
    deadline = time.monotonic() + _DYING_SECONDS
    while raw := read_proc(tid, "status"):
        status = parse_status(raw)
        if status.state in "ZX":
            break
        if status.tracer_pid != _thread.get_native_id() or time.monotonic() > deadline:
            return KernelError(call, number, pid=tid, hint="it is in no ptrace-stop of the calling thread's")
        time.sleep(0.001)
    return ProcessGoneError(tid)


def why_not_traceable(tid: int) -> str:
    """The reason for an EPERM of PTRACE_SEIZE on thread `tid`, and what would help; "" where none shows.

    The kernel tells no reason; its checks (__ptrace_may_access and ptrace_attach in kernel/ptrace.c,
    yama_lsm.c) are gone through here, in the order of how sure they are.
    """
    raw, stat = read_proc(tid, "status"), read_proc(tid, "stat")
    if not raw or not stat:
        return "it has ended"
    target = parse_status(raw)
    own = parse_status(read_proc(os.getpid(), "status") or b"")
    for reason in (
        _never_traceable(target, parse_stat(stat).flags, own),
        _other_identity(target, own),
        _not_dumpable(tid, target, own),
        _yama_scope(own),
    ):
        if reason:
            return reason
    return ""


def _never_traceable(target: Status, flags: int, own: Status) -> str:
    if target.state in "ZX":
        return "it has ended already"
    if target.tracer_pid:
        comm = read_proc(target.tracer_pid, "comm") or b"?"
        name = comm.rstrip(b"\n").decode("utf-8", "backslashreplace")
        return f"process {target.tracer_pid} ({ascii(name)[1:-1]}) traces it already"
    if flags & _PF_KTHREAD:
        return "it is a kernel thread"
    if target.tgid == own.tgid:
        return "it is this very process"
    return ""


def _other_identity(target: Status, own: Status) -> str:
    if own.cap_effective & _CAP_SYS_PTRACE:
        return ""
    if any(uid != own.uids[3] for uid in target.uids[:3]):
        return f"it belongs to user {target.uids[1]}, not {own.uids[3]}: needs CAP_SYS_PTRACE"
    if any(gid != own.gids[3] for gid in target.gids[:3]):
        return f"it belongs to group {target.gids[1]}, not {own.gids[3]}: needs CAP_SYS_PTRACE"
    if target.cap_permitted & ~own.cap_permitted:
        return "it has capabilities that this process has not: needs CAP_SYS_PTRACE"
    return ""


def _not_dumpable(tid: int, target: Status, own: Status) -> str:
    """A process that is not dumpable gives its /proc files to root (task_dump_owner in fs/proc/base.c)."""
    if own.cap_effective & _CAP_SYS_PTRACE or target.uids[1] == 0:
        return ""
    try:
        owner = os.stat(f"/proc/{tid}/environ").st_uid
    except OSError:
        return ""
    return "" if owner == target.uids[1] else "it is not dumpable (prctl(2)): needs CAP_SYS_PTRACE"


def _yama_scope(own: Status) -> str:
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", "rb", buffering=0) as file:
            scope = int(file.readall())
    except (OSError, ValueError):
        return ""
    return "" if own.cap_effective & _CAP_SYS_PTRACE and scope < 3 else _YAMA.get(scope, "")
