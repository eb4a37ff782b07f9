"""Memory that is shared without a file: anonymous, and of memfd_create(2). One inode for all its openers."""

from __future__ import annotations

import os
import stat

from crimg.kernel.shmem import F_SEAL_FUTURE_WRITE, F_SEAL_SEAL, add_seals, anonymous_memory, sealable_memory
from crimg.model.enums import MemoryKind
from crimg.restart.deleted import fill, open_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import SharedMemory
    from crimg.model.image import Image
    from crimg.restart.kind_steps import MakeMemory

_LATE = F_SEAL_FUTURE_WRITE | F_SEAL_SEAL
"""Seals that mappings made before them are exempt from, and the one that lets none be added."""
STAND_IN = b"dev/zero"
"""Name of a memfd that stands for anonymous memory."""


def make_memory(image: Image, step: MakeMemory) -> tuple[int, list[int]]:
    """The memory, filled: a descriptor to be closed, and those of the step's files.

    Seals are added but for those that would keep it from being mapped as it was. Raises OSError, FormatError.
    """
    inode, row = step.inode, step.row
    fd = anonymous_memory(max(inode.size, 1)) if row.kind == MemoryKind.ANONYMOUS else None
    fd = sealable_memory(row.name or STAND_IN) if fd is None else fd
    try:
        fill(image, inode, fd)
        now = os.fstat(fd)
        if (now.st_uid, now.st_gid) != (inode.uid, inode.gid):
            os.fchown(fd, inode.uid, inode.gid)
        if stat.S_IMODE(now.st_mode) != stat.S_IMODE(inode.mode):
            os.fchmod(fd, stat.S_IMODE(inode.mode))
        files = open_all(step.files, f"/proc/self/fd/{fd}")
        try:
            add_seals(fd, (row.seals or 0) & ~_LATE)
        except OSError:
            for one in files:
                os.close(one)
            raise
    except BaseException:
        os.close(fd)
        raise
    return fd, files


def seal(fd: int, row: SharedMemory) -> None:
    """Add the other seals, now that it is mapped. Raises OSError."""
    add_seals(fd, (row.seals or 0) & F_SEAL_FUTURE_WRITE)
    add_seals(fd, (row.seals or 0) & F_SEAL_SEAL)
