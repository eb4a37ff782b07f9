"""What an inode is known by, in the form in which images record it: shared by dump, preflight and
rewrite."""

from __future__ import annotations

import errno
import os
import stat

from crimg.errors import KernelError
from crimg.kernel import descriptors, inodes
from crimg.kernel.elf import build_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.kernel.inodes import FileHandle, Statx
    from crimg.kernel.mountinfo import Mount

DIGEST = "sha256"
"""Algorithm of the digests that are recorded (`digest_kind` of an inode)."""
_DIGEST_STEP = 1 << 20


def device_number(dev: int) -> int:
    """A device number of stat(2) in the form of the image: major << 32 | minor."""
    return os.major(dev) << 32 | os.minor(dev)


def digest(fd: int, length: int | None = None, progress: Callable[[int], object] | None = None) -> bytes:
    """SHA-256 of the file open at `fd`, from its start, by pread: the file offset stays.

    length: of its first bytes only.  progress: called with the bytes read so far, after each MiB.
    Raises OSError where it cannot be read.
    """
    import hashlib

    state = hashlib.sha256()
    offset = 0
    while length is None or offset < length:
        step = _DIGEST_STEP if length is None else min(_DIGEST_STEP, length - offset)
        part = os.pread(fd, step, offset)
        if not part:
            break
        state.update(part)
        offset += len(part)
        if progress is not None:
            progress(offset)
    return state.digest()


def inode_columns(attributes: Statx, handle: FileHandle | None) -> dict[str, Any]:
    """The columns of an inode that statx(2) and name_to_handle_at(2) give."""
    return {
        "device": device_number(attributes.dev),
        "number": attributes.ino,
        "handle_type": handle.kind if handle else None,
        "handle": handle.data if handle else None,
        "mode": attributes.mode,
        "uid": attributes.uid,
        "gid": attributes.gid,
        "rdev": device_number(attributes.rdev),
        "nlink": attributes.nlink,
        "size": attributes.size,
        "blocks": attributes.blocks,
        "mtime": attributes.mtime,
        "ctime": attributes.ctime,
        "btime": attributes.btime,
    }


def contents_columns(
    fd: int,
    mode: int,
    *,
    generation: bool,
    build: bool,
    contents: bool,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Any]:
    """The columns of an inode for which it has to be opened: generation, build-id, digest, as far as wanted.

    All are None for what is no regular file. Only a digest (contents) is asked for by the user: else a file
    that may not be read has less evidence. fd may be an O_PATH descriptor.  progress: as of `digest`.
    Raises KernelError.
    """
    found: dict[str, Any] = dict.fromkeys(("generation", "build_id", "digest_kind", "digest"))
    if not stat.S_ISREG(mode) or not (generation or build or contents):
        return found
    try:
        reading = descriptors.reopen(fd)
    except KernelError as error:
        if contents or error.errno not in (errno.EACCES, errno.EPERM, errno.EAGAIN):
            raise
        return found
    try:
        if generation:
            found["generation"] = inodes.generation(reading)
        if build:
            found["build_id"] = build_id(reading)
        if contents:
            found.update(digest_kind=DIGEST, digest=digest(reading, progress=progress))
    except OSError as error:
        raise KernelError("read", error.errno or errno.EIO) from error
    finally:
        os.close(reading)
    return found


def filesystem_columns(device: int, fsid: int, mount: Mount) -> dict[str, Any]:
    """The columns of the file system that an inode is on, by the mount it was reached through.

    device: of the inode, in the form of the image.  fsid: as of `fsid_of`.
    """
    return {
        "type": mount.fs_type,
        "source": mount.source,
        "mount_point": mount.mount_point,
        "mount_root": mount.root,
        "mount_id": mount.mnt_id,
        "device": device,
        "fsid": fsid,
        "options": mount.options + b"," + mount.super_options,
    }


def fsid_of(fd: int) -> int:
    """The id of the file system of an open file (f_fsid of statfs(2)) as a number."""
    return int.from_bytes(inodes.fstatfs(fd).fsid, "little")
