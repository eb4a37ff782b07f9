"""Where a file is that is not under its name any more, as far as that is found without searching."""

from __future__ import annotations

import stat
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crimg.looking.looks import Looks
    from crimg.looking.mounts import Mounts
    from crimg.model import Inode
    from crimg.preflight.judge import Judgement
    from crimg.preflight.subjects import Subject

STILL_OPEN = "the old one is deleted, but some process has it open"
_LOOKUPS = 100_000
"""Guesses at renamed directories in one check, all files together."""
_MOST_ANCHORS = 4
_WITH_NAMES = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO)
"""Types of inodes that are looked for. A device is what its number says, wherever there is one."""


class Found(NamedTuple):
    """path: where the file is; empty where that was not found.  judgement: on what is there.

    hints: what else was learnt, in words.
    """

    path: bytes = b""
    judgement: Judgement | None = None
    hints: tuple[str, ...] = ()


class Finder:
    """Finds files that were renamed, or lie in a directory that was.

    The kernel is asked by file handle where it tells that (CAP_DAC_READ_SEARCH). Else the directories above
    the old path are tried under their siblings' names.
    """

    def __init__(
        self, looks: Looks, mounts: Mounts, is_same: Callable[[Subject, bytes], Judgement | None]
    ) -> None:
        """is_same: gives the judgement on a path if the very inode of the subject is there."""
        self._looks = looks
        self._mounts = mounts
        self._is_same = is_same
        self._lookups = _LOOKUPS
        self._renamed: dict[bytes, bytes] = {}

    def find(self, subject: Subject) -> Found:
        """Where the inode of the subject is now."""
        inode, place = subject.inode, subject.place
        if inode is None or place is None or stat.S_IFMT(inode.mode) not in _WITH_NAMES:
            return Found()
        hints: tuple[str, ...] = ()
        for path, links in self._candidates(inode, place):
            if path:
                judgement = self._is_same(subject, path)
                if judgement is not None:
                    self._remember(place, path)
                    return Found(path, judgement)
            elif links == 0:
                hints = (STILL_OPEN,)
            elif links is not None:
                hints = (f"the old one has {links} name{'s' if links > 1 else ''} elsewhere",)
        return Found(hints=hints)

    def _candidates(self, inode: Inode, place: bytes) -> Iterator[tuple[bytes, int | None]]:
        """Paths at which it may be. An empty one, with the links of the inode, where it has no known path."""
        for old in _prefixes(place):
            if old in self._renamed:
                yield self._renamed[old] + place[len(old) :], None
        if inode.handle is not None and inode.handle_type is not None:
            anchors = tuple(self._anchors(inode.device))
            answer = self._looks.one("by_handle", place, anchors, inode.handle_type, inode.handle)
            if answer is not None:
                path, links = answer
                yield (path if links else b""), links
                if not links:
                    return
        if self._lookups > 0:
            identity = (inode.device, inode.number)
            answer = self._looks.one("renamed", place, identity, self._lookups)
            if answer is not None:
                path, used = answer
                self._lookups -= used
                if path:
                    yield path, None

    def _anchors(self, device: int) -> Iterator[bytes]:
        top = self._looks.top.rstrip(b"/")
        points = [mount.mount_point for mount in self._mounts.on_device(device)]
        for point in sorted(points)[:_MOST_ANCHORS]:
            if point == top or point.startswith(top + b"/"):
                yield point[len(top) :] or b"/"

    def _remember(self, old: bytes, new: bytes) -> None:
        """Take off the components that both paths end in: others from that directory will be there too."""
        while old != new and old.rpartition(b"/")[2] == new.rpartition(b"/")[2] and old.strip(b"/"):
            old, new = old.rpartition(b"/")[0], new.rpartition(b"/")[0]
        self._renamed[old] = new


def _prefixes(path: bytes) -> Iterator[bytes]:
    """The path and the directories above it, the nearest first; not the root."""
    while path.strip(b"/"):
        yield path
        path = path.rpartition(b"/")[0]
