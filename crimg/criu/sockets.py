"""What CRIU records of the files that have no name of their own, as attributes and words."""

from __future__ import annotations

import socket

from crimg.model.enums import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Attributes = dict[str, object]

_STATES = {1: "established", 7: "unconnected", 10: "listening"}
"""Of tcp_states.h, as CRIU writes them for Unix sockets too."""
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp", 136: "udplite", 255: "raw"}
_NSEC = 10**9


def address(words: Any, family: int) -> str:
    """An internet address of 32-bit words in network order; "" for what is none."""
    data = b"".join(word.to_bytes(4, "little") for word in words)
    if family == socket.AF_INET and len(data) == 4:
        return socket.inet_ntop(socket.AF_INET, data)
    return socket.inet_ntop(socket.AF_INET6, data) if len(data) == 16 else ""


def endpoint(words: Any, family: int, port: int) -> str:
    """ "127.0.0.1:80", "[::1]:80"."""
    host = address(words, family)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def type_word(number: int) -> str:
    """ "stream", "dgram" for a type of socket(2)."""
    return name_of(socket.SocketKind, number & 0xF).removeprefix("sock ")


def unix_name(data: bytes) -> bytes:
    """The name of a Unix socket as a path or, for an abstract one, as ss(8) and /proc/net/unix show it."""
    if data.startswith(b"\0"):
        return b"@" + data[1:]
    return data.rstrip(b"\0")


def _unix(entry: Any) -> Attributes:
    found: Attributes = {
        "name": f"socket:[{entry.ino}]".encode(),
        "socket_type": type_word(entry.type),
        "socket_state": _STATES.get(entry.state, str(entry.state)),
    }
    if entry.peer:
        found["peer_inode"] = entry.peer
    if entry.name:
        found["address"] = unix_name(entry.name)
        found["name"] = f"socket:[{entry.ino}] ".encode() + unix_name(entry.name)
    if entry.name_dir:
        found["address_directory"] = entry.name_dir
    return found


def _inet(entry: Any) -> Attributes:
    protocol = _PROTOCOLS.get(entry.proto, str(entry.proto))
    found: Attributes = {
        "name": f"socket:[{entry.ino}]".encode(),
        "socket_type": type_word(entry.type),
        "socket_state": _STATES.get(entry.state, str(entry.state)),
        "protocol": protocol,
    }
    if entry.src_port or any(entry.src_addr):
        local = endpoint(entry.src_addr, entry.family, entry.src_port).encode()
        found["address"] = local
        found["name"] = f"socket:[{entry.ino}] {protocol} ".encode() + local
    if entry.dst_port or any(entry.dst_addr):
        found["peer"] = endpoint(entry.dst_addr, entry.family, entry.dst_port).encode()
    return found


def _epoll(entry: Any) -> Attributes:
    targets = tuple({"fd": target.tfd, "events": target.events, "data": target.data} for target in entry.tfd)
    return {"name": b"anon_inode:[eventpoll]", "targets": targets}


def _timerfd(entry: Any) -> Attributes:
    return {
        "name": b"anon_inode:[timerfd]",
        "clock": entry.clockid,
        "ticks": entry.ticks,
        "remaining_ns": entry.vsec * _NSEC + entry.vnsec,
        "interval_ns": entry.isec * _NSEC + entry.insec,
    }


def _inotify(entry: Any) -> Attributes:
    watches = tuple(
        {"wd": each.wd, "mask": each.mask, "path": each.f_handle.path, "inode": each.i_ino}
        for each in entry.wd
    )
    return {"name": b"anon_inode:inotify", "watches": watches}


def _fanotify(entry: Any) -> Attributes:
    marks = tuple({"mask": each.mask, "path": each.me.path} for each in entry.mark)
    return {"name": b"anon_inode:[fanotify]", "marks": marks}


ATTRIBUTES: dict[str, Callable[[Any], Attributes]] = {
    "usk": _unix,
    "isk": _inet,
    "nlsk": lambda entry: {"name": f"socket:[{entry.ino}]".encode(), "protocol": str(entry.protocol)},
    "psk": lambda entry: {"name": b"socket:[packet]", "protocol": str(entry.protocol)},
    "efd": lambda entry: {"name": b"anon_inode:[eventfd]", "counter": entry.counter},
    "epfd": _epoll,
    "sgfd": lambda entry: {"name": b"anon_inode:[signalfd]", "signals": entry.sigmask},
    "tfd": _timerfd,
    "ify": _inotify,
    "ffy": _fanotify,
    "nsf": lambda entry: {"name": f"ns:[{entry.ns_id}]".encode()},
    "tunf": lambda entry: {"name": b"/dev/net/tun", "device": entry.netdev},
    "ext": lambda _entry: {"name": b"(given at the restore)"},
    "bpf": lambda _entry: {"name": b"anon_inode:bpf-map"},
    "pidfd": lambda entry: {"name": b"anon_inode:[pidfd]", "pid": entry.nspid},
}
"""Member of FileEntry to what is shown of it. `name`: what the link in /proc/PID/fd would say."""
