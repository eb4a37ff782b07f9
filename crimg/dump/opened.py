"""What /proc tells of the descriptors of a process, and where their names are looked up."""

from __future__ import annotations

from crimg.kernel import inodes, names, procfd
from crimg.model.enums import Access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from crimg.dump.problems import Problems
    from crimg.kernel.procfs import ProcDir


_ACCESS = (Access(0), Access.READ, Access.WRITE, Access.READ | Access.WRITE)


class Descriptor:
    """What /proc tells of one descriptor. table: objref of its table.  problems: those of its process."""

    __slots__ = ("_attributes", "access", "fd", "info", "link", "problems", "proc", "table", "where")

    def __init__(self, proc: ProcDir, fd: int, table: int, problems: Problems) -> None:
        self.proc = proc
        self.fd = fd
        self.table = table
        self.problems = problems
        self.where = f"fd {fd}"
        self.link = procfd.fd_link(proc, fd)
        self.info = procfd.read_fdinfo(proc, fd)
        self.access = _ACCESS[self.info.access]
        self._attributes: inodes.Statx | None = None

    @property
    def attributes(self) -> inodes.Statx:
        """Of the inode, asked for once: of many descriptors of one file, only the first one's is needed."""
        if self._attributes is None:
            self._attributes = inodes.statx(self.proc.directory("fd"), b"%d" % self.fd, follow=True)
        return self._attributes

    @property
    def place(self) -> tuple[int, int | None]:
        """What is the same for all descriptors of one open file: its mount, the number of its inode."""
        return self.info.mnt_id, self.info.inode

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode number."""
        return self.attributes.dev, self.attributes.ino


class Resolvers:
    """One `NameResolver` for each mount namespace; a context manager, to be closed."""

    def __init__(self) -> None:
        self._known: dict[bytes, names.NameResolver] = {}
        self._by_pid: dict[int, names.NameResolver] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._known:
            self._known.popitem()[1].close()

    def of(self, proc: ProcDir) -> names.NameResolver:
        """That of a process."""
        if proc.pid not in self._by_pid:
            namespace = proc.readlink("ns/mnt")
            if namespace not in self._known:
                self._known[namespace] = names.NameResolver(proc)
            self._by_pid[proc.pid] = self._known[namespace]
        return self._by_pid[proc.pid]
