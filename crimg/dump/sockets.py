"""Sockets: unix sockets whose other ends belong to the tree, with what waits in them; listening TCP; UDP."""

from __future__ import annotations

import errno
import struct

from crimg.dump.kinds import Refusal
from crimg.dump.socket_options import SocketOptions
from crimg.errors import KernelError
from crimg.kernel import sockdiag
from crimg.kernel.procfd import fdinfo_fields
from crimg.model import Socket
from crimg.model.enums import Severity, SocketState

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket as sockets

    from crimg.dump.leaks import Leaks
    from crimg.dump.objects import Objects
    from crimg.dump.opened import Descriptor

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_STREAM, _DGRAM, _SEQPACKET = 1, 2, 5
_TCP, _UDP = 6, 17
_TCP_LISTEN, _TCP_CLOSE = 10, 7  # include/net/tcp_states.h
_TCP_INFO = 11
_SEGMENTS_IN = slice(140, 144)  # tcpi_segs_in of struct tcp_info (linux/tcp.h): 0 in a new socket
_SO_DOMAIN, _SO_PROTOCOL = 39, 38
_QUEUE = "socket-queue"
_MESSAGES = "messages that were not received yet cannot be saved"


class SocketCollector:
    """Gathers the sockets of a tree. queues: bytes that wait, by the objref of the file object."""

    def __init__(self, objects: Objects, leaks: Leaks) -> None:
        self.objects = objects
        self.leaks = leaks
        self.queues: dict[int, bytes] = {}
        self.options = SocketOptions()
        self._unix: dict[int, sockdiag.UnixSocket] | None = None
        self._peers: dict[int, tuple[Descriptor, int]] = {}
        self._numbers: set[int] = set()

    def look(self, copy: int, one: Descriptor) -> Socket | Refusal:
        """The row of the socket at descriptor `one`, its file still to be put in; or why it cannot be saved.

        copy: our duplicate of it. Raises KernelError.
        """
        import os
        import socket

        number = sockdiag.inode_number(one.link)
        self._numbers.add(number)
        try:
            with socket.socket(fileno=os.dup(copy)) as opened:
                return self._look(opened, number, one)
        except OSError as error:
            raise KernelError("getsockopt", error.errno or errno.EIO) from error

    def _look(self, opened: sockets.socket, number: int, one: Descriptor) -> Socket | Refusal:
        family = opened.getsockopt(1, _SO_DOMAIN)
        kind, protocol = opened.getsockopt(1, 3), opened.getsockopt(1, _SO_PROTOCOL)
        row = Socket(
            file=0,
            number=number,
            family=family,
            type=kind,
            protocol=protocol,
            state=SocketState.UNCONNECTED,
            path=None,
            address=None,
            peer=None,
            peer_address=None,
            backlog=None,
            shutdown=0,
            length=0,
            blobs=(),
            extra=None,
        )
        if family not in (_AF_UNIX, _AF_INET, _AF_INET6):
            return Refusal("socket", f"a socket of family {family}, type {kind} cannot be saved yet")
        options = self.options.of(opened, family, one)
        if isinstance(options, Refusal):
            return options
        row = row.replace(extra={"options": options} if options else None)
        if family == _AF_UNIX:
            return self._unix_socket(opened, row, one)
        if (kind, protocol) == (_STREAM, _TCP):
            return _tcp_socket(opened, row)
        if (kind, protocol) == (_DGRAM, _UDP):
            return _udp_socket(opened, row, one)
        return Refusal("socket", f"a socket of family {family}, type {kind} cannot be saved yet")

    def _unix_socket(self, opened: sockets.socket, row: Socket, one: Descriptor) -> Socket | Refusal:
        if self._unix is None:
            self._unix = sockdiag.unix_sockets()
        told = self._unix.get(row.number) or sockdiag.UnixSocket(row.number, 0, 0, 0, 0)
        if flying := int(fdinfo_fields(one.info.rest).get("scm_fds", "0")):
            reason = f"descriptors in flight to it (SCM_RIGHTS of unix(7): {flying}) cannot be saved"
            return Refusal("scm-rights", reason)
        name = opened.getsockname()
        name = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
        if name.startswith(b"\0"):
            row = row.replace(address=struct.pack("=H", _AF_UNIX) + name)
        elif name:
            row = row.replace(path=name)
        row = row.replace(shutdown=told.shutdown)
        if opened.getsockopt(1, 30):  # SO_ACCEPTCONN
            if told.queued:
                return Refusal(
                    _QUEUE, f"{told.queued} connections that were not accepted cannot be saved yet"
                )
            return row.replace(state=SocketState.LISTENING, backlog=told.room)
        if told.peer:
            row = row.replace(state=SocketState.CONNECTED, peer=told.peer)
        if row.type != _STREAM:
            return Refusal(_QUEUE, _MESSAGES) if _has_message(opened) else row
        return row.replace(length=sockdiag.queued_bytes(opened.fileno()))

    def add(self, row: Socket, file: int, copy: int, one: Descriptor) -> None:
        """Take the row of `look` in. file: objref of the file object. Raises KernelError."""
        self.objects.add(row.replace(file=file))
        if row.peer is not None:
            self._peers[row.peer] = (one, file)
        if row.length:
            self.queues[file] = _peek(copy, row.length)

    def finish(self) -> None:
        """Have processes outside looked for that hold the other ends of unix sockets."""
        for peer, (one, file) in self._peers.items():
            if peer not in self._numbers:
                self.leaks.watch_peer(b"socket:[%d]" % peer, (one.proc.pid, one.fd), one.link, file)


def _tcp_socket(opened: sockets.socket, row: Socket) -> Socket | Refusal:
    info = opened.getsockopt(_TCP, _TCP_INFO, _SEGMENTS_IN.stop)
    state, waiting, backlog = info[0], *struct.unpack_from("=II", info, 24)  # tcpi_unacked, tcpi_sacked
    if state not in (_TCP_LISTEN, _TCP_CLOSE):
        return Refusal("tcp", "a TCP connection cannot be saved: the other end would not know of the restart")
    if state == _TCP_CLOSE and any(info[_SEGMENTS_IN]):
        reason = "a TCP connection that has ended cannot be saved: a new socket would not tell how it ended"
        return Refusal("tcp", reason)
    row = row.replace(address=_address(opened.getsockname(), row.family))
    if state == _TCP_CLOSE:
        return row
    if waiting:
        return Refusal(_QUEUE, f"{waiting} connections that were not accepted cannot be saved")
    return row.replace(state=SocketState.LISTENING, backlog=backlog)


def _udp_socket(opened: sockets.socket, row: Socket, one: Descriptor) -> Socket:
    row = row.replace(address=_address(opened.getsockname(), row.family))
    try:
        peer = opened.getpeername()
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
    else:
        row = row.replace(state=SocketState.CONNECTED, peer_address=_address(peer, row.family))
    if _has_message(opened):
        why = (
            "datagrams that were not received yet are not in the image: they may get lost, as always with UDP"
        )
        one.problems.doubt(Severity.WARNING, one.where, one.link.decode(), why)
    return row


def _has_message(opened: sockets.socket) -> bool:
    """Whether a message waits; the end of a connection is none."""
    import socket

    try:
        data, _, flags, _ = opened.recvmsg(1, 0, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOTCONN, errno.EINVAL):
            return False
        raise
    return bool(data) or bool(flags & socket.MSG_TRUNC) or opened.type == socket.SOCK_DGRAM


def _peek(fd: int, length: int) -> bytes:
    """The bytes that wait, left where they are."""
    import os
    import socket

    try:
        with socket.socket(fileno=os.dup(fd)) as opened:
            data = opened.recv(length, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError as error:
        raise KernelError("recv(MSG_PEEK)", error.errno or errno.EIO) from error
    if len(data) != length:
        raise KernelError("recv(MSG_PEEK)", errno.EAGAIN, hint="what waits in the socket changed meanwhile")
    return data


def _address(name: tuple[object, ...], family: int) -> bytes:
    """The struct sockaddr_in or sockaddr_in6 of an address as Python has it."""
    import socket

    host, port = str(name[0]).partition("%")[0], int(str(name[1]))
    raw = socket.inet_pton(socket.AF_INET if family == _AF_INET else socket.AF_INET6, host)
    head = struct.pack("=H", family) + struct.pack(">H", port)
    if family == _AF_INET:
        return head + raw + bytes(8)
    return head + struct.pack(">I", int(str(name[2]))) + raw + struct.pack("=I", int(str(name[3])))
