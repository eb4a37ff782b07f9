"""What of an image cannot be brought back faithfully; found in one pass, before anything is made."""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.model import Cred, Fd, File, Fs, Inode, Lock, Mm, Pipe, PosixTimer, Task, Thread, Vma
from crimg.model.enums import NAMELESS, FileKind, Keeper, LockKind, NameState, name_of
from crimg.pages import PARENT, Memory
from crimg.preflight.kept import UNLINKED
from crimg.preflight.lacking import segments_at_descriptors
from crimg.restart.flags import KERNEL_MAPPINGS, unknown_flags
from crimg.restart.kind_problems import REMOVED, SPECIAL_KINDS, of_memory, of_placeholder, of_sockets
from crimg.restart.packets import wrong_packets
from crimg.restart.pseudo_planning import FOREGROUND, PseudoTerminals
from crimg.restart.terminal_steps import Terminal
from crimg.restart.tree import Tree, root_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crimg.model.image import Image
    from crimg.model.record import Record

_KINDS = frozenset(
    (
        FileKind.REGULAR,
        FileKind.DIRECTORY,
        FileKind.CHARACTER_DEVICE,
        FileKind.FIFO,
        FileKind.PIPE,
        FileKind.PTY_MASTER,
    )
)
_EXTRA: dict[type[Record], frozenset[str]] = {
    Task: frozenset(("child_subreaper", "exit_status", FOREGROUND)),
    Mm: frozenset(("thp_disable", "mdwe", "memory_merge")),
    Thread: frozenset(("pdeath_signal", "timer_slack_ns", "mce_kill", "tsc", "ioprio")),
    Vma: frozenset[str](),
    Fs: frozenset[str](),
    Cred: frozenset[str](),
    Fd: frozenset[str](),
}
_TRAVELLING_CLOCKS = (0, 1, 4, 5, 6, 7, 8, 9, 11)  # those of clock_gettime(2) that name no process


class Machine(NamedTuple):
    """What a restart has to know of this machine.

    vdso: the kernel's code for user space, as it is mapped.  opens_memory: this process may open what it has
    mapped (/proc/PID/map_files).  terminals: numbers of the pseudo-terminals that there are.
    """

    vdso: bytes
    opens_memory: bool = True
    terminals: frozenset[int] = frozenset()


def find_problems(
    image: Image,
    machine: Machine,
    *,
    new_pids: bool,
    accepted: Mapping[int, str],
    terminal: bool = False,
) -> list[str]:
    """Each problem with the object that has it, one line. An empty list: it can be brought back.

    accepted: verdicts that the user accepts, by objref of the file.  terminal: one is given to the processes.
    """
    return [
        *_of_tasks(image, terminal=terminal),
        *_of_files(image, accepted),
        *of_sockets(image, accepted),
        *_of_memory(image, machine),
        *_of_extras(image),
        *(_of_numbers(image) if new_pids else ()),
    ]


def _of_tasks(image: Image, *, terminal: bool) -> Iterator[str]:
    yield from Tree(image, join=terminal).problems
    tasks = image.rows(Task)
    threads = {thread.task for thread in image.rows(Thread)}
    root = root_task(tasks, image)
    if root is None or root.mm is None:
        yield "the image has no process that runs"
    elif terminal and (problem := Terminal(image, root).problem):
        yield problem
    for task in tasks:
        parts = (task.mm, task.fd_table, task.fs, task.sighand)
        if None in parts and parts != (None,) * 4:
            yield f"process {task.pid} has only some of what a process has"
        elif task.mm is not None and task.objref not in threads:
            yield f"process {task.pid} has no threads"
    for thread in image.rows(Thread):
        extra = thread.extra or {}
        if extra.get("removed"):
            yield f"thread {thread.tid}: its registers were removed from the image on purpose"


def _of_files(image: Image, accepted: Mapping[int, str]) -> Iterator[str]:
    segments = segments_at_descriptors(image)
    for file in image.rows(File):
        where = f"file #{file.objref} {escape(file.path)}"
        if file.kind not in _KINDS | SPECIAL_KINDS:
            yield f"{where}: files of this kind cannot be restarted yet"
            continue
        inode = image.find(Inode, file.inode)
        pipe = image.find(Pipe, file.pipe)
        if pipe is not None and pipe.is_removed:
            yield f"{where}: {REMOVED}"
        if file.kind == FileKind.MEMORY:
            yield from (f"{where}: {reason}" for reason in of_memory(image, file, segments))
        if file.kind == FileKind.PLACEHOLDER:
            yield from (f"{where}: {reason}" for reason in of_placeholder(file, accepted))
        if file.kind in NAMELESS:
            continue
        if inode is None:
            yield f"{where}: nothing is known of its inode"
        elif file.name_state in UNLINKED:
            yield from (f"{where}: {reason}" for reason in _of_deleted(file, inode))
        elif file.name_state != NameState.LINKED:
            yield f"{where}: no path led to it at the dump"
    for lock in image.rows(Lock):
        if lock.kind == LockKind.LEASE and not any(fd.file == lock.file for fd in image.rows(Fd)):
            yield f"file #{lock.file}: a lease on it is held by nobody who has it open"
    for pipe in image.rows(Pipe):
        if wrong_packets(pipe):
            yield f"pipe #{pipe.objref}: the packets in it are none that there can be"
    yield from PseudoTerminals(image).problems()


def _of_deleted(file: File, inode: Inode) -> Iterator[str]:
    if file.kind in (FileKind.DIRECTORY, FileKind.FIFO):
        return
    if file.kind == FileKind.REGULAR:
        if inode.keeper == Keeper.REMOVED:
            yield "its contents were removed from the image on purpose"
        elif inode.keeper == Keeper.NONE:
            yield "it was deleted, and its contents are kept nowhere"
    else:
        yield f"{name_of(FileKind, file.kind)} that was deleted cannot be made anew"


def _of_memory(image: Image, machine: Machine) -> Iterator[str]:
    for mm in image.rows(Mm):
        vmas = [vma for vma in image.rows(Vma) if vma.mm == mm.objref]
        memory = Memory(image, mm)
        for vma in vmas:
            where = f"mapping {vma.start:x}-{vma.end:x}"
            if "unsupported" in (vma.extra or {}):
                yield f"{where}: its memory was left out of the image on purpose"
            if vma.name == b"[vdso]":
                if memory.read(vma.start, vma.end - vma.start) != machine.vdso:
                    yield f"{where}: the vDSO of this kernel is another one"
            elif vma.name in KERNEL_MAPPINGS:
                continue
            elif vma.file is None and vma.shared:
                yield f"{where}: shared memory that the image does not have"
            elif odd := unknown_flags(vma):
                yield f"{where}: has flags that are not known here ({' '.join(odd)})"
            elif any(piece.origin == PARENT for piece in memory.pieces(vma.start, vma.end)):
                yield f"{where}: some of its pages are in another image"
        if not any(vma.name == b"[vdso]" for vma in vmas):
            yield f"address space #{mm.objref} has no vDSO"


def _of_extras(image: Image) -> Iterator[str]:
    for cls, known in _EXTRA.items():
        for row in image.rows(cls):
            extra = row[-1] or {}
            for name in sorted(extra):
                if name not in known or not isinstance(extra[name], int):
                    yield f"{cls.noun} {row[0]}: {escape(str(name))} cannot be set again"


def _of_numbers(image: Image) -> Iterator[str]:
    """What does not go with other process ids than those of the image."""
    for timer in image.rows(PosixTimer):
        if timer.clock not in _TRAVELLING_CLOCKS:
            yield f"POSIX timer {timer.id}: its clock is that of a process id (--new-pids)"
