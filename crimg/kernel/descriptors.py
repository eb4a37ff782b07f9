"""Descriptors of another process: taking a copy, telling which are one open file, asking about that file.

What `pidfd_getfd` returns shares the open file description with the target. Everything here leaves that as it
is: no seek, no read, no flag is set on it. To read a file, `reopen` it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from functools import cmp_to_key
from itertools import pairwise
from typing import NamedTuple

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from typing import TypeVar

    T = TypeVar("T")

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_KCMP = 312
_NR_PIDFD_GETFD = 438

# include/uapi/linux/kcmp.h
KCMP_FILE = 0
KCMP_VM = 1
KCMP_FILES = 2
KCMP_FS = 3
KCMP_SIGHAND = 4
KCMP_IO = 5
KCMP_SYSVSEM = 6

# include/uapi/asm-generic/fcntl.h
F_GETOWN_EX = 16
F_OWNER_TID = 0
F_OWNER_PID = 1
F_OWNER_PGRP = 2

# include/uapi/asm-generic/ioctls.h
_TCGETS = 0x5401
_TIOCGWINSZ = 0x5413
_KERNEL_TERMIOS_SIZE = 36

_PTRACE_HINT = "this takes the same user, or CAP_SYS_PTRACE"


class FileOwner(NamedTuple):
    """Who gets SIGIO (fcntl(2), F_GETOWN_EX). kind: F_OWNER_TID, _PID or _PGRP.  id: 0 for nobody."""

    kind: int
    id: int


def pidfd_open(pid: int) -> int:
    """A pidfd of process `pid` (close-on-exec; pidfd_open(2)). Raises ProcessGoneError, KernelError."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError as error:
        raise ProcessGoneError(pid) from error
    except OSError as error:
        raise KernelError("pidfd_open", error.errno or errno.EIO, pid=pid) from error


def pidfd_getfd(pidfd: int, fd: int, pid: int | None = None) -> int:
    """A duplicate of descriptor `fd` of the process behind `pidfd` (close-on-exec; pidfd_getfd(2)).

    pid: only to name the process in errors. Raises KernelError: EBADF where `fd` is not open, EPERM without
    ptrace access, ESRCH where the process is gone.
    """
    copy = libc.try_syscall(_NR_PIDFD_GETFD, pidfd, fd, 0)
    if copy < 0:
        hint = _PTRACE_HINT if copy == -errno.EPERM else ""
        raise KernelError(f"pidfd_getfd({fd})", -copy, pid=pid, hint=hint)
    return copy


def kcmp(pid1: int, pid2: int, kind: int, index1: int = 0, index2: int = 0) -> int:
    """Compare one kernel object of two tasks (kcmp(2)): 0 the same, -1 less, 1 greater, in a total order.

    kind: KCMP_*; the indices are descriptors for KCMP_FILE, else 0. The order means nothing but holds until
    the next boot. Raises KernelError: EBADF, EPERM, ESRCH, ENOSYS (kernel without CONFIG_KCMP).
    """
    result = libc.try_syscall(_NR_KCMP, pid1, pid2, kind, index1, index2)
    if 0 <= result <= 2:
        return (0, -1, 1)[result]
    number = errno.EOPNOTSUPP if result > 0 else -result  # 3: different, without an order
    raise KernelError("kcmp", number, pid=pid1, hint=_PTRACE_HINT if number == errno.EPERM else "")


def group_same_files(fds: Iterable[tuple[int, int, Hashable]]) -> list[list[tuple[int, int]]]:
    """Descriptors of any tasks, as (pid, fd), those of one open file description together.

    fds: pid, descriptor, and what is the same for all descriptors of one open file (the inode number, say):
    that only saves comparisons, kcmp decides.
    Groups, and the members of each, stand in the order in which they were given. Raises KernelError.
    """
    place: dict[tuple[int, int], int] = {}
    alike: dict[Hashable, list[tuple[int, int]]] = {}
    for pid, fd, common in fds:
        place[pid, fd] = len(place)
        alike.setdefault(common, []).append((pid, fd))
    groups: list[list[tuple[int, int]]] = []
    for candidates in alike.values():
        groups.extend(sort_same(candidates, compare_files))
    for group in groups:
        group.sort(key=place.__getitem__)
    return sorted(groups, key=lambda group: place[group[0]])


def compare_files(first: tuple[int, int], second: tuple[int, int]) -> int:
    """The order of the open file descriptions behind two descriptors (pid, fd), as `kcmp` has it."""
    return kcmp(first[0], second[0], KCMP_FILE, first[1], second[1])


def sort_same(items: Sequence[T], order: Callable[[T, T], int]) -> list[list[T]]:
    """`items` in groups that are equal by `order`, the groups ascending: n log n comparisons."""
    ordered = sorted(items, key=cmp_to_key(order))
    groups = [ordered[:1]] if ordered else []
    for previous, item in pairwise(ordered):
        if order(previous, item) == 0:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def reopen(fd: int, flags: int = os.O_RDONLY) -> int:
    """A new open file of the same inode, with a position of its own (close-on-exec), by /proc/self/fd.

    The name may be gone or lead elsewhere; the inode's permissions are asked again. The access time stays as
    it is where the caller is the owner of the file or has CAP_FOWNER (O_NOATIME). Watchers (inotify) see an
    open, and a write lease on the file would be broken by it: O_NONBLOCK is set, so that this raises
    EWOULDBLOCK and does not wait. Ask `lease` first. Raises KernelError.
    """
    path, flags = f"/proc/self/fd/{fd}", flags | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        try:
            return os.open(path, flags | os.O_NOATIME)
        except PermissionError:
            return os.open(path, flags)
    except OSError as error:
        raise KernelError(f"open({path})", error.errno or errno.EIO) from error


def owner(fd: int) -> FileOwner:
    """Who is signalled when I/O becomes possible (F_GETOWN_EX); ids as seen from here.

    Raises KernelError, as the next two do: EBADF for an O_PATH descriptor.
    """
    try:
        kind, number = struct.unpack("=ii", fcntl.fcntl(fd, F_GETOWN_EX, bytes(8)))
    except OSError as error:
        raise KernelError("fcntl(F_GETOWN_EX)", error.errno or errno.EIO) from error
    return FileOwner(kind, number)


def io_signal(fd: int) -> int:
    """The signal sent then (F_GETSIG); 0 stands for SIGIO."""
    try:
        return fcntl.fcntl(fd, fcntl.F_GETSIG)
    except OSError as error:
        raise KernelError("fcntl(F_GETSIG)", error.errno or errno.EIO) from error


def lease(fd: int) -> int:
    """The lease held through this file (F_GETLEASE): F_RDLCK, F_WRLCK, F_UNLCK for none.

    While another process's open is breaking the lease, this is what it is to become.
    """
    try:
        return fcntl.fcntl(fd, fcntl.F_GETLEASE)
    except OSError as error:
        raise KernelError("fcntl(F_GETLEASE)", error.errno or errno.EIO) from error


def termios(fd: int) -> bytes | None:
    """The kernel's struct termios, 36 raw bytes (TCGETS, ioctl_tty(2)); None where it is no terminal."""
    return _tty_ioctl("TCGETS", fd, _TCGETS, _KERNEL_TERMIOS_SIZE)


def window_size(fd: int) -> tuple[int, int, int, int] | None:
    """Rows, columns, and width and height in pixels (TIOCGWINSZ); None where it is no terminal."""
    raw = _tty_ioctl("TIOCGWINSZ", fd, _TIOCGWINSZ, 8)
    return None if raw is None else struct.unpack("=4H", raw)


def _tty_ioctl(name: str, fd: int, request: int, size: int) -> bytes | None:
    try:
        return fcntl.ioctl(fd, request, bytes(size))
    except OSError as error:
        if error.errno == errno.ENOTTY:
            return None
        raise KernelError(f"ioctl({name})", error.errno or errno.EIO) from error
