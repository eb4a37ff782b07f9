"""An output file that appears under its name whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat

from crimg.errors import FileError, UsageError
from crimg.escape import escape
from crimg.writer import FdOutput
from crimg.writer.locking import locked, try_lock, why_unwritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
_HEAD_BYTES = 200
"""Of a name, in that of a temporary file: 255 is the most that file systems have."""
_NO_LINK = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)


class AtomicOutput(FdOutput):
    """Writes to a file of mode 0600 without a name; `commit` gives it the name.

    Where the file system knows no files without a name (O_TMPFILE of open(2)), it has a temporary one beside
    `path`. Use it in a with statement: at its end what was not committed is gone. replace: an existing file
    may be replaced, else UsageError, whose text ends in `advice`.  sync: have file and directory on disk
    before the name is given.  quiet: do not say what `remove_leftovers` removed.  locked: the caller has
    the lock on the file that is replaced; else it is taken for the moment of the replacement, and who has it
    is not disturbed (ImageBusyError, at once where it is known at once).  Raises FileError.

    A temporary name has the number of this process in it, and the file is locked when it gets one at last, so
    that what a killed program left is known.
    """

    def __init__(
        self,
        path: str,
        *,
        replace: bool = False,
        sync: bool = False,
        advice: str = "--force replaces it",
        quiet: bool = False,
        locked: bool = False,
    ) -> None:
        self.path = path
        self._shown = escape(path)
        self.advice = advice
        self.replace = replace
        self.sync = sync
        self.locked = locked
        folder, name = os.path.split(path)
        if not name:
            raise UsageError(f"{self._shown or 'an empty name'}: names no file")
        self._folder = folder or "."
        self._temporary = os.path.join(self._folder, f"{_head(name)}{os.getpid()}.part")
        self._named = False
        self._refuse_existing()
        with self._alone():
            remove_leftovers(path, quiet=quiet)
        super().__init__(self._create(), path)

    def _create(self) -> int:
        flags = os.O_WRONLY | os.O_CLOEXEC
        try:
            try:
                return os.open(self._folder, flags | os.O_TMPFILE, 0o600)
            except OSError as error:
                if error.errno not in _NO_TMPFILE:
                    raise
            fd = os.open(self._temporary, flags | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FileError(f"{self._shown}: {error.strerror}") from error
        self._named = True
        return fd

    def _refuse_existing(self) -> None:
        if not os.path.lexists(self.path):
            return
        if not os.path.isfile(self.path):
            raise UsageError(f"{self._shown}: is there, and no regular file")
        if not self.replace:
            raise UsageError(f"{self._shown}: is there already; {self.advice}")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """With the lock on the file that is to be replaced; none is needed where nobody here can write it."""
        if not self.replace or self.locked or why_unwritable(self.path):
            yield
        else:
            with locked(self.path):
                yield

    def commit(self) -> None:
        """Give the file its name."""
        try:
            if self.sync:
                os.fsync(self.fd)
            if self.replace:
                with contextlib.suppress(OSError):  # a file system without locks
                    try_lock(self.fd)
                self._link(self._temporary)
                with self._alone():
                    os.rename(self._temporary, self.path)
                self._named = False
            else:
                self._link(self.path)  # unlike rename(2), this replaces nothing
            if self.sync:
                self._sync_folder()
        except FileExistsError as error:
            raise UsageError(f"{self._shown}: came to be meanwhile; {self.advice}") from error
        except OSError as error:
            raise FileError(f"{self._shown}: {error.strerror}") from error

    def _link(self, path: str) -> None:
        """Give the file this name."""
        if not self._named:
            # linkat(2) by /proc, which the plain link(2) would not follow: hence the directory descriptor.
            proc = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.link(str(self.fd), path, src_dir_fd=proc, follow_symlinks=True)
            finally:
                os.close(proc)
            self._named = path == self._temporary
        elif path != self._temporary:
            try:
                os.link(self._temporary, path)
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                self._refuse_existing()
                os.rename(self._temporary, path)
                self._named = False

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # a file system without it
                raise
        finally:
            os.close(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)
        if self._named:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._temporary)


def is_same_file(one: str, other: str) -> bool:
    """Whether both names lead to one file that is there."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _head(name: str) -> str:
    """How the names of temporary files for this one begin; the number of a process follows."""
    return f".{os.fsdecode(os.fsencode(name)[:_HEAD_BYTES])}."


def remove_leftovers(path: str, *, quiet: bool = False) -> None:
    """Remove the temporary files that killed programs left beside a file of this name, and say so.

    Only files of the caller's own are taken, and none whose writer is at work: its process is there, or has
    the lock (from another PID namespace).
    """
    folder, name = os.path.split(path)
    for leftover in list(_leftovers(folder or ".", _head(name))):
        with contextlib.suppress(OSError):  # in use, gone meanwhile, or not to be removed
            fd = os.open(leftover, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                there = os.fstat(fd)
                writer = leftover.split(".")[-2]
                if not stat.S_ISREG(there.st_mode) or there.st_uid != os.geteuid():
                    continue
                if os.path.exists(f"/proc/{writer}"):
                    continue
                try_lock(fd)
                os.unlink(leftover)
            finally:
                os.close(fd)
            if not quiet:
                from crimg.cli.streams import say

                say(f"note: {escape(leftover)}: removed; the program that wrote it was killed")


def _leftovers(folder: str, head: str) -> Iterator[str]:
    pattern = re.compile(re.escape(head) + r"[0-9]+\.part")
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                yield entry.path
