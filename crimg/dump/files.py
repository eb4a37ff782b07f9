"""File objects of the descriptors of a tree of processes: open file descriptions, told apart by kcmp(2)."""

from __future__ import annotations

import os

from crimg.dump.epoll import EpollCollector
from crimg.dump.held import LEASE, add_locks
from crimg.dump.kinds import Refusal, is_terminal
from crimg.dump.leaks import Leaks
from crimg.dump.naming import Naming, is_unlinked
from crimg.dump.objects import file_row
from crimg.dump.opened import Descriptor
from crimg.dump.pipes import PipeCollector
from crimg.dump.sockets import SocketCollector
from crimg.dump.special import add_state, memory_row
from crimg.dump.terminals import TerminalCollector
from crimg.errors import KernelError
from crimg.kernel import descriptors, procfd
from crimg.model import Fd, FdTable
from crimg.model.enums import NAMELESS, Access, FileKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.inodes import InodeCollector
    from crimg.dump.objects import Objects
    from crimg.dump.opened import Resolvers
    from crimg.dump.problems import Problems
    from crimg.kernel import inodes
    from crimg.kernel.procfs import ProcDir

_MAY_LEAK = (
    *(FileKind.REGULAR, FileKind.DIRECTORY, FileKind.MEMORY),
    *(FileKind.EVENTFD, FileKind.TIMERFD, FileKind.SIGNALFD, FileKind.SOCKET, FileKind.PTY_MASTER),
)
"""Kinds whose open file descriptions nobody outside may hold. Pipes are looked after elsewhere; a terminal is
shared with the shell by its nature, and other devices have no position."""


class FileCollector:
    """Gathers the file objects of descriptors, one per open file description.

    known: objref of the first file object for an inode (its objref), an access mode and a path.
    """

    def __init__(
        self,
        objects: Objects,
        inode_collector: InodeCollector,
        resolvers: Resolvers,
        problems: Problems,
    ) -> None:
        self.objects = objects
        self.inodes = inode_collector
        self.naming = Naming(inode_collector, resolvers)
        self.pipes = PipeCollector(objects)
        self.leaks = Leaks(problems)
        self.sockets = SocketCollector(objects, self.leaks)
        self.terminals = TerminalCollector(objects, self.leaks)
        self.epolls = EpollCollector(objects)
        self.known: dict[tuple[int, int, bytes], int] = {}
        self._opened: dict[tuple[int, int], Descriptor] = {}
        self._pidfds: dict[int, int] = {}
        self._memories: set[int] = set()

    def fd_table(self, proc: ProcDir, problems: Problems) -> int:
        """Add the table of a process; the objref. Its descriptors follow with those of all, see `finish`."""
        table = self.objects.number()
        self.objects.add(FdTable(objref=table, referrers=0))
        for fd in procfd.open_fds(proc):
            try:
                one = Descriptor(proc, fd, table, problems)
                if any(lock.kind == LEASE for lock in one.info.locks):
                    # To open a leased file again, for whatever reason, would break the lease (fcntl(2)).
                    self.inodes.leased.add(one.identity)
            except KernelError as error:
                problems.add(f"fd {fd}", "a descriptor", str(error), "unreadable")
            else:
                self._opened[proc.pid, fd] = one
        return table

    def finish(self) -> None:
        """Add the open file descriptions of all tables, each once, and the descriptors."""
        files: dict[tuple[int, int], int] = {}
        try:
            places = [(*key, one.place) for key, one in self._opened.items()]
            for group in descriptors.group_same_files(places):
                file = self._description(self._opened[group[0]])
                if file is not None:
                    files.update(dict.fromkeys(group, file))
                    add_locks(self.objects, file, map(self._opened.__getitem__, group))
            self.sockets.finish()
            self.terminals.finish()
            self.epolls.watches(self._opened, files)
        finally:
            while self._pidfds:
                os.close(self._pidfds.popitem()[1])
        for (_, fd), one in self._opened.items():
            file = files.get((one.proc.pid, fd))
            if file is not None:
                cloexec = bool(one.info.flags & os.O_CLOEXEC)
                self.objects.add(Fd(table=one.table, fd=fd, cloexec=cloexec, file=file))

    def _copy(self, one: Descriptor) -> int:
        pid = one.proc.pid
        if pid not in self._pidfds:
            self._pidfds[pid] = descriptors.pidfd_open(pid)
        return descriptors.pidfd_getfd(self._pidfds[pid], one.fd, pid)

    def _description(self, one: Descriptor) -> int | None:
        """Add the open file description that descriptor `one` refers to; None where it cannot be saved."""
        try:
            copy = self._copy(one)
        except KernelError as error:
            return self._refused(one, "unreadable", str(error))
        try:
            kind = self.naming.kind(copy, one.link, one.attributes)
            if isinstance(kind, Refusal):
                return self._refused(one, kind.kind, kind.reason)
            return self._open_file(copy, one, kind)
        except KernelError as error:
            return self._refused(one, "unreadable", str(error))
        finally:
            os.close(copy)

    def _refused(self, one: Descriptor, kind: str, reason: str) -> int | None:
        """Note that it cannot be saved; the objref of what stands in its place where the user allows that."""
        objref = self.objects.number()
        if not one.problems.add(one.where, one.link, reason, kind, objref=objref):
            return None
        self.objects.add(
            file_row(
                objref,
                FileKind.PLACEHOLDER,
                flags=one.info.flags & ~os.O_CLOEXEC,
                access=one.access,
                position=one.info.pos,
                mount_id=one.info.mnt_id,
                extra={"unsupported": kind, "link": one.link},
            )
        )
        return objref

    def _open_file(self, copy: int, one: Descriptor, kind: FileKind) -> int | None:
        attributes = one.attributes
        flags = one.info.flags & ~os.O_CLOEXEC
        path_only = bool(flags & os.O_PATH)
        name = self.naming.name(one.proc, one.link, attributes, kind)
        if isinstance(name, Refusal):
            return self._refused(one, name.kind, name.reason)
        path, state = name
        inode = pipe = tty = None
        if kind == FileKind.MEMORY:
            inode = self.memory(copy, attributes, one.link)
        elif kind == FileKind.EPOLL:
            self.epolls.add(copy, one)
        elif kind not in NAMELESS:
            keep = kind == FileKind.REGULAR and is_unlinked(state)
            inode = self.inodes.add(copy, attributes, keep=keep, path=path)
        if kind in (FileKind.PIPE, FileKind.FIFO) and not path_only:
            pipe = self.pipes.add(
                copy,
                one.identity,
                access=Access(one.access),
                fifo=kind == FileKind.FIFO,
                flags=flags,
                where=one.where,
                problems=one.problems,
            )
        socket = self.sockets.look(copy, one) if kind == FileKind.SOCKET else None
        if isinstance(socket, Refusal):
            return self._refused(one, socket.kind, socket.reason)
        if not path_only and (kind == FileKind.PTY_MASTER or is_terminal(attributes.rdev)):
            terminal = self.terminals.add(copy, one, kind)
            if isinstance(terminal, Refusal):
                return self._refused(one, terminal.kind, terminal.reason)
            tty = terminal
        objref = self.objects.number()
        self.objects.add(
            file_row(
                objref,
                kind,
                path=path,
                name_state=state,
                flags=flags,
                access=one.access,
                position=one.info.pos,
                inode=inode,
                pipe=pipe,
                tty=tty,
                mount_id=one.info.mnt_id,
                extra={"link": one.link} if kind in NAMELESS and kind != FileKind.PIPE else None,
                **({} if path_only else _owner_columns(copy)),
            )
        )
        add_state(self.objects, objref, kind, one.info.rest)
        if socket is not None:
            self.sockets.add(socket, objref, copy, one)
        if kind in _MAY_LEAK and not path_only:
            self.leaks.watch((one.proc.pid, one.fd), one.link, objref)
        if inode is not None and not path_only:
            self.known.setdefault((inode, one.access, path), objref)
        return objref

    def memory(self, fd: int, attributes: inodes.Statx, link: bytes) -> int:
        """The objref of the inode of shared memory, whose contents are kept; raises KernelError.

        fd: a descriptor of it (O_PATH will do).  link: as the kernel shows it.
        """
        inode = self.inodes.add(fd, attributes, keep=True)
        if inode not in self._memories:
            self._memories.add(inode)
            reading = self.inodes.kept[inode].fd
            self.objects.add(memory_row(inode, attributes.ino, link, reading))
        return inode


def _owner_columns(fd: int) -> dict[str, int]:
    """Who is signalled when I/O becomes possible, and by which signal; raises KernelError."""
    owner = descriptors.owner(fd)
    return {
        "owner_type": owner.kind if owner.id else -1,
        "owner": abs(owner.id),
        "owner_signal": descriptors.io_signal(fd),
    }
