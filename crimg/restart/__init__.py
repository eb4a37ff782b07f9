"""Bring the processes of an image back: files first, then the processes, then their memory, by objref.

`plan` makes the steps, which are data; `restart` carries them out, all or none: until the last one the new
processes stand still, and whatever fails ends all of them.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from crimg.errors import FilesDifferError, UnsupportedResourceError
from crimg.kernel.uninterrupted import Uninterrupted
from crimg.model import Mm, Vma
from crimg.restart import kind_steps as ks
from crimg.restart import steps as st
from crimg.restart.family import Family
from crimg.restart.files import OpenFiles
from crimg.restart.kinds import Kinds
from crimg.restart.lazy import LazyMemory, check_lazy, page_server
from crimg.restart.machine import this_machine
from crimg.restart.planning import plan as make_plan
from crimg.restart.problems import find_problems
from crimg.restart.process import may_name_program
from crimg.restart.process_steps import (
    LetGo,
    MakeThreads,
    SetDescriptors,
    SetDirectories,
    SetOwners,
    SetProcess,
    SetThreads,
    SetTimers,
)
from crimg.restart.settings import set_descriptors, set_process, set_timers
from crimg.restart.space import Space
from crimg.restart.terminal import TerminalState
from crimg.restart.terminal_steps import OpenTerminal, SetTerminal, terminal_files
from crimg.restart.threads import end_zombie, make_threads, set_threads
from crimg.restart.tree_steps import (
    EndStandIn,
    EndZombie,
    MakeProcess,
    MakeStandIn,
    SetGroups,
    StartSession,
)
from crimg.restart.watching import watch_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crimg.model.image import Image
    from crimg.paging.client import PageServer
    from crimg.preflight import Verdict
    from crimg.restart.process_steps import ProcessStep
    from crimg.restart.steps import Plan, Step
    from crimg.restart.tree_steps import TreeStep

    Progress = Callable[[int, int, Step], None]


__all__ = ["Restarted", "page_server", "plan", "restart"]


class Restarted(NamedTuple):
    """pid: of the first process, a child of the caller.  left: keepers that could not be deleted.

    server: session of the two processes that bring memory in, until all is; 0: there are none.
    """

    pid: int
    left: tuple[bytes, ...]
    server: int = 0


def plan(
    image: Image,
    verdicts: Sequence[Verdict],
    *,
    new_pids: bool = False,
    accept: Mapping[int, str] | None = None,
    terminal: bytes | None = None,
    lazy: bool = False,
) -> Plan:
    """The steps of a restart. verdicts: of crimg.preflight.check.

    accept: objref of a file object to the verdict that is accepted.  terminal: path of the controlling
    terminal of this process, which takes the place of the one that the processes had; or None.
    lazy: the processes begin to run before all memory is in; another process supplies what they touch, and
    the rest meanwhile. Raises KernelError where this kernel, or the caller, cannot do that.
    Raises UnsupportedResourceError with all that cannot be brought back; FilesDifferError with all files that
    would come back wrong.
    """
    if lazy:
        check_lazy(image)
    accepted = accept or {}
    machine = this_machine()
    problems = find_problems(
        image, machine, new_pids=new_pids, accepted=accepted, terminal=terminal is not None
    )
    if problems:
        raise UnsupportedResourceError("the process cannot be brought back faithfully", problems)
    given = terminal_files(image) if terminal is not None else frozenset()
    wrong = [
        one
        for one in verdicts
        if not one.fine and accepted.get(one.objref) != one.verdict and one.objref not in given
    ]
    if wrong:
        from crimg.escape import escape

        raise FilesDifferError([f"#{one.objref} {escape(one.path)}: {one.verdict}" for one in wrong])
    return make_plan(
        image,
        {one.objref: one for one in verdicts},
        machine=machine,
        new_pids=new_pids,
        terminal=terminal,
        lazy=lazy,
    )


def restart(
    image: Image,
    plan: Plan,
    *,
    root: str = "/",
    deleted_in: str | None = None,
    progress: Progress | None = None,
    pages: PageServer | None = None,
) -> Restarted:
    """Carry out the steps of a plan for this image.

    root: directory that stands for "/", as for preflight.  deleted_in: directory in which deleted files are
    made, instead of the one that each was in.  progress: called before each step.
    pages: of `page_server`, where the plan is lazy; it is closed. By default one is started.
    Raises KernelError, FileError, FilesDifferError, FormatError; there is then no process and no new file.
    """
    taken = [(vma.start, vma.end) for vma in image.rows(Vma)]
    with (
        LazyMemory(image, plan, pages) as lazy,
        OpenFiles(image, root=root, deleted_in=deleted_in) as files,
        Family(taken) as family,
    ):
        execution = _Execution(image, files, family, lazy)
        for index, step in enumerate(plan.steps):
            if progress is not None:
                progress(index, len(plan.steps), step)
            execution.carry_out(step)
    return Restarted(execution.root, tuple(execution.left), execution.server)


class _Execution:
    """Carries out steps one after another."""

    def __init__(self, image: Image, files: OpenFiles, family: Family, lazy: LazyMemory) -> None:
        self.image = image
        self.files = files
        self.family = family
        self.lazy = lazy
        self.kinds = Kinds(files)
        self.root = 0
        self.server = 0
        self.left: list[bytes] = []
        self._names = may_name_program()
        self._spaces: dict[int, Space] = {}

    def carry_out(self, step: Step) -> None:
        """One step."""
        match step:
            case st.OpenFile() | st.MakePipe() | st.MakeDeleted():
                self._of_file(step)
            case OpenTerminal():
                self.files.open_terminal(step)
            case SetTerminal():
                self._set_terminal(step)
            case (
                ks.MakeSpecial()
                | ks.ArmTimers()
                | ks.MakeMemory()
                | ks.SealMemory()
                | ks.MakeSocket()
                | ks.MakePair()
            ):
                self.kinds.carry_out(step)
            case ks.WatchFiles():
                watch_files(step, self.files.by_objref, self.family.of(step.task).injector)
            case MakeProcess() | MakeStandIn() | StartSession() | SetGroups() | EndStandIn() | EndZombie():
                self._of_tree(step)
            case st.MapMemory():
                process, fds = self.family.of(step.task), self.files.by_objref
                space = Space(self.image, process.injector, fds, name_program=self._names)
                self._spaces[step.mm.objref] = space
                space.map(step)
            case st.FillMemory():
                self._spaces[step.mm.objref].fill(step)
            case st.ServeMemory():
                self.lazy.serve(step, self.family.of(step.task).injector)
            case LetGo():
                self.server = self.lazy.go()
                with Uninterrupted():  # between the two, what the keepers kept is in the processes alone
                    self.left = self.files.deleted.remove_keepers()
                    self.family.let_go()
                self.files.undo.pop_all()  # what was made stays
            case _:
                self._of_process(step)

    def _set_terminal(self, step: SetTerminal) -> None:
        terminal = TerminalState(step.path)
        self.files.undo.callback(terminal.close)
        self.files.undo.callback(terminal.restore)
        group = self.family.numbers.get(step.foreground, os.getpgrp())
        terminal.set(step.tty.termios if step.tty is not None else None, group)

    def _of_file(self, step: st.FileStep) -> None:
        match step:
            case st.OpenFile():
                self.files.open_named(step)
            case st.MakePipe():
                self.files.make_pipe(step)
            case st.MakeDeleted():
                self.files.make_deleted(step)

    def _of_tree(self, step: TreeStep) -> None:
        family = self.family
        match step:
            case MakeProcess():
                mm = self.image.find(Mm, step.task.mm)
                named = self._names or mm is None or mm.exe is None
                fds = self.files.by_objref
                family.make(step, fds, None if named or mm is None or mm.exe is None else fds[mm.exe])
                self.root = self.root or family.of(step.task).pid
            case MakeStandIn():
                family.stand_in(step)
            case StartSession():
                family.start_session(step.number)
            case SetGroups():
                family.set_groups(step)
            case EndStandIn():
                family.end_stand_in(step)
            case EndZombie():
                end_zombie(step, family.of(step.task))

    def _of_process(self, step: ProcessStep) -> None:
        family, fds = self.family, self.files.by_objref
        match step:
            case SetDirectories():
                family.set_directories(step.task, step.fs, fds)
            case SetDescriptors():
                set_descriptors(self.image, step, fds, family.of(step.task).injector)
            case SetProcess():
                set_process(self.image, step, family.of(step.task).injector)
            case MakeThreads():
                make_threads(step, family.of(step.task), family.numbers)
            case SetOwners():
                self.files.set_owners(family.numbers)
            case SetTimers():
                set_timers(self.image, step, family.of(step.task), family.numbers)
            case SetThreads():
                process = family.of(step.task)
                process.syscall_at = self._spaces[step.task.mm or 0].syscall_at
                set_threads(self.image, step, process, family.numbers)
