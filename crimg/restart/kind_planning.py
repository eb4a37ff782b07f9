"""The steps for files that never had a name. Pure."""

from __future__ import annotations

from crimg.kernel.segments import SHM_DEST
from crimg.model import EpollWatch, Eventfd, Fd, File, Inode, SharedMemory, Signalfd, Timerfd
from crimg.model.enums import FileKind, MemoryKind
from crimg.restart.kind_steps import ArmTimers, MakeMemory, MakeSpecial, SealMemory, WatchFiles
from crimg.restart.socket_planning import make_sockets, socket_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model import Task
    from crimg.model.image import Image
    from crimg.restart.kind_steps import KindStep
    from crimg.restart.problems import Machine


_SPECIAL = (FileKind.EVENTFD, FileKind.TIMERFD, FileKind.SIGNALFD, FileKind.EPOLL)


def make_kinds(image: Image) -> Iterator[KindStep]:
    """The steps that make them, before there is any process."""
    states: dict[int, Eventfd | Timerfd | Signalfd] = {row.file: row for row in image.rows(Eventfd)}
    states.update({row.file: row for row in image.rows(Timerfd)})
    states.update({row.file: row for row in image.rows(Signalfd)})
    for file in image.rows(File):
        if file.kind in _SPECIAL:
            yield MakeSpecial(file, states.get(file.objref))
    yield from _memories(image)
    yield from make_sockets(image)


def placeholders(image: Image) -> set[int]:
    """Objrefs of the files that were left out of the image."""
    return {file.objref for file in image.rows(File) if file.kind == FileKind.PLACEHOLDER}


def watches_of(image: Image, task: Task) -> Iterator[WatchFiles]:
    """The step for the epoll instances that a process is the first to have."""
    first: dict[int, int] = {}
    for row in image.rows(Fd):
        first.setdefault(row.file, row.table)
    left_out = placeholders(image)
    watches = tuple(
        watch
        for watch in image.rows(EpollWatch)
        if first.get(watch.epoll) == task.fd_table and watch.file not in left_out
    )
    if watches:
        yield WatchFiles(task, watches)


def _memories(image: Image) -> Iterator[KindStep]:
    files: dict[int, list[File]] = {}
    for file in image.rows(File):
        if file.kind == FileKind.MEMORY and file.inode is not None:
            files.setdefault(file.inode, []).append(file)
    for row in image.rows(SharedMemory):
        inode = image.find(Inode, row.inode)
        if inode is not None and row.inode in files:
            yield MakeMemory(inode, row, tuple(files[row.inode]))


def set_kinds_going(image: Image) -> Iterator[KindStep]:
    """The steps for what goes on by itself, as late as can be."""
    for row in image.rows(SharedMemory):
        removed = row.kind == MemoryKind.SYSTEM_V and (row.mode or 0) & SHM_DEST
        if row.seals or removed:
            yield SealMemory(row)
    timers = tuple(row for row in image.rows(Timerfd) if row.remaining or row.ticks)
    if timers:
        yield ArmTimers(timers)


def kind_notes(image: Image, machine: Machine) -> Iterator[str]:
    """What of these files will not be quite as it was, one line each."""
    left_out = placeholders(image)
    for fd in image.rows(Fd):
        if fd.file in left_out:
            yield f"descriptor {fd.fd} will be closed: #{fd.file} was left out of the image"
    for watch in image.rows(EpollWatch):
        if watch.file in left_out:
            yield f"epoll #{watch.epoll} will not watch #{watch.file} (fd {watch.fd}), which was left out"
    anonymous = any(row.kind == MemoryKind.ANONYMOUS for row in image.rows(SharedMemory))
    if anonymous and not machine.opens_memory:
        yield "shared anonymous memory will be shown as memfd:dev/zero: other takes CAP_CHECKPOINT_RESTORE"
    yield from socket_notes(image)
