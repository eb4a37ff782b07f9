"""Epoll instances of another process (epoll(7)): what is registered with them, and which file that is."""

from __future__ import annotations

import ctypes
import errno
import fcntl
from typing import NamedTuple

from crimg.errors import KernelError
from crimg.kernel.descriptors import kcmp

EPOLL_LINK = b"anon_inode:[eventpoll]"
"""Text of the link in /proc/PID/fd."""

_KCMP_EPOLL_TFD = 7  # include/uapi/linux/kcmp.h
_EPIOCGPARAMS = 0x80088A02  # include/uapi/linux/eventpoll.h, Linux 6.9


class _Slot(ctypes.Structure):
    """struct kcmp_epoll_slot."""

    _fields_ = (("efd", ctypes.c_uint32), ("tfd", ctypes.c_uint32), ("toff", ctypes.c_uint32))


class Watch(NamedTuple):
    """One registration (a "tfd:" line; fs/eventpoll.c, ep_show_fdinfo).

    tfd: descriptor that it was made by.  events, data: of struct epoll_event; events with EPOLLERR and
    EPOLLHUP, which the kernel adds.  inode: number of the watched file's.  before: registrations of the
    same instance by the same number that stand before this one.
    """

    tfd: int
    events: int
    data: int
    inode: int
    before: int


def parse_watches(rest: bytes) -> list[Watch]:
    """What an instance watches, from the further lines of its fdinfo (`Fdinfo.rest`)."""
    watches = []
    seen: dict[int, int] = {}
    for line in rest.splitlines():
        # As in: tfd:        7 events:       19 data:                7  pos:0 ino:61 sdev:e
        words = line.replace(b":", b": ").split()
        if words and words[0] == b"tfd:":
            values = dict(zip(words[::2], words[1::2], strict=True))
            tfd = int(values[b"tfd:"])
            number = seen.get(tfd, 0)
            seen[tfd] = number + 1
            events, data, inode = (int(values[name], 16) for name in (b"events:", b"data:", b"ino:"))
            watches.append(Watch(tfd, events, data, inode, number))
    return watches


def is_watched(pid: int, epoll: int, watch: Watch, other: int, fd: int) -> bool:
    """Whether descriptor `fd` of task `other` refers to the open file description that the epoll instance at
    descriptor `epoll` of task `pid` watches by `watch` (kcmp(2), KCMP_EPOLL_TFD).

    Raises KernelError: EBADF where a descriptor is not open, ENOENT where nothing is registered so, EPERM,
    ESRCH, ENOSYS (kernel without CONFIG_KCMP), EOPNOTSUPP (without CONFIG_EPOLL).
    """
    slot = _Slot(epoll, watch.tfd, watch.before)
    return kcmp(other, pid, _KCMP_EPOLL_TFD, fd, ctypes.addressof(slot)) == 0


def busy_polls(fd: int) -> bool:
    """Whether the instance has settings of its own for busy polling (EPIOCGPARAMS, ioctl_eventpoll(2))."""
    try:
        return any(fcntl.ioctl(fd, _EPIOCGPARAMS, bytes(8)))
    except OSError as error:
        # Kernels before 6.9, and those without CONFIG_NET_RX_BUSY_POLL, have no such settings.
        if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EOPNOTSUPP):
            return False
        raise KernelError("ioctl(EPIOCGPARAMS)", error.errno or errno.EIO) from error
