"""Names of unix sockets on a file system: bound as the process would do it, and never in place of another's.

A name is taken literally by the kernel, which shows it again: it is bound by a forked process that has the
directories of the one of then.
"""

from __future__ import annotations

import errno
import os
import socket
import stat

from crimg.restart.acting import acting_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.model import Cred


class Place:
    """Where paths start from, and for whom.

    root, cwd: descriptors of directories.  umask: for what is made there.  cred: whose it is.
    """

    def __init__(self, root: int, cwd: int, umask: int, cred: Cred | None) -> None:
        self.cred = cred
        self.root = root
        self.cwd = cwd
        self.umask = umask

    def bind(self, opened: socket.socket, path: bytes) -> Callable[[], None] | None:
        """Bind the socket; what takes the name away again, None where it was there before.

        A socket at that name to which nobody is bound any more gives way, with its owner and mode. Raises
        OSError: EADDRINUSE for everything else.
        """
        made = self._inside(lambda: _bind(opened, path, self.cred))
        if not made:
            return None
        identity = made

        def take_away() -> None:
            self._inside(lambda: _unlink(path, identity))

        return take_away

    def connect(self, opened: socket.socket, path: bytes) -> int:
        """Connect it to the socket with that name; the process that this one is told of. Raises OSError."""
        return int(self._inside(lambda: _connect(opened, path, self.cred)))

    def _inside(self, work: Callable[[], bytes]) -> bytes:
        """What `work` gives in a process that is at this place. Raises the OSError that it raised."""
        answer, say = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            try:
                os.fchdir(self.root)
                if not os.path.samestat(os.fstat(self.root), os.stat("/")):
                    os.chroot(".")
                os.fchdir(self.cwd)
                os.umask(self.umask)
                os.write(say, b"+" + work())
            except OSError as error:
                os.write(say, b"-%d" % (error.errno or errno.EINVAL))
            finally:
                os._exit(0)
        os.close(say)
        with open(answer, "rb") as file:
            said = file.read()
        os.waitpid(pid, 0)
        if said.startswith(b"+"):
            return said[1:]
        number = int(said[1:] or errno.ECHILD)
        raise OSError(number, os.strerror(number))


def _bind(opened: socket.socket, path: bytes, cred: Cred | None) -> bytes:
    """Bind it; device and inode number of a name that was not there before, or nothing."""
    try:
        before = os.lstat(path)
    except FileNotFoundError:
        before = None
    if before is not None:
        if not stat.S_ISSOCK(before.st_mode) or _in_use(path):
            raise OSError(errno.EADDRINUSE, "")
        os.unlink(path)
    with acting_as(cred):
        opened.bind(path)
    if before is None:
        return _identity(path)
    now = os.lstat(path)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        os.lchown(path, before.st_uid, before.st_gid)
    if now.st_mode != before.st_mode:
        os.chmod(path, stat.S_IMODE(before.st_mode))
    return b""


def _connect(opened: socket.socket, path: bytes, cred: Cred | None) -> bytes:
    with acting_as(cred):
        opened.connect(path)
    return b"%d" % os.getpid()


def _in_use(path: bytes) -> bool:
    """Whether a socket is bound to that name, which does not come to know of the question.

    To connect a datagram socket tells its peer nothing; to one of another type it is refused (EPROTOTYPE).
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
        return True


def _unlink(path: bytes, identity: bytes) -> bytes:
    try:
        if _identity(path) == identity:
            os.unlink(path)
    except FileNotFoundError:
        return b""
    return b""


def _identity(path: bytes) -> bytes:
    status = os.lstat(path)
    return b"%d %d" % (status.st_dev, status.st_ino)
