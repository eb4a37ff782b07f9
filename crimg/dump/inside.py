"""What only the target itself can ask the kernel for: system calls made by its own stopped threads.

Signal actions, interval timers, the program break, alternate signal stacks and the like have no file in
/proc and no ptrace request. All questions to one thread go in one batch.
"""

from __future__ import annotations

import struct

from crimg.errors import KernelError
from crimg.kernel import proctask, ptrace, threadstate
from crimg.kernel.memory import Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.freeze import Freeze
    from crimg.kernel.inject import Injector
    from crimg.kernel.procfs import ProcDir

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_BRK = 12
_NR_RT_SIGACTION = 13
_NR_GETITIMER = 36
_NR_SIGALTSTACK = 131
_NR_PRCTL = 157
_NR_MODIFY_LDT = 154
_NR_TIMER_GETTIME = 224
_NR_GET_MEMPOLICY = 239

# include/uapi/linux/prctl.h
_PR_GET_PDEATHSIG = 2
_PR_GET_DUMPABLE = 3
_PR_GET_SECUREBITS = 27
_PR_GET_TSC = 25
_PR_GET_TIMERSLACK = 30
_PR_MCE_KILL_GET = 34
_PR_GET_CHILD_SUBREAPER = 37
_PR_GET_TID_ADDRESS = 40
_PR_GET_THP_DISABLE = 42
_PR_GET_MDWE = 66
_PR_GET_MEMORY_MERGE = 68

_SIGNALS = range(1, 65)
_ACTION = struct.Struct("<4Q")  # struct kernel_sigaction: handler, flags, restorer, mask
_ITIMERVAL = struct.Struct("<4q")  # interval and value, each seconds and microseconds
_ITIMERSPEC = struct.Struct("<4q")  # the same with nanoseconds
_ANSWERS = struct.Struct("<QixxxxQQ3i")
"""Of one thread: stack_t (ss_sp, ss_flags, ss_size), a pointer, death signal, mode of TSC, NUMA policy."""
_WORD = struct.Struct("<Q")
_INT = struct.Struct("<i")
_MCE_KILL_DEFAULT = 2  # PR_MCE_KILL_DEFAULT
_TSC_ENABLED = 1  # PR_TSC_ENABLE
_DEFAULT_TIMER_SLACK = 50_000  # ns (init/init_task.c)
_RSEQ_CS = 8  # offset in struct rseq (linux/rseq.h)
_MICROSECOND = 1_000
_SECOND = 1_000_000_000


class ThreadInside:
    """Of one thread: its registers as the freeze left them, and what it was asked.

    rseq: its configuration.  extra: what is not as it is by default.  The others: see Thread and Cred.
    """

    __slots__ = (
        "altstack",
        "altstack_flags",
        "altstack_size",
        "clear_child_tid",
        "extra",
        "registers",
        "rseq",
        "rseq_cs",
        "securebits",
        "sigmask",
        "xsave",
    )

    def __init__(self, tid: int) -> None:
        """Reads what needs no question; the thread stands in an event stop of the caller's tracing."""
        self.registers = ptrace.getregset(tid, ptrace.NT_PRSTATUS)
        self.xsave = ptrace.getregset(tid, ptrace.NT_X86_XSTATE)
        self.sigmask = ptrace.getsigmask(tid)
        self.rseq = threadstate.get_rseq_configuration(tid)
        self.rseq_cs = 0
        if self.rseq.pointer:
            with Memory(tid) as memory:
                (self.rseq_cs,) = _WORD.unpack(memory.read(self.rseq.pointer + _RSEQ_CS, _WORD.size))

    def ask(self, injector: Injector) -> None:
        """Have the thread make its calls."""
        stack = injector.reserve(_ANSWERS.size)
        address, death, tsc, policy = (stack + offset for offset in (24, 32, 36, 40))
        results = injector.batch(
            [
                (_NR_SIGALTSTACK, 0, stack),
                (_NR_PRCTL, _PR_GET_TID_ADDRESS, address),
                (_NR_PRCTL, _PR_GET_SECUREBITS),
                (_NR_PRCTL, _PR_GET_PDEATHSIG, death),
                (_NR_PRCTL, _PR_GET_TIMERSLACK),
                (_NR_PRCTL, _PR_MCE_KILL_GET),
                (_NR_PRCTL, _PR_GET_TSC, tsc),
                (_NR_GET_MEMPOLICY, policy, 0, 0, 0, 0),
            ]
        )
        _require("sigaltstack", results[0], injector.tid)
        _require("prctl(PR_GET_TID_ADDRESS)", results[1], injector.tid)
        self.securebits = _require("prctl(PR_GET_SECUREBITS)", results[2], injector.tid)
        _require("prctl(PR_GET_PDEATHSIG)", results[3], injector.tid)
        self.altstack, self.altstack_flags, self.altstack_size, self.clear_child_tid, *answers = (
            _ANSWERS.unpack(injector.read(stack, _ANSWERS.size))
        )
        death_signal, tsc_mode, numa_policy = answers
        # The last two are refused where the kernel was built without them.
        tsc_mode = tsc_mode if results[6] == 0 else _TSC_ENABLED
        numa_policy = numa_policy if results[7] == 0 else 0
        self.extra = _present(
            pdeath_signal=death_signal,
            timer_slack_ns=0 if results[4] == _DEFAULT_TIMER_SLACK else max(results[4], 0),
            mce_kill=0 if results[5] == _MCE_KILL_DEFAULT else max(results[5], 0),
            tsc=tsc_mode if tsc_mode != _TSC_ENABLED else 0,
            mempolicy=numa_policy,
        )


class Inside:
    """Of a process: what its threads share, and its threads by tid.

    actions: signal number to handler, flags, restorer, mask.  itimers: interval and time left, ns, of the
    three timers of getitimer(2).  timers: id of a POSIX timer to interval and time left, ns.
    has_ldt: it has segments of its own (modify_ldt(2)).  brk: program break.
    dumpable: prctl(PR_GET_DUMPABLE).
    mm_extra, task_extra: what is not as it is by default, for the columns `extra` of Mm and Task.
    """

    def __init__(self, proc: ProcDir, frozen: Freeze) -> None:
        self.threads = {tid: ThreadInside(tid) for tid in frozen.tids}
        leader, *others = frozen.tids
        with frozen.injector(leader) as injector:
            self._ask(injector, proc)
            self.threads[leader].ask(injector)
            for tid in others:
                with frozen.injector(tid, scratch=injector.scratch) as other:
                    self.threads[tid].ask(other)

    def _ask(self, injector: Injector, proc: ProcDir) -> None:
        tid = injector.tid
        ids = [timer.timer_id for timer in proctask.read_timers(proc)]
        actions = injector.reserve(_ACTION.size * len(_SIGNALS))
        itimers = injector.reserve(_ITIMERVAL.size * 3)
        slot = injector.reserve(_ITIMERSPEC.size)
        results = injector.batch(
            [
                (_NR_BRK, 0),
                (_NR_PRCTL, _PR_GET_DUMPABLE),
                (_NR_PRCTL, _PR_GET_CHILD_SUBREAPER, slot),
                (_NR_PRCTL, _PR_GET_THP_DISABLE),
                (_NR_PRCTL, _PR_GET_MDWE),
                (_NR_PRCTL, _PR_GET_MEMORY_MERGE),
                (_NR_MODIFY_LDT, 0, slot, 8),
                *((_NR_GETITIMER, which, itimers + _ITIMERVAL.size * which) for which in range(3)),
                *(
                    (_NR_RT_SIGACTION, signal, 0, actions + _ACTION.size * (signal - 1), 8)
                    for signal in _SIGNALS
                ),
            ]
        )
        self.brk = results[0]
        self.dumpable = _require("prctl(PR_GET_DUMPABLE)", results[1], tid)
        for result in results[7:10]:
            _require("getitimer", result, tid)
        for result in results[10:]:
            _require("rt_sigaction", result, tid)
        _require("prctl(PR_GET_CHILD_SUBREAPER)", results[2], tid)
        (subreaper,) = _INT.unpack(injector.read(slot, _INT.size))
        self.task_extra = _present(child_subreaper=subreaper)
        # EINVAL, ENOSYS in kernels without these.
        self.mm_extra = _present(
            thp_disable=max(results[3], 0), mdwe=max(results[4], 0), memory_merge=max(results[5], 0)
        )
        self.has_ldt = results[6] > 0
        raw = injector.read(actions, _ACTION.size * len(_SIGNALS))
        self.actions = dict(zip(_SIGNALS, _ACTION.iter_unpack(raw), strict=True))
        raw = injector.read(itimers, _ITIMERVAL.size * 3)
        self.itimers = tuple(
            seconds * _SECOND + rest * _MICROSECOND
            for numbers in _ITIMERVAL.iter_unpack(raw)
            for seconds, rest in (numbers[:2], numbers[2:])
        )
        self.timers: dict[int, tuple[int, int]] = {}
        for timer in ids:
            _require("timer_gettime", injector.call(_NR_TIMER_GETTIME, timer, slot), tid)
            a, b, c, d = _ITIMERSPEC.unpack(injector.read(slot, _ITIMERSPEC.size))
            self.timers[timer] = (a * _SECOND + b, c * _SECOND + d)


def _present(**values: int) -> dict[str, object] | None:
    """Those that are not 0, as an `extra` column has them."""
    return {name: value for name, value in values.items() if value} or None


def _require(name: str, result: int, tid: int) -> int:
    """The result of a call in the target; raises KernelError for -errno."""
    if result < 0:
        raise KernelError(name, -result, pid=tid)
    return result
