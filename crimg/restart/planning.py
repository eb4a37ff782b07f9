"""`plan`: the steps of a restart, from an image and what preflight says of its files. Pure."""

from __future__ import annotations

from crimg.model import Cred, Fd, File, Fs, Inode, Mm, Pipe, Sighand, Signal, Task, Thread, Vma
from crimg.model.enums import NAMELESS, FileKind, NameState
from crimg.pages import Memory
from crimg.preflight.kept import UNLINKED
from crimg.restart.flags import KERNEL_MAPPINGS
from crimg.restart.kind_planning import kind_notes, make_kinds, placeholders, set_kinds_going, watches_of
from crimg.restart.steps import (
    FillMemory,
    LetGo,
    MakeDeleted,
    MakePipe,
    MakeProcess,
    MakeThreads,
    MapMemory,
    OpenFile,
    Plan,
    SetProcess,
    SetThreads,
    SetTimers,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeVar

    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.preflight import Verdict
    from crimg.restart.problems import Machine
    from crimg.restart.steps import Step

    R = TypeVar("R", bound=Record)

_STOPPED = ord("T")


def plan(image: Image, verdicts: Mapping[int, Verdict], *, machine: Machine, new_pids: bool = False) -> Plan:
    """The steps that bring the process of an image back, files first.

    verdicts: by objref of the file objects; what is not fine in them was accepted.  new_pids: take whatever
    process and thread ids the kernel gives. The image has no problems (crimg.restart.problems).
    """
    (task,) = image.rows(Task)
    mm, fs = _found(image, Mm, task.mm), _found(image, Fs, task.fs)
    vmas = tuple(vma for vma in image.rows(Vma) if vma.mm == mm.objref and vma.name != b"[vsyscall]")
    threads = tuple(
        sorted(
            (thread for thread in image.rows(Thread) if thread.task == task.objref),
            key=lambda thread: thread.tid != task.pid,
        )
    )
    left_out = placeholders(image)
    fds = tuple(fd for fd in image.rows(Fd) if fd.table == task.fd_table and fd.file not in left_out)
    steps: list[Step] = [
        *_files(image, verdicts),
        *make_kinds(image),
        MakeProcess(
            task,
            None if new_pids else task.pid,
            new_session=task.sid == task.pid,
            new_group=task.pgid == task.pid,
            fds=fds,
            fs=fs,
        ),
        MapMemory(mm, vmas),
        FillMemory(mm, vmas, _saved(image, mm, vmas)),
        *watches_of(image, task),
        SetProcess(task, image.find(Sighand, task.sighand), image.find(Signal, task.signal)),
    ]
    if len(threads) > 1:
        steps.append(MakeThreads(threads[1:], same_tids=not new_pids))
    signal = image.find(Signal, task.signal)
    if signal is not None:
        steps.append(SetTimers(signal))
    steps.extend(set_kinds_going(image))
    creds = tuple(_found(image, Cred, thread.cred) for thread in threads)
    steps.append(SetThreads(threads, creds, signal))
    steps.append(LetGo(task, stopped=task.state == _STOPPED))
    return Plan(tuple(steps), (*_notes(task, new_pids), *kind_notes(image, machine)))


def _found(image: Image, cls: type[R], objref: int | None) -> R:
    row = image.find(cls, objref)
    if row is None:  # the caller has seen to it that the image is sound
        raise ValueError(f"no {cls.noun} #{objref}")
    return row


def _saved(image: Image, mm: Mm, vmas: tuple[Vma, ...]) -> int:
    memory = Memory(image, mm)
    return sum(memory.saved_bytes(vma.start, vma.end) for vma in vmas if vma.name not in KERNEL_MAPPINGS)


def _files(image: Image, verdicts: Mapping[int, Verdict]) -> Iterator[Step]:
    """One step for each file object, one for all of a pipe or of a deleted inode."""
    pipes: dict[int, list[File]] = {}
    deleted: dict[int, list[File]] = {}
    for file in image.rows(File):
        if file.kind == FileKind.PIPE and file.pipe is not None:
            pipes.setdefault(file.pipe, []).append(file)
        elif file.kind in NAMELESS:
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


def _notes(task: Task, new_pids: bool) -> Iterator[str]:
    if task.sid != task.pid:
        yield f"it was in session {task.sid}, and will be in the one of this program"
    elif task.tty:
        yield "its session had a controlling terminal, and will have none"
    if new_pids:
        yield "process and thread ids will be others than those that the program remembers"
