"""Carries out the steps of a restart."""

from __future__ import annotations

import os

from crimg.kernel.uninterrupted import Uninterrupted
from crimg.model import Mm
from crimg.restart import kind_steps as ks
from crimg.restart import steps as st
from crimg.restart.kinds import Kinds
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
from crimg.restart.pseudo import make_terminal, set_foreground, take_terminal
from crimg.restart.pseudo_steps import MakeTerminal, SetForeground, TakeTerminal
from crimg.restart.settings import set_descriptors, set_process, set_timers
from crimg.restart.space import Space
from crimg.restart.terminal import TerminalState
from crimg.restart.terminal_steps import OpenTerminal, SetTerminal
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
    from crimg.model.image import Image
    from crimg.restart.family import Family
    from crimg.restart.files import OpenFiles
    from crimg.restart.lazy import LazyMemory
    from crimg.restart.process_steps import ProcessStep
    from crimg.restart.pseudo_steps import PseudoStep
    from crimg.restart.steps import Step
    from crimg.restart.tree_steps import TreeStep


class Execution:
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
            case MakeTerminal() | TakeTerminal() | SetForeground():
                self._of_terminal(step)
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

    def _of_terminal(self, step: PseudoStep) -> None:
        fds, family = self.files.by_objref, self.family
        match step:
            case MakeTerminal():
                make_terminal(self.files, step)
            case TakeTerminal():
                take_terminal(step, fds, family.numbered(step.leader).injector)
            case SetForeground():
                set_foreground(step, fds, family.numbered(step.leader).injector, family.numbers)

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
