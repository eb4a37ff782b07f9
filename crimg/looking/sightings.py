"""What was seen at a path of this machine."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Seen(NamedTuple):
    """An inode of this machine, in the units of the model's Inode. fsid: f_fsid of statfs(2)."""

    device: int
    number: int
    mode: int
    uid: int
    gid: int
    rdev: int
    nlink: int
    size: int
    mtime: int
    ctime: int
    btime: int | None
    handle_type: int | None
    handle: bytes | None
    fsid: int
    mount_id: int


class Look(NamedTuple):
    """What stands at a path.

    error: errno where nothing was found.  by_link: a symbolic link is on the way.  link: where the symbolic
    link points that stands there itself.  target: what that leads to; target_path: its path from the root.
    """

    error: int
    seen: Seen | None = None
    by_link: bool = False
    link: bytes | None = None
    target: Seen | None = None
    target_path: bytes = b""


class Contents(NamedTuple):
    """What reading a file gave: None for what was not asked for, or is not there.

    error: errno of a failure.
    """

    error: int
    digest: bytes | None = None
    build_id: bytes | None = None
    generation: int | None = None


def as_look(answer: tuple[Any, ...]) -> Look:
    """A Look that has come as plain tuples."""
    look = Look(*answer)
    return look._replace(
        seen=Seen(*look.seen) if look.seen is not None else None,
        target=Seen(*look.target) if look.target is not None else None,
    )
