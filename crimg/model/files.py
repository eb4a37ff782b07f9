"""Files: inodes, open file descriptions, what hangs on them, and the tables that refer to them."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import (
    S32,
    S64,
    U8,
    U32,
    U64,
    CredRef,
    Extra,
    FdTableRef,
    FileRef,
    FilesystemRef,
    InodeRef,
    Nanoseconds,
    Path,
    PipeRef,
    SectionId,
    TtyRef,
)


class Inode(Record, kind=4, noun="inode"):
    """An inode as it was at the dump: the evidence by which it is known again (inode(7), statx(2))."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    filesystem: FilesystemRef | None
    """The file system it is on; nil where no mount of the task's shows it."""
    device: U64
    """Device of the file system: major << 32 | minor."""
    number: U64
    """Inode number."""
    generation: U32 | None
    """Inode generation (FS_IOC_GETVERSION): tells a reused number apart; nil where not to be had."""
    handle_type: S32 | None
    """Type of the file handle (name_to_handle_at(2)), or nil."""
    handle: bytes | None
    """The file handle, which stays the same for the life of the inode, or nil."""
    mode: U32
    """Type and permission bits (st_mode)."""
    uid: U32
    """Owner."""
    gid: U32
    """Group."""
    rdev: U64
    """Device that a device file stands for: major << 32 | minor; else 0."""
    nlink: U32
    """Names it had."""
    size: U64
    """Size in bytes."""
    blocks: U64
    """Allocated blocks of 512 bytes."""
    mtime: Nanoseconds
    """Last change of the contents."""
    ctime: Nanoseconds
    """Last change of the inode."""
    btime: Nanoseconds | None
    """Creation, or nil where the file system does not keep it."""
    digest_kind: str | None
    """Algorithm of the digest ("sha256"), or nil."""
    digest: bytes | None
    """Digest of the whole contents, or nil."""
    build_id: bytes | None
    """GNU build-id note of an ELF file, or nil."""
    keeper: U8
    """How the contents of a deleted file are kept (`keeper`)."""
    blobs: tuple[SectionId, ...]
    """BLOB sections with its contents, in the order of offsets, where embedded."""
    keeper_path: Path | None
    """The file that keeps it, where copied or re-linked, else nil."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Pipe(Record, kind=5, noun="pipe"):
    """The buffer behind a pipe or an open FIFO (pipe(7))."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    number: U64
    """Inode number: of pipefs, or of the FIFO."""
    capacity: U32
    """Bytes it can hold (F_GETPIPE_SZ)."""
    length: U32
    """Bytes that were in it."""
    blobs: tuple[SectionId, ...]
    """BLOB sections with these bytes."""
    extra: Extra | None = None
    """Further attributes, or nil."""

    @property
    def is_removed(self) -> bool:
        """Whether the bytes in it were removed from the image on purpose (specs/redaction.md)."""
        return self.length > 0 and not self.blobs and (self.extra or {}).get("removed") == self.length


class Tty(Record, kind=6, noun="tty"):
    """Settings of a terminal that is open (ioctl_tty(2))."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    rdev: U64
    """The terminal: major << 32 | minor."""
    termios: bytes
    """struct termios as TCGETS gives it."""
    rows: U32
    """Height, characters (TIOCGWINSZ)."""
    cols: U32
    """Width, characters."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class File(Record, kind=7, noun="file"):
    """An open file description (open(2)), saved once however many descriptors and mappings refer to it."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    kind: U8
    """What it is (`file_kind`)."""
    path: Path
    """Its name, seen from the task's root, without the kernel's " (deleted)"; empty if it never had one."""
    name_state: U8
    """How the name stood at the dump (`name_state`)."""
    flags: U32
    """File status flags and access mode (open(2)), from /proc/PID/fdinfo, without O_CLOEXEC."""
    access: U8
    """What may be done with it: 1 read, 2 write (the mode bits of the link in /proc/PID/fd)."""
    position: S64
    """File offset, bytes."""
    inode: InodeRef | None
    """The inode, or nil for a pipe or epoll instance."""
    pipe: PipeRef | None
    """The pipe, for pipes and FIFOs, else nil."""
    tty: TtyRef | None
    """Settings of the terminal, else nil."""
    cred: CredRef | None
    """Credentials it was opened with; nil where unknown (no interface of the kernel shows f_cred)."""
    owner_type: S32
    """F_GETOWN_EX type: 0 thread, 1 process, 2 process group; -1 no owner."""
    owner: U32
    """F_GETOWN_EX pid, 0 for none."""
    owner_signal: U32
    """F_GETSIG, 0 for the default (SIGIO)."""
    mount_id: U32
    """Mount it was opened through (mnt_id of fdinfo), 0 where unknown."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Lock(Record, kind=8, noun="lock", key=("file", "kind", "start", "end", "pid")):
    """A lock held on a file (/proc/PID/fdinfo, "lock:" lines)."""

    file: FileRef
    """The open file description it was seen on."""
    kind: U8
    """Kind of lock (`lock_kind`)."""
    write: bool
    """Exclusive, else shared."""
    pid: S32
    """Holder as the kernel gives it; -1 for an OFD lock."""
    start: U64
    """First byte."""
    end: U64 | None
    """Last byte; nil for "to the end of the file"."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class EpollWatch(Record, kind=22, noun="epoll_watch", key=("epoll", "fd", "file")):
    """What an epoll instance watches (epoll_ctl(2); the "tfd:" lines of /proc/PID/fdinfo). The instance is
    one with its open file description.
    """

    epoll: FileRef
    """The instance, a file of kind epoll."""
    fd: U32
    """Descriptor that the file was registered by, whatever it may be by now (tfd)."""
    file: FileRef
    """The open file description that is watched."""
    events: U32
    """Events and options, EPOLLIN and the like (events)."""
    data: U64
    """What the program gets with an event, struct epoll_event (data)."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class FdTable(Record, kind=9, noun="fd_table"):
    """A table of file descriptors; its rows follow as `Fd`."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Fd(Record, kind=10, noun="fd", key=("table", "fd")):
    """A file descriptor: one row of a table."""

    table: FdTableRef
    """The table it is in."""
    fd: U32
    """The descriptor."""
    cloexec: bool
    """FD_CLOEXEC."""
    file: FileRef
    """The open file description it refers to."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Fs(Record, kind=11, noun="fs"):
    """What paths of a task start from (CLONE_FS of clone(2))."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    cwd: FileRef
    """Working directory."""
    root: FileRef
    """Root directory."""
    umask: U32
    """File mode creation mask."""
    extra: Extra | None = None
    """Further attributes, or nil."""
