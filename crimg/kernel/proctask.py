"""What /proc tells of one process in small files (auxv, limits, timers, ...), and who its children are."""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from crimg.kernel.procstat import parse_stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.procfs import ProcDir

RLIM_INFINITY = 2**64 - 1
_AT_NULL = 0


class PosixTimer(NamedTuple):
    """A timer of timer_create(2), as in /proc/PID/timers (kernels with CONFIG_CHECKPOINT_RESTORE).

    signal: its number.  value: sigev_value, 64 bits.  notify: "signal", "none" or "thread".
    target_is_thread: SIGEV_THREAD_ID; `target` is then a tid, else a tgid.  clock: clockid_t, signed.
    """

    timer_id: int
    signal: int
    value: int
    notify: str
    target_is_thread: bool
    target: int
    clock: int


def parse_auxv(raw: bytes) -> list[tuple[int, int]]:
    """The (type, value) pairs of the auxiliary vector up to AT_NULL, which is left out (getauxval(3))."""
    pairs = []
    for kind, value in struct.iter_unpack("<QQ", raw[: len(raw) & ~15]):
        if kind == _AT_NULL:
            break
        pairs.append((kind, value))
    return pairs


def parse_limits(text: bytes) -> list[tuple[int, int]]:
    """The (soft, hard) limits by resource number, RLIM_INFINITY for unlimited.

    The lines stand in the order of the RLIMIT_ numbers and are exact (fs/proc/base.c, proc_pid_limits).
    Unlike prlimit(2) this takes neither the same user nor CAP_SYS_RESOURCE.
    """
    return [
        (_limit(line[26:46]), _limit(line[47:67])) for line in text.decode("ascii").splitlines()[1:] if line
    ]


def _limit(column: str) -> int:
    text = column.strip()
    return RLIM_INFINITY if text == "unlimited" else int(text)


def parse_timers(text: bytes) -> list[PosixTimer]:
    """The timers of a timers file, the newest first as the kernel has them; other lines are passed over."""
    blocks: list[dict[str, str]] = []
    for line in text.decode("ascii").splitlines():
        key, _, value = line.partition(": ")
        if key == "ID":
            blocks.append({})
        blocks[-1][key] = value
    return [_timer(block) for block in blocks]


def _timer(lines: dict[str, str]) -> PosixTimer:
    signal, _, value = lines["signal"].partition("/")
    notify, _, target = lines["notify"].partition("/")
    whose, _, number = target.partition(".")
    return PosixTimer(
        int(lines["ID"]),
        int(signal),
        int(value, 16),
        notify,
        whose == "tid",
        int(number),
        int(lines["ClockID"]),
    )


def read_children(proc: ProcDir) -> list[int]:
    """The pids of the children of all threads, zombies among them, ascending.

    From /proc/PID/task/TID/children where the kernel has them (CONFIG_PROC_CHILDREN), else by the parent
    that every process names. Exact only while the process and its children are stopped (proc_pid_task(5)).
    """
    children: set[int] = set()
    for tid in proc.listdir("task"):
        try:
            file = os.open(f"task/{tid}/children", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc.fd)
        except (FileNotFoundError, ProcessLookupError):
            if _exists(proc, f"task/{tid}"):
                return children_by_parent(proc.pid)
            continue
        try:
            children.update(map(int, os.read(file, 1 << 20).split()))
        except ProcessLookupError:
            continue
        finally:
            os.close(file)
    return sorted(children)


def _exists(proc: ProcDir, name: str) -> bool:
    try:
        os.stat(name, dir_fd=proc.fd)
    except OSError:
        return False
    return True


def children_by_parent(pid: int) -> list[int]:
    """The pids of all processes that name `pid` as their parent, ascending."""
    children = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                stat = parse_stat(file.read())
        except (FileNotFoundError, ProcessLookupError):
            continue
        if stat.ppid == pid:
            children.append(stat.pid)
    return sorted(children)


def read_auxv(proc: ProcDir) -> list[tuple[int, int]]:
    """The auxiliary vector that the kernel keeps for the task (prctl(PR_SET_MM_AUXV) changes it)."""
    return parse_auxv(proc.read("auxv"))


def read_limits(proc: ProcDir) -> list[tuple[int, int]]:
    """The (soft, hard) resource limits, by RLIMIT_ number."""
    return parse_limits(proc.read("limits"))


def read_timers(proc: ProcDir) -> list[PosixTimer]:
    """The POSIX timers of the process; what is left of each only the process itself can ask."""
    return parse_timers(proc.read("timers"))


def read_personality(proc: ProcDir) -> int:
    """The execution domain and flags (personality(2))."""
    return int(proc.read("personality"), 16)


def read_oom_score_adj(proc: ProcDir) -> int:
    """The adjustment of the out-of-memory badness, -1000 to 1000."""
    return int(proc.read("oom_score_adj"))


def read_cgroup(proc: ProcDir) -> bytes:
    """The control groups, as /proc/PID/cgroup has them (cgroups(7)): lines `ID:CONTROLLERS:PATH`."""
    return proc.read("cgroup")
