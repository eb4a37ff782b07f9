"""One process's directory under /proc, opened once, and what the machine says about itself.

A `ProcDir` holds an O_PATH descriptor of /proc/PID. It names that one process for as long as it is open,
even where the pid is given to another one later: everything is then gone (ESRCH, ENOENT), never taken from
the wrong process. All names are resolved relative to it, with no path of the process's own choosing in it.

The parsers stand beside, by file: `procmaps` (maps, smaps, map_files), `procstat` (stat, status),
`proctask` (auxv, limits, timers, children), `procfd` (fd, fdinfo), `mountinfo`. Each is a pure function of
the bytes.
"""

from __future__ import annotations

import errno
import os
import time
from typing import NamedTuple

from crimg.errors import CrimgError, KernelError, ProcessGoneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_CHUNK = 1 << 16
_NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time")


class Clocks(NamedTuple):
    """The clocks of the calling process's time namespace, nanoseconds (clock_gettime(2))."""

    realtime: int
    monotonic: int
    boottime: int


class ProcDir:
    """/proc/PID of a process, or of a thread by its tid; a context manager, to be closed.

    pid: as given.  fd: the O_PATH descriptor of the directory.
    A thread's own id works too, and is needed where the leader has already exited: then maps, fd and exe of
    the leader are empty, those of a live thread are not.
    """

    __slots__ = ("_directories", "fd", "pid")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._directories: dict[str, int] = {}
        try:
            self.fd = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise ProcessGoneError(pid) from error
        except OSError as error:
            raise KernelError(f"open(/proc/{pid})", error.errno or errno.EIO, pid=pid) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every descriptor held; a second call does nothing."""
        for fd in self._directories.values():
            os.close(fd)
        self._directories.clear()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def failure(self, call: str, name: str, error: OSError) -> CrimgError:
        """What to raise for `error`, met by `call` on `name` below this directory.

        ProcessGoneError where the process is gone, else a KernelError with the error number.
        """
        number = error.errno or errno.EIO
        if number == errno.ESRCH or (number == errno.ENOENT and self.gone()):
            return ProcessGoneError(self.pid)
        hint = ""
        if number in (errno.EACCES, errno.EPERM):
            hint = "this takes the same user, or CAP_SYS_PTRACE and CAP_CHECKPOINT_RESTORE"
        return KernelError(f"{call}(/proc/{self.pid}/{name})", number, pid=self.pid, hint=hint)

    def ended(self) -> bool:
        """Whether the process has ended, waited for or not; true also where only its main thread has."""
        try:
            return self.read("stat").rpartition(b")")[2].split(None, 1)[0] in b"ZX"
        except CrimgError:
            return True

    def gone(self) -> bool:
        """Whether the process has ended and was waited for."""
        try:
            os.stat("stat", dir_fd=self.fd)
        except OSError:
            return True
        return False

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """A new descriptor (close-on-exec) of the file `name`, such as "pagemap"."""
        try:
            return os.open(name, flags | os.O_CLOEXEC, dir_fd=self.fd)
        except OSError as error:
            raise self.failure("open", name, error) from error

    def directory(self, name: str) -> int:
        """A descriptor of the directory `name` ("fd", "map_files"), kept open until close()."""
        fd = self._directories.get(name)
        if fd is None:
            fd = self._directories[name] = self.open(name, os.O_RDONLY | os.O_DIRECTORY)
        return fd

    def read(self, name: str) -> bytes:
        """The whole of the file `name`."""
        fd = self.open(name)
        try:
            return read_to_end(fd)
        except OSError as error:
            raise self.failure("read", name, error) from error
        finally:
            os.close(fd)

    def readlink(self, name: str) -> bytes:
        """The text of the link `name` ("exe", "cwd", "root", "ns/mnt").

        At most 4,095 bytes: the kernel gives ENAMETOOLONG for a longer path, counted with the suffix
        " (deleted)" (fs/proc/base.c, do_proc_readlink).
        """
        try:
            return os.readlink(name.encode(), dir_fd=self.fd)
        except OSError as error:
            raise self.failure("readlink", name, error) from error

    def listdir(self, name: str) -> list[str]:
        """The names in the directory `name`, in no order."""
        try:
            return os.listdir(self.directory(name))
        except OSError as error:
            raise self.failure("readdir", name, error) from error


def read_to_end(fd: int) -> bytes:
    """All bytes from the position of `fd` to the end of the file; raises OSError."""
    chunks = []
    while chunk := os.read(fd, _CHUNK):
        chunks.append(chunk)
    return b"".join(chunks)


def read_namespaces(proc: ProcDir) -> dict[str, int]:
    """Name of each namespace kind ("mnt", "pid", ...) to its inode number; absent where the kernel has none.

    The number tells namespaces of one running kernel apart (namespaces(7)). Raises KernelError where the
    caller may not look (EACCES).
    """
    found = {}
    for name in _NAMESPACES:
        try:
            text = os.readlink(b"ns/" + name.encode(), dir_fd=proc.fd)
        except FileNotFoundError as error:
            if proc.gone():
                raise ProcessGoneError(proc.pid) from error
            continue
        except OSError as error:
            raise proc.failure("readlink", f"ns/{name}", error) from error
        found[name] = int(text[text.index(b"[") + 1 : -1])
    return found


def read_boot_id() -> str:
    """The random UUID of this boot, 36 characters (random(4), /proc/sys/kernel/random/boot_id)."""
    path = "/proc/sys/kernel/random/boot_id"
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError as error:
        raise KernelError(f"read({path})", error.errno or errno.EIO) from error


def read_clocks() -> Clocks:
    """Now, on three clocks, nanoseconds; CLOCK_BOOTTIME goes on while the machine is suspended."""
    return Clocks(
        time.clock_gettime_ns(time.CLOCK_REALTIME),
        time.clock_gettime_ns(time.CLOCK_MONOTONIC),
        time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    )
