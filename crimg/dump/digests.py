"""Digests of files that mappings can store into: neither of their times tells of such a store (mmap(2)).

A store into a page that is dirty already moves neither mtime nor ctime, so that nothing but the contents can
tell later whether such a file is still as it was. They are those of the page cache, and are read while the
process stands still.
"""

from __future__ import annotations

import errno
import os
from typing import NamedTuple

from crimg.errors import KernelError
from crimg.escape import escape
from crimg.evidence import DIGEST, digest
from crimg.kernel import descriptors
from crimg.model import Inode
from crimg.model.enums import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems
    from crimg.kernel.mountinfo import Mount

LIMIT = 16 << 20
"""Bytes that are read by default, all files of a dump together: 12 ms at 1.3 GiB/s, the speed of SHA-256 with
instructions of its own. The bare start of a dump takes about as long."""
_REMOTE = frozenset((b"nfs", b"nfs4", b"cifs", b"smb3", b"ceph", b"9p", b"afs", b"fuse", b"virtiofs"))
"""Types of file systems whose answers depend on others, perhaps on the very process that stands still."""


class _Wanted(NamedTuple):
    """A file to read. fd: O_PATH descriptor.  where, what: its mapping and its name, for the log."""

    size: int
    objref: int
    fd: int
    kind: bytes
    where: str
    what: bytes


class MappedDigests:
    """Takes the digest of each such inode, the smallest file first, as long as bytes are left; close() it."""

    def __init__(self, limit: int, problems: Problems) -> None:
        """limit: bytes to read, all together; 0 for no file.  problems: gets a note for each left out."""
        self._left = limit
        self._problems = problems
        self._wanted: dict[int, _Wanted] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptors of files that were not read."""
        while self._wanted:
            os.close(self._wanted.popitem()[1].fd)

    def want(self, objref: int, fd: int, size: int, mount: Mount | None, where: str, what: bytes) -> None:
        """Note the regular file of `size` bytes open at `fd` (O_PATH will do).

        objref: of its inode.  mount: that it is on.  where, what: its mapping and its name, for the log.
        """
        if self._left and objref not in self._wanted:
            kind = mount.fs_type.partition(b".")[0] if mount is not None else b""
            self._wanted[objref] = _Wanted(size, objref, os.dup(fd), kind, where, what)

    def record(self, objects: Objects) -> None:
        """Read the files, and write the digests into the rows of their inodes."""
        found = {one.objref: self._read(one) for one in sorted(self._wanted.values())}
        self.close()
        rows = objects.tables.get(Inode, [])
        for index, row in enumerate(rows):
            content = found.get(row.key[0])
            if content is not None:
                rows[index] = row.replace(digest_kind=DIGEST, digest=content)

    def _read(self, one: _Wanted) -> bytes | None:
        content, why = None, ""
        if one.kind in _REMOTE:
            why = f"{escape(one.kind)} could keep the process standing"
        elif one.size > self._left:
            why = f"{one.size} bytes, {self._left} are left of the limit"
        else:
            try:
                reading = descriptors.reopen(one.fd)
                try:
                    content = digest(reading, one.size)
                finally:
                    os.close(reading)
                self._left -= one.size
            except (KernelError, OSError) as error:  # nobody asked for it: the file has less evidence
                why = os.strerror(error.errno or errno.EIO)
        if why:
            reason = f"no digest, stores through the mapping will not show: {why}"
            self._problems.doubt(Severity.NOTE, one.where, escape(one.what), reason)
        return content
