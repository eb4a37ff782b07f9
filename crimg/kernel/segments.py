"""System V shared memory segments, made with the ids that they had (shmget(2), shmctl(2))."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from crimg.errors import KernelError
from crimg.kernel import libc

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_SHMGET = 29
NR_SHMAT = 30
_NR_SHMCTL = 31
_NR_SHMDT = 67

SHM_DEST = 0o1000
"""In the mode: it goes when nobody is attached any more."""
SHM_RDONLY, SHM_EXEC = 0o10000, 0o100000
_IPC_CREAT, _IPC_EXCL, _IPC_RMID, _IPC_SET = 0o1000, 0o2000, 0, 1
_NEXT = "/proc/sys/kernel/shm_next_id"
_OWNER = struct.Struct("=4xIIIII88x")  # struct shmid64_ds: uid, gid, cuid, cgid, mode
_HINT = "to give a System V segment the id that it had takes CAP_CHECKPOINT_RESTORE"


def make_segment(shmid: int, key: int, size: int, mode: int, creator: tuple[int, int]) -> None:
    """Make a segment with this id. creator: effective user and group to make it with.

    Raises KernelError: EEXIST where the key, or the id, belongs to another; EPERM.
    """
    try:
        with open(_NEXT, "w", encoding="ascii") as file:
            file.write(str(shmid))
    except OSError as error:
        raise KernelError(f"write({_NEXT})", error.errno or errno.EACCES, hint=_HINT) from error
    before = os.geteuid(), os.getegid()
    try:
        if before != creator:
            os.setegid(creator[1])
            os.seteuid(creator[0])
        flags = _IPC_CREAT | _IPC_EXCL | mode & 0o777
        made = libc.syscall("shmget", _NR_SHMGET, key & 0xFFFF_FFFF, size, flags, hint=f"key {key:#x}")
    except PermissionError as error:
        raise KernelError("seteuid", error.errno or errno.EPERM, hint="restart it as root") from error
    finally:
        if before != creator:
            os.seteuid(before[0])
            os.setegid(before[1])
    if made != shmid:
        remove_segment(made)
        raise KernelError("shmget", errno.EEXIST, hint=f"id {shmid} cannot be had")


def remove_segment(shmid: int) -> None:
    """Remove it, once nobody is attached (IPC_RMID). Raises KernelError."""
    libc.syscall("shmctl(IPC_RMID)", _NR_SHMCTL, shmid, _IPC_RMID, 0)


def set_owner(shmid: int, uid: int, gid: int, mode: int) -> None:
    """Owner and permission bits (IPC_SET). Raises KernelError."""
    libc.syscall("shmctl(IPC_SET)", _NR_SHMCTL, shmid, _IPC_SET, _OWNER.pack(uid, gid, 0, 0, mode & 0o777))


class Attached:
    """The memory of a segment, mapped here while the context lasts. Raises KernelError."""

    def __init__(self, shmid: int, size: int) -> None:
        self._shmid = shmid
        self._size = size

    def __enter__(self) -> memoryview:
        self._address = libc.syscall("shmat", NR_SHMAT, self._shmid, 0, 0)
        memory = (ctypes.c_char * self._size).from_address(self._address)
        return memoryview(memory).cast("B")

    def __exit__(self, *_exc: object) -> None:
        libc.syscall("shmdt", _NR_SHMDT, self._address)
