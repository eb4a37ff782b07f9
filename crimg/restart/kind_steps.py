"""Steps of a restart for files that never had a name, and for deleted ones that are no regular files."""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.model.enums import FileKind, MemoryKind, SocketState, name_of
from crimg.restart.socket_setup import address_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import (
        Cred,
        EpollWatch,
        Eventfd,
        File,
        Fs,
        Inode,
        SharedMemory,
        Signalfd,
        Socket,
        Task,
        Timerfd,
    )


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
        if self.row.kind == MemoryKind.SYSTEM_V:
            shmid, key = (self.row.extra or {}).get("shmid"), (self.row.ipc_key or 0) & 0xFFFF_FFFF
            name = f"System V segment {shmid} (key {key:#x})"
            return f"make {name} of {self.inode.size} bytes, unless it is there as it was"
        what = "memfd" if self.row.kind == MemoryKind.MEMFD else "shared anonymous memory"
        name = f" {escape(self.row.name)}" if self.row.name else ""
        numbers = ", ".join(f"#{file.objref}" for file in self.files)
        return f"make {what}{name} of {self.inode.size} bytes, open it as {numbers}"


class SealMemory(NamedTuple):
    """What has to wait until shared memory is mapped: seals of a memfd (F_ADD_SEALS of fcntl(2)).

    Or that a System V segment was removed, and goes with the last that is attached (IPC_RMID of shmctl(2)).
    """

    row: SharedMemory

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.row.inode,)

    def describe(self) -> str:
        """One line."""
        if self.row.kind == MemoryKind.SYSTEM_V:
            return f"remove System V segment #{self.row.inode}, which those attached keep"
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


_FAMILIES = {1: "unix", 2: "IPv4", 10: "IPv6"}
_TYPES = {1: "stream", 2: "datagram", 5: "seqpacket"}


def socket_words(row: Socket) -> str:
    """What kind of socket it is."""
    listening = "listening " if row.state == SocketState.LISTENING else ""
    return f"{listening}{_FAMILIES.get(row.family, row.family)} {_TYPES.get(row.type, row.type)} socket"


def _name_words(row: Socket) -> str:
    if row.path:
        return f" at {escape(row.path)}, in place of one that nobody is bound to any more"
    if row.family == 1 and row.address:
        return f" at {escape(row.address[2:])}"
    bound = f" at {address_words(row.address)}" if row.address is not None else ""
    to = f", connected to {address_words(row.peer_address)}" if row.peer_address is not None else ""
    return bound + to


class MakeSocket(NamedTuple):
    """Make a socket, bound, listening and connected to an address as it was.

    fs: directories that its path starts from, for a unix socket with one.  cred: credentials of the process
    that has it.  peer: the socket of its own kind that it sends to.
    """

    file: File
    row: Socket
    fs: Fs | None
    cred: Cred | None
    peer: Socket | None = None

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.file.objref,)

    def describe(self) -> str:
        """One line."""
        tail = f", connected to #{self.peer.file}" if self.peer is not None else ""
        return f"make {socket_words(self.row)} #{self.file.objref}{_name_words(self.row)}{tail}"


class MakePair(NamedTuple):
    """Make two unix sockets that are connected, with what waits in them; or one whose other end is closed.

    listener: file object of the socket that the first was accepted from, or None.  bound: those of them that
    get a name of their own.  fs: directories that paths start from.  creds: of the processes that have them.
    """

    files: tuple[File, ...]
    rows: tuple[Socket, ...]
    listener: int | None
    bound: tuple[int, ...]
    fs: Fs | None
    creds: tuple[Cred | None, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(file.objref for file in self.files)

    def describe(self) -> str:
        """One line."""
        numbers = " and ".join(f"#{file.objref}" for file in self.files)
        if len(self.files) == 1:
            numbers += ", whose other end is closed"
        through = f" through #{self.listener}" if self.listener is not None else ""
        waiting = ", ".join(f"{row.length} bytes wait in #{row.file}" for row in self.rows if row.length)
        names = "".join(_name_words(row) for row in self.rows if row.file in self.bound)
        what = socket_words(self.rows[0]) + "s" * (len(self.files) > 1)
        return f"connect {what} {numbers}{names}{through}" + (f"; {waiting}" if waiting else "")


KindStep = MakeSpecial | ArmTimers | MakeMemory | SealMemory | MakeSocket | MakePair
"""Those that the processes have no part in."""
