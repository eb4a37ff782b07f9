"""Timers and signals that are read from descriptors: timerfd_create(2), signalfd(2); epoll instances."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from crimg.errors import KernelError
from crimg.kernel import libc

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_TIMERFD_CREATE = 283
_NR_TIMERFD_SETTIME = 286
_NR_SIGNALFD4 = 289
_NR_EPOLL_CREATE1 = 291

TIMER_ABSTIME = 1
"""TFD_TIMER_ABSTIME."""
_SET_TICKS = 0x4008_5400  # TFD_IOC_SET_TICKS of include/uapi/linux/timerfd.h
_SECOND = 10**9
_SPEC = struct.Struct("<4q")  # struct itimerspec


def timerfd_create(clock: int) -> int:
    """A timer that is not armed (close-on-exec). Raises KernelError."""
    return libc.syscall("timerfd_create", _NR_TIMERFD_CREATE, clock, os.O_CLOEXEC)


def timerfd_settime(fd: int, flags: int, interval: int, value: int) -> None:
    """Arm it. interval, value: nanoseconds; value 0 disarms.  flags: TFD_TIMER_*. Raises KernelError."""
    spec = _SPEC.pack(*divmod(interval, _SECOND), *divmod(value, _SECOND))
    libc.syscall("timerfd_settime", _NR_TIMERFD_SETTIME, fd, flags, spec, 0)


def set_ticks(fd: int, ticks: int) -> None:
    """Have `ticks` (1 or more) expirations wait to be read.

    Raises KernelError: ENOTTY for a kernel without CONFIG_CHECKPOINT_RESTORE.
    """
    try:
        fcntl.ioctl(fd, _SET_TICKS, struct.pack("=Q", ticks))
    except OSError as error:
        hint = "this kernel cannot be told how often a timer has expired (CONFIG_CHECKPOINT_RESTORE)"
        raise KernelError("ioctl(TFD_IOC_SET_TICKS)", error.errno or errno.EIO, hint=hint) from error


def signalfd(mask: int) -> int:
    """Signals to be read (close-on-exec). mask: bit N-1 is signal N. Raises KernelError."""
    return libc.syscall("signalfd4", _NR_SIGNALFD4, -1, struct.pack("=Q", mask), 8, os.O_CLOEXEC)


def epoll_create() -> int:
    """An epoll instance that watches nothing (close-on-exec). Raises KernelError."""
    return libc.syscall("epoll_create1", _NR_EPOLL_CREATE1, os.O_CLOEXEC)
