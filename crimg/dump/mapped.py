"""File objects that no descriptor refers to: of mappings, of the program, of directories."""

from __future__ import annotations

import errno
import os

from crimg.dump.kinds import Refusal
from crimg.dump.naming import is_unlinked
from crimg.dump.objects import file_row
from crimg.errors import KernelError
from crimg.kernel import inodes, procmaps
from crimg.model.enums import Access, FileKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.digests import MappedDigests
    from crimg.dump.files import FileCollector
    from crimg.dump.problems import Problems
    from crimg.kernel.procfs import ProcDir

_DIRECTORY_FLAGS = os.O_PATH | os.O_DIRECTORY
_FLAGS = {Access.READ: os.O_RDONLY, Access.WRITE: os.O_WRONLY, Access.READ | Access.WRITE: os.O_RDWR}
_OTHER_DEVICE_IN_MAPS = (0x9123683E, 0x794C7630)
"""f_type of btrfs and overlayfs (include/uapi/linux/magic.h)."""


class MappedCollector:
    """Gathers these; one object for each inode, access mode and path.

    A mapping does not tell which open file description it was made through. It refers to one of the
    descriptors' that is open for the same inode in the same way, and else to an object of its own.
    """

    def __init__(
        self, proc: ProcDir, files: FileCollector, digests: MappedDigests, problems: Problems
    ) -> None:
        """digests: takes those of files that mappings can store into."""
        self.files = files
        self._digests = digests
        self.proc = proc
        self.problems = problems
        self._mapped: dict[tuple[object, ...], int | Refusal] = {}

    def exe(self) -> int | None:
        """The file object of the program."""
        return self._by_link("exe", "program", "unreachable")

    def directory(self, name: str) -> int | None:
        """The file object of a directory: "cwd" or "root"."""
        return self._by_link(name, {"cwd": "working directory", "root": "root directory"}[name], "cwd")

    def _by_link(self, name: str, where: str, kind: str) -> int | None:
        """The file object of what /proc/PID/`name` leads to; None, with a problem noted, where there is none.

        kind: of that problem.
        """
        link = self.proc.readlink(name)
        fd = self.proc.open(name, os.O_PATH)
        try:
            found = self._without_descriptor(fd, link, Access(0), where)
        finally:
            os.close(fd)
        if isinstance(found, Refusal):
            self.problems.add(where, link, found.reason, kind)
            return None
        return found

    def mapped(self, entry: procmaps.Vma) -> int | Refusal:
        """The file object of a mapping, or why it cannot be saved."""
        where = f"mapping {entry.start:x}-{entry.end:x}"
        try:
            access = self._mapped_access(entry)
            stores = entry.shared and bool(access & Access.WRITE)
            key = (entry.major, entry.minor, entry.inode, entry.label, access, stores)
            if key not in self._mapped:
                fd, link = self._open_mapped(entry)
                try:
                    self._mapped[key] = self._without_descriptor(fd, link, access, where, stores=stores)
                finally:
                    os.close(fd)
            return self._mapped[key]
        except KernelError as error:
            return Refusal("unreadable", str(error))

    def _mapped_access(self, entry: procmaps.Vma) -> Access:
        """How the mapped file is open: mode bits of the link (proc_map_files_instantiate, fs/proc/base.c)."""
        name = procmaps.map_files_name(entry.start, entry.end)
        try:
            mode = os.lstat(name, dir_fd=self.proc.directory("map_files")).st_mode
        except OSError as error:
            raise self.proc.failure("lstat", f"map_files/{name}", error) from error
        return (Access.READ if mode & 0o400 else Access(0)) | (Access.WRITE if mode & 0o200 else Access(0))

    def _open_mapped(self, entry: procmaps.Vma) -> tuple[int, bytes]:
        """An O_PATH descriptor of the mapped file, and the text of its link."""
        try:
            fd = procmaps.open_mapped(self.proc, entry.start, entry.end)
        except KernelError as error:
            if error.errno not in (errno.EPERM, errno.EACCES):
                raise
            return _open_by_name(self.proc.pid, entry), _label_path(entry.label)
        try:
            return fd, procmaps.mapped_path(self.proc, entry.start, entry.end)
        except KernelError:
            os.close(fd)
            raise

    def _without_descriptor(
        self, fd: int, link: bytes, access: Access, where: str, *, stores: bool = False
    ) -> int | Refusal:
        """The file object for what is open at the O_PATH descriptor `fd`, but in no descriptor of the target.

        access: how it is mapped; none for a program or a directory, where any will do.  stores: whether the
        mapping can store into it.
        """
        attributes = inodes.statx(fd)
        kind = self.files.naming.kind(fd, link, attributes)
        if isinstance(kind, Refusal):
            return kind
        name = self.files.naming.name(self.proc, link, attributes, kind)
        if isinstance(name, Refusal):
            return name
        path, state = name
        regular = kind == FileKind.REGULAR
        try:
            if kind == FileKind.MEMORY:
                inode = self.files.memory(fd, attributes, link)
                identity = attributes.dev, attributes.ino
                self.files.leaks.watch_memory(self.proc.pid, where, link, identity, inode)
            else:
                keep = regular and is_unlinked(state)
                inode = self.files.inodes.add(fd, attributes, keep=keep, path=path, mapped=regular)
        except KernelError as error:
            return Refusal("unreadable", str(error))
        if stores and regular and self.files.inodes.may_read(attributes):
            mount = self.files.inodes.mount(attributes)
            self._digests.want(inode, fd, attributes.size, mount, where, path)
        directory = kind == FileKind.DIRECTORY
        if not directory and not access:
            access = Access.READ
        known = self.files.known.get((inode, access, path))
        if known is not None:
            return known
        objref = self.files.known[inode, access, path] = self.files.objects.number()
        self.files.objects.add(
            file_row(
                objref,
                kind,
                path=path,
                name_state=state,
                flags=_DIRECTORY_FLAGS if directory else _FLAGS[access],
                access=access,
                inode=inode,
                mount_id=attributes.mnt_id or 0,
                extra={"link": link} if kind == FileKind.MEMORY else None,
            )
        )
        return objref


def _label_path(label: bytes) -> bytes:
    """The path in a line of maps, with its newlines.

    A backslash is not escaped there: a name with one may be misread, and then does not lead to the inode.
    """
    return label.replace(b"\\012", b"\n")


def _open_by_name(pid: int, entry: procmaps.Vma) -> int:
    """An O_PATH descriptor of a mapped file by its name, for a caller that may not use map_files.

    Taken only where the inode number is the mapping's, and the device too; btrfs and overlayfs show another
    device in maps than stat(2) gives.
    """
    hint = "it is not to be found under its name, and only CAP_CHECKPOINT_RESTORE reaches it otherwise"
    refusal = KernelError("open of a mapped file", errno.EPERM, pid=pid, hint=hint)
    try:
        fd = os.open(_label_path(entry.label), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise refusal from error
    found = os.fstat(fd)
    same_device = (os.major(found.st_dev), os.minor(found.st_dev)) == (entry.major, entry.minor)
    if found.st_ino == entry.inode and (same_device or inodes.fstatfs(fd).fs_type in _OTHER_DEVICE_IN_MAPS):
        return fd
    os.close(fd)
    raise refusal
