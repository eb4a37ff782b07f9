"""What hangs on open files: locks and leases."""

from __future__ import annotations

from crimg.model import Lock
from crimg.model.enums import LockKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.dump.objects import Objects
    from crimg.dump.opened import Descriptor

LEASE = "LEASE"
_KINDS = {"POSIX": LockKind.POSIX, "OFDLCK": LockKind.OFD, "FLOCK": LockKind.FLOCK, LEASE: LockKind.LEASE}
"""Kinds of locks as /proc/PID/fdinfo has them; the others belong to servers of files."""


def add_locks(objects: Objects, file: int, group: Iterable[Descriptor]) -> None:
    """Add the locks on an open file: each process shows its own POSIX locks, all show the others.

    A lease that another process is breaking by its open(2) is a problem: the holder is being told of it.
    """
    seen: set[tuple[object, ...]] = set()
    for one in group:
        for lock in one.info.locks:
            key = (lock.kind, lock.mode, lock.pid, lock.start, lock.end)
            if key in seen:
                continue
            seen.add(key)
            kind = _KINDS.get(lock.kind)
            if kind is None or (kind == LockKind.LEASE and lock.state != "ACTIVE"):
                reason = f"a {lock.kind.lower()} on it ({lock.state.lower()}) cannot be saved"
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
