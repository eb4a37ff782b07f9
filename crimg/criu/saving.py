"""A new directory of image files, which appears under its name whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil

from crimg.errors import FileError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Segment = memoryview | bytes | int
    """Bytes of a file, or a number of zero bytes."""

_STEP = 1 << 20
_FICLONE = 0x40049409
"""ioctl_ficlone(2)."""


@contextlib.contextmanager
def new_directory(output: str) -> Iterator[str]:
    """The path of a directory of mode 0700 that is named `output` once the block is done; else it goes.

    Until then it has a temporary name, and is locked; one that a killed program left is removed first.
    Raises UsageError where something has the name, FileError.
    """
    if os.path.lexists(output):
        raise UsageError(f"{escape(output)}: is there already; give another name, or remove it first")
    folder, name = os.path.split(output.rstrip("/"))
    part = os.path.join(folder, f"{_head(name)}{os.getpid()}.part")
    with as_file_error(output):
        _remove_leftovers(folder or ".", _head(name))
        os.mkdir(part, 0o700)
        fd = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield part
            os.fsync(fd)
            os.rename(part, output)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        finally:
            os.close(fd)


def _head(name: str) -> str:
    """How temporary names for a directory begin; the number of a process follows."""
    return f".{name[:200]}."


def _remove_leftovers(folder: str, head: str) -> None:
    """Remove what killed programs left of the same directory: the caller's own, and none that is in use.

    Its writer is at work where its process is there, or has the lock (from another PID namespace).
    """
    pattern = re.compile(re.escape(head) + r"([0-9]+)\.part")
    for name in os.listdir(folder):
        found = pattern.fullmatch(name)
        if found is None or os.path.exists(f"/proc/{found[1]}"):
            continue
        with contextlib.suppress(OSError):  # in use, gone meanwhile, or not to be removed
            path = os.path.join(folder, name)
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(fd).st_uid == os.geteuid():
                    shutil.rmtree(path)
            finally:
                os.close(fd)


def write_segments(path: str, segments: Iterable[Segment], *, mtime: int | None = None) -> int:
    """A new file of mode 0600 on the disk with these bytes, one after the other; its length.

    Zero bytes that are given as a number take no room. mtime: nanoseconds. Raises OSError.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        position = 0
        for segment in segments:
            if isinstance(segment, int):
                position += segment
                continue
            view = memoryview(segment)
            while view:
                done = os.pwrite(fd, view[:_STEP], position)
                view, position = view[done:], position + done
        os.ftruncate(fd, position)
        if mtime is not None:
            os.utime(fd, ns=(mtime, mtime))
        os.fsync(fd)
        return position
    finally:
        os.close(fd)


def link_or_copy(name: str, new: str, folder: int) -> None:
    """Give a file in the directory with this descriptor a further name.

    Where it can have none (another file system, links not allowed), a copy, which shares the blocks where the
    file system can. Raises OSError.
    """
    try:
        os.link(name, new, src_dir_fd=folder)
    except OSError:
        old = f"/proc/self/fd/{folder}/{name}"
        with open(old, "rb") as source, open(new, "xb") as copy:
            try:
                fcntl.ioctl(copy, _FICLONE, source.fileno())
            except OSError:  # by whatever errno: copying tells what is really wrong
                shutil.copyfileobj(source, copy, _STEP)
        shutil.copystat(old, new)


def sync_directory(folder: str) -> None:
    """Have the names in a directory on the disk. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def as_file_error(name: str) -> Iterator[None]:
    """Make an OSError one of this project's, which names the file. name: where the error has none."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{escape(error.filename or name)}: {error.strerror}") from error
