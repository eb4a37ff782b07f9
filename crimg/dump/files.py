"""File objects of the descriptors of a process: open file descriptions, told apart by kcmp(2)."""

from __future__ import annotations

import os

from crimg.dump.epoll import EpollCollector
from crimg.dump.kinds import file_kind, is_terminal
from crimg.dump.pipes import PipeCollector
from crimg.errors import KernelError
from crimg.evidence import device_number
from crimg.kernel import descriptors, inodes, names, procfd
from crimg.model import Fd, FdTable, File, Lock, Tty
from crimg.model.enums import NAMELESS, Access, FileKind, LockKind, NameState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.inodes import InodeCollector
    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems
    from crimg.kernel.procfs import ProcDir

_LOCK_KINDS = {"POSIX": LockKind.POSIX, "OFDLCK": LockKind.OFD, "FLOCK": LockKind.FLOCK}
_STATES = {
    names.NameState.LINKED: NameState.LINKED,
    names.NameState.DELETED: NameState.DELETED,
    names.NameState.REPLACED: NameState.REPLACED,
    names.NameState.UNREACHABLE: NameState.UNREACHABLE,
}


def is_unlinked(state: NameState) -> bool:
    """Whether the inode has lost the name it was opened by."""
    return state in (NameState.DELETED, NameState.REPLACED)


class _Descriptor:
    """What /proc tells of one descriptor. kind: None where it cannot be saved."""

    __slots__ = ("access", "attributes", "fd", "file", "info", "kind", "link")

    def __init__(self, proc: ProcDir, fd: int) -> None:
        self.fd = fd
        self.link = procfd.fd_link(proc, fd)
        self.info = procfd.read_fdinfo(proc, fd)
        readable, writable = procfd.fd_access(proc, fd)
        self.access = (Access.READ if readable else 0) | (Access.WRITE if writable else 0)
        self.attributes = inodes.statx(proc.directory("fd"), b"%d" % fd, follow=True)
        self.kind: FileKind | None = None
        self.file: int | None = None


class FileCollector:
    """Gathers the file objects of descriptors, one per open file description.

    known: objref of the first file object for an inode (its objref), an access mode and a path.
    """

    def __init__(
        self,
        proc: ProcDir,
        objects: Objects,
        inode_collector: InodeCollector,
        resolver: names.NameResolver,
        problems: Problems,
    ) -> None:
        self.proc = proc
        self.objects = objects
        self.inodes = inode_collector
        self.names = resolver
        self.problems = problems
        self.pipes = PipeCollector(proc.pid, objects, problems)
        self.epolls = EpollCollector(proc.pid, objects, problems)
        self.known: dict[tuple[int, int, bytes], int] = {}

    def fd_table(self) -> int:
        """Add the descriptors and their open file descriptions; the objref of the table."""
        table = self.objects.number()
        self.objects.add(FdTable(objref=table, referrers=0))
        opened: dict[int, _Descriptor] = {}
        for fd in procfd.open_fds(self.proc):
            try:
                opened[fd] = _Descriptor(self.proc, fd)
            except KernelError as error:
                self.problems.add(f"fd {fd}", "a descriptor", str(error))
        for one in opened.values():
            if any(lock.kind not in _LOCK_KINDS for lock in one.info.locks):
                # To open a leased file again, for whatever reason, would break the lease (fcntl(2)).
                self.inodes.leased.add((one.attributes.dev, one.attributes.ino))
        identities = [(fd, (one.attributes.dev, one.attributes.ino)) for fd, one in opened.items()]
        pidfd = descriptors.pidfd_open(self.proc.pid)
        try:
            for group in descriptors.group_same_files(self.proc.pid, identities):
                file = self._description(pidfd, opened[group[0]])
                for fd in group:
                    opened[fd].file = file
            self.epolls.watches(opened)
        finally:
            os.close(pidfd)
        for fd, one in opened.items():
            if one.file is not None:
                cloexec = bool(one.info.flags & os.O_CLOEXEC)
                self.objects.add(Fd(table=table, fd=fd, cloexec=cloexec, file=one.file))
        return table

    def _description(self, pidfd: int, one: _Descriptor) -> int | None:
        """Add the open file description that descriptor `one` refers to; None where it cannot be saved."""
        where = f"fd {one.fd}"
        try:
            copy = descriptors.pidfd_getfd(pidfd, one.fd, self.proc.pid)
        except KernelError as error:
            self.problems.add(where, one.link, str(error))
            return None
        try:
            kind, reason = self.kind(copy, one.link, one.attributes)
            if kind is None:
                self.problems.add(where, one.link, reason)
                return None
            return self._open_file(copy, one, kind, where)
        except KernelError as error:
            self.problems.add(where, one.link, str(error))
            return None
        finally:
            os.close(copy)

    def kind(self, fd: int, link: bytes, attributes: inodes.Statx) -> tuple[FileKind | None, str]:
        """The kind of what is open at `fd`, or None and why it cannot be saved."""
        mounted = self.inodes.mount(attributes) is not None
        return file_kind(link, attributes, inodes.fstatfs(fd).fs_type, mounted=mounted)

    def _open_file(self, copy: int, one: _Descriptor, kind: FileKind, where: str) -> int | None:
        flags = one.info.flags & ~os.O_CLOEXEC
        path_only = bool(flags & os.O_PATH)
        name = self.name(one.link, one.attributes, kind, where)
        if name is None:
            return None
        path, state = name
        inode = pipe = tty = None
        if kind == FileKind.EPOLL:
            self.epolls.add(copy, one.fd)
        elif kind != FileKind.PIPE:
            keep = kind == FileKind.REGULAR and is_unlinked(state)
            inode = self.inodes.add(copy, one.attributes, keep=keep)
        if kind in (FileKind.PIPE, FileKind.FIFO) and not path_only:
            pipe = self.pipes.add(
                copy,
                (one.attributes.dev, one.attributes.ino),
                access=Access(one.access),
                fifo=kind == FileKind.FIFO,
                flags=flags,
                where=where,
            )
        if kind == FileKind.CHARACTER_DEVICE and not path_only and is_terminal(one.attributes.rdev):
            tty = self._tty(copy, one, where)
        owner = descriptors.FileOwner(-1, 0) if path_only else descriptors.owner(copy)
        objref = self.objects.number()
        self.objects.add(
            File(
                objref=objref,
                referrers=0,
                kind=kind,
                path=path,
                name_state=state,
                flags=flags,
                access=one.access,
                position=one.info.pos,
                inode=inode,
                pipe=pipe,
                tty=tty,
                cred=None,
                owner_type=owner.kind if owner.id else -1,
                owner=abs(owner.id),
                owner_signal=0 if path_only else descriptors.io_signal(copy),
                mount_id=one.info.mnt_id,
            )
        )
        self._locks(objref, one, where)
        if inode is not None and not path_only:
            self.known.setdefault((inode, one.access, path), objref)
        return objref

    def name(
        self, link: bytes, attributes: inodes.Statx, kind: FileKind, where: str
    ) -> tuple[bytes, NameState] | None:
        """Path and state of the name; None, with a problem noted, where the object cannot be saved for it."""
        if kind in NAMELESS:
            return b"", NameState.NONE
        name = self.names.resolve(link, attributes.dev, attributes.ino, attributes.nlink)
        state = _STATES[name.state]
        if state == NameState.UNREACHABLE:
            self.problems.add(where, link, "its name does not lead to it (mounted over, or out of reach)")
            return None
        if is_unlinked(state) and kind not in (FileKind.REGULAR, FileKind.FIFO):
            self.problems.add(where, link, "a deleted directory or device cannot be saved yet")
            return None
        return name.path, state

    def _tty(self, copy: int, one: _Descriptor, where: str) -> int | None:
        termios, size = descriptors.termios(copy), descriptors.window_size(copy)
        if termios is None or size is None:
            self.problems.add(where, one.link, "a terminal that has hung up")
            return None
        objref = self.objects.number()
        self.objects.add(
            Tty(
                objref=objref,
                referrers=0,
                rdev=device_number(one.attributes.rdev),
                termios=termios,
                rows=size[0],
                cols=size[1],
            )
        )
        return objref

    def _locks(self, file: int, one: _Descriptor, where: str) -> None:
        for lock in one.info.locks:
            kind = _LOCK_KINDS.get(lock.kind)
            if kind is None:
                self.problems.add(where, one.link, f"a {lock.kind.lower()} on it cannot be saved yet")
                continue
            self.objects.add(
                Lock(
                    file=file,
                    kind=kind,
                    write=lock.mode == "WRITE",
                    pid=lock.pid,
                    start=lock.start,
                    end=lock.end,
                )
            )
