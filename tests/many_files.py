"""A sound image with very many open files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Cred, Fd, FdTable, File, Filesystem, Inode
from crimg.reader import open_image
from crimg.writer.revise import append_revision
from tests.samples import FD_TABLE, PROGRAM
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

FIRST_FD = 1000
_FIRST = 100_000
"""Objref of the first inode."""


def write_many_files(path: Path, count: int, folders: int) -> None:
    """An image with `count` more files, each open once: /dN/fM, in so many folders, 100 of an inode."""
    draft = Draft()
    inode = draft.row(Inode, PROGRAM)
    file = next(row for row in draft.records if isinstance(row, File) and row.inode == PROGRAM)
    inodes = count // 100
    first_file = _FIRST + inodes
    rows = [
        inode.replace(
            objref=_FIRST + n, number=10**6 + n, mode=0o100600, size=100, build_id=None, referrers=100
        )
        for n in range(inodes)
    ]
    rows += [
        file.replace(
            objref=first_file + n,
            inode=_FIRST + n % inodes,
            path=b"/d%d/f%d" % (n % folders, n),
            position=0,
            referrers=1,
        )
        for n in range(count)
    ]
    rows += [Fd(table=FD_TABLE, fd=FIRST_FD + n, cloexec=False, file=first_file + n) for n in range(count)]
    for cls, objref, more in (
        (Filesystem, inode.filesystem, inodes),
        (Cred, file.cred, count),
        (FdTable, FD_TABLE, count),
    ):
        if objref is not None:
            counted = draft.row(cls, objref)
            rows.append(counted.replace(referrers=counted.referrers + more))
    path.write_bytes(draft.bytes())
    with open_image(path) as image:
        mark = image.fingerprint
    append_revision(path, rows, fingerprint=mark)
