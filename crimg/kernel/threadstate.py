"""What the kernel keeps for a thread and ptrace(2) tells: rseq, dispatch of system calls, robust futexes."""

from __future__ import annotations

import ctypes
import errno
import struct
from typing import NamedTuple

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import libc, ptrace

NR_GET_ROBUST_LIST = 274


class RseqConfiguration(NamedTuple):
    """`struct ptrace_rseq_configuration`: where the thread's restartable-sequences area is.

    pointer: its address in the target, 0 where none is registered.  size: bytes.  signature: the 32-bit
    number that stands before every abort handler.  flags: always 0 as yet.
    """

    pointer: int
    size: int
    signature: int
    flags: int


class DispatchConfiguration(NamedTuple):
    """`struct ptrace_sud_config`: syscall user dispatch (prctl(2)), by which a program catches its own calls.

    mode: 0 off, 1 on for all calls but those made from [offset, offset + length).  selector: address of the
    byte in the target that switches it, or 0.
    """

    mode: int
    selector: int
    offset: int
    length: int


def get_rseq_configuration(tid: int) -> RseqConfiguration:
    """Where the thread's rseq area is; all 0 in kernels that do not tell (before Linux 5.13)."""
    record = ctypes.create_string_buffer(24)
    try:
        ptrace.request("PTRACE_GET_RSEQ_CONFIGURATION", ptrace.PTRACE_GET_RSEQ_CONFIGURATION, tid, 24, record)
    except KernelError as error:
        if error.errno not in (errno.EIO, errno.EINVAL):
            raise
    return RseqConfiguration(*struct.unpack("<QIII4x", record.raw))


def get_syscall_user_dispatch(tid: int) -> DispatchConfiguration:
    """The thread's syscall user dispatch; all 0 in kernels that do not tell (before Linux 6.4)."""
    record = ctypes.create_string_buffer(32)
    try:
        name = "PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG"
        ptrace.request(name, ptrace.PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, tid, 32, record)
    except KernelError as error:
        if error.errno not in (errno.EIO, errno.EINVAL):
            raise
    return DispatchConfiguration(*struct.unpack("<4Q", record.raw))


def set_syscall_user_dispatch(tid: int, configuration: DispatchConfiguration) -> None:
    """Set the thread's syscall user dispatch (since Linux 6.4)."""
    name = "PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG"
    record = struct.pack("<4Q", *configuration)
    ptrace.request(name, ptrace.PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, tid, 32, record)


def get_robust_list(tid: int) -> tuple[int, int]:
    """(address of the robust futex list's head or 0, its size): get_robust_list(2), which needs no stop."""
    head, length = ctypes.create_string_buffer(8), ctypes.create_string_buffer(8)
    result = libc.try_syscall(NR_GET_ROBUST_LIST, tid, head, length)
    if result < 0:
        raise (
            ProcessGoneError(tid)
            if result == -errno.ESRCH
            else KernelError("get_robust_list", -result, pid=tid)
        )
    return int.from_bytes(head.raw, "little"), int.from_bytes(length.raw, "little")
