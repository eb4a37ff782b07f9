"""The process that an image comes back in: made, given its descriptors, and held still."""

from __future__ import annotations

import contextlib
import os
import resource
import signal

from crimg.errors import FileError, KernelError, ProcessGoneError
from crimg.escape import one_line
from crimg.kernel import birth, ptrace
from crimg.kernel.access import read_proc
from crimg.kernel.inject import Injector
from crimg.kernel.procmaps import parse_maps
from crimg.kernel.procstat import parse_status
from crimg.kernel.stops import is_event_stop, wait_stop
from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from crimg.restart.steps import MakeProcess

OPTIONS = ptrace.PTRACE_O_TRACESYSGOOD | ptrace.PTRACE_O_TRACEEXEC | ptrace.PTRACE_O_EXITKILL
_EXEC_STOP = signal.SIGTRAP | ptrace.PTRACE_EVENT_EXEC << 8
_ALL_CHILDREN = 0x4000_0000  # __WALL: threads too
_SECONDS = 10.0
_CAP_SYS_ADMIN, _CAP_CHECKPOINT_RESTORE = 21, 40
_LOWEST = 1 << 20  # far above vm.mmap_min_addr
_PAGE = 4096


class NewProcess:
    """A process that is being made; a context manager that kills it, unless `let_go` was called.

    pid: its number.  threads: number in the image to that of now.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.threads: dict[int, int] = {}
        self._injector: Injector | None = None
        self._gone = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pid and not self._gone:
            os.kill(self.pid, signal.SIGKILL)
            if self._injector is not None:
                self._injector.abandon()
            # A first thread is not reaped before the others have been.
            for tid in sorted({*self.threads.values(), self.pid}, key=lambda tid: tid == self.pid):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(tid, _ALL_CHILDREN)

    @property
    def injector(self) -> Injector:
        """That of the first thread, open until `leave_scratch`."""
        if self._injector is None:
            raise ValueError("the process has not been made")
        return self._injector

    def make(
        self,
        step: MakeProcess,
        fds: Mapping[int, int],
        taken: Iterable[tuple[int, int]],
        exe: int | None = None,
    ) -> None:
        """Make the process, up to an empty address space.

        fds: open files by objref, as descriptors of this process.  exe: descriptor of the program that it
        executes, to be held before its first instruction; None for the blank one.
        taken: address ranges that its mappings will have.
        Raises KernelError, FileError.
        """
        errors, say = os.pipe2(os.O_CLOEXEC)
        wait, go = os.pipe2(os.O_CLOEXEC)
        program = birth.blank_program() if exe is None else os.dup(exe)
        try:
            with Uninterrupted():
                mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
                try:
                    self.pid = birth.fork(step.pid)
                    if self.pid == 0:
                        os.close(go)
                        _be_born(step, fds, program, wait, say)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(say)
            say = -1
            self._hold(go, errors)
        finally:
            for fd in (errors, say, wait, go, program):
                if fd >= 0:
                    os.close(fd)
        self.threads[step.task.pid] = self.pid
        self._borrow(list(taken))

    def _hold(self, go: int, errors: int) -> None:
        """Seize it, let it execute the blank program, and stop it at its first instruction."""
        try:
            ptrace.seize(self.pid, OPTIONS)
            os.write(go, b"g")
            stop = wait_stop(self.pid, _SECONDS)
            while stop != _EXEC_STOP:
                ptrace.cont(self.pid)
                stop = wait_stop(self.pid, _SECONDS)
            ptrace.interrupt(self.pid)
            ptrace.cont(self.pid)
            while not is_event_stop(wait_stop(self.pid, _SECONDS)):
                ptrace.cont(self.pid)
        except ProcessGoneError as error:
            said = os.read(errors, 4096).decode(errors="replace")
            if said:
                raise FileError(f"making the process: {one_line(said)}") from error
            raise

    def _borrow(self, taken: list[tuple[int, int]]) -> None:
        """Make room for injected calls where nothing is and nothing will be, and unmap all else."""
        maps = parse_maps(read_proc(self.pid, "maps") or b"")
        there = [(vma.start, vma.end) for vma in maps]
        address = find_gap([*taken, *there], 1 << 20)
        self._injector = injector = Injector(self.pid, options=OPTIONS, address=address)
        injector.__enter__()

    def leave_scratch(self, syscall_at: int) -> None:
        """Give up the memory for injected calls. syscall_at: a `syscall` instruction that stays."""
        injector = self.injector
        injector.scratch.syscall_at = syscall_at
        injector.close()
        self._injector = None

    def let_go(self, *, stopped: bool) -> None:
        """Detach from all threads. From here on the process lives on without us."""
        if stopped:
            os.kill(self.pid, signal.SIGSTOP)
        self._gone = True
        for tid in sorted(self.threads.values(), key=lambda tid: tid == self.pid):
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


def _be_born(step: MakeProcess, fds: Mapping[int, int], program: int, wait: int, say: int) -> None:
    """In the child: take session and directories, keep the files, become the blank program. No return."""
    try:
        if os.read(wait, 1) != b"g":  # the parent has gone
            return
        if step.new_session:
            os.setsid()
        elif step.new_group:
            os.setpgid(0, 0)
        if os.fstat(fds[step.fs.root]) != os.stat("/"):
            os.fchdir(fds[step.fs.root])
            os.chroot(".")
        os.fchdir(fds[step.fs.cwd])
        os.umask(step.fs.umask)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        _keep_only(fds.values(), program, say)
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
