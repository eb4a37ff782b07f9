"""What a dump that was killed (SIGKILL) leaves in the folder of keepers, found by the mark that it set there.

The mark stands from before the first file until just before the image appears, and is locked by the dump
(flock(2)): one that nobody locks belongs to a dump that has ended without an image.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import NamedTuple

from crimg.errors import FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = b".unfinished"


class Mark:
    """The mark of one dump, by the beginning of the names of its files; set at once. Raises FileError."""

    def __init__(self, folder: bytes, stem: bytes) -> None:
        self._path = b"%s/%s%s" % (folder, stem, _SUFFIX)
        try:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise failure(self._path, error) from error

    def remove(self) -> None:
        """Take it away; a second call does nothing."""
        if self._fd >= 0:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            os.close(self._fd)
            self._fd = -1


class Abandoned(NamedTuple):
    """One file. size: bytes.  running: the dump that makes it has not ended.  mark: the mark itself."""

    path: bytes
    size: int
    running: bool
    mark: bool


def find_abandoned(folder: bytes) -> Iterator[Abandoned]:
    """The files of dumps without an image, each dump's with its mark last. Raises FileError."""
    try:
        names = sorted(os.listdir(folder))
        for mark in names:
            if not mark.endswith(_SUFFIX):
                continue
            running = _is_locked(os.path.join(folder, mark))
            stem = mark.removesuffix(_SUFFIX) + b"."
            for name in (*(name for name in names if name.startswith(stem) and name != mark), mark):
                path = os.path.join(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    yield Abandoned(path, os.lstat(path).st_size, running, name == mark)
    except OSError as error:
        raise failure(folder, error) from error


def _is_locked(path: bytes) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # done just now
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def failure(path: bytes, error: OSError) -> FileError:
    """What to raise for a file of the folder."""
    return FileError(f"{os.fsdecode(path)!a}: {error.strerror}")
