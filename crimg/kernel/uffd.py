"""userfaultfd(2): the pages that are missing in the memory of a process, supplied by another one.

Messages are read one by one: all but page faults hold the thread that caused them (fork, munmap, mremap,
madvise) until they are read. Who reads them into shared memory loses none, also when killed.
"""

from __future__ import annotations

import errno
import struct

from crimg.errors import KernelError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_IOCTL = 16
NR_USERFAULTFD: Final = 323

# include/uapi/linux/userfaultfd.h
FLAGS: Final = 0o2004000
"""O_CLOEXEC | O_NONBLOCK: without the latter, poll(2) tells of an error."""
MESSAGE_SIZE: Final = 32
PAGE_FAULT, FORK, REMAP, REMOVE, UNMAP = 0x12, 0x13, 0x14, 0x15, 0x16
_API = 0xAA
_FEATURES = (
    1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 14
)  # UFFD_FEATURE_EVENT_FORK, _REMAP, _REMOVE, _UNMAP, POISON
_MISSING = 1  # UFFDIO_REGISTER_MODE_MISSING
_UFFDIO_API = 0xC018_AA3F
_UFFDIO_REGISTER = 0xC020_AA00
_UFFDIO_WAKE = 0x8010_AA02
_UFFDIO_COPY = 0xC028_AA03
_UFFDIO_ZEROPAGE = 0xC020_AA04
_UFFDIO_POISON = 0xC020_AA08

_MESSAGE = struct.Struct("<B7x3Q")


class Message:
    """What a process has done, or waits for (struct uffd_msg).

    event: PAGE_FAULT, address in `second`; FORK, descriptor of the child's userfaultfd in `first`; REMAP,
    from `first` to `second`, `third` bytes; REMOVE or UNMAP, from address `first` to `second`.
    """

    __slots__ = ("event", "first", "second", "third")

    def __init__(self, event: int, first: int, second: int, third: int) -> None:
        self.event = event
        self.first = first
        self.second = second
        self.third = third


def parse_message(raw: bytes | memoryview) -> Message:
    """`MESSAGE_SIZE` bytes that were read."""
    event, first, second, third = _MESSAGE.unpack(raw)
    return Message(event, first & 0xFFFF_FFFF if event == FORK else first, second, third)


def create() -> int:
    """A userfaultfd for the memory of this process. Raises KernelError."""
    hints = {
        errno.EPERM: "it takes CAP_SYS_PTRACE (vm.unprivileged_userfaultfd is not enough for a restart)",
        errno.ENOSYS: "this kernel was built without it",
    }
    fd = libc.try_syscall(NR_USERFAULTFD, FLAGS)
    if fd < 0:
        raise KernelError("userfaultfd", -fd, hint=hints.get(-fd, ""))
    return fd


def enable(fd: int) -> None:
    """Agree with the kernel on messages (UFFDIO_API), those of forks among them.

    Raises KernelError: EPERM without CAP_SYS_PTRACE, EINVAL where the kernel does not have all of them.
    """
    result = libc.try_syscall(_NR_IOCTL, fd, _UFFDIO_API, struct.pack("<QQQ", _API, _FEATURES, 0))
    if result < 0:
        hints = {
            errno.EPERM: "to be told of forks takes CAP_SYS_PTRACE",
            errno.EINVAL: "this kernel cannot (Linux 6.6 can)",
        }
        raise KernelError("ioctl(UFFDIO_API)", -result, hint=hints.get(-result, ""))


def register(fd: int, start: int, end: int) -> None:
    """From now on faults of missing pages between two addresses are told. Raises KernelError."""
    hint = f"for {start:x}-{end:x}"
    record = struct.pack("<QQQQ", start, end - start, _MISSING, 0)
    libc.syscall("ioctl(UFFDIO_REGISTER)", _NR_IOCTL, fd, _UFFDIO_REGISTER, record, hint=hint)


def copy(fd: int, address: int, source: int, length: int) -> int:
    """Have `length` bytes from address `source` of this process appear at `address`, and wake who waits.

    The number of bytes that have, which may be fewer; or minus an error number, where none have: EEXIST (a
    page is there), ENOENT (not registered any more), EAGAIN (a message waits to be read), ESRCH (the process
    has ended), ENOMEM, EFAULT (the source cannot be read).
    """
    return _supply(fd, _UFFDIO_COPY, struct.pack("<QQQQq", address, source, length, 0, 0))


def zero(fd: int, address: int, length: int) -> int:
    """As `copy`, with zero bytes."""
    return _supply(fd, _UFFDIO_ZEROPAGE, struct.pack("<QQQq", address, length, 0, 0))


def poison(fd: int, address: int, length: int) -> int:
    """As `copy`, with SIGBUS for whoever touches the pages."""
    return _supply(fd, _UFFDIO_POISON, struct.pack("<QQQq", address, length, 0, 0))


def _supply(fd: int, request: int, record: bytes) -> int:
    """The last field of the records is written by the kernel, also where it gives EAGAIN."""
    room = libc.buffer(record)
    result = libc.try_syscall(_NR_IOCTL, fd, request, room)
    (done,) = struct.unpack_from("<q", room, len(record) - 8)
    if result == 0 or (result == -errno.EAGAIN and done > 0):
        return int(done)
    return result


def wake(fd: int, start: int, end: int) -> None:
    """Let those who wait for pages between two addresses ask for them anew. Raises KernelError."""
    record = struct.pack("<QQ", start, end - start)
    libc.syscall("ioctl(UFFDIO_WAKE)", _NR_IOCTL, fd, _UFFDIO_WAKE, record)
