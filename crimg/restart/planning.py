"""`plan`: the steps of a restart, from an image and what preflight says of its files. Pure."""

from __future__ import annotations

import os

from crimg.model import Cred, Fd, File, Fs, Inode, Lock, Mm, Pipe, Sighand, Signal, Task, Thread, Vma
from crimg.model.enums import NAMELESS, FileKind, LockKind, NameState
from crimg.pages import Memory
from crimg.preflight.kept import UNLINKED
from crimg.restart.calls import numbers
from crimg.restart.flags import KERNEL_MAPPINGS
from crimg.restart.kind_planning import kind_notes, make_kinds, placeholders, set_kinds_going, watches_of
from crimg.restart.later import needed_at_once, parts_of, served_later
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
from crimg.restart.pseudo_planning import PseudoTerminals
from crimg.restart.steps import FillMemory, MakeDeleted, MakePipe, MapMemory, OpenFile, Plan, ServeMemory
from crimg.restart.terminal_steps import Terminal
from crimg.restart.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.preflight import Verdict
    from crimg.restart.problems import Machine
    from crimg.restart.steps import Step

    R = TypeVar("R", bound=Record)

_STOPPED = ord("T")
_CORE_DUMPED = 0x80


def plan(
    image: Image,
    verdicts: Mapping[int, Verdict],
    *,
    machine: Machine,
    new_pids: bool = False,
    terminal: bytes | None = None,
    lazy: bool = False,
) -> Plan:
    """The steps that bring the processes of an image back, files first.

    verdicts: by objref of the file objects; what is not fine in them was accepted.  new_pids: take whatever
    process and thread ids the kernel gives.  terminal: path of the one that they get, or None.
    lazy: large memory is brought in while they run already.
    The image has no problems (crimg.restart.problems).
    """
    pseudo = PseudoTerminals(image)
    tree = Tree(image, new_pids=new_pids, join=terminal is not None, terminals=pseudo.controls)
    own = Terminal(image, tree.order[0])
    opened = own.files if terminal is not None else frozenset()
    alive = [task for task in tree.order if task.mm is not None]
    steps: list[Step] = [*_files(image, verdicts, opened | pseudo.files), *pseudo.made(verdicts)]
    steps += [*make_kinds(image), *tree.steps, *pseudo.foreground()]
    if terminal is not None:
        steps[:0] = own.opened(terminal)
    steps += [SetDirectories(task, _found(image, Fs, task.fs)) for task in _sharers(alive, "fs")]
    for task in _sharers(alive, "mm"):
        mm = _found(image, Mm, task.mm)
        vmas = tuple(vma for vma in image.rows(Vma) if vma.mm == mm.objref and vma.name != b"[vsyscall]")
        steps += [MapMemory(task, mm, vmas), *_filled(image, task, mm, vmas, lazy=lazy)]
    tables: dict[int, list[Fd]] = {}
    left_out = placeholders(image)
    for fd in image.rows(Fd):
        if fd.file not in left_out:
            tables.setdefault(fd.table, []).append(fd)
    leases = _leases(image, _sharers(alive, "fd_table"))
    for task in _sharers(alive, "fd_table"):
        steps += watches_of(image, task)
        steps.append(
            SetDescriptors(task, tuple(tables.get(task.fd_table or 0, ())), leases.get(task.pid, ()))
        )
    steps += _processes(image, tree, alive, same_tids=not new_pids)
    steps += set_kinds_going(image)
    if terminal is not None:
        steps.append(own.set(terminal, frozenset(task.pgid for task in tree.order)))
    steps.append(LetGo(tuple(alive)))
    return Plan(
        tuple(steps),
        (
            *_notes(tree.order, new_pids, pseudo, own if terminal is not None else None),
            *pseudo.notes(machine.terminals),
            *kind_notes(image, machine),
        ),
    )


def _processes(image: Image, tree: Tree, alive: Sequence[Task], *, same_tids: bool) -> Iterator[Step]:
    """What each process and each thread has; in the end children first, whose parents hear of it."""
    threads = {task.objref: _threads(image, task) for task in alive}
    for task in alive:
        yield SetProcess(task, image.find(Sighand, task.sighand), image.find(Signal, task.signal))
    for task in alive:
        if len(threads[task.objref]) > 1:
            yield MakeThreads(task, threads[task.objref][1:], same_tids=same_tids)
    owned = tuple(
        file.objref for file in image.rows(File) if file.owner or file.owner_signal or file.flags & os.O_ASYNC
    )
    if owned:
        yield SetOwners(owned)
    for task in reversed(alive):
        signal = image.find(Signal, task.signal)
        told = tuple(sorted(tree.told.get(task.pid, ())))
        if signal is not None or told:
            yield SetTimers(task, signal, told)
        own = threads[task.objref]
        creds = tuple(_found(image, Cred, thread.cred) for thread in own)
        yield SetThreads(task, own, creds, signal, stopped=task.state == _STOPPED)


def _sharers(order: Iterable[Task], kind: str) -> list[Task]:
    """The first process of each object of a kind ("mm", "fd_table", "fs", "sighand")."""
    found: dict[int, Task] = {}
    for task in order:
        objref = getattr(task, kind)
        if objref is not None:
            found.setdefault(objref, task)
    return list(found.values())


def _leases(image: Image, tasks: Sequence[Task]) -> dict[int, tuple[Lock, ...]]:
    """By number of the process that takes them: the one that did, or the first that has the file open."""
    having: dict[int, set[int]] = {}
    for row in image.rows(Fd):
        having.setdefault(row.file, set()).add(row.table)
    found: dict[int, list[Lock]] = {}
    for lock in image.rows(Lock):
        able = [task for task in tasks if task.fd_table in having.get(lock.file, ())]
        holder = min(able, key=lambda task: task.pid != lock.pid, default=None)
        if lock.kind == LockKind.LEASE and holder is not None:
            found.setdefault(holder.pid, []).append(lock)
    return {pid: tuple(locks) for pid, locks in found.items()}


def _threads(image: Image, task: Task) -> tuple[Thread, ...]:
    """Those of a process, the first one first."""
    own = [thread for thread in image.rows(Thread) if thread.task == task.objref]
    return tuple(sorted(own, key=lambda thread: thread.tid != task.pid))


def _found(image: Image, cls: type[R], objref: int | None) -> R:
    row = image.find(cls, objref)
    if row is None:  # the caller has seen to it that the image is sound
        raise ValueError(f"no {cls.noun} #{objref}")
    return row


def _saved(image: Image, mm: Mm, vmas: tuple[Vma, ...]) -> int:
    memory = Memory(image, mm)
    return sum(memory.saved_bytes(vma.start, vma.end) for vma in vmas if vma.name not in KERNEL_MAPPINGS)


def _filled(image: Image, task: Task, mm: Mm, vmas: tuple[Vma, ...], *, lazy: bool) -> Iterator[Step]:
    saved = _saved(image, mm, vmas)
    later = served_later(image, mm, vmas) if lazy else ()
    if not later:
        yield FillMemory(task, mm, vmas, saved)
        return
    needed = needed_at_once(image, mm)
    waiting = sum(part.end - part.start for part in parts_of(image, mm, later, needed))
    yield FillMemory(task, mm, vmas, saved - waiting, later, needed)
    yield ServeMemory(task, mm, later, needed, waiting)


def _files(image: Image, verdicts: Mapping[int, Verdict], left: frozenset[int]) -> Iterator[Step]:
    """One step for each file object, one for all of a pipe or of a deleted inode.

    left: objrefs of those that other steps open.
    """
    pipes: dict[int, list[File]] = {}
    deleted: dict[int, list[File]] = {}
    for file in image.rows(File):
        if file.kind == FileKind.PIPE and file.pipe is not None:
            pipes.setdefault(file.pipe, []).append(file)
        elif file.kind in NAMELESS or file.objref in left:
            continue
        elif file.name_state in UNLINKED and file.inode is not None:
            deleted.setdefault(file.inode, []).append(file)
        else:
            verdict = verdicts[file.objref]
            accepted = "" if verdict.fine else verdict.verdict
            yield OpenFile(file, verdict.looked_at, verdict.evidence, accepted)
    for objref, files in pipes.items():
        yield MakePipe(_found(image, Pipe, objref), tuple(files))
    for objref, files in deleted.items():
        visible = all(file.name_state == NameState.DELETED and file.path == files[0].path for file in files)
        verdict = verdicts[files[0].objref]
        inode = _found(image, Inode, objref)
        yield MakeDeleted(inode, tuple(files), verdict.looked_at, visible, verdict.evidence)


def _notes(
    tasks: Sequence[Task], new_pids: bool, pseudo: PseudoTerminals, terminal: Terminal | None
) -> Iterator[str]:
    root = tasks[0]
    pids = {task.pid for task in tasks}
    if root.sid != root.pid or terminal is not None:
        yield f"it was in session {root.sid}, and will be in the one of this program"
    for task in tasks:
        if (
            task.tty
            and task.sid == task.pid not in pseudo.controls
            and (terminal is None or task is not root)
        ):
            yield f"session {task.sid} had a controlling terminal, and will have none"
        if numbers(task.extra).get("exit_status", 0) & _CORE_DUMPED:
            yield f"zombie {task.pid} had dumped core, which its parent will not be told"
    for number in sorted({number for task in tasks for number in (task.sid, task.pgid)} - pids):
        if number not in (root.sid, root.pgid):
            yield f"the leader of session or process group {number} had ended, and will not be there"
    if new_pids:
        yield "process and thread ids will be others than those that the program remembers"
