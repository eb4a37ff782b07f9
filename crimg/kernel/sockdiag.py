"""Unix sockets of this network namespace, by sock_diag(7): who is connected to whom, and what waits.

Only this tells the peer of a unix socket. (pyroute2 knows it, too, and takes 0.25 s and 33 MB to import, more
than a dump of a small process as a whole; see specs/decisions/0005-sock-diag.md.)
"""

from __future__ import annotations

import errno
import struct
from typing import NamedTuple

from crimg.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# netlink.h, sock_diag.h and unix_diag.h of include/uapi/linux
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_AF_UNIX = 1
_ALL_STATES = 0xFFFF_FFFF
_SHOW = 0x04 | 0x10  # UDIAG_SHOW_PEER, UDIAG_SHOW_RQLEN
_UNIX_DIAG_PEER, _UNIX_DIAG_RQLEN, _UNIX_DIAG_SHUTDOWN = 2, 4, 6
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBHIII8x")
_MESSAGE = struct.Struct("=BBBxI8x")
_ATTRIBUTE = struct.Struct("=HH")
_ROOM = 1 << 16


class UnixSocket(NamedTuple):
    """One unix socket.

    number: inode number.  peer: that of the socket it is connected to, 0 for none.
    queued: bytes that wait to be read or, where it listens, connections that wait to be accepted.
    room: of a listening one, how many may wait (listen(2)).
    shutdown: directions that are closed, 1 receiving, 2 sending.
    """

    number: int
    peer: int
    queued: int
    room: int
    shutdown: int


def unix_sockets() -> dict[int, UnixSocket]:
    """All of them by inode number. Raises KernelError where the kernel has no sock_diag for them."""
    import socket

    request = _REQUEST.pack(_AF_UNIX, 0, 0, _ALL_STATES, 0, _SHOW)
    header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0)
    found = {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as connection:
            connection.bind((0, 0))
            connection.send(header + request)
            done = False
            while not done:
                for kind, body in _messages(connection.recv(_ROOM)):
                    if kind == _NLMSG_ERROR:
                        number = -struct.unpack_from("=i", body)[0]
                        raise KernelError("sock_diag(AF_UNIX)", number)
                    if kind == _NLMSG_DONE:
                        done = True
                    else:
                        one = parse_message(body)
                        found[one.number] = one
    except OSError as error:
        raise KernelError("sock_diag(AF_UNIX)", error.errno or errno.EIO) from error
    return found


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each netlink message."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += length + 3 & ~3


def parse_message(body: bytes) -> UnixSocket:
    """One `struct unix_diag_msg` with its attributes."""
    _, _, _, number = _MESSAGE.unpack_from(body)
    peer = queued = room = shutdown = 0
    at = _MESSAGE.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        value = body[at + _ATTRIBUTE.size : at + length]
        if kind == _UNIX_DIAG_PEER:
            (peer,) = struct.unpack_from("=I", value)
        elif kind == _UNIX_DIAG_RQLEN:
            queued, room = struct.unpack_from("=II", value)
        elif kind == _UNIX_DIAG_SHUTDOWN:
            shutdown = value[0]
        at += length + 3 & ~3
    return UnixSocket(number, peer, queued, room, shutdown)


def queued_bytes(fd: int) -> int:
    """Bytes that can be read from the socket (FIONREAD); of a datagram socket, those of the first one."""
    import fcntl
    import termios

    try:
        return int(struct.unpack("=i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0])
    except OSError as error:
        raise KernelError("ioctl(FIONREAD)", error.errno or errno.EIO) from error


def inode_number(link: bytes) -> int:
    """Of "socket:[N]"."""
    return int(link[link.index(b"[") + 1 : -1])
