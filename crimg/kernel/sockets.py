"""Socket options that Python's getsockopt(2) cannot ask for: with an argument, or not counted in bytes."""

from __future__ import annotations

import ctypes
import errno
import struct

from crimg.errors import KernelError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.procfs import ProcDir

_NR_SETSOCKOPT, _NR_GETSOCKOPT = 54, 55
_SOL_SOCKET, _IPPROTO_IP, _IPPROTO_IPV6 = 1, 0, 41
_AF_INET, _AF_INET6 = 2, 10
_SO_ATTACH_FILTER = 26  # as SO_GET_FILTER, too (asm-generic/socket.h)
_MCAST_MSFILTER = 48  # linux/in.h
INSTRUCTION = 8
"""Bytes of one instruction of a classic BPF program (struct sock_filter, linux/filter.h)."""
MOST_INSTRUCTIONS = 4096
"""BPF_MAXINSNS (linux/bpf_common.h)."""
_NO_MEMBER = (errno.EADDRNOTAVAIL, errno.ENODEV, errno.ENOPROTOOPT, errno.EOPNOTSUPP)
_GROUP_FILTER = struct.Struct("<I4x128sII")  # struct group_filter (linux/in.h) without sources


def get_filter(fd: int) -> bytes:
    """The classic BPF program that chooses what the socket receives; b"" for none (socket(7)).

    Raises KernelError: EACCES where it is no classic one (SO_ATTACH_BPF).
    """
    room = (ctypes.c_char * (MOST_INSTRUCTIONS * INSTRUCTION))()
    count = (ctypes.c_char * 4).from_buffer_copy(struct.pack("<I", MOST_INSTRUCTIONS))  # no bytes
    libc.syscall("getsockopt(SO_GET_FILTER)", _NR_GETSOCKOPT, fd, _SOL_SOCKET, _SO_ATTACH_FILTER, room, count)
    return room.raw[: int.from_bytes(count.raw, "little") * INSTRUCTION]


def attach_filter(fd: int, program: bytes) -> None:
    """Have the socket filter by this classic BPF program; raises OSError where the kernel finds it wrong."""
    code = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("<H6xQ", len(program) // INSTRUCTION, ctypes.addressof(code))
    result = libc.try_syscall(_NR_SETSOCKOPT, fd, _SOL_SOCKET, _SO_ATTACH_FILTER, fprog, len(fprog))
    if result < 0:
        raise OSError(-result, "setsockopt(SO_ATTACH_FILTER)")


def multicast_groups(proc: ProcDir) -> list[tuple[int, bytes]]:
    """Index of a network interface, and a group that somebody has joined on it: 4 bytes, or 16 for IPv6.

    Of the network namespace of a process (/proc/PID/net/igmp, igmp6). Raises KernelError.
    """
    found: list[tuple[int, bytes]] = []
    interface = 0
    for line in _lines(proc, "net/igmp"):
        words = line.split()
        if not line.startswith(b"\t"):
            interface = int(words[0])
        else:
            found.append((interface, int(words[0], 16).to_bytes(4, "little")))
    for line in _lines(proc, "net/igmp6"):
        number, _, group, *_ = line.split()
        found.append((int(number), bytes.fromhex(group.decode("ascii"))))
    return found


def _lines(proc: ProcDir, name: str) -> list[bytes]:
    """Of a file that is not there in a kernel without that protocol; without a heading."""
    try:
        lines = proc.read(name).splitlines()
    except KernelError as error:
        if error.errno != errno.ENOENT:
            raise
        return []
    return [line for line in lines if line and not line.startswith(b"Idx")]


def is_member(fd: int, interface: int, group: bytes) -> bool:
    """Whether this socket itself has joined the group there. Raises KernelError."""
    if len(group) == 4:
        level, address = _IPPROTO_IP, struct.pack("=HH4s", _AF_INET, 0, group)
    else:
        level, address = _IPPROTO_IPV6, struct.pack("=HHI16sI", _AF_INET6, 0, 0, group, 0)
    packed = _GROUP_FILTER.pack(interface, address, 0, 0)
    asked = ctypes.create_string_buffer(packed, len(packed))
    length = (ctypes.c_char * 4).from_buffer_copy(struct.pack("<I", len(packed)))
    result = libc.try_syscall(_NR_GETSOCKOPT, fd, level, _MCAST_MSFILTER, asked, length)
    if result < 0 and -result not in _NO_MEMBER:
        raise KernelError("getsockopt(MCAST_MSFILTER)", -result)
    return result == 0
