"""One writer at a time: a lock on the image file itself.

It is an open file description lock (F_OFD_SETLK of fcntl(2)) on the whole file: it goes with the descriptor,
whatever becomes of the program, works on network file systems, and can be looked for without being taken.
Readers take no lock; what is in an image already never changes under them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct

from crimg.errors import FileError, ImageBusyError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FLOCK = struct.Struct("hhqqi4x")
"""struct flock of fcntl(2): type, whence, start, length, pid."""
_HELD = (errno.EAGAIN, errno.EACCES)
_TRIES = 100


@contextlib.contextmanager
def locked(path: str | bytes | os.PathLike[str]) -> Iterator[int]:
    """A descriptor of the file at `path` for reading and writing, with the lock on it, until the block ends.

    A symbolic link is followed. The lock is on the file that has the name once the lock is there: where
    another program put a new file in its place meanwhile, it is on the new one.
    Raises ImageBusyError where another program has the lock, FileError where the file cannot be written,
    UsageError for what is no regular file.
    """
    name = escape(os.fsdecode(path))
    for _ in range(_TRIES):
        fd = _open(path, name)
        try:
            if _locks(fd, path, name):
                yield fd
                return
        finally:
            os.close(fd)
    raise ImageBusyError(f"{name}: is being replaced again and again; try later")


def why_unwritable(path: str | bytes | os.PathLike[str]) -> str:
    """Why the file at `path` cannot be changed, in a line; empty where it can. Takes no lock."""
    try:
        os.close(_open(path, escape(os.fsdecode(path))))
    except (FileError, UsageError) as error:
        return str(error)
    return ""


def _open(path: str | bytes | os.PathLike[str], name: str) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except IsADirectoryError as error:
        raise UsageError(f"{name}: is no regular file") from error
    except OSError as error:
        raise FileError(f"{name}: cannot be changed: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UsageError(f"{name}: is no regular file")
    return fd


def try_lock(fd: int) -> None:
    """Put the lock on a file that is open for writing; raises OSError, also where another has it."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))


def _lock(fd: int, name: str) -> None:
    try:
        try_lock(fd)
    except OSError as error:
        if error.errno not in _HELD:
            raise
        raise ImageBusyError(f"{name}: another program is rewriting this image; try again later") from error


def _locks(fd: int, path: str | bytes | os.PathLike[str], name: str) -> bool:
    """Put the lock on a file; whether it still has its name."""
    try:
        _lock(fd, name)
        return _has_name(fd, path)
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from error


def _has_name(fd: int, path: str | bytes | os.PathLike[str]) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(fd))
    except FileNotFoundError:
        return False


def is_locked(fd: int) -> bool:
    """Whether another open file description has the lock: a rewrite is going on. Takes no lock."""
    try:
        found = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
    except OSError:  # a file system without locks
        return False
    return bool(_FLOCK.unpack(found)[0] == fcntl.F_WRLCK)
