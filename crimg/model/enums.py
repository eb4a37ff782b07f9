"""Numbers that columns hold, with their names. Unknown numbers stay numbers: see `name_of`."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class FileKind(IntEnum):
    """What a file object is (`file_kind` of the schema); the kinds of inode(7), pipe(7) and epoll(7)."""

    REGULAR = 1
    DIRECTORY = 2
    CHARACTER_DEVICE = 3
    FIFO = 4
    PIPE = 5
    EPOLL = 6
    PLACEHOLDER = 7
    """It could not be saved, and was left out on purpose (`crimg dump --allow`). A restart refuses it."""
    MEMORY = 8
    EVENTFD = 9
    TIMERFD = 10
    SIGNALFD = 11
    SOCKET = 12
    PTY_MASTER = 13
    """The master side of a pseudo-terminal (pty(7))."""


NAMELESS_WORDS = {
    FileKind.PIPE: "a pipe",
    FileKind.EPOLL: "an epoll instance",
    FileKind.PLACEHOLDER: "a placeholder",
    FileKind.MEMORY: "shared memory",
    FileKind.EVENTFD: "an eventfd",
    FileKind.TIMERFD: "a timerfd",
    FileKind.SIGNALFD: "a signalfd",
    FileKind.SOCKET: "a socket",
}
NAMELESS = frozenset(NAMELESS_WORDS)
"""Kinds of files that never had a name; of these only shared memory has an inode of its own in an image."""


class MemoryKind(IntEnum):
    """What kind of shared memory it is."""

    ANONYMOUS = 1
    """MAP_SHARED with MAP_ANONYMOUS (mmap(2)), or a shared mapping of /dev/zero."""
    MEMFD = 2
    """memfd_create(2)."""
    SYSTEM_V = 3
    """shmget(2)."""


class SocketState(IntEnum):
    """What a socket is in."""

    UNCONNECTED = 1
    """Neither connected nor listening; it may be bound."""
    LISTENING = 2
    CONNECTED = 3


class OtherFileKind(IntEnum):
    """Kinds of open files that images of CRIU have, and for which the schema of our own has no number."""

    UNKNOWN = 128
    NETLINK_SOCKET = 131
    PACKET_SOCKET = 132
    INOTIFY = 135
    FANOTIFY = 136
    PIDFD = 140
    NAMESPACE = 141
    TUN = 142
    BPF_MAP = 143
    EXTERNAL = 144
    """Given by the caller of the restore."""


class NameState(IntEnum):
    """How the name of a file object stood at the dump, by lstat of the name against the open file itself."""

    NONE = 0
    """It never had a name (a pipe, an epoll instance)."""
    LINKED = 1
    """The path leads to this inode."""
    DELETED = 2
    """Nothing stands at the path any more."""
    REPLACED = 3
    """Another inode stands at the path: renamed over, or deleted and made anew."""
    UNREACHABLE = 4
    """The path cannot lead to it: mounted over, lazily unmounted, outside the task's root."""
    RELINKED = 5
    """It was deleted, and has a name again in the area for re-linked files."""


class Keeper(IntEnum):
    """How the contents of a deleted inode are kept (specs/format.md, "Deleted files")."""

    NONE = 0
    EMBEDDED = 1
    """In BLOB sections of this image."""
    COPIED = 2
    """In a file of its own, whose path is recorded."""
    RELINKED = 3
    """By a new name of the same inode, whose path is recorded."""
    REMOVED = 4
    """Not at all: the contents were removed on purpose. A restart refuses the file."""


class Severity(IntEnum):
    """Weight of a LOG entry."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class LockKind(IntEnum):
    """Kind of a file lock, as in /proc/PID/fdinfo (proc(5), fcntl_locking(2), flock(2))."""

    POSIX = 1
    OFD = 2
    FLOCK = 3
    LEASE = 4
    """A lease (F_SETLEASE of fcntl(2))."""


class Access(IntFlag):
    """What an open file description allows (f_mode of the kernel: FMODE_READ, FMODE_WRITE)."""

    READ = 1
    WRITE = 2


class Prot(IntFlag):
    """Protection of a mapping (PROT_READ, PROT_WRITE, PROT_EXEC of mmap(2))."""

    READ = 1
    WRITE = 2
    EXEC = 4


def file_kind_number(name: str) -> int:
    """The number of the kind of file with this name: the schema's, where it has one."""
    found = FileKind.__members__.get(name)
    return found if found is not None else OtherFileKind.__members__.get(name, OtherFileKind.UNKNOWN)


def file_kind_name(number: int) -> str:
    """The name of a kind of file, words apart by blanks; "7?" for a number without a name."""
    other = number in OtherFileKind._value2member_map_
    return name_of(OtherFileKind if other else FileKind, number)


def name_of(enumeration: type[IntEnum], value: int) -> str:
    """The lower-case name of a value, words apart by blanks; "7?" for a number without a name."""
    try:
        return enumeration(value).name.lower().replace("_", " ")
    except ValueError:
        return f"{value}?"
