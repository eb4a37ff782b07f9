"""Contents of deleted files and of pipes, into BLOB sections of the image (option e)."""

from __future__ import annotations

import errno
import os

from crimg.dump.stream import split_extents
from crimg.errors import KernelError
from crimg.kernel import inodes
from crimg.model import Inode, Pipe
from crimg.model.enums import Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.inodes import KeptFile
    from crimg.dump.process import Collector
    from crimg.writer import ImageWriter

BLOB_BYTES = 8 << 20
"""Data of one BLOB section at the most: what is held in memory at once."""


def keep_contents(collected: Collector, writer: ImageWriter) -> None:
    """Write the blobs, and into the rows of their inodes and pipes the sections they are in.

    Raises KernelError where a file cannot be read, or becomes shorter meanwhile.
    """
    changes: dict[int, dict[str, object]] = {}
    for objref, kept in collected.inodes.kept.items():
        changes[objref] = {
            "keeper": Keeper.EMBEDDED,
            "blobs": _file(kept, writer),
            "extra": _extended_attributes(kept.fd),
        }
    for objref, data in collected.pipes.items():
        changes[objref] = {"blobs": (writer.blob([(0, len(data))], [data]),)}
    for cls in (Inode, Pipe):
        rows = collected.objects.tables.get(cls, [])
        for index, row in enumerate(rows):
            if row.key[0] in changes:
                rows[index] = row.replace(**changes[row.key[0]])


def _extended_attributes(fd: int) -> dict[str, object] | None:
    """Names and values (xattr(7)) for the column `extra`, None where there are none."""
    try:
        found = [(os.fsencode(name), os.getxattr(fd, name)) for name in os.listxattr(fd)]
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENODATA):
            return None
        raise KernelError("flistxattr of a deleted file", error.errno or errno.EIO) from error
    return {"xattrs": tuple(found)} if found else None


def _file(kept: KeptFile, writer: ImageWriter) -> tuple[int, ...]:
    """The sections with the contents of one file; what is a hole in it stays one."""
    extents = [(start, end - start) for start, end in inodes.data_extents(kept.fd, kept.size)]
    return tuple(
        writer.blob(group, [_read(kept.fd, offset, length) for offset, length in group])
        for group in split_extents(extents, BLOB_BYTES)
    )


def _read(fd: int, offset: int, length: int) -> bytes:
    parts = []
    while length:
        try:
            part = os.pread(fd, length, offset)
        except OSError as error:
            raise KernelError("read of a deleted file", error.errno or errno.EIO) from error
        if not part:
            raise KernelError("read of a deleted file", errno.EAGAIN, hint="it became shorter meanwhile")
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
    return b"".join(parts)
