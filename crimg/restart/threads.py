"""The threads of a process that is being made: their numbers, and what each has of its own."""

from __future__ import annotations

import errno
import os
import struct

from crimg.errors import KernelError
from crimg.kernel import birth, ptrace
from crimg.kernel.inject import Injector
from crimg.kernel.registers import ERESTART_RESTARTBLOCK, Registers
from crimg.kernel.stops import is_event_stop, wait_stop
from crimg.model import Mm
from crimg.restart.calls import Calls, numbers, prctl
from crimg.restart.credentials import add_credentials
from crimg.restart.process import OPTIONS
from crimg.restart.settings import queue_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Cred, Thread
    from crimg.model.image import Image
    from crimg.restart.process import NewProcess
    from crimg.restart.steps import MakeThreads, SetThreads

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_SIGALTSTACK = 131
_NR_SET_TID_ADDRESS = 218
_NR_IOPRIO_SET = 251
_NR_SET_ROBUST_LIST = 273
_NR_RSEQ = 334
_NR_CLONE3 = 435

# CLONE_VM, FS, FILES, SIGHAND, PTRACE (seized as its maker is), THREAD, SYSVSEM
_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x2000 | 0x1_0000 | 0x4_0000
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_TSC = 26
_PR_SET_TIMERSLACK = 29
_PR_MCE_KILL, _PR_MCE_KILL_SET = 33, 1
_IOPRIO_WHO_PROCESS = 1
_SS_ONSTACK = 1
_STACK = struct.Struct("<QixxxxQ")
_RSEQ_CS = 8
_SECONDS = 10.0


def make_threads(step: MakeThreads, process: NewProcess) -> None:
    """Make them, each held at its first instruction. Raises KernelError."""
    injector = process.injector
    slot, wanted = injector.reserve(88), injector.reserve(8)
    for thread in step.threads:
        count = 0
        if step.same_tids:
            injector.write(wanted, thread.tid.to_bytes(4, "little"))
            count = 1
        arguments = birth.clone_arguments(_THREAD, 0, wanted if count else 0, count)
        injector.write(slot, arguments)
        calls = Calls(injector)
        hint = f"thread id {thread.tid} is in use here: take --new-pids" if step.same_tids else ""
        calls.add("clone3", _NR_CLONE3, slot, len(arguments), hint=hint)
        (tid,) = calls.make()
        process.threads[thread.tid] = tid
        while not is_event_stop(wait_stop(tid, _SECONDS)):
            ptrace.interrupt(tid)
            ptrace.cont(tid)


def set_threads(image: Image, step: SetThreads, process: NewProcess, syscall_at: int) -> None:
    """Give each what it had, the first thread last; registers are set when nothing more is called."""
    pairs = list(zip(step.threads, step.creds, strict=True))
    for thread, cred in pairs[1:]:
        tid = process.threads[thread.tid]
        with Injector(tid, scratch=process.injector.scratch, options=OPTIONS) as injector:
            _ask(image, step, thread, cred, injector)
    _ask(image, step, *pairs[0], process.injector)
    process.leave_scratch(syscall_at)
    for thread, _ in pairs:
        _set_registers(thread, process.threads[thread.tid])


def _ask(image: Image, step: SetThreads, thread: Thread, cred: Cred, injector: Injector) -> None:
    """What a thread has to call for itself."""
    tid = injector.tid
    if step.signal is not None:
        queue_signals(image, step.signal, thread.tid, injector)
    _set_scheduling(thread, tid)
    calls = Calls(injector)
    extra = numbers(thread.extra)
    name, stack = injector.reserve(16), injector.reserve(_STACK.size)
    injector.write(name, thread.comm[:15].ljust(16, b"\0"))
    flags = thread.altstack_flags & ~_SS_ONSTACK
    injector.write(stack, _STACK.pack(thread.altstack, flags, thread.altstack_size))
    calls.add("prctl(PR_SET_NAME)", *prctl(_PR_SET_NAME, name))
    calls.add("sigaltstack", _NR_SIGALTSTACK, stack, 0)
    calls.add("set_tid_address", _NR_SET_TID_ADDRESS, thread.clear_child_tid)
    if thread.robust_list:
        size = thread.robust_list_size
        calls.add("set_robust_list", _NR_SET_ROBUST_LIST, thread.robust_list, size)
    if "timer_slack_ns" in extra:
        calls.add("prctl(PR_SET_TIMERSLACK)", *prctl(_PR_SET_TIMERSLACK, extra["timer_slack_ns"]))
    if "mce_kill" in extra:
        calls.add("prctl(PR_MCE_KILL)", *prctl(_PR_MCE_KILL, _PR_MCE_KILL_SET, extra["mce_kill"]))
    if "tsc" in extra:
        calls.add("prctl(PR_SET_TSC)", *prctl(_PR_SET_TSC, extra["tsc"]))
    if "ioprio" in extra:
        calls.add("ioprio_set", _NR_IOPRIO_SET, _IOPRIO_WHO_PROCESS, 0, extra["ioprio"])
    (mm,) = image.rows(Mm)
    add_credentials(cred, min(mm.dumpable, 1), injector, calls)
    if "pdeath_signal" in extra:  # a change of credentials clears it
        calls.add("prctl(PR_SET_PDEATHSIG)", *prctl(_PR_SET_PDEATHSIG, extra["pdeath_signal"]))
    if thread.rseq:
        calls.add("rseq", _NR_RSEQ, thread.rseq, thread.rseq_size, 0, thread.rseq_signature)
    calls.make()


def _set_scheduling(thread: Thread, tid: int) -> None:
    try:
        if os.getpriority(os.PRIO_PROCESS, tid) != thread.nice:
            os.setpriority(os.PRIO_PROCESS, tid, thread.nice)
        if (os.sched_getscheduler(tid), os.sched_getparam(tid).sched_priority) != (
            thread.policy,
            thread.priority,
        ):
            os.sched_setscheduler(tid, thread.policy, os.sched_param(thread.priority))
        cpus = int.from_bytes(thread.cpus, "little")
        wanted = {cpu for cpu in range(cpus.bit_length()) if cpus >> cpu & 1}
        if os.sched_getaffinity(tid) != wanted & set(range(os.cpu_count() or 1)):
            os.sched_setaffinity(tid, wanted)
    except OverflowError as error:
        raise KernelError("sched_setattr", errno.EINVAL, pid=tid) from error
    except OSError as error:
        raise KernelError("sched_setattr", error.errno or errno.EPERM, pid=tid) from error


def _set_registers(thread: Thread, tid: int) -> None:
    """The last that is done to a thread. A call that waits by a restart block is made anew: none is here."""
    registers = Registers(thread.registers)
    if registers.in_system_call and registers.error == ERESTART_RESTARTBLOCK:
        registers = registers.with_changes(rax=registers.orig_rax, rip=registers.rip - 2)
    try:
        ptrace.setregset(tid, ptrace.NT_X86_XSTATE, thread.xsave)
    except KernelError as error:
        hint = "this processor or kernel has other registers than that of the dump"
        raise KernelError(error.syscall, error.errno, pid=tid, hint=hint) from error
    if thread.rseq and thread.rseq_cs:
        ptrace.pokedata(tid, thread.rseq + _RSEQ_CS, thread.rseq_cs.to_bytes(8, "little"))
    ptrace.setsigmask(tid, thread.sigmask)
    ptrace.setregset(tid, ptrace.NT_PRSTATUS, bytes(registers))
