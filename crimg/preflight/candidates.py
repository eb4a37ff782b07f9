"""Which of the files that a search finds is the one that was lost: by its inode, or else by its contents."""

from __future__ import annotations

import errno
import stat
from typing import NamedTuple

from crimg.looking.sightings import Contents
from crimg.model.record import unrecorded
from crimg.preflight.comparison import digest_of, same_mtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crimg.looking.looks import Looks
    from crimg.model import Inode
    from crimg.preflight.checker import Checker
    from crimg.preflight.criu import CriuChecker
    from crimg.preflight.search import Entry, Search
    from crimg.preflight.subjects import Subject
    from crimg.preflight.verdicts import Verdict

IDENTITY = "inode"
DIGEST = "digest"
BUILD_ID = "build-id"
NAME_SIZE_MTIME = "name, size and mtime"
SIZE_MTIME = "size and mtime"
NAME_SIZE = "name and size"
"""By what a file is known, the surest first. The last three are weak: contents can differ all the same."""
WEAK = frozenset((NAME_SIZE_MTIME, SIZE_MTIME, NAME_SIZE))


class Match(NamedTuple):
    """What could be a lost file. paths: as seen from the root.  reason: why there is none, in words."""

    paths: tuple[bytes, ...] = ()
    basis: str = ""
    reason: str = ""


class Candidates:
    """Matches lost files with what a search finds."""

    def __init__(
        self, checker: Checker | CriuChecker, looks: Looks, search: Search, taken: Collection[tuple[int, int]]
    ) -> None:
        """taken: device and number of inodes that are known to be other files of the image."""
        self._checker = checker
        self._taken = taken
        self._looks = looks
        self._search = search
        self._contents: dict[tuple[bytes, bool], Contents] = {}
        self._top = looks.top.rstrip(b"/")

    def match(self, lost: Sequence[tuple[Subject, Verdict]]) -> list[Match]:
        """The candidates for each lost file."""
        matches = self._by_identity(lost)
        sizes = {
            subject.inode.size
            for (subject, _), match in zip(lost, matches, strict=True)
            if not match.paths and subject.inode is not None and stat.S_ISREG(subject.inode.mode)
        }
        if not sizes:
            return matches
        by_size = self._search.by_size(sizes)
        claimed = {self._top + path for match in matches for path in match.paths}
        for index, (subject, _) in enumerate(lost):
            inode = subject.inode
            if matches[index].paths or inode is None or not stat.S_ISREG(inode.mode):
                continue
            if "size" in unrecorded(inode):
                matches[index] = Match(reason="neither its size nor its inode is recorded")
                continue
            old = self._top + subject.path
            entries = [
                one
                for one in by_size.get(inode.size, ())
                if one.path != old and one.path not in claimed and (one.device, one.number) not in self._taken
            ]
            matches[index] = self._by_contents(inode, subject.path, entries)
        return matches

    def _by_identity(self, lost: Sequence[tuple[Subject, Verdict]]) -> list[Match]:
        numbers = {subject.inode.number for subject, _ in lost if subject.inode is not None}
        by_number = self._search.by_number(numbers) if numbers else {}
        matches = []
        for subject, verdict in lost:
            inode = subject.inode
            found = []
            for path in by_number.get(inode.number, ()) if inode is not None else ():
                place = path[len(self._top) :]
                if place != subject.path and self._checker.is_same(subject, place) is not None:
                    found.append(place)
            if not found and verdict.found:
                found = [verdict.found]
            reason = "it is known by its inode alone, which is not in these directories"
            match = Match(
                _most_alike(subject.path, found), IDENTITY if found else "", "" if found else reason
            )
            matches.append(match)
        return matches

    def _by_contents(self, inode: Inode, path: bytes, entries: Sequence[Entry]) -> Match:
        if not entries:
            return Match(reason=f"no file of {inode.size} bytes in these directories")
        if inode.size and (digest_of(inode) is not None or inode.build_id is not None):
            basis = DIGEST if digest_of(inode) is not None else BUILD_ID
            equal = [one for one in entries if self._has_contents(inode, one)]
        elif "mtime" in unrecorded(inode):  # of CRIU: there is nothing else to know it by
            basis = NAME_SIZE
            name = path.rpartition(b"/")[2]
            equal = [one for one in entries if one.path.rpartition(b"/")[2] == name]
        else:
            basis = SIZE_MTIME
            equal = [one for one in entries if same_mtime(inode.mtime, one.mtime, None)]
            name = path.rpartition(b"/")[2]
            named = [one for one in equal if one.path.rpartition(b"/")[2] == name]
            if named:
                basis, equal = NAME_SIZE_MTIME, named
        if not equal:
            differs = {DIGEST: "digest", BUILD_ID: "build-id", NAME_SIZE: "name"}.get(basis, "mtime")
            count = f"{len(entries)} file{'s' if len(entries) > 1 else ''}"
            return Match(reason=f"{count} of {inode.size} bytes, none with its {differs}")
        return Match(tuple(sorted(one.path[len(self._top) :] for one in equal)), basis)

    def _has_contents(self, inode: Inode, entry: Entry) -> bool:
        key = (entry.path, digest_of(inode) is not None)
        if key not in self._contents:
            identity = (entry.device, entry.number)
            length = entry.size if digest_of(inode) is not None else None
            answer = self._looks.one("read", entry.path[len(self._top) :], identity, length, True, False)
            self._contents[key] = Contents(*answer) if answer is not None else Contents(errno.ETIMEDOUT)
        contents = self._contents[key]
        if digest_of(inode) is not None:
            return contents.digest == inode.digest
        return contents.build_id == inode.build_id


def _most_alike(path: bytes, found: Sequence[bytes]) -> tuple[bytes, ...]:
    """Of several names of one inode, that which ends most like the old path; all, where two do so equally."""
    ranked = sorted(found, key=lambda one: (-_common_end(path, one), one))
    if len(ranked) > 1 and _common_end(path, ranked[0]) > _common_end(path, ranked[1]):
        return (ranked[0],)
    return tuple(ranked)


def _common_end(one: bytes, other: bytes) -> int:
    """Components at the end that two paths share."""
    count = 0
    for left, right in zip(reversed(one.split(b"/")), reversed(other.split(b"/")), strict=False):
        if left != right:
            break
        count += 1
    return count
