"""Open files that are no inodes of a mounted file system: counters, timers, shared memory, sockets."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import S32, U8, U32, U64, Extra, FileRef, InodeRef, Nanoseconds, Path, SectionId


class Eventfd(Record, kind=23, noun="eventfd", key=("file",)):
    """An event counter (eventfd(2), /proc/PID/fdinfo). The counter is one with its open file description."""

    file: FileRef
    """The open file description, a file of kind eventfd."""
    value: U64
    """Value of the counter."""
    semaphore: bool
    """EFD_SEMAPHORE: a read takes 1."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Timerfd(Record, kind=24, noun="timerfd", key=("file",)):
    """A timer (timerfd_create(2), /proc/PID/fdinfo). The timer is one with its open file description."""

    file: FileRef
    """The open file description, a file of kind timerfd."""
    clock: S32
    """Clock id."""
    ticks: U64
    """Expirations that were not read."""
    settime_flags: U32
    """Flags of the last timerfd_settime(2): 1 TFD_TIMER_ABSTIME, 2 TFD_TIMER_CANCEL_ON_SET."""
    interval: Nanoseconds
    """Period, 0 for none."""
    remaining: Nanoseconds
    """Time left, 0 for not armed."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Signalfd(Record, kind=25, noun="signalfd", key=("file",)):
    """Signals that can be read (signalfd(2), /proc/PID/fdinfo)."""

    file: FileRef
    """The open file description, a file of kind signalfd."""
    mask: U64
    """The signals; bit N-1 is signal N."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class SharedMemory(Record, kind=26, noun="shared_memory", key=("inode",)):
    """Memory that is shared without a file on a mounted file system; its contents are those of the inode."""

    inode: InodeRef
    """The inode of the memory."""
    kind: U8
    """What it is (`memory_kind`)."""
    name: bytes
    """Name that memfd_create(2) was given; empty for other memory."""
    seals: U32 | None
    """F_SEAL_* of a memfd (F_GET_SEALS of fcntl(2)), or nil."""
    ipc_key: S32 | None
    """Key of a System V segment (shmget(2)), or nil."""
    mode: U32 | None
    """Permission bits of a System V segment, with SHM_DEST (01000) where it was removed, or nil."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Socket(Record, kind=27, noun="socket", key=("file",)):
    """A socket (socket(2), sock_diag(7))."""

    file: FileRef
    """The open file description, a file of kind socket."""
    number: U64
    """Inode number of sockfs."""
    family: U32
    """Address family: 1 AF_UNIX, 2 AF_INET, 10 AF_INET6."""
    type: U32
    """Type: 1 SOCK_STREAM, 2 SOCK_DGRAM, 5 SOCK_SEQPACKET."""
    protocol: U32
    """Protocol, 6 for TCP, 17 for UDP."""
    state: U8
    """What it is in (`socket_state`)."""
    path: Path | None
    """Name that a unix socket is bound to, as the task gave it, or nil."""
    address: bytes | None
    """Address that another socket is bound to (struct sockaddr), or nil."""
    peer: U64 | None
    """Inode number of the socket that a unix socket is connected to, or nil."""
    peer_address: bytes | None
    """Address that an Internet socket is connected to (struct sockaddr), or nil."""
    backlog: U32 | None
    """Connections that may wait to be accepted (listen(2)); nil unless it listens."""
    shutdown: U8
    """Directions that are closed: 1 receiving, 2 sending (shutdown(2))."""
    length: U32
    """Bytes that wait to be read from it."""
    blobs: tuple[SectionId, ...]
    """BLOB sections with these bytes."""
    extra: Extra | None = None
    """Further attributes, or nil."""

    @property
    def is_removed(self) -> bool:
        """Whether the bytes in it were removed from the image on purpose (specs/redaction.md)."""
        return self.length > 0 and not self.blobs and (self.extra or {}).get("removed") == self.length
