"""An inode of the image against what is seen here: which evidence agrees, and whether it is the same inode.

Device, inode number, file handle, generation and the times of change and creation belong to one file system.
They are compared where it is known to be the same one; on another machine, or after a tar or rsync, only what
the contents and their copies keep can be: type, size, mtime, permissions, owner, digest, build-id.
"""

from __future__ import annotations

import stat
from typing import NamedTuple

from crimg.evidence import DIGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.looking.sightings import Contents, Seen
    from crimg.model import Filesystem, Inode

SAME, SNAPSHOT, OTHER, UNKNOWN = "same", "snapshot", "other", "unknown"
"""What is known of the identity of an inode. SNAPSHOT: it is what became of it in a copy of the whole file
system, or what shows through an overlay."""
THE_INODE = frozenset((SAME, SNAPSHOT))

_LASTING_FSID = frozenset((b"ext2", b"ext3", b"ext4", b"btrfs", b"tmpfs"))
"""Types whose f_fsid is made from a unique id of the file system (f_fsid of others is a device number)."""
_NS = 10**9


class Evidence(NamedTuple):
    """One property of an inode, at the dump and here, in the units of the model.

    agrees: None where the two cannot be compared, or one is not known.
    """

    name: str
    then: object
    now: object
    agrees: bool | None


def same_filesystem(
    inode: Inode, filesystem: Filesystem | None, seen: Seen, type_now: bytes | None, *, same_boot: bool
) -> bool | None:
    """Whether `seen` is on the file system that `inode` was on; None where that cannot be told.

    type_now: type of the file system that it is on ("ext4").  same_boot: since the dump the machine has not
    been started again, so that device numbers are still those of then (of mounts that are still there).
    """
    fsid = filesystem.fsid if filesystem else 0
    if same_boot and inode.device == seen.device:
        return not (fsid and seen.fsid and fsid != seen.fsid)  # else a number that was given again
    if filesystem is None or type_now is None:
        return False if same_boot else None
    if filesystem.type != type_now:
        return False
    if type_now in _LASTING_FSID and fsid and seen.fsid:
        return fsid == seen.fsid
    return False if same_boot else None


def identify(inode: Inode, seen: Seen, contents: Contents | None, same_fs: bool | None) -> str:
    """Whether it is the inode of then: SAME, SNAPSHOT, OTHER, or UNKNOWN where only contents can tell.

    An inode number is given to a new file once the old one is deleted; handle, generation and time of
    creation tell the two apart.
    """
    same_number = inode.number == seen.number
    if same_fs and not same_number:
        return OTHER
    tests = list(_lifetimes(inode, seen, contents)) if same_number else []
    if same_fs:
        if tests:
            return SAME if tests[0] else OTHER
        return SAME if inode.ctime == seen.ctime else UNKNOWN
    # Small numbers agree by chance on two file systems: the handle and the time of creation must both.
    if same_fs is None and len(tests) > 1 and all(tests):
        return SAME
    return SNAPSHOT if is_snapshot(inode, seen) else UNKNOWN


def is_snapshot(inode: Inode, seen: Seen) -> bool:
    """Whether number and time of creation agree, as in a snapshot, a copied block device, an overlay.

    No call sets the time of creation. One in whole seconds is taken for that of a builder of file systems,
    which gives all its files the same.
    """
    agree = inode.number == seen.number and inode.btime == seen.btime
    return agree and inode.btime is not None and inode.btime % _NS != 0


def _lifetimes(inode: Inode, seen: Seen, contents: Contents | None) -> Iterator[bool]:
    """Agreement of what tells one use of an inode number from the next, the surest first."""
    if inode.handle is not None and seen.handle is not None:
        yield (inode.handle_type, inode.handle) == (seen.handle_type, seen.handle)
    elif inode.generation is not None and contents is not None and contents.generation is not None:
        yield inode.generation == contents.generation
    if inode.btime and seen.btime:  # 0 where the file was made by a builder of file systems
        yield inode.btime == seen.btime


def same_mtime(then: int, now: int, same_fs: bool | None) -> bool:
    """Whether a time of modification agrees; in a copy also one that has been cut to whole seconds."""
    return then == now or (not same_fs and now % _NS == 0 and then // _NS == now // _NS)


def weigh(inode: Inode, seen: Seen, contents: Contents | None, same_fs: bool | None) -> list[Evidence]:
    """Every property that is known of this kind of file, each with whether it agrees.

    Directories, FIFOs and devices change size and times by being used: these say nothing of them.
    """
    regular = stat.S_ISREG(inode.mode)
    of_inode = same_fs or is_snapshot(inode, seen)
    rows = [
        Evidence("device", inode.device, seen.device, same_fs),
        Evidence("inode", inode.number, seen.number, inode.number == seen.number if of_inode else None),
    ]
    if inode.handle is not None:
        same_handle = (inode.handle_type, inode.handle) == (seen.handle_type, seen.handle)
        comparable = same_fs and seen.handle is not None
        rows.append(Evidence("handle", inode.handle, seen.handle, same_handle if comparable else None))
    if inode.generation is not None:
        now = contents.generation if contents is not None else None
        comparable = same_fs and now is not None
        rows.append(
            Evidence("generation", inode.generation, now, inode.generation == now if comparable else None)
        )
    rows.append(_equal("type", stat.S_IFMT(inode.mode), stat.S_IFMT(seen.mode)))
    if not rows[-1].agrees:  # the rest of a directory says nothing of a file
        return rows
    if stat.S_ISCHR(inode.mode) or stat.S_ISBLK(inode.mode):
        rows.append(_equal("rdev", inode.rdev, seen.rdev))
    if regular:
        rows.append(_equal("size", inode.size, seen.size))
        rows.append(Evidence("mtime", inode.mtime, seen.mtime, same_mtime(inode.mtime, seen.mtime, same_fs)))
        rows.append(
            Evidence("ctime", inode.ctime, seen.ctime, inode.ctime == seen.ctime if of_inode else None)
        )
    if inode.btime is not None and (regular or stat.S_ISDIR(inode.mode)):
        comparable = of_inode and seen.btime is not None
        rows.append(
            Evidence("btime", inode.btime, seen.btime, inode.btime == seen.btime if comparable else None)
        )
    rows.append(_equal("mode", stat.S_IMODE(inode.mode), stat.S_IMODE(seen.mode)))
    rows.append(_equal("owner", (inode.uid, inode.gid), (seen.uid, seen.gid)))
    if regular:
        rows.append(
            Evidence("links", inode.nlink, seen.nlink, inode.nlink == seen.nlink if of_inode else None)
        )
        rows += _of_contents(inode, contents)
    return rows


def _of_contents(inode: Inode, contents: Contents | None) -> Iterator[Evidence]:
    if inode.digest is not None:
        now = contents.digest if contents is not None else None
        comparable = now is not None and digest_of(inode) is not None
        yield Evidence("digest", inode.digest, now, inode.digest == now if comparable else None)
    if inode.build_id is not None:
        read = contents is not None and contents.error == 0
        now = contents.build_id if contents is not None else None
        yield Evidence("build_id", inode.build_id, now, inode.build_id == now if read else None)


def digest_of(inode: Inode) -> bytes | None:
    """The digest of the contents of then, where it is of the kind that is taken here."""
    return inode.digest if inode.digest_kind == DIGEST else None


def _equal(name: str, then: object, now: object) -> Evidence:
    return Evidence(name, then, now, then == now)
