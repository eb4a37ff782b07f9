"""Bring the process of an image back: files first, then the process, then its memory, by objref.

`plan` makes the steps, which are data; `restart` carries them out, all or none: until the last one the new
process stands still, and whatever fails ends it.
"""

from __future__ import annotations

from typing import NamedTuple

from crimg.errors import FilesDifferError, UnsupportedResourceError
from crimg.kernel.uninterrupted import Uninterrupted
from crimg.model import Mm, Task, Vma
from crimg.restart import kind_steps as ks
from crimg.restart import steps as st
from crimg.restart.files import OpenFiles
from crimg.restart.kinds import Kinds
from crimg.restart.machine import this_machine
from crimg.restart.planning import plan as make_plan
from crimg.restart.problems import find_problems
from crimg.restart.process import NewProcess, may_name_program
from crimg.restart.settings import set_descriptors, set_process, set_timers
from crimg.restart.space import Space
from crimg.restart.threads import make_threads, set_threads
from crimg.restart.watching import watch_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crimg.model.image import Image
    from crimg.preflight import Verdict
    from crimg.restart.steps import Plan, Step

    Progress = Callable[[int, int, Step], None]


class Restarted(NamedTuple):
    """pid: of the process, a child of the caller.  left: keepers that could not be deleted."""

    pid: int
    left: tuple[bytes, ...]


def plan(
    image: Image,
    verdicts: Sequence[Verdict],
    *,
    new_pids: bool = False,
    accept: Mapping[int, str] | None = None,
) -> Plan:
    """The steps of a restart. verdicts: of crimg.preflight.check.

    accept: objref of a file object to the verdict that is accepted.
    Raises UnsupportedResourceError with all that cannot be brought back; FilesDifferError with all files that
    would come back wrong.
    """
    accepted = accept or {}
    machine = this_machine()
    problems = find_problems(image, machine, new_pids=new_pids, accepted=accepted)
    if problems:
        raise UnsupportedResourceError("the process cannot be brought back faithfully", problems)
    wrong = [one for one in verdicts if not one.fine and accepted.get(one.objref) != one.verdict]
    if wrong:
        from crimg.escape import escape

        raise FilesDifferError([f"#{one.objref} {escape(one.path)}: {one.verdict}" for one in wrong])
    return make_plan(image, {one.objref: one for one in verdicts}, machine=machine, new_pids=new_pids)


def restart(
    image: Image,
    plan: Plan,
    *,
    root: str = "/",
    deleted_in: str | None = None,
    progress: Progress | None = None,
) -> Restarted:
    """Carry out the steps of a plan for this image.

    root: directory that stands for "/", as for preflight.  deleted_in: directory in which deleted files are
    made, instead of the one that each was in.  progress: called before each step.
    Raises KernelError, FileError, FilesDifferError, FormatError; there is then no process and no new file.
    """
    with (
        OpenFiles(image, root=root, deleted_in=deleted_in) as files,
        NewProcess() as process,
    ):
        execution = _Execution(image, files, process)
        for index, step in enumerate(plan.steps):
            if progress is not None:
                progress(index, len(plan.steps), step)
            execution.carry_out(step)
    return Restarted(process.pid, tuple(execution.left))


class _Execution:
    """Carries out steps one after another."""

    def __init__(self, image: Image, files: OpenFiles, process: NewProcess) -> None:
        self.image = image
        self.files = files
        self.process = process
        self.kinds = Kinds(files)
        self._made: st.MakeProcess | None = None
        self._space: Space | None = None
        self.left: list[bytes] = []

    def carry_out(self, step: Step) -> None:
        """One step."""
        match step:
            case st.OpenFile():
                self.files.open_named(step)
            case st.MakePipe():
                self.files.make_pipe(step)
            case st.MakeDeleted():
                self.files.make_deleted(step)
            case st.MakeProcess():
                self._made = step
                taken = [(vma.start, vma.end) for vma in self.image.rows(Vma)]
                fds, names = self.files.by_objref, may_name_program()
                mm = self.image.find(Mm, step.task.mm)
                exe = None if names or mm is None or mm.exe is None else fds[mm.exe]
                self.process.make(step, fds, taken, exe)
                self._space = Space(self.image, self.process.injector, fds, name_program=names)
            case st.MapMemory():
                (task,) = self.image.rows(Task)
                self.space.map(step, task.personality)
            case st.FillMemory():
                self.space.fill(step)
            case ks.WatchFiles():
                watch_files(step, self.files.by_objref, self.process.injector)
            case st.SetProcess():
                injector = self.process.injector
                if self._made is not None:
                    set_descriptors(self.image, self._made, self.files.by_objref, injector)
                set_process(self.image, step, injector)
            case st.MakeThreads():
                make_threads(step, self.process)
            case st.SetTimers():
                self.files.set_owners(self.process.threads)
                set_timers(self.image, step.signal, self.process)
            case st.SetThreads():
                set_threads(self.image, step, self.process, self.space.syscall_at)
            case st.LetGo():
                with Uninterrupted():  # between the two, what the keepers kept is in the process alone
                    self.left = self.files.deleted.remove_keepers()
                    self.process.let_go(stopped=step.stopped)
                self.files.undo.pop_all()  # what was made stays
            case _:
                self.kinds.carry_out(step)

    @property
    def space(self) -> Space:
        """The memory of the process, which has been made."""
        if self._space is None:
            raise ValueError("there is no process yet")
        return self._space
