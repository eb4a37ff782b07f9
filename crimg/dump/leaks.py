"""Open file descriptions that processes outside the tree hold, too: what the image cannot tell of them.

Position, flags and locks belong to the open file description. After a restart it is another one: what the
one process reads no longer moves the position of the other.
"""

from __future__ import annotations

import errno
import os

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import procfd, procmaps
from crimg.kernel.descriptors import compare_files, sort_same
from crimg.kernel.procfs import ProcDir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from crimg.dump.opened import Descriptor
    from crimg.dump.problems import Problems

    Place = tuple[int, int]
    """pid and descriptor."""

_PASSED_OVER = (errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EBADF)


class Leaks:
    """Finds them: by the text of the link first, which is the same for all holders, then by kcmp(2)."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self._places: dict[bytes, list[Place]] = {}
        self._objrefs: dict[Place, int] = {}
        self._memories: dict[tuple[int, int, int], tuple[int, str, bytes, int]] = {}
        self._peers: dict[bytes, tuple[Place, bytes, int]] = {}
        self._terminals: dict[tuple[int, int], tuple[Place, bytes, int]] = {}

    def watch_terminal(self, terminal: tuple[int, int], one: Descriptor, objref: int) -> None:
        """Look for other processes that have the slave side of this pseudo-terminal open.

        terminal: device of its devpts, and of the slave.  one: the master side in the tree.  objref: of the
        terminal.
        """
        self._terminals[terminal] = (one.proc.pid, one.fd), one.link, objref

    def watch_peer(self, peer: bytes, place: Place, link: bytes, objref: int) -> None:
        """Look for who holds the other end of a socket, which nobody in the tree does.

        peer: text of the link of that end.  place, link: the end in the tree.  objref: of its file object.
        """
        self._peers[peer] = place, link, objref

    def watch_memory(self, pid: int, where: str, link: bytes, identity: tuple[int, int], objref: int) -> None:
        """Look for other processes that map this shared memory.

        pid, where, link: its first mapping.  identity: device and inode number.  objref: of its inode.
        """
        device, number = identity
        key = (os.major(device), os.minor(device), number)
        self._memories.setdefault(key, (pid, where, link, objref))

    def watch(self, place: Place, link: bytes, objref: int) -> None:
        """Look for other holders of what this descriptor of the tree refers to.

        link: text of its link.  objref: of its file object.
        """
        self._places.setdefault(link, []).append(place)
        self._objrefs[place] = objref

    def find(self, pids: Collection[int]) -> None:
        """Note them as problems. pids: all processes of the tree."""
        if not (self._places or self._memories or self._peers or self._terminals):
            return
        ordered = {
            link: [group[0] for group in sort_same(places, compare_files)]
            for link, places in self._places.items()
        }
        own = os.getpid()
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != own and int(name) not in pids:
                self._look(int(name), ordered)
        for peer in tuple(self._peers):
            self._note_peer(peer, "nobody can tell who holds the other end of it")

    def _note_peer(self, peer: bytes, reason: str) -> None:
        place, link, objref = self._peers.pop(peer)
        self.problems.of(place[0]).add(f"fd {place[1]}", link, reason, "socket-peer", objref=objref)

    def _look(self, pid: int, ordered: dict[bytes, list[Place]]) -> None:
        """All descriptors of one process outside."""
        try:
            with ProcDir(pid) as proc:
                for fd in procfd.open_fds(proc):
                    link = self._link(proc, fd)
                    if link in self._peers:
                        reason = f"process {pid} holds the other end (fd {fd}), and is not part of this dump"
                        self._note_peer(link, reason)
                    if self._terminals and link.startswith(b"/") and b"/pts" in link:
                        self._look_at_terminal(proc, fd)
                    place = _same(ordered.get(link, ()), (pid, fd)) if link in ordered else None
                    if place is not None:
                        self._note(place, link, pid, fd)
                if self._memories:
                    self._look_at_memory(proc)
        except ProcessGoneError:
            return
        except KernelError as error:
            if error.errno not in _PASSED_OVER:
                raise

    def _look_at_terminal(self, proc: ProcDir, fd: int) -> None:
        try:
            found = os.stat(str(fd), dir_fd=proc.directory("fd"))
        except OSError:
            return  # closed meanwhile
        if (found.st_dev, found.st_rdev) in self._terminals:
            place, link, objref = self._terminals[found.st_dev, found.st_rdev]
            reason = f"process {proc.pid} has the other side open (fd {fd}), and is not part of this dump"
            self.problems.of(place[0]).add(f"fd {place[1]}", link, reason, "terminal-peer", objref=objref)

    def _look_at_memory(self, proc: ProcDir) -> None:
        mapped = {
            (entry.major, entry.minor, entry.inode) for entry in procmaps.read_maps(proc) if entry.shared
        }
        for key in self._memories.keys() & mapped:
            pid, where, link, objref = self._memories[key]
            reason = f"process {proc.pid} maps this memory, too, and is not part of this dump"
            self.problems.of(pid).add(where, link, reason, "leak", objref=objref)

    @staticmethod
    def _link(proc: ProcDir, fd: int) -> bytes:
        try:
            return procfd.fd_link(proc, fd)
        except KernelError as error:
            if error.errno not in _PASSED_OVER:
                raise
            return b""

    def _note(self, place: Place, link: bytes, pid: int, fd: int) -> None:
        reason = f"process {pid} holds this open file, too (fd {fd}), and is not part of this dump"
        objref = self._objrefs[place]
        self.problems.of(place[0]).add(f"fd {place[1]}", link, reason, "leak", objref=objref)


def _same(places: Iterable[Place], other: Place) -> Place | None:
    """The one of `places`, which are in order, that is the same open file as `other`."""
    candidates = list(places)
    low, high = 0, len(candidates)
    try:
        while low < high:
            middle = (low + high) // 2
            order = compare_files(candidates[middle], other)
            if order == 0:
                return candidates[middle]
            low, high = (middle + 1, high) if order < 0 else (low, middle)
    except KernelError as error:
        if error.errno not in _PASSED_OVER:
            raise
    return None
