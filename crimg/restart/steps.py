"""What a restart does, one step after another, as data. Nothing here touches a file or a process."""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.model.enums import FileKind, Keeper, name_of
from crimg.restart.kind_steps import KindStep, WatchFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Cred, Fd, File, Fs, Inode, Mm, Pipe, Sighand, Signal, Task, Thread, Vma
    from crimg.preflight.comparison import Evidence


class OpenFile(NamedTuple):
    """Open a file under its name, if it is the one that preflight saw there.

    path: where it is looked for.  evidence: what preflight saw.  accepted: the verdict that the user accepts,
    or "".
    """

    file: File
    path: bytes
    evidence: tuple[Evidence, ...]
    accepted: str = ""

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.file.objref,)

    def describe(self) -> str:
        """One line."""
        tail = f"; {self.accepted}, and accepted" if self.accepted else ""
        return f"open {name_of(FileKind, self.file.kind)} {escape(self.path)} as #{self.file.objref}{tail}"


class MakePipe(NamedTuple):
    """Make a pipe with what was in it, and all its open ends."""

    pipe: Pipe
    files: tuple[File, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.pipe.objref, *(file.objref for file in self.files))

    def describe(self) -> str:
        """One line."""
        ends = ", ".join(f"#{file.objref}" for file in self.files)
        return f"make pipe #{self.pipe.objref} with {self.pipe.length} bytes in it, ends {ends}"


class MakeDeleted(NamedTuple):
    """Make a file, directory or FIFO that was deleted, open it as often as it was, and delete it again.

    name: the path it had.  visible: it gets that name for a moment, so that the kernel shows it afterwards.
    evidence: what preflight saw of its keeper, where that is a file.
    """

    inode: Inode
    files: tuple[File, ...]
    name: bytes
    visible: bool
    evidence: tuple[Evidence, ...] = ()

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.inode.objref, *(file.objref for file in self.files))

    def describe(self) -> str:
        """One line."""
        numbers = ", ".join(f"#{file.objref}" for file in self.files)
        keeper = self.inode.keeper
        if keeper in (Keeper.COPIED, Keeper.RELINKED):
            return f"open {escape(self.inode.keeper_path or b'')} as {numbers}, and delete it at the end"
        if self.files[0].kind != FileKind.REGULAR:
            kind = name_of(FileKind, self.files[0].kind)
            return f"make a {kind} for the deleted {escape(self.name)}, open it as {numbers}, and delete it"
        what = f"{self.inode.size} bytes of the deleted {escape(self.name)}"
        return f"make a file with the {what}, open it as {numbers}, and delete it"


class MakeProcess(NamedTuple):
    """Make the process: its id, session and group, descriptors, directories; with no memory of its own yet.

    pid: the process id, or None for any.  new_session, new_group: setsid(2), setpgid(2).
    """

    task: Task
    pid: int | None
    new_session: bool
    new_group: bool
    fds: tuple[Fd, ...]
    fs: Fs

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        which = f"process {self.pid}" if self.pid is not None else f"a process for {self.task.pid}"
        session = ", a session of its own" if self.new_session else ""
        return f"make {which}{session}; {len(self.fds)} descriptors, directory #{self.fs.cwd}"


class MapMemory(NamedTuple):
    """Make the mappings of an address space, without what is saved of their pages."""

    mm: Mm
    vmas: tuple[Vma, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.mm.objref,)

    def describe(self) -> str:
        """One line."""
        return f"map {len(self.vmas)} mappings of address space #{self.mm.objref}"


class FillMemory(NamedTuple):
    """Write the saved pages, and what the kernel keeps of the address space (PR_SET_MM_MAP)."""

    mm: Mm
    vmas: tuple[Vma, ...]
    bytes: int

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.mm.objref,)

    def describe(self) -> str:
        """One line."""
        return f"fill {self.bytes} bytes of memory of address space #{self.mm.objref}"


class SetProcess(NamedTuple):
    """Limits, signal actions, name, personality and the like: what the threads of the process share."""

    task: Task
    sighand: Sighand | None
    signal: Signal | None

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        return f"set signal actions, limits and the like of process {self.task.pid}"


class MakeThreads(NamedTuple):
    """Make the threads besides the first; tids are those of the image, or any."""

    threads: tuple[Thread, ...]
    same_tids: bool

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(sorted({thread.task for thread in self.threads}))

    def describe(self) -> str:
        """One line."""
        numbers = "" if self.same_tids else ", with other numbers"
        return f"make {len(self.threads)} threads{numbers}"


class SetThreads(NamedTuple):
    """What each thread has of its own: stacks for signals, robust lists, credentials, registers."""

    threads: tuple[Thread, ...]
    creds: tuple[Cred, ...]
    signal: Signal | None

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(sorted({thread.task for thread in self.threads}))

    def describe(self) -> str:
        """One line."""
        return f"set registers and the like of {len(self.threads)} thread{'s' * (len(self.threads) > 1)}"


class SetTimers(NamedTuple):
    """Timers with the time that was left, and the signals that are pending."""

    signal: Signal

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.signal.objref,)

    def describe(self) -> str:
        """One line."""
        return f"set timers and pending signals #{self.signal.objref}"


class LetGo(NamedTuple):
    """Let the process run, or leave it stopped as it was."""

    task: Task
    stopped: bool

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        return f"let process {self.task.pid} {'be, stopped as it was' if self.stopped else 'go'}"


Step = (
    OpenFile
    | MakePipe
    | MakeDeleted
    | MakeProcess
    | MapMemory
    | FillMemory
    | SetProcess
    | MakeThreads
    | SetThreads
    | SetTimers
    | LetGo
    | KindStep
    | WatchFiles
)


class Plan(NamedTuple):
    """steps: in their order.  notes: what is not quite as it was, one line each."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
