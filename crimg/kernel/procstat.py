"""/proc/PID/stat and /proc/PID/status: what the kernel says of one task, with the field names of proc(5)."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.procfs import ProcDir


class Stat(NamedTuple):
    """The 52 fields of /proc/PID/stat, in order, named as in proc_pid_stat(5).

    comm: exact, at most 15 bytes (63 for a kernel thread), any but NUL.  starttime: clock ticks since boot.
    vsize: bytes.  rss: pages.  rsslim: bytes.  startcode to kstkeip, start_data to env_end, and exit_code
    are 0 for a caller without ptrace access.
    """

    pid: int
    comm: bytes
    state: str
    ppid: int
    pgrp: int
    session: int
    tty_nr: int
    tpgid: int
    flags: int
    minflt: int
    cminflt: int
    majflt: int
    cmajflt: int
    utime: int
    stime: int
    cutime: int
    cstime: int
    priority: int
    nice: int
    num_threads: int
    itrealvalue: int
    starttime: int
    vsize: int
    rss: int
    rsslim: int
    startcode: int
    endcode: int
    startstack: int
    kstkesp: int
    kstkeip: int
    signal: int
    blocked: int
    sigignore: int
    sigcatch: int
    wchan: int
    nswap: int
    cnswap: int
    exit_signal: int
    processor: int
    rt_priority: int
    policy: int
    delayacct_blkio_ticks: int
    guest_time: int
    cguest_time: int
    start_data: int
    end_data: int
    start_brk: int
    arg_start: int
    arg_end: int
    env_start: int
    env_end: int
    exit_code: int


class Status(NamedTuple):
    """The lines of /proc/PID/status that a checkpoint wants (proc_pid_status(5), fs/proc/array.c).

    umask: None for a zombie.  state: one letter.  uids, gids: real, effective, saved, file system.
    ns_*: ids in each nested pid namespace, that of /proc first; empty where the kernel prints none.
    sig_queued, sig_limit: SigQ.  sig_*: sets of signals, bit N-1 for signal N.  cap_*: sets of capabilities.
    seccomp: 0 none, 1 strict, 2 filter.
    """

    umask: int | None
    state: str
    tgid: int
    pid: int
    ppid: int
    tracer_pid: int
    uids: tuple[int, ...]
    gids: tuple[int, ...]
    groups: tuple[int, ...]
    ns_tgid: tuple[int, ...]
    ns_pid: tuple[int, ...]
    ns_pgid: tuple[int, ...]
    ns_sid: tuple[int, ...]
    threads: int
    sig_queued: int
    sig_limit: int
    sig_pending: int
    shared_pending: int
    sig_blocked: int
    sig_ignored: int
    sig_caught: int
    cap_inheritable: int
    cap_permitted: int
    cap_effective: int
    cap_bounding: int
    cap_ambient: int
    no_new_privs: bool
    seccomp: int
    seccomp_filters: int


def parse_stat(text: bytes) -> Stat:
    """The record of a stat file. The name stands in parentheses and may hold any: the last one ends it."""
    begin, end = text.index(b"("), text.rindex(b")")
    state, *numbers = text[end + 2 :].decode("ascii").split()
    return Stat(int(text[:begin]), text[begin + 1 : end], state, *map(int, numbers[:49]))


def parse_status(text: bytes) -> Status:
    """The record of a status file; its `Name` is escaped by the kernel and cannot feign a line."""
    lines = {key: value for key, _, value in [line.partition(b":") for line in text.split(b"\n")]}

    def numbers(key: bytes, base: int = 10) -> tuple[int, ...]:
        return tuple(int(word, base) for word in lines.get(key, b"").split())

    def number(key: bytes, base: int = 10) -> int:
        return int(lines.get(key, b"0"), base)

    umask = lines.get(b"Umask")
    queued, _, limit = lines.get(b"SigQ", b"0/0").partition(b"/")
    return Status(
        umask=None if umask is None else int(umask, 8),
        state=lines[b"State"].lstrip()[:1].decode("ascii"),
        tgid=number(b"Tgid"),
        pid=number(b"Pid"),
        ppid=number(b"PPid"),
        tracer_pid=number(b"TracerPid"),
        uids=numbers(b"Uid"),
        gids=numbers(b"Gid"),
        groups=numbers(b"Groups"),
        ns_tgid=numbers(b"NStgid"),
        ns_pid=numbers(b"NSpid"),
        ns_pgid=numbers(b"NSpgid"),
        ns_sid=numbers(b"NSsid"),
        threads=number(b"Threads"),
        sig_queued=int(queued),
        sig_limit=int(limit),
        sig_pending=number(b"SigPnd", 16),
        shared_pending=number(b"ShdPnd", 16),
        sig_blocked=number(b"SigBlk", 16),
        sig_ignored=number(b"SigIgn", 16),
        sig_caught=number(b"SigCgt", 16),
        cap_inheritable=number(b"CapInh", 16),
        cap_permitted=number(b"CapPrm", 16),
        cap_effective=number(b"CapEff", 16),
        cap_bounding=number(b"CapBnd", 16),
        cap_ambient=number(b"CapAmb", 16),
        no_new_privs=number(b"NoNewPrivs") != 0,
        seccomp=number(b"Seccomp"),
        seccomp_filters=number(b"Seccomp_filters"),
    )


def read_stat(proc: ProcDir) -> Stat:
    """The stat record of the task."""
    return parse_stat(proc.read("stat"))


def read_seccomp(proc: ProcDir) -> tuple[int, int]:
    """Columns `seccomp` and `seccomp_filters` of the status record, read alone: for each of many threads."""
    text = proc.read("status")
    mode, filters = (
        text.partition(b"\n" + key + b":")[2].partition(b"\n")[0] for key in (b"Seccomp", b"Seccomp_filters")
    )
    return int(mode or b"0"), int(filters or b"0")


def read_status(proc: ProcDir) -> Status:
    """The status record of the task."""
    return parse_status(proc.read("status"))
