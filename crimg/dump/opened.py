"""What /proc tells of the descriptors of a process, and where their names are looked up."""

from __future__ import annotations

from crimg.kernel import inodes, names, procfd
from crimg.model.enums import Access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from crimg.dump.problems import Problems
    from crimg.kernel.procfs import ProcDir


class Descriptor:
    """What /proc tells of one descriptor. table: objref of its table.  problems: those of its process."""

    __slots__ = ("access", "attributes", "fd", "info", "link", "problems", "proc", "table", "where")

    def __init__(self, proc: ProcDir, fd: int, table: int, problems: Problems) -> None:
        self.proc = proc
        self.fd = fd
        self.table = table
        self.problems = problems
        self.where = f"fd {fd}"
        self.link = procfd.fd_link(proc, fd)
        self.info = procfd.read_fdinfo(proc, fd)
        readable, writable = procfd.fd_access(proc, fd)
        self.access = (Access.READ if readable else 0) | (Access.WRITE if writable else 0)
        self.attributes = inodes.statx(proc.directory("fd"), b"%d" % fd, follow=True)

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
