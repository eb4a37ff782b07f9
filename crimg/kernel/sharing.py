"""Who else holds an end of a pipe: a look at every descriptor of every process.

What cannot be seen this way: ends in flight in a unix socket's message (SCM_RIGHTS) or registered with an
io_uring, and processes outside the pid namespace of /proc, or hidden by its hidepid option (proc(5)).
"""

from __future__ import annotations

import errno
import os
from typing import NamedTuple

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel.descriptors import KCMP_FILES, kcmp
from crimg.kernel.inodes import statx
from crimg.kernel.procfs import ProcDir
from crimg.kernel.procstat import read_stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    Identity = tuple[int, int]

_PF_KTHREAD = 0x00200000  # include/linux/sched.h
_GONE = (errno.ENOENT, errno.ESRCH)
_REFUSED = (errno.EACCES, errno.EPERM)


class Holder(NamedTuple):
    """Descriptor `fd` of process `pid` is open on the pipe `dev`, `ino`.

    tid: the thread whose table it is in; the leader's, unless the thread has one of its own.
    """

    pid: int
    tid: int
    fd: int
    dev: int
    ino: int


class Holders(NamedTuple):
    """found: by pid and descriptor.  unseen: pids of processes whose descriptors may not be looked at."""

    found: list[Holder]
    unseen: list[int]


def find_holders(
    pipes: Collection[Identity],
    fifos: Collection[Identity],
    *,
    except_pids: Collection[int] = (),
    own_copies: Collection[int] = (),
) -> Holders:
    """Every open descriptor of these pipes and FIFOs, in all processes but `except_pids`.

    pipes, fifos: (st_dev, st_ino) of the inodes; for anonymous pipes the link text is enough, a FIFO can be
    opened under any name and costs a statx for each path. own_copies: descriptors of the calling process that
    do not count, such as those from pidfd_getfd. Processes that end meanwhile hold nothing.
    """
    search = _Search(pipes, fifos, own_copies)
    skipped = set(except_pids)
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in skipped:
            search.process(int(name))
    return Holders(sorted(search.found), sorted(search.unseen))


class _Search:
    __slots__ = ("fifos", "found", "own", "own_copies", "pipes", "unseen")

    def __init__(
        self, pipes: Collection[Identity], fifos: Collection[Identity], own_copies: Collection[int]
    ) -> None:
        self.pipes = {b"pipe:[%d]" % ino: (dev, ino) for dev, ino in pipes}
        self.fifos = set(fifos)
        self.own = os.getpid()
        self.own_copies = set(own_copies)
        self.found: list[Holder] = []
        self.unseen: list[int] = []

    def process(self, pid: int) -> None:
        """All descriptor tables of one process; a refusal is noted once."""
        try:
            for tid in self._tables(pid):
                self._table(pid, tid)
        except (OSError, KernelError) as error:
            if error.errno in _REFUSED:
                if not _is_kernel_thread(pid):
                    self.unseen.append(pid)
            elif error.errno not in _GONE:
                raise

    def _tables(self, pid: int) -> list[int]:
        """The leader, and those threads that share its table no longer (unshare(CLONE_FILES))."""
        tids = [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]
        if len(tids) == 1:
            return tids
        return [pid, *(tid for tid in tids if tid != pid and _differs(pid, tid))]

    def _table(self, pid: int, tid: int) -> None:
        """All descriptors of one table; none where the thread is gone."""
        try:
            directory = os.open(f"/proc/{pid}/task/{tid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, ProcessLookupError):
            return
        try:
            for name in _names(directory):
                identity = self._identity(directory, name.encode())
                if identity is not None and not (pid == self.own and int(name) in self.own_copies):
                    self.found.append(Holder(pid, tid, int(name), *identity))
        finally:
            os.close(directory)

    def _identity(self, directory: int, name: bytes) -> Identity | None:
        """Which of the wanted inodes the descriptor is open on."""
        try:
            link = os.readlink(name, dir_fd=directory)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                link = b"/"
            elif error.errno in _GONE:
                return None
            else:
                raise
        if not self.fifos or not link.startswith(b"/"):
            return self.pipes.get(link)
        try:
            file = statx(directory, name, follow=True, sync=False)
        except KernelError as error:
            if error.errno in _GONE:
                return None
            raise
        identity = file.dev, file.ino
        return identity if identity in self.fifos else None


def _names(directory: int) -> list[str]:
    try:
        return os.listdir(directory)
    except (FileNotFoundError, ProcessLookupError):
        return []


def _differs(pid: int, tid: int) -> bool:
    """Whether the thread has a descriptor table of its own; a thread that is gone has none."""
    try:
        return kcmp(pid, tid, KCMP_FILES) != 0
    except KernelError as error:
        if error.errno == errno.ESRCH:
            return False
        if error.errno == errno.ENOSYS:
            return True
        raise


def _is_kernel_thread(pid: int) -> bool:
    """Kernel threads have no descriptors, which an ordinary user may not even see."""
    try:
        with ProcDir(pid) as proc:
            return read_stat(proc).flags & _PF_KTHREAD != 0
    except ProcessGoneError:
        return True
