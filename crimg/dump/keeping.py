"""How the contents of deleted files are kept: in the image, in a copy, or by a new name of the inode.

Copies and new names are made in a folder of the user's while the processes stand still, and are there once
the image is: where the dump fails, what was made is removed again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import fnmatch
import os
from typing import NamedTuple

from crimg.dump.abandoned import Mark, failure
from crimg.errors import UsageError
from crimg.kernel import inodes
from crimg.model.enums import Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.dump.inodes import KeptFile

WAYS = ("embed", "copy", "relink", "auto")
_FICLONE = 0x40049409
_CHUNK = 1 << 24
_AUTO_EMBED = 1 << 20
"""Bytes up to which `auto` embeds what cannot be re-linked: one file less to look after."""
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class WayRule(NamedTuple):
    """One `--deleted WAY[:CONDITION]`. key: "size>", "size<", "fs=", "path=", or "" for any file."""

    way: str
    key: str = ""
    value: str = ""

    def meets(self, size: int, filesystem: bytes, path: bytes) -> bool:
        """Whether it is about a file of this size, type of file system and name."""
        if self.key == "size>":
            return size > int(self.value)
        if self.key == "size<":
            return size < int(self.value)
        if self.key == "fs=":
            return os.fsencode(self.value) == filesystem
        return not self.key or fnmatch.fnmatchcase(os.fsdecode(path), self.value)


def parse_rule(text: str) -> WayRule:
    """A rule as the command line has it; raises UsageError."""
    way, colon, condition = text.partition(":")
    if way not in WAYS:
        raise UsageError(f"--deleted {text!a}: {way!a} is none of {', '.join(WAYS)}")
    if not colon:
        return WayRule(way)
    for key in ("size>", "size<", "fs=", "path="):
        if condition.startswith(key) and len(condition) > len(key):
            value = condition.removeprefix(key)
            return WayRule(way, key, str(_bytes(text, value)) if key.startswith("size") else value)
    raise UsageError(
        f"--deleted {text!a}: a condition is size>N, size<N (N with K, M or G), fs=TYPE, path=GLOB"
    )


def _bytes(text: str, value: str) -> int:
    digits = value.rstrip("KMG")
    if not (digits.isascii() and digits.isdecimal() and value.removeprefix(digits) in _UNITS):
        raise UsageError(f"--deleted {text!a}: {value!a} is no number of bytes")
    return int(digits) * _UNITS[value.removeprefix(digits)]


class Kept(NamedTuple):
    """How a file was kept. path: of a copy or new name.  note: why not, or not by the first way of `auto`."""

    keeper: Keeper
    path: bytes | None = None
    note: str = ""


class Keeping:
    """Keeps files by rules, the first that is about a file counts; where none is, `embed`.

    folder: where copies and new names go; made where it is not there.  stem: begins their names.
    `auto` links no file again that has no name left: for one of O_TMPFILE that could not be undone.
    """

    def __init__(self, rules: Sequence[WayRule], folder: str | None, stem: str) -> None:
        """Raises UsageError where a rule needs a folder, and there is none."""
        needing = [rule.way for rule in rules if rule.way in ("copy", "relink")]
        if needing and folder is None:
            raise UsageError(f"--deleted {needing[0]} needs --keep-dir DIR")
        self._rules = rules
        self._folder = None if folder is None else os.path.abspath(os.fsencode(folder))
        self._stem = stem.encode()
        self._made: list[bytes] = []
        self._mark: Mark | None = None
        self._count = 0

    def done(self) -> None:
        """There will be an image now, that names what was made."""
        if self._mark is not None:
            self._mark.remove()

    def undo(self) -> None:
        """Remove what was made: there will be no image."""
        self.done()
        while self._made:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._made.pop())

    def keep(self, kept: KeptFile) -> Kept:
        """Keep one file; EMBEDDED leaves it to the caller; NONE: it cannot be. Raises FileError."""
        way = next(
            (rule.way for rule in self._rules if rule.meets(kept.size, kept.filesystem, kept.path)), "embed"
        )
        if way == "embed" or self._folder is None:
            return Kept(Keeper.EMBEDDED)
        note = ""
        if way in ("relink", "auto"):
            path = self._new_name()
            error = errno.ENOENT if way == "auto" and not kept.nlink else self._relink(kept, path)
            if not error:
                return Kept(Keeper.RELINKED, path)
            if way == "relink":
                return Kept(Keeper.NONE, note=f"it cannot be linked again ({os.strerror(error)})")
            note = f"it cannot be linked again ({os.strerror(error)})"
            if kept.size <= _AUTO_EMBED:
                return Kept(Keeper.EMBEDDED, note=note)
        path = self._new_name()
        self._copy(kept, path)
        return Kept(Keeper.COPIED, path, note)

    def _new_name(self) -> bytes:
        assert self._folder is not None
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
        except OSError as error:
            raise failure(self._folder, error) from error
        if self._mark is None:
            self._mark = Mark(self._folder, self._stem)
        self._count += 1
        return b"%s/%s.%d" % (self._folder, self._stem, self._count)

    def _relink(self, kept: KeptFile, path: bytes) -> int:
        """Give the inode a new name; the error number, 0 for none.

        The kernel refuses it (ENOENT) once no name is left, but for files of O_TMPFILE. Their new name is
        never taken back: without any, the process itself could no more give them one (I_LINKABLE is gone).
        """
        # With a directory Python calls linkat(2), else link(2), which does not follow.
        descriptors = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.link(b"%d" % kept.fd, path, src_dir_fd=descriptors, follow_symlinks=True)
        except OSError as error:
            return error.errno or errno.EIO
        finally:
            os.close(descriptors)
        if kept.nlink:
            self._made.append(path)
        return 0

    def _copy(self, kept: KeptFile, path: bytes) -> None:
        """A copy with holes, mode, owner, times and extended attributes; shared blocks where that can be."""
        self._made.append(path)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                try:
                    fcntl.ioctl(fd, _FICLONE, kept.fd)
                except OSError:  # another file system, or one without shared blocks
                    os.ftruncate(fd, kept.size)
                    for start, end in inodes.data_extents(kept.fd, kept.size):
                        _copy_range(kept.fd, fd, start, end)
                _copy_attributes(kept.fd, fd)
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise failure(path, error) from error


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    """By copy_file_range(2), and by reading where the two file systems do not let it."""
    while start < end:
        count = min(end - start, _CHUNK)
        try:
            done = os.copy_file_range(source, target, count, start, start)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            done = os.pwrite(target, os.pread(source, count, start), start)
        if not done:
            raise OSError(errno.EAGAIN, "the deleted file became shorter meanwhile")
        start += done


def _copy_attributes(source: int, target: int) -> None:
    """Owner, mode, extended attributes and times, in this order: each would spoil those before it."""
    found = os.fstat(source)
    if (found.st_uid, found.st_gid) != (os.fstat(target).st_uid, os.fstat(target).st_gid):
        os.fchown(target, found.st_uid, found.st_gid)
    os.fchmod(target, found.st_mode & 0o7777)
    for name, value in inodes.extended_attributes(source):
        os.setxattr(target, name, value)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
