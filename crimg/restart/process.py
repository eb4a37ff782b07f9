"""A process that an image comes back in: made, and held still until it is let go."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal

from crimg.errors import FileError, KernelError, ProcessGoneError
from crimg.escape import one_line
from crimg.kernel import birth, ptrace
from crimg.kernel.access import read_proc
from crimg.kernel.inject import Injector
from crimg.kernel.procstat import parse_status
from crimg.kernel.stops import is_event_stop, is_group_stop, wait_stop
from crimg.kernel.uninterrupted import Uninterrupted
from crimg.restart.calls import Calls, prctl
from crimg.restart.cloning import SECONDS, clone, hold
from crimg.restart.credentials import PR_SET_DUMPABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

OPTIONS = ptrace.PTRACE_O_TRACESYSGOOD | ptrace.PTRACE_O_TRACEEXEC | ptrace.PTRACE_O_EXITKILL
_EXEC_STOP = signal.SIGTRAP | ptrace.PTRACE_EVENT_EXEC << 8
ALL_CHILDREN = 0x4000_0000
"""__WALL of wait(2): threads, and children that do not send SIGCHLD, too."""
_NR_EXIT_GROUP = 231
_CAP_SYS_ADMIN, _CAP_CHECKPOINT_RESTORE = 21, 40
_LOWEST = 1 << 20  # far above vm.mmap_min_addr
_PAGE = 4096


class NewProcess:
    """A process that is being made, and held still.

    pid: its number, 0 where it has not been made.  threads: their numbers, the first among them.
    syscall_at: a `syscall` instruction of the memory that it comes to have, 0 before.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.threads: set[int] = set()
        self.syscall_at = 0
        self._injector: Injector | None = None

    def kill(self) -> None:
        """SIGKILL, which nothing survives; `reap` has to follow."""
        if self._injector is not None:
            self._injector.abandon()
            self._injector = None
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Wait for its end. A first thread is not reaped before the others have been."""
        for tid in sorted(self.threads | ({self.pid} - {0}), key=lambda tid: tid == self.pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(tid, ALL_CHILDREN)

    @property
    def injector(self) -> Injector:
        """That of the first thread, open until `leave_scratch`."""
        if self._injector is None:
            raise ValueError("the process has not been made, or has its registers already")
        return self._injector

    def make(self, pid: int | None, fds: Iterable[int], program: int) -> None:
        """Make it as a child of this one, up to the first instruction of a program.

        pid: its process id, or None for any.  fds: descriptors of this process that it keeps.
        program: descriptor of the program that it executes.  Raises KernelError, FileError.
        """
        errors, say = os.pipe2(os.O_CLOEXEC)
        wait, go = os.pipe2(os.O_CLOEXEC)
        try:
            with Uninterrupted():
                mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
                try:
                    self.pid = birth.fork(pid)
                    if self.pid == 0:
                        os.close(go)
                        _be_born(fds, program, wait, say)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self.threads.add(self.pid)
            os.close(say)
            say = -1
            try:
                ptrace.seize(self.pid, OPTIONS)
                os.write(go, b"g")
                self.hold_after_exec()
            except ProcessGoneError as error:
                said = os.read(errors, 4096).decode(errors="replace")
                if said:
                    raise FileError(f"making the process: {one_line(said)}") from error
                raise
        finally:
            for fd in (errors, say, wait, go):
                if fd >= 0:
                    os.close(fd)

    def be_child_of(self, maker: NewProcess, flags: int, exit_signal: int, pid: int | None) -> None:
        """Have another process make it, which holds still, too. flags, exit_signal: of clone3(2)."""
        with Uninterrupted():
            self.pid = clone(maker.injector, flags, exit_signal, pid)
        self.threads.add(self.pid)
        hold(self.pid)
        self._injector = Injector(self.pid, options=OPTIONS, scratch=maker.injector.scratch)
        self._injector.__enter__()
        if not flags & birth.CLONE_VM:
            self._injector.adopt()

    def execute(self, program: int, address: int) -> None:
        """Execute a program, up to its first instruction.

        program: a descriptor of the process.  address: as of `borrow`.  Raises KernelError, ProcessGoneError.
        """
        nothing = self.injector.room("nothing", 8)
        self.injector.write(nothing, bytes(8))
        self.injector.last_call(birth.NR_EXECVEAT, program, nothing, nothing, nothing, birth.AT_EMPTY_PATH)
        self._injector = None
        self.hold_after_exec()
        self.borrow(address)

    def hold_after_exec(self) -> None:
        """Stop it at its first instruction."""
        stop = wait_stop(self.pid, SECONDS)
        while stop != _EXEC_STOP:
            ptrace.cont(self.pid)
            stop = wait_stop(self.pid, SECONDS)
        ptrace.interrupt(self.pid)
        ptrace.cont(self.pid)
        while not is_event_stop(wait_stop(self.pid, SECONDS)):
            ptrace.cont(self.pid)

    def borrow(self, address: int) -> None:
        """Make room for injected calls. address: where nothing is, and nothing will be."""
        self._injector = injector = Injector(self.pid, options=OPTIONS, address=address)
        injector.__enter__()

    def end(self, status: int) -> None:
        """End it, with this status for wait(2), which its parent has to call. Raises KernelError."""
        number = status & 0x7F
        if number:
            calls = Calls(self.injector)
            calls.add("prctl(PR_SET_DUMPABLE)", *prctl(PR_SET_DUMPABLE, 0))  # no core is dumped
            calls.make()
            self.injector.abandon()
            ptrace.setsigmask(self.pid, 0)
            os.kill(self.pid, number)
            self._run_into(number)
        else:
            self.injector.last_call(_NR_EXIT_GROUP, status >> 8)
        self._injector = None
        _, got = os.waitpid(self.pid, ALL_CHILDREN)
        if got != status:
            hint = f"process {self.pid} ended with status {got:#x}, not {status:#x}"
            raise KernelError("exit_group", errno.EINVAL, pid=self.pid, hint=hint)

    def _run_into(self, number: int) -> None:
        """Let it take a signal that ends it."""
        with contextlib.suppress(ProcessGoneError):
            ptrace.cont(self.pid)
            while True:
                stop = wait_stop(self.pid, SECONDS)
                ptrace.cont(self.pid, number if stop == number else 0)

    def stop(self) -> None:
        """Stop it by SIGSTOP, as its parent will see it; its registers and masks may be set afterwards.

        No other signal may be taken out of the queues meanwhile.
        """
        for tid in self.threads:
            ptrace.setsigmask(tid, ptrace.EVERY_SIGNAL)
        os.kill(self.pid, signal.SIGSTOP)
        for tid in sorted(self.threads, key=lambda tid: tid != self.pid):
            while not is_group_stop(stop := wait_stop(tid, SECONDS)):
                ptrace.cont(tid, signal.SIGSTOP if stop == signal.SIGSTOP else 0)

    def leave_scratch(self) -> None:
        """Give up the memory for injected calls; a `syscall` instruction that stays is known."""
        injector = self.injector
        injector.scratch.syscall_at = self.syscall_at
        injector.close()
        self._injector = None

    def let_go(self) -> None:
        """Detach from all threads. From here on the process lives on without us."""
        for tid in sorted(self.threads, key=lambda tid: tid == self.pid):
            with contextlib.suppress(ProcessGoneError):  # killed by somebody: then that is how it ends
                ptrace.detach(tid)


def may_name_program() -> bool:
    """Whether this process may say which program another one is (validate_prctl_map in kernel/sys.c).

    Without CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN, a process is the program that it has executed.
    """
    held = parse_status(read_proc(os.getpid(), "status") or b"").cap_effective
    return bool(held >> _CAP_CHECKPOINT_RESTORE & 1 or held >> _CAP_SYS_ADMIN & 1)


def find_gap(taken: Iterable[tuple[int, int]], size: int) -> int:
    """The lowest address, from 1 MiB on, at which `size` bytes are free, with as much room on both sides."""
    at = _LOWEST
    for start, end in sorted(taken):
        if start >= at + 3 * size:
            break
        at = max(at, end)
    return -(-(at + size) // _PAGE) * _PAGE


def _be_born(fds: Iterable[int], program: int, wait: int, say: int) -> None:
    """In the child: keep the files, become the program. No return."""
    try:
        if os.read(wait, 1) != b"g":  # the parent has gone
            return
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        _keep_only(fds, program, say)
        birth.execute(program)
    except (OSError, KernelError) as error:
        os.write(say, str(error).encode())
    finally:
        os._exit(1)


def _keep_only(wanted: Iterable[int], program: int, say: int) -> None:
    """Close all other descriptors, and let the wanted ones live through execve(2)."""
    kept = sorted({*wanted, program, say})
    for fd in kept:
        os.set_inheritable(fd, fd not in (program, say))
    following = 0
    for fd in kept:
        if following < fd:  # an empty range would close everything from 0 on
            os.closerange(following, fd)
        following = fd + 1
    os.closerange(following, 1 << 30)
