"""Inodes of open and mapped files: their evidence, their file systems, and the contents of deleted ones."""

from __future__ import annotations

import os

from crimg.evidence import contents_columns, device_number, filesystem_columns, fsid_of, inode_columns
from crimg.kernel import descriptors, inodes
from crimg.kernel.mountinfo import read_mountinfo
from crimg.model import Filesystem, Inode
from crimg.model.enums import Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.objects import Objects
    from crimg.kernel.mountinfo import Mount
    from crimg.kernel.procfs import ProcDir


class KeptFile:
    """A file that no name leads to, whose contents are to be kept.

    fd: a descriptor open for reading, to be closed.  size: bytes.  nlink: names that it has left, elsewhere.
    filesystem: type of its file system, empty where it is mounted nowhere.  path: the name it had.
    """

    __slots__ = ("fd", "filesystem", "nlink", "path", "size")

    def __init__(self, fd: int, size: int, nlink: int, filesystem: bytes, path: bytes) -> None:
        self.fd = fd
        self.size = size
        self.nlink = nlink
        self.filesystem = filesystem
        self.path = path


class InodeCollector:
    """Gathers inodes, one row each however often they are met.

    leased: device and inode number of files that must not be opened.
    kept: deleted files whose contents are to be saved, by the objref of their inode; close() closes their
    descriptors.
    """

    def __init__(self, objects: Objects, *, digest: bool) -> None:
        self.objects = objects
        self.digest = digest
        self.kept: dict[int, KeptFile] = {}
        self.leased: set[tuple[int, int]] = set()
        self._numbers: dict[tuple[int, int], int] = {}
        self._mounts: dict[int, Mount] = {}
        self._roots: set[tuple[bytes, bytes]] = set()
        self._filesystems: dict[int, int] = {}

    def see(self, proc: ProcDir) -> None:
        """Learn of the mounts that a process can reach; of each by its first path."""
        root = (proc.readlink("ns/mnt"), proc.readlink("root"))
        if root not in self._roots:
            self._roots.add(root)
            for mount in read_mountinfo(proc):
                self._mounts.setdefault(mount.mnt_id, mount)

    def forget(self, objrefs: set[int | None]) -> None:
        """Do not keep the contents of these inodes: another of their open names still leads to them."""
        for objref in self.kept.keys() & objrefs:
            os.close(self.kept.pop(objref).fd)

    def kept_identities(self) -> list[tuple[int, int]]:
        """Device and inode number of the files whose contents are to be saved."""
        return [identity for identity, objref in self._numbers.items() if objref in self.kept]

    def close(self) -> None:
        """Close the descriptors of kept files."""
        while self.kept:
            os.close(self.kept.popitem()[1].fd)

    def mount(self, attributes: inodes.Statx) -> Mount | None:
        """The mount that this inode was reached through; None where the target cannot see it."""
        return self._mounts.get(attributes.mnt_id or 0)

    def is_leased(self, attributes: inodes.Statx) -> bool:
        """Whether a process of the tree holds a lease on it, which to open it could break."""
        return (attributes.dev, attributes.ino) in self.leased

    def may_read(self, attributes: inodes.Statx) -> bool:
        """Whether a file that has a name may be opened: there is no lease on it that this would break."""
        return attributes.nlink > 0 and not self.is_leased(attributes)

    def add(
        self,
        fd: int,
        attributes: inodes.Statx,
        *,
        keep: bool,
        path: bytes = b"",
        mapped: bool = False,
    ) -> int:
        """The objref of the inode open at `fd` (an O_PATH descriptor will do).

        keep: it is deleted, and its contents are to be kept.  path: the name it had.  mapped: look for a
        build-id.
        Raises KernelError where it cannot be read.
        """
        identity = (attributes.dev, attributes.ino)
        objref = self._numbers.get(identity)
        if objref is None:
            objref = self._numbers[identity] = self.objects.number()
            self._row(objref, fd, attributes, mapped=mapped, leased=identity in self.leased)
        if keep and objref not in self.kept and identity not in self.leased:
            mount = self.mount(attributes)
            self.kept[objref] = KeptFile(
                descriptors.reopen(fd),
                attributes.size,
                attributes.nlink,
                mount.fs_type if mount is not None else b"",
                path,
            )
        return objref

    def _row(self, objref: int, fd: int, attributes: inodes.Statx, *, mapped: bool, leased: bool) -> None:
        handle = inodes.file_handle(fd)
        mode = attributes.mode
        contents = contents_columns(
            fd,
            mode,
            generation=handle is None and not leased,
            build=(mapped or bool(mode & 0o111)) and not leased,
            contents=self.digest and not leased,
        )
        self.objects.add(
            Inode(
                objref=objref,
                referrers=0,
                filesystem=self._filesystem(fd, attributes),
                **inode_columns(attributes, handle),
                **contents,
                keeper=Keeper.NONE,  # set when the contents are in the image, see contents.py
                blobs=(),
                keeper_path=None,
            )
        )

    def _filesystem(self, fd: int, attributes: inodes.Statx) -> int | None:
        """The file system it is on, by the mount it was reached through; None for a mount out of sight."""
        mount = self.mount(attributes)
        if mount is None:
            return None
        if mount.mnt_id not in self._filesystems:
            objref = self._filesystems[mount.mnt_id] = self.objects.number()
            self.objects.add(
                Filesystem(
                    objref=objref,
                    referrers=0,
                    **filesystem_columns(device_number(attributes.dev), fsid_of(fd), mount),
                )
            )
        return self._filesystems[mount.mnt_id]
