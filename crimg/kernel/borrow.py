"""A stopped thread whose registers are ours for a moment: saved, used for system calls, put back.

No breakpoint and no single step is used, so that the kernel never forces a SIGTRAP on the target (it would
reset the action of a target that ignores or blocks it): the stops of PTRACE_SYSCALL are no signals. All
signals are blocked meanwhile; SIGSTOP, which cannot be, is handed on when it comes.
"""

from __future__ import annotations

import errno

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import ptrace, sigframe, threadstate
from crimg.kernel.access import read_proc
from crimg.kernel.memory import Memory
from crimg.kernel.procstat import parse_status
from crimg.kernel.registers import Registers, value_of, with_changes
from crimg.kernel.stops import (
    SYSCALL_STOP,
    is_event_stop,
    not_stopping,
    peek_stop,
    poll_stop,
    wait_stop,
)
from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

_IN_NO_CALL = 0xFFFF_FFFF_FFFF_FFFF
_SIGSTOP = 19
_NO_DISPATCH = threadstate.DispatchConfiguration(0, 0, 0, 0)
_RSEQ_CS = 8  # offset of rseq_cs in struct rseq (linux/rseq.h)
_ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")


class BorrowedThread:
    """Thread `tid`, in an event stop of the caller's tracing; what it had is read at once, and kept here.

    registers, xstate, mask: what is put back.  healed: the registers for a thread that is left alone.
    timeout: seconds for each stop.  options: the PTRACE_O_* that are set in it.
    Raises KernelError (EBUSY) where the thread is in no event stop.
    """

    def __init__(self, tid: int, timeout: float, options: int = ptrace.PTRACE_O_TRACESYSGOOD) -> None:
        self.tid = tid
        self.timeout = timeout
        self._options = options
        self.memory = Memory(tid)
        self._away = False
        self._code = range(0)
        self._dispatch = _NO_DISPATCH
        if not is_event_stop(peek_stop(tid) or 0):
            hint = "the thread is in no event stop"
            raise KernelError("injecting a system call", errno.EBUSY, pid=tid, hint=hint)
        self._take_over()

    def _take_over(self) -> None:
        """Read what the thread has, which is what will be put back."""
        tid = self.tid
        self._raw = ptrace.getregset(tid, ptrace.NT_PRSTATUS)
        self.registers = Registers(self._raw)
        self.xstate = ptrace.getregset(tid, ptrace.NT_X86_XSTATE)
        self.mask = ptrace.getsigmask(tid)
        self._mask_now: int | None = self.mask
        self._rseq_cs, abort_ip = 0, None
        self._rseq_area = threadstate.get_rseq_configuration(tid).pointer
        if self._rseq_area:
            self._rseq_cs = int.from_bytes(self.memory.read(self._rseq_area + _RSEQ_CS, 8), "little")
        if self._rseq_cs:
            abort_ip = self._abort_ip()
        self.healed = sigframe.healed(self.registers, abort_ip)
        self._healed = bytes(self.healed)

    def _abort_ip(self) -> int | None:
        """Where the thread goes on if it is moved out of the restartable sequence that it is in (rseq(2)).

        struct rseq_cs: version, flags (4 bytes each), start_ip, post_commit_offset, abort_ip (8 each).
        """
        raw = self.memory.read(self._rseq_cs, 32)
        start, length, abort = (int.from_bytes(raw[at : at + 8], "little") for at in (8, 16, 24))
        return abort if start <= self.registers.rip < start + length else None

    def lift_filters(self) -> None:
        """Keep what the target itself has set against its system calls from hitting ours, until `close`.

        A seccomp filter (where there is one: KernelError without CAP_SYS_ADMIN in the initial user namespace)
        and syscall user dispatch.
        """
        try:
            ptrace.setoptions(self.tid, self._options | ptrace.PTRACE_O_SUSPEND_SECCOMP)
        except KernelError as error:
            status = read_proc(self.tid, "status")
            if status and parse_status(status).seccomp:
                hint = "a seccomp filter is set in it; only CAP_SYS_ADMIN can suspend it"
                raise KernelError(
                    "ptrace(PTRACE_SETOPTIONS)", error.errno, pid=self.tid, hint=hint
                ) from error
        dispatch = threadstate.get_syscall_user_dispatch(self.tid)
        if dispatch.mode:
            self._dispatch = dispatch
            threadstate.set_syscall_user_dispatch(self.tid, _NO_DISPATCH)

    def close(self) -> None:
        """Put everything back that is not yet; the thread must be in its event stop or away."""
        try:
            self._restore()
            if self._dispatch.mode:
                threadstate.set_syscall_user_dispatch(self.tid, self._dispatch)
            ptrace.setoptions(self.tid, self._options)
        finally:
            self.memory.close()

    def away(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, in which the thread may be driven; whatever happens, it is as before then."""
        with Uninterrupted():
            self._restore()
            self._away, self._code = True, range(0)
            try:
                return work()
            finally:
                self._restore()

    def call(self, at: int, number: int, *arguments: int) -> int:
        """The result of one system call by the instruction at `at`; only within `away`.

        Between setting the registers and the last line the thread would not survive the tracer's death.
        """
        given = dict(zip(_ARGUMENTS, arguments, strict=False))
        self.set_registers(rip=at, rax=number, **given)
        self.drive(2)
        result = self.register("rax")
        self._set_mask(self.mask)
        ptrace.setregset(self.tid, ptrace.NT_PRSTATUS, self._healed)
        return result - (1 << 64) if result >> 63 else result

    def set_registers(self, **changes: int) -> None:
        """Set the saved registers with `changes`, in no system call; block all signals; only within `away`.

        Registers first: `sigframe.CODE` gives a handler room to run in between, and no mask is left behind.
        """
        registers = with_changes(self._raw, orig_rax=_IN_NO_CALL, **changes)
        ptrace.setregset(self.tid, ptrace.NT_PRSTATUS, registers)
        self._set_mask(ptrace.EVERY_SIGNAL)

    def _set_mask(self, mask: int) -> None:
        if mask != self._mask_now:
            self._mask_now = None
            ptrace.setsigmask(self.tid, mask)
            self._mask_now = mask

    def register(self, name: str) -> int:
        """What the named register holds now."""
        return value_of(ptrace.getregset(self.tid, ptrace.NT_PRSTATUS), name)

    def drive(self, stops: int) -> None:
        """Let it run until it has stopped `stops` times at the entry to or exit from a system call.

        Event stops in between are news of a group-stop, or an interrupt that was asked for earlier.
        """
        signal = 0
        while stops:
            ptrace.syscall(self.tid, signal)
            stop = wait_stop(self.tid, self.timeout)
            stops -= stop == SYSCALL_STOP
            signal = self._to_hand_on(stop)

    def drive_until(self, there: Callable[[], bool], timeout: float, code: range) -> None:
        """Let it run until it is `there()`, where it waits; at most `timeout` seconds.

        code: addresses that it does not leave before it has put back by itself all that it had.
        """
        self._code = code
        signal = 0
        while True:
            ptrace.cont(self.tid, signal)
            stop = poll_stop(self.tid, timeout, there)
            if stop is None:
                if there():
                    return
                raise not_stopping(self.tid, timeout)
            signal = self._to_hand_on(stop)

    def _to_hand_on(self, stop: int) -> int:
        """The signal to go on with after this stop, 0 for none; raises KernelError where that cannot be."""
        if stop == _SIGSTOP:
            return stop
        if stop != SYSCALL_STOP and not is_event_stop(stop):
            hint = f"signal {stop & 0x7F} came out of injected code"
            raise KernelError("injecting a system call", errno.EFAULT, pid=self.tid, hint=hint)
        return 0

    def _restore(self) -> None:
        """Back to the event stop, with all that the thread had.

        The registers come last: until then, a thread whose tracer dies goes through the frame.
        """
        if not self._away:
            return
        try:
            self._settle()
            if self._code and self.register("rip") not in self._code:
                self._take_over()  # the kernel did not let it wait: it has put back all, and gone on
                self._away = False
                hint = "it did not wait behind it"
                raise KernelError("injecting a system call", errno.EFAULT, pid=self.tid, hint=hint)
            self._code = range(0)  # what follows is done again where it is interrupted
            if ptrace.getregset(self.tid, ptrace.NT_X86_XSTATE) != self.xstate:
                ptrace.setregset(self.tid, ptrace.NT_X86_XSTATE, self.xstate)
            self._set_mask(self.mask)
            if self._rseq_cs:  # the kernel clears it whenever the thread runs outside of the sequence
                ptrace.pokedata(self.tid, self._rseq_area + _RSEQ_CS, self._rseq_cs.to_bytes(8, "little"))
            ptrace.setregset(self.tid, ptrace.NT_PRSTATUS, self._raw)
        except ProcessGoneError:
            self._away = False
            raise
        self._away = False

    def _settle(self) -> None:
        """From whatever it is doing to an event stop, without an instruction of the target run in between.

        Only there the kernel looks at rax and orig_rax on the way on, and restarts the interrupted call.
        """
        if peek_stop(self.tid) is None:
            ptrace.interrupt(self.tid)
        while not is_event_stop(stop := wait_stop(self.tid, self.timeout)):
            raw = ptrace.getregset(self.tid, ptrace.NT_PRSTATUS)
            ptrace.setregset(self.tid, ptrace.NT_PRSTATUS, with_changes(raw, orig_rax=_IN_NO_CALL))
            ptrace.interrupt(self.tid)
            ptrace.cont(self.tid, _SIGSTOP if stop == _SIGSTOP else 0)
