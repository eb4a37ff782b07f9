"""Options of sockets (socket(7), ip(7), ipv6(7), tcp(7), udp(7)): those that a program has set."""

from __future__ import annotations

import errno
import struct

from crimg.dump.kinds import Refusal
from crimg.errors import KernelError
from crimg.kernel import sockets

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from crimg.dump.opened import Descriptor

OPTIONS = (
    *(("SO_REUSEADDR", 1, 2), ("SO_BROADCAST", 1, 6), ("SO_SNDBUF", 1, 7), ("SO_RCVBUF", 1, 8)),
    *(("SO_KEEPALIVE", 1, 9), ("SO_OOBINLINE", 1, 10), ("SO_PRIORITY", 1, 12), ("SO_REUSEPORT", 1, 15)),
    *(("SO_PASSCRED", 1, 16), ("SO_MARK", 1, 36)),
)
INET_OPTIONS = (("TCP_NODELAY", 6, 1), ("TCP_DEFER_ACCEPT", 6, 9), ("IPV6_V6ONLY", 41, 26))
"""Names that an image has for numbers that are not 0, with level and number."""
COMPARED = (
    *(("SO_DONTROUTE", 1, 5), ("SO_NO_CHECK", 1, 11), ("SO_RCVLOWAT", 1, 18), ("SO_TIMESTAMP", 1, 29)),
    *(("SO_PASSSEC", 1, 34), ("SO_TIMESTAMPNS", 1, 35), ("SO_RXQ_OVFL", 1, 40), ("SO_BUSY_POLL", 1, 46)),
    *(("SO_ZEROCOPY", 1, 60), ("SO_PASSPIDFD", 1, 76)),
)
INET_COMPARED = (
    *(("IP_TOS", 0, 1), ("IP_TTL", 0, 2), ("IP_PKTINFO", 0, 8), ("IP_MTU_DISCOVER", 0, 10)),
    *(("IP_RECVERR", 0, 11), ("IP_RECVTTL", 0, 12), ("IP_RECVTOS", 0, 13), ("IP_FREEBIND", 0, 15)),
    *(("IP_TRANSPARENT", 0, 19), ("IP_RECVORIGDSTADDR", 0, 20), ("IP_MINTTL", 0, 21)),
    *(("IP_BIND_ADDRESS_NO_PORT", 0, 24), ("IP_MULTICAST_TTL", 0, 33), ("IP_MULTICAST_LOOP", 0, 34)),
    *(("IP_MULTICAST_ALL", 0, 49), ("TCP_KEEPIDLE", 6, 4), ("TCP_KEEPINTVL", 6, 5), ("TCP_KEEPCNT", 6, 6)),
    *(("TCP_SYNCNT", 6, 7), ("TCP_LINGER2", 6, 8), ("TCP_USER_TIMEOUT", 6, 18), ("TCP_FASTOPEN", 6, 23)),
    *(("UDP_ENCAP", 17, 100), ("UDP_SEGMENT", 17, 103), ("UDP_GRO", 17, 104)),
    *(("IPV6_UNICAST_HOPS", 41, 16), ("IPV6_MULTICAST_HOPS", 41, 18), ("IPV6_MULTICAST_LOOP", 41, 19)),
    *(("IPV6_MTU_DISCOVER", 41, 23), ("IPV6_RECVERR", 41, 25), ("IPV6_MULTICAST_ALL", 41, 29)),
    *(("IPV6_RECVPKTINFO", 41, 49), ("IPV6_RECVHOPLIMIT", 41, 51), ("IPV6_RECVTCLASS", 41, 66)),
    *(("IPV6_TCLASS", 41, 67), ("IPV6_TRANSPARENT", 41, 75), ("IPV6_FREEBIND", 41, 78)),
)
"""Numbers that are in the image where they differ from those of a new socket: 0 may be what was set."""
BYTES = (("SO_BINDTODEVICE", 1, 25, 16), ("IP_MULTICAST_IF", 0, 32, 4), ("TCP_CONGESTION", 6, 13, 16))
"""Likewise, of bytes: with the most that there are. (The device is told by name: its number may change.)"""
TIMEOUTS = (("SO_RCVTIMEO", 20), ("SO_SNDTIMEO", 21))
FILTER = "SO_ATTACH_FILTER"
LOCK_FILTER = ("SO_LOCK_FILTER", 1, 44)
_LINGER = 13
_AF_UNIX = 1


class SocketOptions:
    """Asks for the options of sockets."""

    def __init__(self) -> None:
        self._usual: dict[tuple[int, int, int], dict[str, object]] = {}
        self._groups: list[tuple[int, bytes]] | None = None

    def of(self, opened: socket.socket, family: int, one: Descriptor) -> dict[str, object] | Refusal:
        """Those that are set, by name: numbers, bytes, timeouts in nanoseconds, SO_LINGER in seconds.

        one: the descriptor of the target that `opened` duplicates. Raises OSError, KernelError.
        """
        import socket

        inet = family != _AF_UNIX
        if inet and (group := self._joined(opened, one)):
            reason = (
                f"it belongs to the multicast group {group} (IP_ADD_MEMBERSHIP): that cannot be saved yet"
            )
            return Refusal("socket-option", reason)
        found = _numbers(opened, OPTIONS + INET_OPTIONS if inet else OPTIONS)
        found = {name: value for name, value in found.items() if value}
        kind = (family, opened.type, opened.proto)
        if kind not in self._usual:
            with socket.socket(*kind) as new:
                self._usual[kind] = _compared(new, inet=inet)
        usual = self._usual[kind]
        found.update({k: value for k, value in _compared(opened, inet=inet).items() if value != usual.get(k)})
        for name, number in TIMEOUTS:
            seconds, micro = struct.unpack("=qq", opened.getsockopt(1, number, 16))
            if seconds or micro:
                found[name] = seconds * 1_000_000_000 + micro * 1000
        active, seconds = struct.unpack("=ii", opened.getsockopt(1, _LINGER, 8))
        if active:
            found["SO_LINGER"] = seconds
        try:
            program = sockets.get_filter(opened.fileno())
        except KernelError as error:
            if error.errno != errno.EACCES:
                raise
            reason = "an eBPF program chooses what it receives (SO_ATTACH_BPF): that cannot be saved"
            return Refusal("socket-option", reason)
        if program:
            found[FILTER] = program
            found.update({name: value for name, value in _numbers(opened, (LOCK_FILTER,)).items() if value})
        return found

    def _joined(self, opened: socket.socket, one: Descriptor) -> str:
        """A multicast group that the socket has joined, and where; "" for none."""
        if self._groups is None:
            self._groups = sockets.multicast_groups(one.proc)
        import socket

        for interface, group in self._groups:
            if sockets.is_member(opened.fileno(), interface, group):
                family = socket.AF_INET if len(group) == 4 else socket.AF_INET6
                return f"{socket.inet_ntop(family, group)} on interface {interface}"
        return ""


def _numbers(opened: socket.socket, options: tuple[tuple[str, int, int], ...]) -> dict[str, object]:
    """Values by name, of those that this kind of socket has."""
    found: dict[str, object] = {}
    for name, level, number in options:
        try:
            found[name] = opened.getsockopt(level, number)
        except OSError:  # none of this kind of socket's, or of this kernel's
            continue
    return found


def _compared(opened: socket.socket, *, inet: bool) -> dict[str, object]:
    found = _numbers(opened, COMPARED + INET_COMPARED if inet else COMPARED)
    for name, level, number, size in BYTES if inet else ():
        try:
            found[name] = opened.getsockopt(level, number, size).rstrip(b"\0" if size > 4 else b"")
        except OSError:
            continue
    return found
