"""The processes that an image comes back in, all of them: made by each other, and all killed if one fails."""

from __future__ import annotations

import os

from crimg.kernel import birth
from crimg.kernel.access import read_proc
from crimg.kernel.procmaps import parse_maps
from crimg.kernel.subreaper import Subreaper
from crimg.kernel.uninterrupted import Uninterrupted
from crimg.restart.calls import Calls
from crimg.restart.process import NewProcess, find_gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from crimg.model import Fs, Task
    from crimg.restart.tree_steps import EndStandIn, MakeProcess, MakeStandIn, SetGroups

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_WAIT4 = 61
_NR_FCHDIR = 81
_NR_UMASK = 95
_NR_SETPGID = 109
_NR_SETSID = 112
_NR_CHROOT = 161

_SIGCHLD = 17
_WNOHANG, _ALL = 1, 0x4000_0000  # __WALL
_SCRATCH = 1 << 20


class Family:
    """A context manager that kills all that were made, unless `let_go` was called.

    numbers: process and thread ids in the image to those of now.
    """

    def __init__(self, taken: Iterable[tuple[int, int]]) -> None:
        """taken: address ranges that mappings of any of the processes will have."""
        self.numbers: dict[int, int] = {}
        self._taken = list(taken)
        self._processes: dict[int, NewProcess] = {}
        self._gone = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._gone or not self._processes:
            return
        with Uninterrupted(), Subreaper():  # orphans come to us, not to init, which would take its time
            for process in self._processes.values():
                process.kill()
            for process in reversed(self._processes.values()):
                process.reap()
            for process in self._processes.values():  # zombies that were their children
                process.reap()

    def of(self, task: Task) -> NewProcess:
        """The process that a task of the image has become."""
        return self._processes[task.pid]

    def numbered(self, number: int) -> NewProcess:
        """The process that has this number in the image."""
        return self._processes[number]

    def make(self, step: MakeProcess, fds: Mapping[int, int], exe: int | None) -> None:
        """Make a process. Raises KernelError, FileError.

        fds: open files by objref, as descriptors of this process, and of every one that is made.
        exe: descriptor of the program that it executes, to be held before its first instruction; or None.
        """
        process = self._processes[step.task.pid] = NewProcess()
        if step.maker is None:
            program = birth.blank_program() if exe is None else os.dup(exe)
            try:
                process.make(step.pid, fds.values(), program)
            finally:
                os.close(program)
            process.borrow(self._gap(process.pid))
        else:
            flags = step.shared | (birth.CLONE_PARENT if step.sibling else 0)
            exit_signal = 0 if step.sibling else step.task.exit_signal
            process.be_child_of(self._processes[step.maker], flags, exit_signal, step.pid)
            if exe is not None and not step.shared & birth.CLONE_VM:
                process.execute(exe, self._gap(process.pid))
        self.numbers[step.task.pid] = process.pid

    def _gap(self, pid: int) -> int:
        """Where nothing is in a process, and nothing will be in any."""
        there = [(vma.start, vma.end) for vma in parse_maps(read_proc(pid, "maps") or b"")]
        return find_gap([*self._taken, *there], _SCRATCH)

    def stand_in(self, step: MakeStandIn) -> None:
        """Make the process that stands for one that had ended."""
        process = self._processes[step.number] = NewProcess()
        process.be_child_of(self._processes[step.maker], 0, _SIGCHLD, step.pid)
        self.numbers[step.number] = process.pid

    def end_stand_in(self, step: EndStandIn) -> None:
        """End it, and have its parent wait for it."""
        process, parent = self._processes[step.number], self._processes[step.parent]
        process.end(0)
        calls = Calls(parent.injector)
        calls.add("wait4", _NR_WAIT4, process.pid, 0, _WNOHANG | _ALL, 0, expected=process.pid)
        calls.make()
        del self._processes[step.number]

    def start_session(self, number: int) -> None:
        """setsid(2)."""
        calls = Calls(self._processes[number].injector)
        calls.add("setsid", _NR_SETSID, expected=self.numbers[number])
        calls.make()

    def set_groups(self, step: SetGroups) -> None:
        """setpgid(2), by each process for itself."""
        for number, group in step.groups:
            calls = Calls(self._processes[number].injector)
            calls.add("setpgid", _NR_SETPGID, 0, self.numbers.get(group, os.getpgrp()))
            calls.make()

    def set_directories(self, task: Task, fs: Fs, fds: Mapping[int, int]) -> None:
        """Working directory, root and umask."""
        process = self.of(task)
        calls = Calls(process.injector)
        if not os.path.samestat(os.fstat(fds[fs.root]), os.stat(f"/proc/{process.pid}/root")):
            here = process.injector.room("here", 2)
            process.injector.write(here, b".\0")
            calls.add("fchdir", _NR_FCHDIR, fds[fs.root])
            calls.add("chroot", _NR_CHROOT, here, hint="it takes CAP_SYS_CHROOT: restart it as root")
        calls.add("fchdir", _NR_FCHDIR, fds[fs.cwd])
        calls.add("umask", _NR_UMASK, fs.umask)
        calls.make()

    def let_go(self) -> None:
        """Detach from all. Nothing can go wrong any more."""
        self._gone = True
        for process in reversed(self._processes.values()):
            process.let_go()
