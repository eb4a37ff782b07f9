"""The state of open files that are no inodes, and of terminals, in a few words."""

from __future__ import annotations

import socket
import struct

from crimg.model import Eventfd, SharedMemory, Signalfd, Socket, Timerfd, Tty
from crimg.model.enums import MemoryKind, SocketState, name_of
from crimg.views import names, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.record import Record

STATE_KINDS = (Eventfd, Timerfd, Signalfd, SharedMemory, Socket)
"""Rows that tell more of a file or inode, and are no objects of their own."""
_TYPES = {1: "stream", 2: "dgram", 5: "seqpacket"}
_FAMILIES = {1: "unix", 2: "inet", 10: "inet6"}
_SEALS = ("seal", "shrink", "grow", "write", "future_write", "exec")
_SECOND = 1_000_000_000


def describe_state(row: Record) -> bytes:
    """What `row` tells; empty for a row of another kind."""
    if isinstance(row, Eventfd):
        return b"value %d%s" % (row.value, b", semaphore" if row.semaphore else b"")
    if isinstance(row, Timerfd):
        every = f", every {row.interval / _SECOND:g} s" if row.interval else ""
        left = f"{row.remaining / _SECOND:g} s left" if row.remaining else "not armed"
        return f"{names.clock_name(row.clock)}, {left}{every}, {row.ticks} expirations not read".encode()
    if isinstance(row, Signalfd):
        return " ".join(names.signal_set(row.mask)).encode() or b"no signal"
    if isinstance(row, SharedMemory):
        return b" ".join((name_of(MemoryKind, row.kind).encode(), *_memory(row)))
    if isinstance(row, Socket):
        return b", ".join(_socket(row))
    if isinstance(row, Tty):
        return f"terminal {words.device(row.rdev)}, {row.cols}x{row.rows}".encode()
    return b""


def _memory(row: SharedMemory) -> list[bytes]:
    parts = [row.name] if row.name else []
    if row.seals:
        seals = [name for bit, name in enumerate(_SEALS) if row.seals >> bit & 1]
        parts.append(f"sealed: {' '.join(seals)}".encode())
    if row.ipc_key is not None:
        parts.append(b"key %#x, mode %o" % (row.ipc_key & 0xFFFF_FFFF, row.mode or 0))
    return parts


def _socket(row: Socket) -> list[bytes]:
    family, kind = _FAMILIES.get(row.family, str(row.family)), _TYPES.get(row.type, str(row.type))
    parts = [f"{family} {kind}, {name_of(SocketState, row.state)}".encode()]
    if row.path or row.address:
        parts.append(b"at " + (row.path or _address(row.address or b"")))
    if row.peer is not None or row.peer_address:
        other = b"socket:[%d]" % row.peer if row.peer is not None else _address(row.peer_address or b"")
        parts.append(b"to " + other)
    if row.length:
        parts.append(b"%d bytes wait" % row.length)
    return parts


def _address(raw: bytes) -> bytes:
    """A struct sockaddr as text: an abstract name with "@" before it, ADDRESS:PORT."""
    family = int.from_bytes(raw[:2], "little")
    if family == socket.AF_UNIX:
        return b"@" + raw[3:]
    port = int.from_bytes(raw[2:4], "big")
    if family == socket.AF_INET and len(raw) >= struct.calcsize("=HH4s"):
        return f"{socket.inet_ntop(family, raw[4:8])}:{port}".encode()
    if family == socket.AF_INET6 and len(raw) >= struct.calcsize("=HHI16s"):
        return f"[{socket.inet_ntop(family, raw[8:24])}]:{port}".encode()
    return raw.hex().encode()
