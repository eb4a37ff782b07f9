"""Reading and writing another process's memory: process_vm_readv(2) and /proc/PID/mem.

process_vm_readv is the faster of the two (5.5 against 3.7 GB/s) and obeys the protection of the mappings;
/proc/PID/mem reads what is not readable for the process itself, too (PROT_NONE, write-only). So the first
is tried, the second taken for what the first refuses.
"""

from __future__ import annotations

import ctypes
import errno
import os
from array import array
from itertools import chain

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Sequence
    from types import TracebackType
    from typing import Self

_NR_PROCESS_VM_READV = 310
_NR_PROCESS_VM_WRITEV = 311
_IOV_MAX = 1024
_IOVEC_SIZE = 16
_HIGHEST = 1 << 63  # above lies [vsyscall], which neither way can read


class Memory:
    """The memory of the process that thread `tid` belongs to; a context manager, to be closed.

    The caller needs the right to trace the process (ptrace(2)), not the tracing. Where the leader has exited,
    `tid` must be a thread that is alive. Addresses and lengths are in bytes and need no alignment.
    """

    __slots__ = ("_fd", "tid")

    def __init__(self, tid: int) -> None:
        self.tid = tid
        self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close /proc/PID/mem if it was opened; a second call does nothing."""
        fd, self._fd = self._fd, -1  # first: an exception in between must not close it twice
        if fd >= 0:
            os.close(fd)

    def read(self, address: int, length: int) -> bytes:
        """`length` bytes from `address`; errors as for `read_into`."""
        room = bytearray(length)
        self.read_into(room, ((address, length),))
        return bytes(room)

    def read_into(self, buffer: bytearray | memoryview | mmap.mmap, ranges: Iterable[tuple[int, int]]) -> int:
        """Read (address, length) `ranges`, one behind the other, to the start of `buffer`; returns their sum.

        Raises KernelError, with the address, at the first byte that cannot be read (no mapping, a guard page,
        behind the end of the mapped file, memfd_secret); the buffer's content is then undefined.
        Raises ProcessGoneError where the process has ended; ValueError where the buffer is too small.
        """
        vector = array("Q", chain.from_iterable(ranges))
        total = sum(vector[1::2])
        with memoryview(buffer) as whole, whole.cast("B") as view:
            if total > len(view):
                raise ValueError(f"{total} bytes do not fit into a buffer of {len(view)}")
            if total:
                self._read_vector(view, vector, total)
        return total

    def _read_vector(self, view: memoryview, vector: array[int], total: int) -> None:
        """Go through the iovec array `vector`, in which the front of a half-read range is moved on."""
        anchor = (ctypes.c_char * len(view)).from_buffer(view)
        base, remote = ctypes.addressof(anchor), vector.buffer_info()[0]
        done = first = 0
        while done < total:
            local = array("Q", (base + done, total - done))
            count = min(_IOV_MAX, len(vector) // 2 - first)
            got = libc.try_syscall(
                _NR_PROCESS_VM_READV,
                self.tid,
                local.buffer_info()[0],
                1,
                remote + first * _IOVEC_SIZE,
                count,
                0,
            )
            if got > 0 and got == sum(vector[first * 2 + 1 : (first + count) * 2 : 2]):
                done, first = done + got, first + count
            elif got > 0:
                done, first = done + got, _advance(vector, first, got)
            elif got in (0, -errno.EFAULT):
                address, length = vector[first * 2], vector[first * 2 + 1]
                self._read_slowly(view[done : done + length], address)
                done, first = done + length, first + 1
            else:
                raise self._failure("process_vm_readv", -got)

    def _read_slowly(self, view: memoryview, address: int) -> None:
        """Fill `view` from `address` through /proc/PID/mem."""
        done = 0
        while done < len(view):
            at = address + done
            try:
                if at >= _HIGHEST:
                    raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
                got = os.preadv(self._open(), [view[done:]], at)
            except OSError as error:
                raise self._failure("pread(/proc/PID/mem)", error.errno or errno.EIO, at) from error
            if got == 0:  # the process has no memory any more (exit_mm), or the address is above the last one
                raise ProcessGoneError(self.tid)
            done += got

    def write(self, address: int, data: bytes) -> None:
        """Write `data` to `address`, into pages of any protection where the kernel allows that to a tracer.

        A private mapping of a file gets its own copy of the page. Raises KernelError or ProcessGoneError.
        """
        try:
            written = os.pwrite(self._open(), data, address)
        except OSError as error:
            raise self._failure("pwrite(/proc/PID/mem)", error.errno or errno.EIO, address) from error
        if written != len(data):
            reason = errno.EFAULT if written else errno.ESRCH
            raise self._failure("pwrite(/proc/PID/mem)", reason, address + written)

    def write_from(self, buffer: bytearray, ranges: Sequence[tuple[int, int]]) -> None:
        """Write the front of `buffer` to (address, length) `ranges`, one after another.

        As `write`; where the pages are writable for the process itself, in half the time: process_vm_writev
        copies once, /proc/PID/mem twice.
        """
        total = sum(length for _, length in ranges)
        local = array("Q", (ctypes.addressof(ctypes.c_char.from_buffer(buffer)), total))
        remote = array("Q", chain.from_iterable(ranges))
        arguments = local.buffer_info()[0], 1, remote.buffer_info()[0], len(ranges), 0
        if len(ranges) <= _IOV_MAX and total <= len(buffer):
            got = libc.try_syscall(_NR_PROCESS_VM_WRITEV, self.tid, *arguments)
            if got == total:
                return
        at = 0
        for address, length in ranges:
            self.write(address, bytes(buffer[at : at + length]))
            at += length

    def _open(self) -> int:
        if self._fd < 0:
            try:
                self._fd = os.open(f"/proc/{self.tid}/mem", os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise ProcessGoneError(self.tid) from error
            except OSError as error:
                raise self._failure("open(/proc/PID/mem)", error.errno or errno.EIO) from error
        return self._fd

    def _failure(self, call: str, number: int, address: int | None = None) -> KernelError | ProcessGoneError:
        if number == errno.ESRCH:
            return ProcessGoneError(self.tid)
        place = f"at address {address:#x}" if address is not None else ""
        return KernelError(call, number, pid=self.tid, hint=place)


def _advance(vector: array[int], first: int, got: int) -> int:
    """The index of the range that `got` bytes from range `first` end in; its front moves behind them."""
    while got >= vector[first * 2 + 1]:
        got -= vector[first * 2 + 1]
        first += 1
        if got == 0:
            return first
    vector[first * 2] += got
    vector[first * 2 + 1] -= got
    return first
