"""What CRIU records of files that the schema of our own has no table for, as attributes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Attributes = dict[str, object]


def _inotify(entry: Any) -> Attributes:
    watches = tuple(
        {"wd": each.wd, "mask": each.mask, "path": each.f_handle.path, "inode": each.i_ino}
        for each in entry.wd
    )
    return {"link": b"anon_inode:inotify", "watches": watches}


def _fanotify(entry: Any) -> Attributes:
    marks = tuple({"mask": each.mask, "path": each.me.path} for each in entry.mark)
    return {"link": b"anon_inode:[fanotify]", "marks": marks}


ATTRIBUTES: dict[str, Callable[[Any], Attributes]] = {
    "nlsk": lambda entry: {"link": f"socket:[{entry.ino}]".encode(), "protocol": entry.protocol},
    "psk": lambda entry: {"link": b"socket:[packet]", "protocol": entry.protocol},
    "ify": _inotify,
    "ffy": _fanotify,
    "nsf": lambda entry: {"link": f"ns:[{entry.ns_id}]".encode()},
    "tunf": lambda entry: {"link": b"/dev/net/tun", "device": entry.netdev},
    "ext": lambda _entry: {"link": b"(given at the restore)"},
    "bpf": lambda _entry: {"link": b"anon_inode:bpf-map"},
    "pidfd": lambda entry: {"link": b"anon_inode:[pidfd]", "pid": entry.nspid},
}
"""Member of FileEntry to what is shown of it. `link`: what the link in /proc/PID/fd would say."""
