"""Steps of a restart for files that never had a name, and for deleted ones that are no regular files."""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.model.enums import FileKind, MemoryKind, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import EpollWatch, Eventfd, File, Inode, SharedMemory, Signalfd, Task, Timerfd


class MakeSpecial(NamedTuple):
    """Make an eventfd with its value, a timerfd, a signalfd, or (row is None) an epoll instance."""

    file: File
    row: Eventfd | Timerfd | Signalfd | None

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.file.objref,)

    def describe(self) -> str:
        """One line."""
        what = name_of(FileKind, self.file.kind)
        value = getattr(self.row, "value", None)
        return f"make {what} #{self.file.objref}" + (f" with the value {value}" if value is not None else "")


class ArmTimers(NamedTuple):
    """Let timerfds run with the time that was left, and have expirations wait that were not read."""

    rows: tuple[Timerfd, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(row.file for row in self.rows)

    def describe(self) -> str:
        """One line."""
        return f"arm {', '.join(f'timerfd #{row.file}' for row in self.rows)}"


class MakeMemory(NamedTuple):
    """Make shared memory with what was in it, open as often as it was."""

    inode: Inode
    row: SharedMemory
    files: tuple[File, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.inode.objref, *(file.objref for file in self.files))

    def describe(self) -> str:
        """One line."""
        what = f"{name_of(MemoryKind, self.row.kind)} memory"
        name = f" {escape(self.row.name)}" if self.row.name else ""
        numbers = ", ".join(f"#{file.objref}" for file in self.files)
        return f"make {what}{name} of {self.inode.size} bytes, open it as {numbers}"


class SealMemory(NamedTuple):
    """Add the seals of a memfd that have to wait until it is mapped (F_ADD_SEALS of fcntl(2))."""

    row: SharedMemory

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.row.inode,)

    def describe(self) -> str:
        """One line."""
        return f"seal memfd {escape(self.row.name)} #{self.row.inode}"


class WatchFiles(NamedTuple):
    """Have the epoll instances of a process watch what they watched, under the same numbers."""

    task: Task
    watches: tuple[EpollWatch, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(sorted({watch.epoll for watch in self.watches}))

    def describe(self) -> str:
        """One line."""
        instances = ", ".join(f"#{objref}" for objref in self.objects)
        files = len({(watch.epoll, watch.file, watch.fd) for watch in self.watches})
        return f"have epoll {instances} watch {files} file{'s' * (files > 1)} in process {self.task.pid}"


KindStep = MakeSpecial | ArmTimers | MakeMemory | SealMemory
"""Those that the processes have no part in."""
