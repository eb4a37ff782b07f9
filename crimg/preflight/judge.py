"""From evidence to a verdict, for a file that had a name at the dump."""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from crimg.preflight import verdicts
from crimg.preflight.comparison import OTHER, SAME, THE_INODE, digest_of, identify, same_mtime, weigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.looking.sightings import Contents, Look, Seen
    from crimg.model import Inode
    from crimg.preflight.comparison import Evidence

_TYPES = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
}
_OF_INODE = (verdicts.BY_INODE, verdicts.BY_SNAPSHOT)
ABSENT = (errno.ENOENT, errno.ENOTDIR)
"""Errors with which nothing is there."""
_NS = 10**9

GROWN, SHRUNK, REWRITTEN, PERMISSIONS, OWNER = "grown", "shrunk", "rewritten", "permissions", "owner"
TOUCHED = "rewritten or touched"
CTIME_ALONE = "ctime alone"
UNVERIFIED = verdicts.UNVERIFIED
RENAMED = f"its rename can explain it; {UNVERIFIED}"
MAPPED = f"perhaps through a mapping: {UNVERIFIED}"
INTACT = "what it had is intact"


class Judgement(NamedTuple):
    """verdict, details, basis, evidence: as in verdicts.Verdict."""

    verdict: str
    details: tuple[str, ...] = ()
    basis: str = verdicts.BY_NOTHING
    evidence: tuple[Evidence, ...] = ()


def type_name(mode: int) -> str:
    """ "a directory", by the type bits of a mode."""
    return _TYPES.get(stat.S_IFMT(mode), f"of type {stat.S_IFMT(mode):#o}")


def needs_contents(
    inode: Inode, seen: Seen, same_fs: bool | None, *, always: bool, mapped: bool = False
) -> bool:
    """Whether the file is to be read: its contents can add to what the inode tells.

    always: also where the inode is the same and its ctime too, which nothing but a change of the clock
    can set back.  mapped: as of judge_look; the inode then does not tell whether the file was written.
    """
    if not stat.S_ISREG(inode.mode) or not stat.S_ISREG(seen.mode):
        return False
    if inode.generation is not None and inode.handle is None and inode.number == seen.number:
        return True
    if digest_of(inode) is None and inode.build_id is None:
        return False
    untouched = identify(inode, seen, None, same_fs) in THE_INODE and inode.ctime == seen.ctime
    return always or mapped or not untouched


def digest_length(inode: Inode, seen: Seen) -> int | None:
    """How many bytes of the file to take a digest of: those it had at the dump; None for no digest."""
    return inode.size if digest_of(inode) is not None and seen.size >= inode.size else None


def judge_look(
    inode: Inode, look: Look, contents: Contents | None, same_fs: bool | None, *, mapped: bool = False
) -> Judgement:
    """The verdict on what stands at the path, going by that alone.

    mapped: the file had a shared mapping that could be written. Stores into a page that is dirty already
    take no page fault, so that neither mtime nor ctime moves.
    """
    if look.seen is None:
        return judge_error(look.error)
    seen = look.seen
    evidence = tuple(weigh(inode, seen, contents, same_fs))
    if stat.S_IFMT(seen.mode) != stat.S_IFMT(inode.mode):
        return Judgement(verdicts.REPLACED, (f"{type_name(seen.mode)} now",), evidence=evidence)
    judged = _JUDGES.get(stat.S_IFMT(inode.mode), _judge_special)(inode, seen, contents, same_fs, evidence)
    taken_as_is = judged.verdict == verdicts.SAME and judged.basis in _OF_INODE
    if mapped and taken_as_is and not _agrees(evidence, "digest"):
        judged = judged._replace(verdict=verdicts.CHANGED, details=(MAPPED, *judged.details))
    if look.by_link:
        return judged._replace(details=(*judged.details, "by way of a symbolic link"))
    return judged


def judge_error(number: int) -> Judgement:
    """The verdict where nothing was seen. number: errno."""
    if number in ABSENT:
        return Judgement(verdicts.MISSING)
    return Judgement(verdicts.UNREACHABLE, (os.strerror(number),))


def _judge_regular(
    inode: Inode, seen: Seen, contents: Contents | None, same_fs: bool | None, evidence: tuple[Evidence, ...]
) -> Judgement:
    identity = identify(inode, seen, contents, same_fs)
    if identity == OTHER:
        details = ["another file"]
        if _differs(evidence, "build_id"):
            details = ["another build"]
        elif inode.size == seen.size and _agrees(evidence, "digest"):
            details.append("of the same contents")
        return Judgement(verdicts.REPLACED, tuple(details), verdicts.BY_INODE, evidence)
    if identity not in THE_INODE:
        return _judge_copy(inode, seen, same_fs, evidence)
    details = _changes(inode, seen, evidence)
    if not details and inode.ctime != seen.ctime and not _agrees(evidence, "digest"):
        details = [CTIME_ALONE]  # a further link sets the ctime too, but explains no more than itself
    verdict = verdicts.CHANGED if details else verdicts.SAME
    if inode.nlink != seen.nlink:
        details.append(_links(inode, seen))
    return Judgement(verdict, tuple(details), _basis(identity), evidence)


def _basis(identity: str) -> str:
    return verdicts.BY_INODE if identity == SAME else verdicts.BY_SNAPSHOT


def _links(inode: Inode, seen: Seen) -> str:
    return f"links {inode.nlink}, now {seen.nlink}"


def _changes(inode: Inode, seen: Seen, evidence: Sequence[Evidence]) -> list[str]:
    """What has happened to the same inode, as far as it shows."""
    found = []
    if seen.size < inode.size:
        found.append(SHRUNK)
    elif seen.size > inode.size:
        found.append(GROWN)
        if _agrees(evidence, "digest"):
            found.append(INTACT)
        elif _differs(evidence, "digest"):
            found.append(REWRITTEN)
    elif _differs(evidence, "digest") or _differs(evidence, "build_id"):
        found.append(REWRITTEN)
    elif inode.mtime != seen.mtime and not _agrees(evidence, "digest"):
        found.append(TOUCHED)
    access = _access_changes(evidence)
    if access and not found and not _agrees(evidence, "digest"):
        access.append(UNVERIFIED)  # chmod(2) and chown(2) set the ctime, and so hide that a write did
    return found + access


def _access_changes(evidence: Sequence[Evidence]) -> list[str]:
    return [word for name, word in (("mode", PERMISSIONS), ("owner", OWNER)) if _differs(evidence, name)]


def _judge_copy(inode: Inode, seen: Seen, same_fs: bool | None, evidence: tuple[Evidence, ...]) -> Judgement:
    """On another file system (or one that cannot be told): it is known by contents and what copies keep."""
    details = []
    basis = verdicts.BY_NOTHING
    if _differs(evidence, "build_id"):
        return Judgement(verdicts.REPLACED, ("another build",), verdicts.BY_BUILD_ID, evidence)
    if seen.size != inode.size:
        details.append(GROWN if seen.size > inode.size else SHRUNK)
        if seen.size > inode.size and _agrees(evidence, "digest"):
            details.append(INTACT)
    elif _agrees(evidence, "digest"):
        basis = verdicts.BY_DIGEST
    elif _differs(evidence, "digest"):
        details.append(REWRITTEN)
    elif _agrees(evidence, "build_id"):
        basis = verdicts.BY_BUILD_ID
    elif same_mtime(inode.mtime, seen.mtime, same_fs):
        basis = verdicts.BY_SIZE_AND_MTIME
    else:
        details.append(TOUCHED)
    if same_fs and basis in (verdicts.BY_BUILD_ID, verdicts.BY_SIZE_AND_MTIME):
        details.append(CTIME_ALONE)  # the inode number may have been given to another file
    access = _access_changes(evidence)
    if access and not details and basis != verdicts.BY_DIGEST:
        access.append(UNVERIFIED)
    details += access
    return Judgement(verdicts.CHANGED if details else verdicts.SAME, tuple(details), basis, evidence)


def _judge_directory(
    inode: Inode, seen: Seen, contents: Contents | None, same_fs: bool | None, evidence: tuple[Evidence, ...]
) -> Judgement:
    """A directory or a FIFO: it is the same inode, or, on another file system, one of the same type."""
    identity = identify(inode, seen, contents, same_fs)
    if identity == OTHER:
        word = "another directory" if stat.S_ISDIR(inode.mode) else "another FIFO"
        return Judgement(verdicts.REPLACED, (word,), verdicts.BY_INODE, evidence)
    details = tuple(_access_changes(evidence))
    basis = _basis(identity) if identity in THE_INODE else verdicts.BY_TYPE
    return Judgement(verdicts.CHANGED if details else verdicts.SAME, details, basis, evidence)


def _judge_special(
    inode: Inode,
    seen: Seen,
    _contents: Contents | None,
    _same_fs: bool | None,
    evidence: tuple[Evidence, ...],
) -> Judgement:
    """A device file is what its device number says, whatever inode it is."""
    if inode.rdev != seen.rdev:
        return Judgement(verdicts.REPLACED, ("another device",), verdicts.BY_DEVICE_NUMBER, evidence)
    details = tuple(_access_changes(evidence))
    verdict = verdicts.CHANGED if details else verdicts.SAME
    return Judgement(verdict, details, verdicts.BY_DEVICE_NUMBER, evidence)


_JUDGES = {
    stat.S_IFREG: _judge_regular,
    stat.S_IFDIR: _judge_directory,
    stat.S_IFIFO: _judge_directory,
}


def _agrees(evidence: Sequence[Evidence], name: str) -> bool:
    return any(one.name == name and one.agrees is True for one in evidence)


def _differs(evidence: Sequence[Evidence], name: str) -> bool:
    return any(one.name == name and one.agrees is False for one in evidence)
