"""Contents of deleted files, of pipes and of sockets, into BLOB sections of the image (option e)."""

from __future__ import annotations

import errno
import os

from crimg.dump.keeping import Kept
from crimg.dump.stream import split_extents
from crimg.errors import KernelError
from crimg.escape import escape
from crimg.kernel import inodes
from crimg.model import Inode, Pipe, Socket
from crimg.model.enums import Keeper, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.inodes import KeptFile
    from crimg.dump.keeping import Keeping
    from crimg.dump.process import Collector
    from crimg.writer import ImageWriter

BLOB_BYTES = 8 << 20
"""Data of one BLOB section at the most: what is held in memory at once."""


def keep_contents(collected: Collector, writer: ImageWriter, keeping: Keeping) -> None:
    """Write the blobs, and into the rows of their inodes and pipes the sections they are in.

    keeping: how the contents of deleted files are kept. Raises KernelError where a file cannot be read, or
    becomes shorter meanwhile; FileError where it cannot be copied; UnsupportedResourceError with all those
    that cannot be linked again, though they should be.
    """
    changes: dict[int, dict[str, object]] = {}
    for objref, kept in collected.inodes.kept.items():
        how = keeping.keep(kept) if kept.path else Kept(Keeper.EMBEDDED)
        where = f"deleted file {escape(kept.path)}"
        if how.keeper == Keeper.NONE:
            collected.problems.add("process", where, how.note, "relink")
            continue
        if how.note:
            collected.problems.doubt(Severity.NOTE, where, how.keeper.name.lower(), how.note)
        if kept.nlink and how.keeper != Keeper.RELINKED:
            what, why = "it has another name somewhere", "after a restart it is a file of its own"
            collected.problems.doubt(Severity.NOTE, where, what, why)
        embedded = how.keeper == Keeper.EMBEDDED
        changes[objref] = {
            "keeper": how.keeper,
            "blobs": _file(kept, writer) if embedded else (),
            "keeper_path": how.path,
            "extra": _attributes(kept.fd),
        }
    collected.problems.check()
    for objref, data in (*collected.pipes.items(), *collected.sockets.items()):
        changes[objref] = {"blobs": (writer.blob([(0, len(data))], [data]),)}
    for cls in (Inode, Pipe, Socket):
        rows = collected.objects.tables.get(cls, [])
        for index, row in enumerate(rows):
            if row.key[0] in changes:
                rows[index] = row.replace(**changes[row.key[0]])


def _attributes(fd: int) -> dict[str, object]:
    """For the column `extra`: the access time, ns, and names and values of extended attributes, if any."""
    try:
        atime, found = os.fstat(fd).st_atime_ns, inodes.extended_attributes(fd)
    except OSError as error:
        raise KernelError("fstat, flistxattr of a deleted file", error.errno or errno.EIO) from error
    return {"atime": atime, "xattrs": tuple(found)} if found else {"atime": atime}


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
