"""A private copy of an image file, without copying page data where the file system can share them."""

from __future__ import annotations

import errno
import fcntl
import os
import stat

from crimg.errors import FileError, TruncatedError
from crimg.escape import escape
from crimg.reader import open_image
from crimg.reader.file import ImageFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[int, int], object]

_FICLONE = 0x40049409
"""ioctl_ficlone(2)."""
_NO_RANGES = (errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EBADF)
_STEP = 1 << 20
_RANGE = 64 << 20


def copy_image(
    source_path: str | bytes | os.PathLike[str], output_fd: int, progress: Progress | None = None
) -> int:
    """Copy an image, up to the end of its last whole revision, into an empty file or a pipe; its length.

    By reflink where the file system can, else by copy_file_range(2), else by reading and writing; holes stay
    holes in a file. A rewrite that goes on meanwhile does no harm.  progress: called with bytes done and
    bytes in all, where they are copied.
    Raises FormatError for what is no sound image, FileError (a full disk), UsageError.
    """
    with open_image(source_path) as image:
        file = image.store
        if not isinstance(file, ImageFile):
            raise FileError("only an image in a file can be copied")
        try:
            if not stat.S_ISREG(os.fstat(output_fd).st_mode):
                _stream(file, output_fd)
            elif not _clone(file, output_fd):
                for start, end in _data(file.fd, file.end):
                    _copy(file, output_fd, start, end, progress)
                os.ftruncate(output_fd, file.end)
        except OSError as error:
            raise FileError(f"copy of {escape(file.name)}: {error.strerror}") from error
        return file.end


def _clone(file: ImageFile, output_fd: int) -> bool:
    """Share all blocks of the file; False where that is not possible."""
    try:
        fcntl.ioctl(output_fd, _FICLONE, file.fd)
    except OSError:  # by whatever errno (they differ by file system): copying tells what is really wrong
        return False
    os.ftruncate(output_fd, file.end)
    return True


def _data(fd: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a file before `end` that are no holes."""
    offset = 0
    while offset < end:
        try:
            start = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        offset = os.lseek(fd, start, os.SEEK_HOLE)
        yield min(start, end), min(offset, end)


def _copy(file: ImageFile, output_fd: int, start: int, end: int, progress: Progress | None) -> None:
    """Copy bytes from start to end to the same place."""
    while start < end:
        if progress is not None:
            progress(start, file.end)
        try:
            done = os.copy_file_range(file.fd, output_fd, min(_RANGE, end - start), start, start)
        except OSError as error:
            if error.errno not in _NO_RANGES:
                raise
            done = os.pwrite(output_fd, os.pread(file.fd, min(_STEP, end - start), start), start)
        if not done:
            raise TruncatedError("the file became shorter", section="file", offset=start)
        start += done


def _stream(file: ImageFile, output_fd: int) -> None:
    offset = 0
    while offset < file.end:
        offset += os.write(output_fd, file.read(offset, min(_STEP, file.end - offset), "file"))
