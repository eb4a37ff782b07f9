"""What the name of an open file is worth: does it still lead to that file?

The kernel shows an open or mapped file by a path, and appends " (deleted)" where the directory entry is gone
(fs/d_path.c). But a file may truly be named so, the path may belong to another file by now, and it may not be
reachable at all. The answer is found by looking the path up and comparing device and inode.

The text is relative to the root directory of the *reader* where the file is below it, else to the root of
the mount namespace it is in; never to a chroot of the target. It is looked up from that same place, in the
target's mount namespace, following no symbolic links: there are none in such a path, and one that turns up
was put there later.
"""

from __future__ import annotations

import ctypes
import enum
import errno
import os
import struct
from typing import NamedTuple

from crimg.errors import KernelError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crimg.kernel.procfs import ProcDir

DELETED_SUFFIX = b" (deleted)"

_NR_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_IN_ROOT = 0x10
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_KEPT_DIRECTORIES = 64
_PATH_MAX = 4096  # with the NUL at the end

_ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG))
"""Errors that say: no such name. ENAMETOOLONG is that of a last component with the suffix still on it."""
_OUR_OWN = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
"""Errors that say nothing about the name."""


class NameState(enum.Enum):
    """What a path says of the file it was read from."""

    LINKED = "linked"
    """It leads to the file."""
    DELETED = "deleted"
    """The entry is gone, and nothing has taken its place. With nlink > 0 the file has another name."""
    REPLACED = "replaced"
    """The entry is gone, and another file has the name: renamed over, or deleted and created anew."""
    UNREACHABLE = "unreachable"
    """The entry was not deleted but the path does not lead there: another file system is mounted over it, its
    own was unmounted lazily, it belongs to another mount namespace, or a directory may not be searched."""


class Name(NamedTuple):
    """path: without the kernel's suffix.  error: of the lookup (errno), 0 where it found some file."""

    path: bytes
    state: NameState
    error: int = 0


class NameResolver:
    """Looks up paths as the kernel shows them for one process; a context manager, to be closed.

    Directories are opened once and the last 64 kept, so that 20,000 files in one directory are one walk and
    20,000 lookups. What is found is true of a moment between the first lookup in that directory and now.
    """

    __slots__ = ("_directories", "_has_openat2", "_root")

    def __init__(self, proc: ProcDir) -> None:
        """Raises KernelError where the target's root directory may not be looked at, ProcessGoneError."""
        self._directories: dict[bytes, int] = {}
        self._has_openat2 = True
        self._root = _namespace_root(proc)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every descriptor held; a second call does nothing."""
        for fd in self._directories.values():
            if fd >= 0:
                os.close(fd)
        self._directories.clear()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def resolve(self, link: bytes, dev: int, ino: int, nlink: int) -> Name:
        """The state of the path `link`, read from a link in /proc/PID/{fd,map_files} or exe, cwd, root.

        dev, ino, nlink: of the file itself (stat(2) through a descriptor). `link` begins with "/"; memfds and
        other files of no mounted file system look like deleted ones and are for the caller to know. A path
        of any length will do.

        One case cannot be told: a file with links left, truly named "x (deleted)", whose directory is mounted
        over, counts as a deleted "x". Raises KernelError where the caller is out of descriptors or memory.
        """
        identity = dev, ino
        found = self._lookup(link)
        if found == identity:
            return Name(link, NameState.LINKED)
        if not link.endswith(DELETED_SUFFIX):
            return Name(link, NameState.UNREACHABLE, _error(found))
        path = link[: -len(DELETED_SUFFIX)]
        found = self._lookup(path)
        if found == identity:  # the name was given back to the same inode, which had another one
            return Name(path, NameState.LINKED)
        error = _error(found)
        if error == 0:
            return Name(path, NameState.REPLACED)
        if error in _ABSENT or nlink == 0:
            return Name(path, NameState.DELETED, error)
        return Name(link, NameState.UNREACHABLE, error)

    def _lookup(self, path: bytes) -> tuple[int, int] | int:
        """Device and inode of what `path` leads to, or the error number."""
        parent, _, name = path.rpartition(b"/")
        directory = self._directory(parent)
        if directory < 0:
            return -directory
        try:
            found = os.stat(name or b".", dir_fd=directory, follow_symlinks=False)
        except OSError as error:
            return error.errno or errno.EIO
        return found.st_dev, found.st_ino

    def _directory(self, path: bytes) -> int:
        """A descriptor of the directory, or minus the error number; the oldest one is given up for it."""
        fd = self._directories.pop(path, None)
        if fd is None:
            if len(self._directories) >= _KEPT_DIRECTORIES:
                oldest = self._directories.pop(next(iter(self._directories)))
                if oldest >= 0:
                    os.close(oldest)
            fd = self._open_directory(path.lstrip(b"/"))
            while fd == -errno.EINTR:
                fd = self._open_directory(path.lstrip(b"/"))
            if -fd in _OUR_OWN:
                raise KernelError("openat2", -fd)
        self._directories[path] = fd
        return fd

    def _open_directory(self, path: bytes) -> int:
        """`path` is relative to the root. A link's text fits in PATH_MAX; what maps shows may be longer."""
        if self._has_openat2 and len(path) < _PATH_MAX:
            how = struct.pack(
                "=QQQ", _DIRECTORY, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS
            )
            buffer = ctypes.create_string_buffer(how, len(how))
            fd = libc.try_syscall(_NR_OPENAT2, self._root, path or b".", buffer, len(how))
            # Linux before 5.6, or a seccomp filter that does not know the call.
            if fd not in (-errno.ENOSYS, -errno.EPERM):
                return fd
            self._has_openat2 = False
        return _walk(self._root, path)


def _error(found: tuple[int, int] | int) -> int:
    return found if isinstance(found, int) else 0


def _walk(root: int, path: bytes) -> int:
    """Open `path` below `root` one component at a time; minus the error number where that fails."""
    fd = os.dup(root)
    try:
        for component in path.split(b"/"):
            deeper = os.open(component or b".", _DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = deeper
    except OSError as error:
        os.close(fd)
        return -(error.errno or errno.EIO)
    return fd


def _namespace_root(proc: ProcDir) -> int:
    """A descriptor of the directory that the paths shown for the process begin at."""
    try:
        if proc.readlink("ns/mnt") == os.readlink(b"/proc/self/ns/mnt"):
            return os.open("/", _DIRECTORY)
    except OSError as error:
        raise KernelError("open(/)", error.errno or errno.EIO) from error
    # In another mount namespace ".." leads out of a chroot of the target: only the caller's root stops it.
    root = proc.open("root", _DIRECTORY)
    try:
        depth = proc.readlink("root").count(b"/")
        return os.open("/".join([".."] * depth) or ".", _DIRECTORY, dir_fd=root)
    except OSError as error:
        raise proc.failure("open", "root/..", error) from error
    finally:
        os.close(root)
