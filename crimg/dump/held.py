"""What hangs on open files: locks, and the settings of terminals."""

from __future__ import annotations

from crimg.evidence import device_number
from crimg.kernel import descriptors
from crimg.model import Lock, Tty
from crimg.model.enums import LockKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.dump.objects import Objects
    from crimg.dump.opened import Descriptor

LOCK_KINDS = {"POSIX": LockKind.POSIX, "OFDLCK": LockKind.OFD, "FLOCK": LockKind.FLOCK}
"""Kinds of locks as /proc/PID/fdinfo has them; the others are leases and the like."""


def add_tty(objects: Objects, copy: int, one: Descriptor) -> int | None:
    """The objref of the settings of the terminal at our copy `copy`; None where it has hung up."""
    termios, size = descriptors.termios(copy), descriptors.window_size(copy)
    if termios is None or size is None:
        return None
    objref = objects.number()
    objects.add(
        Tty(
            objref=objref,
            referrers=0,
            rdev=device_number(one.attributes.rdev),
            termios=termios,
            rows=size[0],
            cols=size[1],
        )
    )
    return objref


def add_locks(objects: Objects, file: int, group: Iterable[Descriptor]) -> None:
    """Add the locks on an open file: each process shows its own POSIX locks, all show the others."""
    seen: set[tuple[object, ...]] = set()
    for one in group:
        for lock in one.info.locks:
            key = (lock.kind, lock.mode, lock.pid, lock.start, lock.end)
            if key in seen:
                continue
            seen.add(key)
            kind = LOCK_KINDS.get(lock.kind)
            if kind is None:
                reason = f"a {lock.kind.lower()} on it cannot be saved yet"
                one.problems.add(one.where, one.link, reason, "lease", objref=file)
                continue
            objects.add(
                Lock(
                    file=file,
                    kind=kind,
                    write=lock.mode == "WRITE",
                    pid=lock.pid,
                    start=lock.start,
                    end=lock.end,
                )
            )
