"""Bring the processes of an image back: files first, then the processes, then their memory, by objref.

`plan` makes the steps, which are data; `restart` carries them out, all or none: until the last one the new
processes stand still, and whatever fails ends all of them.
"""

from __future__ import annotations

from typing import NamedTuple

from crimg.errors import FilesDifferError, UnsupportedResourceError
from crimg.model import Vma
from crimg.restart.executing import Execution
from crimg.restart.family import Family
from crimg.restart.files import OpenFiles
from crimg.restart.lazy import LazyMemory, check_lazy, page_server
from crimg.restart.machine import this_machine
from crimg.restart.planning import plan as make_plan
from crimg.restart.problems import find_problems
from crimg.restart.terminal_steps import terminal_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crimg.model.image import Image
    from crimg.paging.client import PageServer
    from crimg.preflight import Verdict
    from crimg.restart.steps import Plan, Step

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
        execution = Execution(image, files, family, lazy)
        for index, step in enumerate(plan.steps):
            if progress is not None:
                progress(index, len(plan.steps), step)
            execution.carry_out(step)
    return Restarted(execution.root, tuple(execution.left), execution.server)
