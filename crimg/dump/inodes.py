"""Inodes of open and mapped files: their evidence, their file systems, and the contents of deleted ones."""

from __future__ import annotations

import errno
import os
import stat

from crimg.errors import KernelError
from crimg.evidence import DIGEST, device_number, digest
from crimg.kernel import descriptors, inodes
from crimg.kernel.elf import build_id
from crimg.kernel.mountinfo import read_mountinfo
from crimg.model import Filesystem, Inode
from crimg.model.enums import Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.objects import Objects
    from crimg.kernel.mountinfo import Mount
    from crimg.kernel.procfs import ProcDir


class KeptFile:
    """A deleted file whose contents go into the image.

    fd: a descriptor open for reading, to be closed.  size: bytes.
    """

    __slots__ = ("fd", "size")

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size


class InodeCollector:
    """Gathers inodes, one row each however often they are met.

    leased: device and inode number of files that must not be opened.
    kept: deleted files whose contents are to be saved, by the objref of their inode; close() closes their
    descriptors.
    """

    def __init__(self, proc: ProcDir, objects: Objects, *, digest: bool) -> None:
        self.objects = objects
        self.digest = digest
        self.kept: dict[int, KeptFile] = {}
        self.leased: set[tuple[int, int]] = set()
        self._numbers: dict[tuple[int, int], int] = {}
        self._mounts: dict[int, Mount] = {mount.mnt_id: mount for mount in read_mountinfo(proc)}
        self._filesystems: dict[int, int] = {}

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

    def may_read(self, attributes: inodes.Statx) -> bool:
        """Whether a file that has a name may be opened: there is no lease on it that this would break."""
        return attributes.nlink > 0 and (attributes.dev, attributes.ino) not in self.leased

    def add(self, fd: int, attributes: inodes.Statx, *, keep: bool, mapped: bool = False) -> int:
        """The objref of the inode open at `fd` (an O_PATH descriptor will do).

        keep: it is deleted, and its contents go into the image.  mapped: look for a build-id.
        Raises KernelError where it cannot be read.
        """
        identity = (attributes.dev, attributes.ino)
        objref = self._numbers.get(identity)
        if objref is None:
            objref = self._numbers[identity] = self.objects.number()
            self._row(objref, fd, attributes, mapped=mapped, leased=identity in self.leased)
        if keep and objref not in self.kept and identity not in self.leased:
            self.kept[objref] = KeptFile(descriptors.reopen(fd), attributes.size)
        return objref

    def _evidence(
        self, fd: int, mode: int, *, mapped: bool, handled: bool
    ) -> tuple[int | None, bytes | None, bytes | None]:
        """Generation, build-id and digest of a regular file, as far as they are wanted and to be had.

        Of these, only a digest is asked for by the user; else a file that may not be read has less evidence.
        """
        wants_build_id = mapped or bool(mode & 0o111)
        if not stat.S_ISREG(mode) or not (self.digest or wants_build_id or not handled):
            return None, None, None
        try:
            reading = descriptors.reopen(fd)
        except KernelError as error:
            if self.digest or error.errno not in (errno.EACCES, errno.EPERM, errno.EAGAIN):
                raise
            return None, None, None
        try:
            return (
                None if handled else inodes.generation(reading),
                build_id(reading) if wants_build_id else None,
                digest(reading) if self.digest else None,
            )
        except OSError as error:
            raise KernelError("read", error.errno or errno.EIO) from error
        finally:
            os.close(reading)

    def _row(self, objref: int, fd: int, attributes: inodes.Statx, *, mapped: bool, leased: bool) -> None:
        handle = inodes.file_handle(fd)
        generation = identity = content = None
        if not leased:
            generation, identity, content = self._evidence(
                fd, attributes.mode, mapped=mapped, handled=handle is not None
            )
        self.objects.add(
            Inode(
                objref=objref,
                referrers=0,
                filesystem=self._filesystem(fd, attributes),
                device=device_number(attributes.dev),
                number=attributes.ino,
                generation=generation,
                handle_type=handle.kind if handle else None,
                handle=handle.data if handle else None,
                mode=attributes.mode,
                uid=attributes.uid,
                gid=attributes.gid,
                rdev=device_number(attributes.rdev),
                nlink=attributes.nlink,
                size=attributes.size,
                blocks=attributes.blocks,
                mtime=attributes.mtime,
                ctime=attributes.ctime,
                btime=attributes.btime,
                digest_kind=DIGEST if content is not None else None,
                digest=content,
                build_id=identity,
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
                    type=mount.fs_type,
                    source=mount.source,
                    mount_point=mount.mount_point,
                    mount_root=mount.root,
                    mount_id=mount.mnt_id,
                    device=device_number(attributes.dev),
                    fsid=int.from_bytes(inodes.fstatfs(fd).fsid, "little"),
                    options=mount.options + b"," + mount.super_options,
                )
            )
        return self._filesystems[mount.mnt_id]
