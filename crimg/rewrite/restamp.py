"""Restamp: take the evidence of the files that are now at the paths of an image.

An inode of the image says what its file was at the dump. Who has copied the files on purpose (to another
directory, to another machine) wants them known as what they are now.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from typing import NamedTuple

from crimg.escape import escape
from crimg.evidence import filesystem_columns
from crimg.looking.mounts import Mounts
from crimg.looking.watched import TIMEOUT, looks_for
from crimg.model import File, Filesystem, Inode, Pipe
from crimg.model.enums import Keeper
from crimg.rewrite.changes import Change, Conflict, differences
from crimg.rewrite.places import needs_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.kernel.mountinfo import Mount
    from crimg.looking.looks import Looks, Request
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
    """Where files are looked at.

    root: directory that stands for "/".  timeout: seconds that a file system has for an answer.
    """

    def __init__(self, root: str | bytes = "/", timeout: float | None = TIMEOUT) -> None:
        self.root = root
        self.timeout = timeout

    def changes(self, image: Image, moved: Sequence[Change], *, everything: bool) -> Restamped:
        """The changes that take the evidence of the files at the paths that `moved` gives.

        everything: of all files that have a name, not only of those that get another.
        Raises FileError and NoAnswerError where the root cannot be looked at.
        """
        paths = {change.objref: change.after for change in moved if change.kind == File.noun}
        wanted: list[_Wanted] = []
        for file in image.rows(File):
            inode = image.find(Inode, file.inode)
            if inode is None or inode.keeper != Keeper.NONE or not needs_name(file):
                continue
            if everything or file.objref in paths:
                wanted.append(_Wanted(inode, file, paths.get(file.objref, file.path)))
        mounts = Mounts()
        with looks_for(self.root, self.timeout, mounts) as looks:
            seen, conflicts = _look(wanted, _Looking(looks, mounts))
        changes = list(_Rows(image, seen, {change.objref for change in moved}).changes())
        note = f"restamped: the evidence of {len(seen)} inode{'s' if len(seen) != 1 else ''} was taken anew"
        return Restamped(changes, conflicts, note if changes else "")


class _Wanted(NamedTuple):
    """A file object whose inode is looked for at a path."""

    inode: Inode
    file: File
    path: bytes


def _look(wanted: Sequence[_Wanted], looking: _Looking) -> tuple[dict[int, _Seen], list[Conflict]]:
    """What was seen of each inode, by its objref, and what does not fit."""
    conflicts: list[Conflict] = []
    seen: dict[int, _Seen] = {}
    owners: dict[tuple[int, int], _Wanted] = {}
    firsts: dict[int, _Wanted] = {}
    for one, answer in zip(wanted, looking.answers(wanted), strict=True):
        objref = one.inode.objref
        try:
            found = looking.judged(one.inode, answer)
            identity = (found.inode["device"], found.inode["number"])
            owner = owners.setdefault(identity, one)
            if owner.inode.objref != objref:
                raise _UnfitError(f"is one file with #{owner.file.objref}, and was another")
            first = seen.setdefault(objref, found)
            if (first.inode["device"], first.inode["number"]) != identity:
                raise _UnfitError(f"is not one file with #{firsts[objref].file.objref} any more")
            firsts.setdefault(objref, one)
        except _UnfitError as unfit:
            text = f"#{one.file.objref} {escape(one.path)} {unfit}"
            conflicts.append(Conflict(one.file.objref, (), text))
    return seen, conflicts


class _Looking:
    """Looks at files below one root."""

    def __init__(self, looks: Looks, mounts: Mounts) -> None:
        self._looks = looks
        self._mounts = mounts
        self._top = looks.top.rstrip(b"/")

    def answers(self, wanted: Sequence[_Wanted]) -> list[Any]:
        """What stands at each path, as the look-ups tell it."""
        requests: list[Request] = []
        for inode, _, path in wanted:
            arguments = (stat.S_IFMT(inode.mode), inode.build_id is not None, inode.digest is not None)
            requests.append(("columns", path, arguments))
        return self._looks.run(requests)

    def judged(self, inode: Inode, answer: Any) -> _Seen:
        """What was seen in place of this inode; raises _UnfitError."""
        if answer is None:
            raise _UnfitError("gives no answer")
        error, columns, fsid, mount_id = answer
        if error:
            raise _UnfitError(f"cannot be looked at: {os.strerror(error)}")
        if stat.S_IFMT(columns["mode"]) != stat.S_IFMT(inode.mode):
            raise _UnfitError("is of another type now")
        if columns["rdev"] != inode.rdev:
            raise _UnfitError("is another device now")
        mount = self._mounts.by_id(mount_id)
        if mount is None:
            return _Seen(columns, None)
        there = filesystem_columns(columns["device"], fsid, mount)
        return _Seen(columns, there | {"mount_point": self._inside(mount)})

    def _inside(self, mount: Mount) -> bytes:
        """The mount point as it is seen from the root."""
        if not (mount.mount_point + b"/").startswith(self._top + b"/"):
            return b"/"
        return mount.mount_point[len(self._top) :] or b"/"


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
