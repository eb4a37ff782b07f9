"""System V shared memory segments: /proc/sysvipc/shm (sysvipc(7)), of the caller's IPC namespace."""

from __future__ import annotations

import errno
from typing import NamedTuple

from crimg.errors import KernelError

_PATH = "/proc/sysvipc/shm"


class Segment(NamedTuple):
    """One segment, with the fields of struct shmid_ds.

    key: as shmget(2) had it, signed.  shmid: its id, the inode number of its memory.
    perms: permission bits, with SHM_DEST (0o1000) where it is removed once nobody is attached.
    size: bytes.  attached: how often it is mapped.  uid, gid: owner.  cuid, cgid: creator.
    """

    key: int
    shmid: int
    perms: int
    size: int
    attached: int
    uid: int
    gid: int
    cuid: int
    cgid: int


def parse_segments(text: str) -> list[Segment]:
    """The segments of the file."""
    lines = [line.split() for line in text.splitlines()[1:]]
    return [
        Segment(
            *(int(one[0]), int(one[1]), int(one[2], 8), int(one[3]), int(one[6])),
            *(int(word) for word in one[7:11]),
        )
        for one in lines
    ]


def read_segment(shmid: int) -> Segment | None:
    """The segment with this id, None for none. Raises KernelError."""
    try:
        with open(_PATH, encoding="ascii") as file:
            segments = parse_segments(file.read())
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise KernelError(f"read({_PATH})", error.errno or errno.EIO) from error
    return next((segment for segment in segments if segment.shmid == shmid), None)
