"""Options, addresses and contents of sockets (socket(7))."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct

from crimg.dump.socket_options import (
    BYTES,
    COMPARED,
    FILTER,
    INET_COMPARED,
    INET_OPTIONS,
    LOCK_FILTER,
    OPTIONS,
    TIMEOUTS,
)
from crimg.kernel.sockets import INSTRUCTION, MOST_INSTRUCTIONS, attach_filter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.model import Socket

_FORCED = {"SO_SNDBUF": (7, 32), "SO_RCVBUF": (8, 33)}  # SO_SNDBUFFORCE, SO_RCVBUFFORCE
_NUMBERS = {
    name: (level, number)
    for name, level, number in (*OPTIONS, *INET_OPTIONS, *COMPARED, *INET_COMPARED, LOCK_FILTER)
}
_BYTES = {name: (level, number) for name, level, number, _ in BYTES}
_MOST_BYTES = {FILTER: MOST_INSTRUCTIONS * INSTRUCTION, **{name: size for name, *_, size in BYTES}}
_TIMEOUTS = dict(TIMEOUTS)
_LINGER = "SO_LINGER"
_IPV6_V6ONLY = "IPV6_V6ONLY"
_BIND_NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT of ip(7)
_SECOND = 10**9
_MOST_INT, _MOST = (1 << 31) - 1, (1 << 63) - 1


def options_of(row: Socket) -> dict[str, int | bytes]:
    """Its options that were set, by name; for IPv6 always whether it takes IPv6 alone."""
    found = (row.extra or {}).get("options")
    known = found.items() if isinstance(found, dict) else ()
    options = {str(name): value for name, value in known if isinstance(value, int | bytes)}
    if row.family == socket.AF_INET6:
        options.setdefault(_IPV6_V6ONLY, 0)
    return options


def unknown_options(row: Socket) -> list[str]:
    """Names of those that cannot be set, by name or by value."""
    found = (row.extra or {}).get("options")
    names = {str(name) for name in found} if isinstance(found, dict) else set()
    given = options_of(row)
    return sorted(name for name in names if not _is_settable(name, given.get(name)))


def _is_settable(name: str, value: int | bytes | None) -> bool:
    if name in _MOST_BYTES:
        whole = name != FILTER or not (isinstance(value, bytes) and len(value) % INSTRUCTION)
        return isinstance(value, bytes) and whole and len(value) <= _MOST_BYTES[name]
    most = _MOST if name in _TIMEOUTS else _MOST_INT
    return name in (_LINGER, *_NUMBERS, *_TIMEOUTS) and isinstance(value, int) and 0 <= value <= most


def set_options(opened: socket.socket, options: Iterable[tuple[str, int | bytes]]) -> None:
    """Set them. Raises OSError that names the option."""
    for name, value in options:
        try:
            _set(opened, name, value)
        except OSError as error:
            number = error.errno or errno.EINVAL
            shown = value if isinstance(value, int) else f"{len(value)} bytes"
            raise OSError(number, f"{name} = {shown}: {os.strerror(number)}") from error


def _set(opened: socket.socket, name: str, value: int | bytes) -> None:
    level = socket.SOL_SOCKET
    if isinstance(value, bytes):
        if name == FILTER:
            attach_filter(opened.fileno(), value)
        else:
            opened.setsockopt(*_BYTES[name], value)
    elif name in _FORCED:
        set_buffer(opened, name, value)
    elif name in _TIMEOUTS:
        seconds, rest = divmod(value, _SECOND)
        opened.setsockopt(level, _TIMEOUTS[name], struct.pack("=qq", seconds, rest // 1000))
    elif name == _LINGER:
        opened.setsockopt(level, socket.SO_LINGER, struct.pack("=ii", 1, value))
    elif opened.getsockopt(*_NUMBERS[name]) != value:
        opened.setsockopt(*_NUMBERS[name], value)


def set_buffer(opened: socket.socket, name: str, value: int) -> None:
    """Room of a buffer as getsockopt(2) gives it, twice what is asked for; above the limit if allowed.

    Raises OSError: it is above net.core.wmem_max (rmem_max), which takes CAP_NET_ADMIN.
    """
    plain, forced = _FORCED[name]
    if opened.getsockopt(socket.SOL_SOCKET, plain) == value:
        return
    try:
        opened.setsockopt(socket.SOL_SOCKET, forced, value // 2)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, plain, value // 2)
        if opened.getsockopt(socket.SOL_SOCKET, plain) < value:
            raise


def fill(sender: socket.socket, data: Iterable[memoryview]) -> None:
    """Have bytes wait at the other end of a stream. Raises OSError: there is no room for them."""
    parts = list(data)
    before = sender.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    room = 4 * sum(map(len, parts)) + (1 << 16)
    if room > before:
        with contextlib.suppress(PermissionError):  # mostly it fits all the same, as it did then
            set_buffer(sender, "SO_SNDBUF", room)
    for part in parts:
        sent = 0
        while sent < len(part):
            try:
                sent += sender.send(part[sent:], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except BlockingIOError as error:
                reason = "no room for the bytes that waited; it takes CAP_NET_ADMIN"
                raise OSError(errno.ENOBUFS, reason) from error
    set_buffer(sender, "SO_SNDBUF", before)


def inet_address(raw: bytes) -> tuple[object, ...]:
    """An address as Python has it. raw: struct sockaddr_in or sockaddr_in6."""
    (port,) = struct.unpack_from(">H", raw, 2)
    if struct.unpack_from("=H", raw)[0] == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    (flow,) = struct.unpack_from(">I", raw, 4)
    (scope,) = struct.unpack_from("=I", raw, 24)
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, flow, scope


def address_words(raw: bytes) -> str:
    """An address for people."""
    host, port, *_ = inet_address(raw)
    return f"{host} port {port}"


def bind_inet(opened: socket.socket, raw: bytes) -> None:
    """Bind it to the address, unless that is none. Raises OSError."""
    address = inet_address(raw)
    if any(raw[4:8] if opened.family == socket.AF_INET else raw[8:24]) or address[1]:
        if not address[1] and opened.type == socket.SOCK_STREAM:
            opened.setsockopt(socket.IPPROTO_IP, _BIND_NO_PORT, 1)
        opened.bind(address)
