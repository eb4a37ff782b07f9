"""A private copy of an image in a directory of its own, which goes when it is not needed any more.

The directory holds a lock file, on which the program that made it has the lock of crimg.writer.locking: the
kernel gives it up when that program ends, however it ends, and every program that inherited the descriptor:
a command that works on the copy keeps it, even where the program that started it was killed. A directory
whose lock is free was left behind, and the next program to make a copy in the same place removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile

from crimg.errors import FileError, ImageBusyError
from crimg.escape import escape
from crimg.writer.copying import copy_image
from crimg.writer.locking import locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crimg.writer.copying import Progress

PREFIX = ".crimg-wrap-"
"""How the names of these directories begin."""
LOCK = "lock"
_NOT_HERE = (errno.EACCES, errno.EPERM, errno.EROFS)
"""Why a directory cannot be made beside the image, so that TMPDIR is taken."""
_TRIES = 20
_LONGEST_SUFFIX = 64
"""Bytes: names have 255 at most."""


class PrivateCopy:
    """path: of the copy.  lock: the descriptor with the lock, for whoever is to use the copy to inherit.
    kept: set it to have the copy stay.
    """

    def __init__(self, path: str, lock: int) -> None:
        self.path = path
        self.lock = lock
        self.kept = False


@contextlib.contextmanager
def private_copy(
    path: str, *, fill: Callable[[str], object] | None = None, progress: Progress | None = None
) -> Iterator[PrivateCopy]:
    """A copy of the image, of mode 0600 in a directory of mode 0700, until the block ends.

    It is beside the image where a directory can be made there (the file system can then share the blocks),
    else in TMPDIR. What programs that were killed left in the same place is removed first. At the end the
    directory goes with all that is in it; of a copy that is kept it stays, and no later call removes it.
    fill: makes the copy at the path that it is given, where the image is no file.  progress: as of
    `copy_image`.
    Raises what `copy_image` raises, and FileError.
    """
    with _own_directory(os.path.dirname(os.path.realpath(path)), path) as (folder, lock):
        suffix = os.path.splitext(path)[1]
        name = f"image{suffix}" if len(os.fsencode(suffix)) < _LONGEST_SUFFIX else "image"
        copy = PrivateCopy(os.path.join(folder, name), lock)
        try:
            if fill is not None:
                fill(copy.path)
            else:
                _copy_file(path, copy.path, progress)
            yield copy
        finally:
            if copy.kept:
                with contextlib.suppress(FileNotFoundError):  # the command may have removed it
                    os.unlink(os.path.join(folder, LOCK))
            else:
                _remove(folder)


def _copy_file(path: str, copy: str, progress: Progress | None) -> None:
    try:
        fd = os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileError(f"private copy of {escape(path)}: {error.strerror}") from error
    try:
        copy_image(path, fd, progress)
    finally:
        os.close(fd)


def remove_leftovers(parent: str) -> list[str]:
    """Remove what programs that were killed left in a directory; the paths.

    Only directories of the caller's own are taken, and none whose lock is held. One that cannot be removed
    stays: it is not the caller's business.
    """
    removed = []
    for folder in _candidates(parent):
        with contextlib.suppress(FileError, OSError):  # in use, being made, or not to be removed
            if os.path.lexists(os.path.join(folder, LOCK)):
                with locked(os.path.join(folder, LOCK)):
                    _remove(folder)
            else:
                os.rmdir(folder)  # with something in it, it was kept on purpose
            removed.append(folder)
    return removed


def _candidates(parent: str) -> list[str]:
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        return sorted(
            entry.path
            for entry in entries
            if entry.name.startswith(PREFIX)
            and entry.is_dir(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_uid == os.geteuid()
        )
    return []


@contextlib.contextmanager
def _own_directory(parent: str, path: str) -> Iterator[tuple[str, int]]:
    """A new directory, and the descriptor whose lock on it is held until the block ends.

    Between its making and its locking another program can take it for a leftover: then another is made.
    """
    name = escape(path)
    for _ in range(_TRIES):
        with contextlib.ExitStack() as stack:
            try:
                folder = _make(parent)
                lock = os.path.join(folder, LOCK)
                os.close(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            except FileNotFoundError:
                if os.path.isdir(parent):
                    continue
                raise FileError(f"{name}: No such file or directory") from None
            except OSError as error:
                raise FileError(f"private copy of {name}: {error.strerror}") from error
            try:
                fd = stack.enter_context(locked(lock))
            except ImageBusyError:
                continue
            except FileError:
                if os.path.lexists(folder):
                    _remove(folder)
                    raise
                continue
            yield folder, fd
            return
    raise FileError(f"private copy of {name}: its directory is removed again and again")


def _make(parent: str) -> str:
    """A new directory of mode 0700 in `parent`, else in TMPDIR, without leftovers beside it."""
    remove_leftovers(parent)
    try:
        return tempfile.mkdtemp(prefix=PREFIX, dir=parent)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    remove_leftovers(tempfile.gettempdir())
    return tempfile.mkdtemp(prefix=PREFIX)


def _remove(folder: str) -> None:
    """Remove a directory, the lock file last: what is left when this is cut short has it still."""
    try:
        if not os.path.lexists(folder):  # somebody was faster: it is gone, as it should be
            return
        for entry in list(os.scandir(folder)):
            if entry.name == LOCK:
                continue
            if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, LOCK))
        os.rmdir(folder)
    except OSError as error:
        raise FileError(f"{escape(folder)}: could not be removed: {error.strerror}") from error
