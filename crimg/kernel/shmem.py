"""Shared memory without a file of a mounted file system: made anew, open at a descriptor."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os

_MFD_ALLOW_SEALING, _MFD_EXEC = 0x02, 0x10
F_SEAL_SEAL = 0x01
F_SEAL_FUTURE_WRITE = 0x10
F_SEAL_EXEC = 0x20


def anonymous_memory(size: int) -> int | None:
    """A descriptor, for reading and writing, of memory as MAP_SHARED with MAP_ANONYMOUS makes it (mmap(2)).

    size: bytes, rounded up to pages.  None where this process may not open what it has mapped
    (/proc/PID/map_files takes CAP_CHECKPOINT_RESTORE). Raises OSError: no memory.
    """
    with mmap.mmap(-1, size) as area:
        first = ctypes.c_char.from_buffer(area)
        start = ctypes.addressof(first)
        del first
        end = start + -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        try:
            return os.open(f"/proc/self/map_files/{start:x}-{end:x}", os.O_RDWR | os.O_CLOEXEC)
        except (PermissionError, FileNotFoundError):
            return None


def sealable_memory(name: bytes) -> int:
    """An empty memfd that takes seals and has none (memfd_create(2), close-on-exec). Raises OSError."""
    flags = os.MFD_CLOEXEC | _MFD_ALLOW_SEALING
    try:  # without it, vm.memfd_noexec may have it sealed
        return os.memfd_create(os.fsdecode(name), flags | _MFD_EXEC)
    except OSError:
        return os.memfd_create(os.fsdecode(name), flags)


def add_seals(fd: int, seals: int) -> None:
    """F_ADD_SEALS (fcntl(2)). Raises OSError: EBUSY for F_SEAL_WRITE while it is mapped to be written."""
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
