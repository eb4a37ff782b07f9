"""I/O priority of a thread (ioprio_get(2)); the C library has no function for it."""

from __future__ import annotations

import errno

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import libc

_NR_IOPRIO_GET = 252  # arch/x86/entry/syscalls/syscall_64.tbl
_IOPRIO_WHO_PROCESS = 1
_CLASS_SHIFT = 13


def io_priority(tid: int) -> int:
    """Class << 13 | level as ioprio_set(2) takes it; 0 where none was set (it then follows the nice value).

    Kernels from 5.14 on give the effective class for such a thread: best effort, which is taken for none.
    Raises ProcessGoneError, KernelError.
    """
    result = libc.try_syscall(_NR_IOPRIO_GET, _IOPRIO_WHO_PROCESS, tid)
    if result == -errno.ESRCH:
        raise ProcessGoneError(tid)
    if result < 0:
        raise KernelError("ioprio_get", -result, pid=tid)
    return result if result >> _CLASS_SHIFT else 0
