"""Directories and FIFOs that were deleted when the image was made: made, opened, and deleted again."""

from __future__ import annotations

import os
import stat

from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.model import File, Inode
    from crimg.restart.steps import MakeDeleted

_TRIES = 100


def make_node(step: MakeDeleted, folder: int, name: bytes, reopen: Callable[[File, int], int]) -> list[int]:
    """Descriptors for the files of a step. Raises OSError; nothing is left behind.

    name: what it is to be shown as, if nothing has that name; or nothing.  reopen: opens it as it was.
    """
    directory = stat.S_ISDIR(step.inode.mode)
    with Uninterrupted():
        name = _make(directory, folder, name)
        try:
            return _open(step, folder, name, reopen)
        finally:
            (os.rmdir if directory else os.unlink)(name, dir_fd=folder)


def _make(directory: bool, folder: int, name: bytes) -> bytes:
    """Make a node that only we can use as yet; its name. Raises OSError."""
    for turn in range(_TRIES):
        if turn or not name:
            name = b".crimg-%s" % os.urandom(8).hex().encode()
        try:
            (os.mkdir if directory else os.mkfifo)(name, 0o700 if directory else 0o600, dir_fd=folder)
        except FileExistsError:
            if turn == _TRIES - 1:
                raise
        else:
            break
    return name


def _open(step: MakeDeleted, folder: int, name: bytes, reopen: Callable[[File, int], int]) -> list[int]:
    directory = stat.S_ISDIR(step.inode.mode)
    flags = os.O_DIRECTORY if directory else os.O_RDWR | os.O_NONBLOCK
    opened = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    fds: list[int] = []
    try:
        found = os.open(f"/proc/self/fd/{opened}", os.O_PATH | os.O_CLOEXEC)
        try:
            for file in step.files:
                fds.append(reopen(file, found))
        finally:
            os.close(found)
        set_attributes(opened, step.inode)
        set_times(opened, step.inode)
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise
    finally:
        os.close(opened)
    return fds


def set_attributes(fd: int, inode: Inode) -> None:
    """Owner, mode, extended attributes."""
    now = os.fstat(fd)
    if (now.st_uid, now.st_gid) != (inode.uid, inode.gid):
        os.fchown(fd, inode.uid, inode.gid)
    os.fchmod(fd, stat.S_IMODE(inode.mode))
    xattrs: Any = (inode.extra or {}).get("xattrs", ())
    for name, value in xattrs:
        os.setxattr(fd, name, value)


def set_times(fd: int, inode: Inode) -> None:
    """Of the last change, and of the last access where the image has it."""
    atime = (inode.extra or {}).get("atime")
    os.utime(fd, ns=(atime if isinstance(atime, int) else inode.mtime, inode.mtime))
