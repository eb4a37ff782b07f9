"""Pipes and FIFOs: their capacity, and their contents without taking them out."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from typing import NamedTuple

from crimg.errors import KernelError
from crimg.kernel import libc

_NR_TEE = 276  # arch/x86/entry/syscalls/syscall_64.tbl
_FIONREAD = 0x541B
_SPLICE_F_NONBLOCK = 2


class PipeContents(NamedTuple):
    """What is buffered in a pipe.

    capacity: bytes, a multiple of the page size (F_GETPIPE_SZ).  packets: the data as one read after the
    other would give it; more than one only where it was written in packet mode (O_DIRECT, pipe(2)).
    """

    capacity: int
    packets: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        """All bytes in order."""
        return b"".join(self.packets)


def pipe_capacity(fd: int) -> int:
    """The capacity of the pipe, bytes (F_GETPIPE_SZ). Either end will do. Raises KernelError."""
    try:
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
    except OSError as error:
        raise KernelError("fcntl(F_GETPIPE_SZ)", error.errno or errno.EIO) from error


def queued_bytes(fd: int) -> int:
    """How many bytes are in the pipe (FIONREAD). Either end will do. Raises KernelError."""
    try:
        return int(struct.unpack("=i", fcntl.ioctl(fd, _FIONREAD, bytes(4)))[0])
    except OSError as error:
        raise KernelError("ioctl(FIONREAD)", error.errno or errno.EIO) from error


def peek_pipe(fd: int) -> PipeContents:
    """The contents of the pipe, left where they are: tee(2) into a pipe of ours.

    fd: open for reading (the read end, or a FIFO opened O_RDWR), else KernelError with EBADF. Nobody may
    write or read meanwhile: if the contents changed, or did not fit, this raises KernelError with EAGAIN. A
    capacity above /proc/sys/fs/pipe-max-size takes CAP_SYS_RESOURCE: EPERM.
    """
    capacity = pipe_capacity(fd)
    queued = queued_bytes(fd)
    read_end, write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        try:
            fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, capacity)
        except OSError as error:
            raise KernelError(
                f"fcntl(F_SETPIPE_SZ, {capacity})",
                error.errno or errno.EIO,
                hint="the copy of a pipe's contents needs a pipe as large; see /proc/sys/fs/pipe-max-size",
            ) from error
        copied = libc.try_syscall(_NR_TEE, fd, write_end, capacity, _SPLICE_F_NONBLOCK)
        if copied == -errno.EAGAIN and queued == 0:
            return PipeContents(capacity, ())
        if copied < 0:
            raise KernelError("tee", -copied)
        packets = []
        missing = copied
        while missing:
            packets.append(os.read(read_end, missing))
            missing -= len(packets[-1])
    finally:
        os.close(read_end)
        os.close(write_end)
    if copied != queued:
        raise KernelError("tee", errno.EAGAIN, hint=f"{queued} bytes were in the pipe, {copied} were copied")
    return PipeContents(capacity, tuple(packets))
