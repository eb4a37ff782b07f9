"""Looking up paths below a directory that serves as the root: openat2(2), and a walk of its own without it.

Nothing leads out of the root, neither `..` nor an absolute symbolic link, which starts at the root again.
Magic links (/proc/PID/fd/N) are refused. What is found is opened with O_PATH, which touches no FIFO and no
device.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct

from crimg.errors import FileError
from crimg.kernel import inodes, libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_OPEN_BY_HANDLE_AT = 304
_NR_OPENAT2 = 437

# include/uapi/linux/openat2.h
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_IN_ROOT = 0x10

_OPEN = os.O_PATH | os.O_CLOEXEC
_MOST_LINKS = 40  # MAXSYMLINKS of include/linux/namei.h
_MOST_TRIES = 100
_MOST_PATH = 4095
_PROC_SUPER_MAGIC = 0x9FA0
_PLAIN_PROC_LINKS = frozenset((b"self", b"thread-self", b"mounts", b"net"))
"""Symbolic links of procfs that are text to be followed, and no magic."""


class Root:
    """A directory taken as the root of paths; a context manager, to be closed."""

    __slots__ = ("_has_openat2", "fd")

    def __init__(self, path: str | bytes = "/") -> None:
        """Raises FileError where it cannot be opened."""
        try:
            self.fd = os.open(path, _OPEN | os.O_DIRECTORY)
        except OSError as error:
            raise FileError(f"{os.fsdecode(path)}: {error.strerror}") from error
        self._has_openat2 = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its descriptor; a second call does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def open(self, path: bytes, *, follow: bool = False, symlinks: bool = True) -> int:
        """An O_PATH descriptor of what `path`, taken from the root, leads to.

        follow: go through a symbolic link at its end; else that itself is opened.  symlinks: go through
        others on the way; else they are ELOOP. Raises OSError as open(2) does.
        """
        if b"\0" in path:  # to the kernel it would end there
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        flags = _OPEN | (0 if follow else os.O_NOFOLLOW)
        if self._has_openat2:
            resolve = _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS | (0 if symlinks else _RESOLVE_NO_SYMLINKS)
            result = self._openat2(path, flags, resolve)
            if result >= 0:
                return result
            # Linux before 5.6, or a seccomp filter that does not know the call.
            if result not in (-errno.ENOSYS, -errno.EPERM):
                raise OSError(-result, os.strerror(-result))
            self._has_openat2 = False
        return _Walk(self.fd).open(path, follow=follow, symlinks=symlinks)

    def _openat2(self, path: bytes, flags: int, resolve: int) -> int:
        """EAGAIN is the answer to a `..` while something was renamed; then it is asked again."""
        how = struct.pack("=QQQ", flags, 0, resolve)
        buffer = ctypes.create_string_buffer(how, len(how))
        result = -errno.EAGAIN
        for _ in range(_MOST_TRIES):
            result = libc.try_syscall(_NR_OPENAT2, self.fd, path or b".", buffer, len(how))
            if result not in (-errno.EAGAIN, -errno.EINTR):
                break
        return result


class _Walk:
    """The same one component at a time. The directories from the root down are kept open, for `..`."""

    def __init__(self, root: int) -> None:
        self._trail = [os.dup(root)]
        self._links = 0

    def open(self, path: bytes, *, follow: bool, symlinks: bool) -> int:
        """As Root.open; the walk is over then."""
        if len(path) > _MOST_PATH:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        try:
            pending = path.split(b"/")[::-1]
            while pending:
                name = pending.pop()
                last = not any(pending)
                if name in (b"..", b"."):
                    self._need_directory()
                    if name == b".." and len(self._trail) > 1:
                        os.close(self._trail.pop())
                elif name:
                    self._down(name)
                    if self._is_link() and (follow or not last or b"" in pending):
                        pending += self._follow(name, symlinks).split(b"/")[::-1]
            if path.endswith(b"/"):
                self._need_directory()
            return self._trail.pop()
        finally:
            for fd in self._trail:
                os.close(fd)

    def _down(self, name: bytes) -> None:
        self._trail.append(os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=self._trail[-1]))

    def _need_directory(self) -> None:
        if not stat.S_ISDIR(os.fstat(self._trail[-1]).st_mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    def _is_link(self) -> bool:
        return stat.S_ISLNK(os.fstat(self._trail[-1]).st_mode)

    def _follow(self, name: bytes, symlinks: bool) -> bytes:
        """The text of the symbolic link at the end of the trail, which then ends where that text starts."""
        link = self._trail.pop()
        try:
            self._links += 1
            magic = inodes.fstatfs(link).fs_type == _PROC_SUPER_MAGIC and name not in _PLAIN_PROC_LINKS
            if magic or not symlinks or self._links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            text = link_text(link)
        finally:
            os.close(link)
        if text.startswith(b"/"):
            for fd in self._trail[1:]:
                os.close(fd)
            del self._trail[1:]
        return text


def link_text(fd: int) -> bytes:
    """Where the symbolic link that is open at the O_PATH descriptor `fd` points. Raises OSError."""
    return os.readlink(b"", dir_fd=fd)


def open_by_handle(mount_fd: int, kind: int, handle: bytes) -> int:
    """An O_PATH descriptor of the inode with this handle (open_by_handle_at(2)).

    mount_fd: any directory of the same file system, not opened with O_PATH. Raises OSError: EPERM without
    CAP_DAC_READ_SEARCH, ESTALE where there is no such inode any more.
    """
    packed = struct.pack("=Ii", len(handle), kind) + handle
    buffer = ctypes.create_string_buffer(packed, len(packed))
    result = libc.try_syscall(_NR_OPEN_BY_HANDLE_AT, mount_fd, buffer, _OPEN)
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result
