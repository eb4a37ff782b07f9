"""Going through directory trees for files that were moved: by inode number, then by size.

Names, types and inode numbers come with the directory entries; a file is asked for its size only in the
second pass. Symbolic links are not followed.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from crimg.evidence import device_number
from crimg.looking.mounts import PSEUDO_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from crimg.looking.looks import Looks
    from crimg.looking.mounts import Mounts

    Count = Callable[[int], object]
    """Called with the number of entries that were gone through."""


class Trees(NamedTuple):
    """What to go through. directories: absolute paths on this machine, none inside another.

    skipped: mount points below them that are left out, with the reason.
    """

    directories: tuple[bytes, ...]
    skipped: dict[bytes, str]


class Entry(NamedTuple):
    """A regular file with a wanted size. path: on this machine.  device: as in the model.  mtime: ns."""

    path: bytes
    device: int
    number: int
    size: int
    mtime: int


def prepare(directories: Sequence[bytes], looks: Looks, mounts: Mounts) -> Trees:
    """The trees without those inside others, and the mounts in them that are no place for files.

    directories: absolute and without symbolic links. Mounts that give no answer are left out, and said.
    """
    kept: list[bytes] = []
    for directory in sorted(set(directories)):
        if not any(directory == one or directory.startswith(one.rstrip(b"/") + b"/") for one in kept):
            kept.append(directory)
    skipped = {}
    for directory in kept:
        for mount in mounts.below(directory):
            if mount.fs_type in PSEUDO_TYPES:
                skipped[mount.mount_point] = f"{os.fsdecode(mount.fs_type)} keeps no files"
            elif not _answers(looks, mount.mount_point):
                skipped[mount.mount_point] = "its file system gives no answer"
    return Trees(tuple(kept), skipped)


def _answers(looks: Looks, point: bytes) -> bool:
    top = looks.top.rstrip(b"/")
    return not point.startswith(top + b"/") or looks.one("look", point[len(top) :]) is not None


class Search:
    """One search. unreadable: directories that could not be read.  entries: how many the last pass met."""

    def __init__(self, trees: Trees, count: Count | None = None) -> None:
        self.trees = trees
        self.unreadable: list[bytes] = []
        self.entries = 0
        self._count = count

    def by_number(self, numbers: Collection[int]) -> dict[int, list[bytes]]:
        """Inode number to the paths of entries of any type that have it."""
        found: dict[int, list[bytes]] = {}
        for entries in self._directories():
            for entry in entries:
                if entry.inode() in numbers:
                    found.setdefault(entry.inode(), []).append(entry.path)
        return found

    def by_size(self, sizes: Collection[int]) -> dict[int, list[Entry]]:
        """Size to the regular files that have it."""
        found: dict[int, list[Entry]] = {}
        for entries in self._directories():
            for entry in entries:
                if not entry.is_file(follow_symlinks=False):
                    continue
                try:
                    now = entry.stat(follow_symlinks=False)
                except OSError:  # gone meanwhile
                    continue
                if now.st_size in sizes:
                    found.setdefault(now.st_size, []).append(
                        Entry(entry.path, device_number(now.st_dev), now.st_ino, now.st_size, now.st_mtime_ns)
                    )
        return found

    def _directories(self) -> Iterator[list[os.DirEntry[bytes]]]:
        """The entries of every directory."""
        self.entries = 0
        pending = list(self.trees.directories)
        skipped = self.trees.skipped
        while pending:
            directory = pending.pop()
            try:
                with os.scandir(directory) as listing:
                    entries = list(listing)
                below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError:
                self.unreadable.append(directory)
                continue
            pending += [path for path in below if path not in skipped] if skipped else below
            self.entries += len(entries)
            if self._count is not None:
                self._count(self.entries)
            yield entries
