"""Open files that are no inodes of a mounted file system: event counters, timers, signals, shared memory."""

from __future__ import annotations

import errno
import fcntl

from crimg.errors import KernelError
from crimg.kernel.procfd import fdinfo_fields
from crimg.kernel.sysvipc import read_segment
from crimg.model import Eventfd, SharedMemory, Signalfd, Timerfd
from crimg.model.enums import FileKind, MemoryKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.objects import Objects

_WITH_STATE = (FileKind.EVENTFD, FileKind.TIMERFD, FileKind.SIGNALFD)
_SECOND = 1_000_000_000
_MEMFD = b"/memfd:"
_DELETED = b" (deleted)"


def add_state(objects: Objects, file: int, kind: FileKind, fdinfo: bytes) -> None:
    """The row that tells the state of an eventfd, timerfd or signalfd; none for another kind.

    file: objref of its file object.  fdinfo: the further lines of its fdinfo (proc_pid_fdinfo(5)).
    """
    if kind not in _WITH_STATE:
        return
    fields = fdinfo_fields(fdinfo)
    if kind == FileKind.EVENTFD:
        semaphore = fields.get("eventfd-semaphore", "0") == "1"
        objects.add(Eventfd(file=file, value=int(fields["eventfd-count"], 16), semaphore=semaphore))
    elif kind == FileKind.TIMERFD:
        objects.add(
            Timerfd(
                file=file,
                clock=int(fields["clockid"]),
                ticks=int(fields["ticks"]),
                settime_flags=int(fields["settime flags"], 8),
                interval=_nanoseconds(fields["it_interval"]),
                remaining=_nanoseconds(fields["it_value"]),
            )
        )
    elif kind == FileKind.SIGNALFD:
        objects.add(Signalfd(file=file, mask=int(fields["sigmask"], 16)))


def _nanoseconds(pair: str) -> int:
    """Of "(seconds, nanoseconds)"."""
    seconds, _, rest = pair.strip("()").partition(",")
    return int(seconds) * _SECOND + int(rest)


def memory_row(inode: int, number: int, link: bytes, fd: int) -> SharedMemory:
    """What a piece of shared memory is.

    inode: objref.  number: inode number.  link: as the kernel shows it.  fd: a descriptor of it, open for
    reading. Raises KernelError.
    """
    if link.startswith(_MEMFD):
        name = link.removeprefix(_MEMFD).removesuffix(_DELETED)
        return SharedMemory(
            inode=inode, kind=MemoryKind.MEMFD, name=name, seals=_seals(fd), ipc_key=None, mode=None
        )
    if link.startswith(b"/SYSV"):
        segment = read_segment(number)
        if segment is not None:
            return SharedMemory(
                inode=inode,
                kind=MemoryKind.SYSTEM_V,
                name=b"",
                seals=None,
                ipc_key=segment.key,
                mode=segment.perms,
                extra={name: getattr(segment, name) for name in ("shmid", "uid", "gid", "cuid", "cgid")},
            )
    return SharedMemory(inode=inode, kind=MemoryKind.ANONYMOUS, name=b"", seals=None, ipc_key=None, mode=None)


def _seals(fd: int) -> int:
    try:
        return fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError as error:
        raise KernelError("fcntl(F_GET_SEALS)", error.errno or errno.EIO) from error
