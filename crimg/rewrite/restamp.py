"""Restamp: take the evidence of the files that are now at the paths of an image.

An inode of the image says what its file was at the dump. Who has copied the files on purpose (to another
directory, to another machine) wants them known as what they are now. Nothing is looked at but by its new path.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from typing import NamedTuple

from crimg.errors import KernelError
from crimg.escape import escape
from crimg.evidence import contents_columns, filesystem_columns, inode_columns
from crimg.kernel import inodes
from crimg.kernel.lookup import Root
from crimg.kernel.mountinfo import parse_mountinfo
from crimg.model import File, Filesystem, Inode, Pipe
from crimg.model.enums import Keeper
from crimg.rewrite.changes import Change, Conflict, differences
from crimg.rewrite.places import needs_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.kernel.mountinfo import Mount
    from crimg.model.image import Image
    from crimg.model.record import Record

_RULE = "restamp"


class Restamped(NamedTuple):
    """What a restamp changes, what speaks against it, and what the history is to say."""

    changes: list[Change]
    conflicts: list[Conflict]
    note: str


class _Seen(NamedTuple):
    """What stands at a path: columns of its inode, and of its file system (None for a mount out of sight)."""

    inode: dict[str, Any]
    filesystem: dict[str, Any] | None


class _UnfitError(Exception):
    """Why a file cannot be taken, in words."""


class Restamp:
    """Where files are looked at. root: directory that stands for "/"."""

    def __init__(self, root: str | bytes = "/") -> None:
        self.root = root

    def changes(self, image: Image, moved: Sequence[Change], *, everything: bool) -> Restamped:
        """The changes that take the evidence of the files at the paths that `moved` gives.

        everything: of all files that have a name, not only of those that get another.
        Raises FileError where the root cannot be opened.
        """
        paths = {change.objref: change.after for change in moved if change.kind == File.noun}
        by_inode: dict[int, list[tuple[File, bytes]]] = {}
        for file in image.rows(File):
            if needs_name(file) and file.inode is not None and (everything or file.objref in paths):
                by_inode.setdefault(file.inode, []).append((file, paths.get(file.objref, file.path)))
        with Root(self.root) as root, open("/proc/self/mountinfo", "rb") as mounts:
            by_id = {mount.mnt_id: mount for mount in parse_mountinfo(mounts.read())}
            looker = _Looker(root, by_id, escape(os.fsencode(self.root)))
            return _restamped(image, looker, by_inode, {change.objref for change in moved})


def _restamped(
    image: Image, looker: _Looker, by_inode: dict[int, list[tuple[File, bytes]]], moved: set[int]
) -> Restamped:
    conflicts: list[Conflict] = []
    seen: dict[int, _Seen] = {}
    owners: dict[tuple[int, int], int] = {}
    for objref, files in by_inode.items():
        inode = image.find(Inode, objref)
        if inode is None or inode.keeper != Keeper.NONE:
            continue
        for file, path in files:
            try:
                found = looker.look(inode, path)
                identity = (found.inode["device"], found.inode["number"])
                other = owners.setdefault(identity, objref)
                if other != objref:
                    raise _UnfitError(f"is one file with #{by_inode[other][0][0].objref}, and was another")
                first = seen.setdefault(objref, found)
                if (first.inode["device"], first.inode["number"]) != identity:
                    raise _UnfitError(f"is not one file with #{files[0][0].objref} any more")
            except _UnfitError as unfit:
                conflicts.append(Conflict(file.objref, (), f"#{file.objref} {escape(path)} {unfit}"))
    changes = list(_Rows(image, seen, moved).changes())
    note = f"restamped: the evidence of {len(seen)} inode{'s' if len(seen) != 1 else ''} was taken anew"
    return Restamped(changes, conflicts, note if changes else "")


class _Looker:
    """Looks at files below one root."""

    def __init__(self, root: Root, mounts: dict[int, Mount], name: str) -> None:
        self._root = root
        self._mounts = mounts
        self._top = os.readlink(b"/proc/self/fd/%d" % root.fd)
        self._name = name

    def look(self, inode: Inode, path: bytes) -> _Seen:
        """What stands at the path in place of this inode; raises _UnfitError."""
        try:
            fd = self._root.open(path, follow=True)
        except OSError as error:
            raise _UnfitError(f"cannot be looked at: {error.strerror}") from error
        try:
            return self._see(inode, fd)
        except KernelError as error:
            raise _UnfitError(f"cannot be looked at: {error}") from error
        finally:
            os.close(fd)

    def _see(self, inode: Inode, fd: int) -> _Seen:
        now = inodes.statx(fd)
        handle = inodes.file_handle(fd)
        columns = inode_columns(now, handle)
        if stat.S_IFMT(now.mode) != stat.S_IFMT(inode.mode):
            raise _UnfitError("is of another type now")
        if columns["rdev"] != inode.rdev:
            raise _UnfitError("is another device now")
        columns |= contents_columns(
            fd,
            now.mode,
            generation=handle is None,
            build=inode.build_id is not None or bool(now.mode & 0o111),
            contents=inode.digest is not None,
        )
        mount = self._mounts.get(now.mnt_id or 0)
        if mount is None:
            return _Seen(columns, None)
        return _Seen(columns, filesystem_columns(fd, now, mount) | {"mount_point": self._inside(mount)})

    def _inside(self, mount: Mount) -> bytes:
        """The mount point as it is seen from the root."""
        top = self._top.rstrip(b"/")
        if not (mount.mount_point + b"/").startswith(top + b"/"):
            return b"/"
        return mount.mount_point[len(top) :] or b"/"


class _Rows:
    """The rows that hold what was seen: inodes, their file systems, the pipes behind FIFOs."""

    def __init__(self, image: Image, seen: dict[int, _Seen], moved: set[int]) -> None:
        """moved: objects that have a change of path, which stays as the rules make it."""
        self._image = image
        self._seen = seen
        self._moved = moved
        self._filesystems = {row.objref: row for row in image.rows(Filesystem)}

    def changes(self) -> Iterator[Change]:
        """The changes, inodes first."""
        replaced = self._replaced_filesystems()
        known = {(row.device, row.fsid, row.type): objref for objref, row in replaced.items()}
        moves: Counter[int | None] = Counter()
        for objref, seen in self._seen.items():
            inode = self._image.find(Inode, objref)
            if inode is None:
                continue
            there = seen.filesystem
            filesystem = known.get((there["device"], there["fsid"], there["type"])) if there else None
            if inode.filesystem != filesystem:
                moves[inode.filesystem] -= 1
                moves[filesystem] += 1
            yield from differences(inode, inode.replace(filesystem=filesystem, **seen.inode), _RULE)
        for objref, row in replaced.items():
            counted = row.replace(referrers=row.referrers + moves[objref])
            yield from differences(self._filesystems[objref], counted, _RULE)
        yield from self._pipes()

    def _replaced_filesystems(self) -> dict[int, Filesystem]:
        """The file systems, of which those that all inodes have left for one other are that one now."""
        targets: dict[int, list[dict[str, Any] | None]] = {}
        for inode in self._image.rows(Inode):
            if inode.filesystem is not None:
                seen = self._seen.get(inode.objref)
                targets.setdefault(inode.filesystem, []).append(seen.filesystem if seen else None)
        known = {(row.device, row.fsid, row.type) for row in self._filesystems.values()}
        rows = dict(self._filesystems)
        for objref, row in self._filesystems.items():
            there = targets.get(objref, [None])
            first = there[0]
            if first is None or any(each is None or each["device"] != first["device"] for each in there):
                continue
            identity = (first["device"], first["fsid"], first["type"])
            if identity in known:
                continue
            known.add(identity)
            stays = {"mount_point": row.mount_point} if objref in self._moved else {}
            rows[objref] = row.replace(**{**first, **stays})
        return rows

    def _pipes(self) -> Iterator[Change]:
        """A FIFO is known by the number of its inode in the row of its pipe too."""
        done: set[int] = set()
        for file in self._image.rows(File):
            pipe: Record | None = self._image.find(Pipe, file.pipe)
            if isinstance(pipe, Pipe) and file.inode in self._seen and pipe.objref not in done:
                done.add(pipe.objref)
                number = self._seen[file.inode].inode["number"]
                yield from differences(pipe, pipe.replace(number=number), _RULE)
