"""A process and all its descendants, held still together by ptrace(2).

From the root down: who stands still makes no more children, so that the children of those that were found are
all there are, once a look at all of them shows no new one. A child that a thread made with CLONE_PARENT, or
that was given to a subreaper of the tree meanwhile, is found by the same look.
"""

from __future__ import annotations

import errno
import os
import signal
import time

from crimg.errors import KernelError, ProcessGoneError, UsageError
from crimg.kernel.access import read_proc, task_state
from crimg.kernel.freeze import Freeze
from crimg.kernel.procfs import ProcDir
from crimg.kernel.procstat import parse_stat, parse_status, read_stat
from crimg.kernel.proctask import read_children
from crimg.kernel.tracees import send
from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crimg.kernel.tracees import Leave

_PAUSE = 0.001
_STOP_SECONDS = 0.05
_SIGNALS = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


class Member:
    """One process of a tree.

    proc: its directory under /proc.  freeze: what holds it, None for a zombie and where it is traced.
    states: state letter of each thread before the stop.  tracer: pid of the process that traces it already,
    which is why it runs on; 0 for nobody.
    """

    __slots__ = ("freeze", "pid", "proc", "states", "tracer")

    def __init__(
        self, proc: ProcDir, freeze: Freeze | None, states: dict[int, str], *, tracer: int = 0
    ) -> None:
        self.pid = proc.pid
        self.proc = proc
        self.freeze = freeze
        self.states = states
        self.tracer = tracer

    @property
    def zombie(self) -> bool:
        """Whether it has ended, and waits for its parent to ask for its exit status."""
        return self.freeze is None and not self.tracer


class FreezeTree:
    """Context manager: process `pid` and all its descendants stand still.

    members: parents before their children, zombies among them.  gone: pid of a process that has ended, by
    SIGKILL, before the body raised an exception; None for none.  leave: as for Freeze; all get the same.
    timeout: seconds for each process to stop.  whole: seconds for all of them.

    Raises what Freeze raises; UsageError where the calling process is a descendant itself. Everything has to
    be done by the operating-system thread that entered.
    """

    def __init__(
        self, pid: int, *, leave: Leave = "running", timeout: float = 5.0, whole: float = 60.0
    ) -> None:
        self.pid = pid
        self.leave: Leave = leave
        self.timeout = timeout
        self.whole = whole
        self.members: list[Member] = []
        self._freezes: list[Freeze] = []
        self._procs: list[ProcDir] = []
        self._known: set[int] = set()
        self.gone: int | None = None

    def __enter__(self) -> Self:
        try:
            self._freeze_all()
        except BaseException:
            self._release_after_failure()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        gone = self._process_of(value.pid) if isinstance(value, ProcessGoneError) else None
        if value is not None:
            self.gone = next((pid for pid in self.frozen if task_state(pid) in "ZX"), None)
        with Uninterrupted():
            if value is None:
                self._release()
            else:
                self._release_after_failure()
        if gone is not None:
            raise ProcessGoneError(gone) from value

    def _process_of(self, tid: int) -> int | None:
        """The pid of the process, where this is another thread of it."""
        return next((pid for pid, freeze in self.frozen.items() if tid != pid and tid in freeze.tids), None)

    @property
    def frozen(self) -> dict[int, Freeze]:
        """What holds each process that stands still, by pid; parents first."""
        return {member.pid: member.freeze for member in self.members if member.freeze is not None}

    def _freeze_all(self) -> None:
        deadline = time.monotonic() + self.whole
        if not self._add(self.pid):
            raise ProcessGoneError(self.pid)
        while fresh := self._children():
            if not sum(map(self._add, fresh)):
                time.sleep(_PAUSE)  # they are ending, and no zombies yet
            if time.monotonic() > deadline:
                hint = (
                    f"its descendants did not all stop within {self.whole:g} s; new ones may keep appearing"
                )
                raise KernelError("ptrace(PTRACE_SEIZE)", errno.ETIME, pid=self.pid, hint=hint)

    def _children(self) -> list[int]:
        """Pids of the children of all members, of those that are no members yet."""
        found: dict[int, None] = {}
        for member in self.members:
            try:
                found.update(dict.fromkeys(read_children(member.proc)))
            except ProcessGoneError:
                if member.freeze is not None:
                    raise
        return [pid for pid in found if pid not in self._known]

    def _add(self, pid: int) -> bool:
        """Take a process in, frozen where it lives; False where it ended before, or is no child of ours."""
        if pid == os.getpid() and pid != self.pid:
            text = f"process {self.pid} is an ancestor of this very process, which cannot save itself"
            raise UsageError(f"{text}: start the dump from elsewhere, with setsid(1) for example")
        try:
            proc = ProcDir(pid)
        except ProcessGoneError:
            return False
        self._procs.append(proc)
        try:
            member = self._member(proc)
        except ProcessGoneError as error:
            if pid == self.pid and error.pid == pid:
                raise
            return False
        if member is None:
            return False
        self.members.append(member)
        self._known.add(pid)
        return True

    def _member(self, proc: ProcDir) -> Member | None:
        states = _states(proc)
        if not states:
            return None
        if set(states.values()) <= set("ZX"):
            return None if proc.pid == self.pid or "X" in states.values() else Member(proc, None, states)
        freeze = Freeze(proc.pid, timeout=self.timeout)
        self._freezes.append(freeze)
        try:
            freeze.__enter__()
        except KernelError:
            tracer = _tracer(proc.pid)
            if not tracer:
                raise
            return Member(proc, None, states, tracer=tracer)
        if proc.gone() or not self._is_descendant(proc):
            freeze.__exit__(None, None, None)  # the pid was given to a stranger meanwhile
            return None
        return Member(proc, freeze, states)

    def _is_descendant(self, proc: ProcDir) -> bool:
        return proc.pid == self.pid or read_stat(proc).ppid in self._known

    def _release(self) -> None:
        """Let all go, the children first; those that get a signal get it before anyone goes on.

        So no parent can react to the end of its children before its own. To be stopped they go parents first:
        a parent that has stopped runs no handler for the stop of its children.
        """
        frozen = self.frozen
        failure: KernelError | ProcessGoneError | None = None
        if self.leave in _SIGNALS:
            for pid, freeze in frozen.items():
                if self.leave == "killed" or not freeze.group_stopped:
                    send(pid, _SIGNALS[self.leave])
        for freeze in self._freezes if self.leave == "stopped" else reversed(self._freezes):
            try:
                freeze.leave = self.leave if freeze.pid in frozen else "running"
                freeze.__exit__(None, None, None)
                if freeze.leave == "stopped" and len(frozen) > 1:
                    _await_stop(freeze.pid)
            except (KernelError, ProcessGoneError) as error:
                failure = error
        self._close()
        if failure is not None:
            raise failure

    def _release_after_failure(self) -> None:
        """As they were, with the exception that is on its way."""
        with Uninterrupted():
            for freeze in reversed(self._freezes):
                freeze.abandon()
            self._close()

    def _close(self) -> None:
        self._freezes.clear()
        while self._procs:
            self._procs.pop().close()


def _states(proc: ProcDir) -> dict[int, str]:
    """State letters of the threads; none where the process is gone."""
    states = {}
    try:
        for name in proc.listdir("task"):
            raw = read_proc(int(name), "stat")
            if raw:
                states[int(name)] = parse_stat(raw).state
    except ProcessGoneError:
        return {}
    return states


def _await_stop(pid: int) -> None:
    """Wait until the signal that it was sent has stopped it; not for long: some sleep uninterruptibly."""
    deadline = time.monotonic() + _STOP_SECONDS
    while task_state(pid) not in "TZX" and time.monotonic() < deadline:
        os.sched_yield()


def _tracer(pid: int) -> int:
    """The pid of the process that traces `pid`, unless that is this one; 0 for nobody."""
    status = read_proc(pid, "status")
    tracer = parse_status(status).tracer_pid if status else 0
    if not tracer:
        return 0
    status = read_proc(tracer, "status")
    tgid = parse_status(status).tgid if status else tracer
    return 0 if tgid == os.getpid() else tgid
