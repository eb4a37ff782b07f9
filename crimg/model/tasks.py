"""Tasks and their threads (struct task_struct; /proc/PID/stat, /proc/PID/status, ptrace(2))."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import (
    S32,
    S64,
    U8,
    U32,
    U64,
    Address,
    CredRef,
    Extra,
    FdTableRef,
    FsRef,
    MmRef,
    NamespacesRef,
    SighandRef,
    SignalRef,
    TaskRef,
)


class Task(Record, kind=19, noun="task"):
    """A process: a thread group and what it refers to."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    pid: U32
    """Process id, in the pid namespace of the dumper."""
    ppid: U32
    """Process id of the parent."""
    pgid: U32
    """Process group."""
    sid: U32
    """Session."""
    comm: bytes
    """Name of the program, at most 15 bytes."""
    state: U8
    """State letter of /proc/PID/stat before the stop, an ASCII code."""
    exit_signal: S32
    """Signal to the parent at exit."""
    start_time: U64
    """Start of the process in clock ticks after boot."""
    tty: U64
    """Controlling terminal: major << 32 | minor; 0 for none."""
    personality: U32
    """personality(2)."""
    oom_score_adj: S32
    """/proc/PID/oom_score_adj, -1000 to 1000."""
    mm: MmRef | None
    """Address space; nil for a zombie."""
    fd_table: FdTableRef | None
    """Descriptors; nil for a zombie."""
    fs: FsRef | None
    """Working directory, root, umask; nil for a zombie."""
    sighand: SighandRef | None
    """Signal actions."""
    signal: SignalRef | None
    """Pending signals, timers, limits."""
    cred: CredRef
    """Credentials of the leader."""
    namespaces: NamespacesRef | None
    """Namespaces."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Thread(Record, kind=20, noun="thread", key=("task", "tid")):
    """One thread of a task."""

    task: TaskRef
    """The task it is a thread of."""
    tid: U32
    """Thread id."""
    comm: bytes
    """Name of the thread, at most 15 bytes."""
    state: U8
    """State letter of /proc/PID/task/TID/stat before the stop, an ASCII code."""
    registers: bytes
    """struct user_regs_struct (sys/user.h), 216 bytes on x86-64; fs_base is the TLS pointer."""
    xsave: bytes
    """Extended registers as the XSAVE instruction lays them out (NT_X86_XSTATE)."""
    sigmask: U64
    """Blocked signals; bit N-1 is signal N."""
    altstack: Address
    """Alternate signal stack (sigaltstack(2))."""
    altstack_flags: U32
    """Its ss_flags."""
    altstack_size: U64
    """Its size, bytes."""
    robust_list: Address
    """Head of the list of robust futexes (get_robust_list(2))."""
    robust_list_size: U64
    """Size of that head, bytes."""
    rseq: Address
    """Restartable sequences area, 0 for none (PTRACE_GET_RSEQ_CONFIGURATION)."""
    rseq_size: U32
    """Its size, bytes."""
    rseq_signature: U32
    """Signature before abort handlers."""
    rseq_cs: U64
    """Critical section that the thread was in, 0 for none."""
    clear_child_tid: Address
    """Address that is cleared at exit (set_tid_address(2))."""
    policy: U32
    """Scheduling policy (sched(7))."""
    priority: U32
    """Static priority."""
    nice: S64
    """Nice value, -20 to 19."""
    cpus: bytes
    """CPU affinity mask, bit N of the little-endian number is CPU N (sched_getaffinity(2))."""
    cred: CredRef
    """Credentials of the thread."""
    extra: Extra | None = None
    """Further attributes, or nil."""
