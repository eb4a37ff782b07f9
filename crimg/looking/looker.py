"""Looking at files of this machine, without touching them: what stands at a path, and where an inode is now.

All of it can hang on a dead mount, so these calls are made by a process of their own
(crimg.looking.watched). Arguments and results are numbers, bytes and tuples of them, which travel over a
pipe.
"""

from __future__ import annotations

import errno
import os
import stat

from crimg.errors import KernelError
from crimg.evidence import contents_columns, device_number, digest, fsid_of, inode_columns
from crimg.kernel import descriptors, inodes
from crimg.kernel.elf import build_id
from crimg.kernel.lookup import Root, link_text, open_by_handle
from crimg.looking.renames import identity_at, renamed
from crimg.looking.sightings import Contents, Look, Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Beat = Callable[[int], object]


class Looker:
    """Looks below one root directory."""

    def __init__(self, root: bytes) -> None:
        """Raises FileError where the root cannot be opened."""
        self.root = Root(root)
        self.top = _path_of(self.root.fd)
        """The path of the root directory itself."""
        self._fsids: dict[int, int] = {}

    def look(self, path: bytes) -> Look:
        """What stands at a path. A FIFO or a device is not opened."""
        by_link = False
        try:
            try:
                fd = self.root.open(path, symlinks=False)
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
                by_link = True
                fd = self.root.open(path)
        except OSError as error:
            return Look(error.errno or errno.EIO)
        try:
            seen = self._see(fd)
            if not stat.S_ISLNK(seen.mode):
                return Look(0, seen, by_link)
            return self._look_at_link(path, fd, seen, by_link)
        except (OSError, KernelError) as error:
            return Look(error.errno or errno.EIO)
        finally:
            os.close(fd)

    def _look_at_link(self, path: bytes, link: int, seen: Seen, by_link: bool) -> Look:
        text = link_text(link)
        try:
            fd = self.root.open(path, follow=True)
        except OSError:
            return Look(0, seen, by_link, text)
        try:
            return Look(0, seen, by_link, text, self._see(fd), self._below(_path_of(fd)) or b"")
        finally:
            os.close(fd)

    def _see(self, fd: int) -> Seen:
        now = inodes.statx(fd)
        handle = inodes.file_handle(fd)
        fsid = self._fsids.get(now.dev)
        if fsid is None:
            fsid = self._fsids[now.dev] = fsid_of(fd)
        return Seen(
            device_number(now.dev),
            now.ino,
            now.mode,
            now.uid,
            now.gid,
            device_number(now.rdev),
            now.nlink,
            now.size,
            now.mtime,
            now.ctime,
            now.btime,
            handle.kind if handle else None,
            handle.data if handle else None,
            fsid,
            now.mnt_id or 0,
        )

    def read(
        self,
        path: bytes,
        identity: tuple[int, int],
        length: int | None,
        wants_build_id: bool,
        wants_generation: bool,
        beat: Beat | None = None,
    ) -> Contents:
        """The digest of the first `length` bytes, the build-id, the generation of a regular file.

        identity: device and number of the inode that was seen there; another one is ESTALE.  length: None for
        no digest.  A symbolic link at the end is followed. Reading leaves the access time as it is where the
        kernel allows that (O_NOATIME).
        """
        try:
            fd = self.root.open(path, follow=True)
        except OSError as error:
            return Contents(error.errno or errno.EIO)
        try:
            now = os.fstat(fd)
            if (device_number(now.st_dev), now.st_ino) != identity or not stat.S_ISREG(now.st_mode):
                return Contents(errno.ESTALE)
            reading = descriptors.reopen(fd)
            try:
                return Contents(
                    0,
                    digest(reading, length, beat) if length is not None else None,
                    build_id(reading) if wants_build_id else None,
                    inodes.generation(reading) if wants_generation else None,
                )
            finally:
                os.close(reading)
        except (OSError, KernelError) as error:
            return Contents(error.errno or errno.EIO)
        finally:
            os.close(fd)

    def columns(
        self, path: bytes, kind: int, has_build_id: bool, has_digest: bool, beat: Beat | None = None
    ) -> tuple[int, dict[str, Any], int, int]:
        """The inode at a path as an image has it (crimg.evidence): errno or 0, columns, f_fsid, mount id.

        kind: type of file (S_IFMT) that is wanted: what is of another one is not read. A build-id is taken of
        executable files too, a digest only if `has_digest`. A symbolic link at the end is followed.
        """
        try:
            fd = self.root.open(path, follow=True)
        except OSError as error:
            return error.errno or errno.EIO, {}, 0, 0
        try:
            now = inodes.statx(fd)
            handle = inodes.file_handle(fd)
            columns = inode_columns(now, handle)
            if stat.S_IFMT(now.mode) == kind:
                columns |= contents_columns(
                    fd,
                    now.mode,
                    generation=handle is None,
                    build=has_build_id or bool(now.mode & 0o111),
                    contents=has_digest,
                    progress=beat,
                )
            return 0, columns, fsid_of(fd), now.mnt_id or 0
        except (OSError, KernelError) as error:
            return error.errno or errno.EIO, {}, 0, 0
        finally:
            os.close(fd)

    def by_handle(
        self, path: bytes, anchors: Sequence[bytes], kind: int, handle: bytes
    ) -> tuple[bytes, int] | None:
        """Path and number of links of the inode with this handle, which was at `path`.

        anchors: directories on its file system, beside that of `path` if there is one; the first that serves
        is taken. The path is empty where the kernel knows none, or it lies outside the root. None where there
        is no such inode, or the kernel does not tell (that takes CAP_DAC_READ_SEARCH).
        """
        for anchor in (*self._above(path), *anchors):
            try:
                fd = self._by_handle(anchor, kind, handle)
            except OSError:
                continue
            try:
                return self._below(_path_of(fd)) or b"", os.fstat(fd).st_nlink
            finally:
                os.close(fd)
        return None

    def _above(self, path: bytes) -> Iterator[bytes]:
        """The directories above a path that are there, the nearest first."""
        while path.strip(b"/"):
            path = path.rpartition(b"/")[0] or b"/"
            if identity_at(self.root, path) is not None:
                yield path

    def _by_handle(self, anchor: bytes, kind: int, handle: bytes) -> int:
        place = self.root.open(anchor)
        try:
            mount = os.open(
                f"/proc/self/fd/{place}", os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
            )
        finally:
            os.close(place)
        try:
            return open_by_handle(mount, kind, handle)
        finally:
            os.close(mount)

    def renamed(self, path: bytes, identity: tuple[int, int], budget: int) -> tuple[bytes | None, int]:
        """Where the inode is if a component of `path` was renamed; see crimg.looking.renames."""
        return renamed(self.root, path, identity, budget)

    def resolve(self, path: bytes) -> tuple[str, bytes]:
        """What is wrong with a directory, or "", and its path without symbolic links.

        Both paths are of this machine, not taken from the root; the result is empty where it lies outside.
        """
        try:
            real = os.path.realpath(path, strict=True)
            os.close(os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            return os.strerror(error.errno or errno.EIO), b""
        return "", real if self._below(real) is not None else b""

    def _below(self, path: bytes) -> bytes | None:
        """A path of this machine as seen from the root; None where it lies outside."""
        if self.top == b"/":
            return path
        if path == self.top:
            return b"/"
        return path[len(self.top) :] if path.startswith(self.top + b"/") else None


def _path_of(fd: int) -> bytes:
    return os.readlink(b"/proc/self/fd/%d" % fd)
