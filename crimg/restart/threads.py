"""The threads of a process that is being made: their numbers, and what each has of its own."""

from __future__ import annotations

import errno
import os
import struct

from crimg.errors import KernelError
from crimg.kernel import ptrace
from crimg.kernel.inject import Injector
from crimg.kernel.registers import ERESTART_RESTARTBLOCK, Registers
from crimg.kernel.uninterrupted import Uninterrupted
from crimg.model import Mm
from crimg.restart.calls import Calls, numbers, prctl
from crimg.restart.cloning import clone, hold
from crimg.restart.credentials import add_credentials
from crimg.restart.process import OPTIONS
from crimg.restart.settings import queue_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.model import Cred, Thread
    from crimg.model.image import Image
    from crimg.restart.process import NewProcess
    from crimg.restart.process_steps import MakeThreads, SetThreads
    from crimg.restart.tree_steps import EndZombie

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_SIGALTSTACK = 131
_NR_SET_TID_ADDRESS = 218
_NR_IOPRIO_SET = 251
_NR_SET_ROBUST_LIST = 273
_NR_RSEQ = 334

# CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM
_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x4_0000
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_TSC = 26
_PR_SET_TIMERSLACK = 29
_PR_MCE_KILL, _PR_MCE_KILL_SET = 33, 1
_IOPRIO_WHO_PROCESS = 1
_SS_ONSTACK = 1
_STACK = struct.Struct("<QixxxxQ")
_RSEQ_CS = 8


def make_threads(step: MakeThreads, process: NewProcess, numbers_now: dict[int, int]) -> None:
    """Make them, each held at its first instruction. Raises KernelError.

    numbers_now: number in the image to that of now, to be added to.
    """
    for thread in step.threads:
        with Uninterrupted():
            tid = clone(process.injector, _THREAD, 0, thread.tid if step.same_tids else None)
            process.threads.add(tid)
        numbers_now[thread.tid] = tid
        hold(tid)


def set_threads(image: Image, step: SetThreads, process: NewProcess, numbers_now: Mapping[int, int]) -> None:
    """Give each what it had, the first thread last; registers are set when nothing more is called."""
    pairs = list(zip(step.threads, step.creds, strict=True))
    for thread, cred in pairs[1:]:
        tid = numbers_now[thread.tid]
        with Injector(tid, scratch=process.injector.scratch, options=OPTIONS) as injector:
            _ask(image, step, thread, cred, injector)
    _ask(image, step, *pairs[0], process.injector)
    process.leave_scratch()
    if step.stopped:
        process.stop()
    for thread, _ in pairs:
        _set_registers(thread, numbers_now[thread.tid])


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
    mm = image.find(Mm, step.task.mm)
    add_credentials(cred, 0 if mm is None else min(mm.dumpable, 1), injector, calls)
    if "pdeath_signal" in extra:  # a change of credentials clears it
        calls.add("prctl(PR_SET_PDEATHSIG)", *prctl(_PR_SET_PDEATHSIG, extra["pdeath_signal"]))
    if thread.rseq:
        calls.add("rseq", _NR_RSEQ, thread.rseq, thread.rseq_size, 0, thread.rseq_signature)
    calls.make()


def end_zombie(step: EndZombie, process: NewProcess) -> None:
    """End a process as it had ended, with the name and credentials that it had. Raises KernelError."""
    calls = Calls(process.injector)
    name = process.injector.reserve(16)
    process.injector.write(name, step.task.comm[:15].ljust(16, b"\0"))
    calls.add("prctl(PR_SET_NAME)", *prctl(_PR_SET_NAME, name))
    add_credentials(step.cred, 0, process.injector, calls)
    calls.make()
    process.end(step.status)


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
