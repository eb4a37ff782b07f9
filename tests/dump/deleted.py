"""A program with deleted files of every sort, and what has to be kept of them."""

from __future__ import annotations

import hashlib
import inspect
import os
from typing import TYPE_CHECKING

from crimg.model import Inode
from crimg.pages import blob_extents
from crimg.validate import Severity, open_for_check, validate
from tests.dump.rows import contents

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image


def facts(fd: int) -> tuple[object, ...]:
    """Of a file, which is not changed by this: size, mode, owner, group, times of access and change,
    extended attributes, data between its holes, digest of its contents."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NOATIME)
    try:
        found, extents, end = os.fstat(own), [], 0
        while end < found.st_size:
            try:
                start = os.lseek(own, end, os.SEEK_DATA)
            except OSError:  # ENXIO: a hole up to its end
                break
            end = os.lseek(own, start, os.SEEK_HOLE)
            extents.append((start, end - start))
        digest = hashlib.sha256(os.pread(own, found.st_size, 0)).hexdigest()
        xattrs = sorted((name, os.getxattr(own, name)) for name in os.listxattr(own))
    finally:
        os.close(own)
    owner, times = (found.st_uid, found.st_gid), (found.st_atime_ns, found.st_mtime_ns)
    return found.st_size, found.st_mode, owner, times, xattrs, extents, digest


CODE = f"""
import ctypes, hashlib
{inspect.getsource(facts)}
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
def mapped(number):  # not by the module mmap, which keeps a descriptor of its own
    return libc.mmap(None, 3 << 20, 3, 1, number, 0)
def dressed(number):
    if os.geteuid() == 0:
        os.fchown(number, 1234, 4321)
    os.fchmod(number, 0o640)
    try:
        os.setxattr(number, "user.note", b"kept, too")
    except OSError:
        pass  # a file system without them
    os.utime(number, ns=(10**18, 10**18 + 5))
def gone(name, link=False):
    number = os.open(name, os.O_RDWR | os.O_CREAT)
    os.pwrite(number, name.encode() * 100, 1 << 20)
    os.ftruncate(number, 3 << 20)
    if link:
        os.link(name, name + ".other")
    os.unlink(name)
    dressed(number)
    return number
opened, both, linked, only = gone("opened"), gone("both"), gone("linked", link=True), gone("only")
unnamed = os.open(".", os.O_RDWR | os.O_TMPFILE)
os.write(unnamed, b"never had a name")
dressed(unnamed)
shared, alone = mapped(both), mapped(only)
ctypes.memset(shared + (2 << 20), 7, 1)
for number in (both, only):
    os.utime(number, ns=(10**18, 10**18 + 5))  # mmap(2) counts as a read
names = "opened both linked only unnamed".split()
known = {{name: (os.fstat(globals()[name]).st_ino, facts(globals()[name])) for name in names}}
os.close(only)
again = os.open("/proc/self/fd/%d" % opened, os.O_RDONLY)
if os.fork() == 0:
    import signal
    while True:
        signal.pause()
os.close(again)
"""
"""Open only, mapped only, both, with another name left, never with a name; all of it in two tasks.

known: inode number and `facts` of each, by name.
"""

NAMES = ("opened", "both", "linked", "only")
"""Of those that had one."""

Known = dict[str, tuple[int, tuple[object, ...]]]


def kept(image: Image, known: Known, name: str) -> Inode:
    """The inode of a deleted file, which is one however many refer to it."""
    (row,) = (row for row in image.rows(Inode) if row.number == known[name][0] and row.nlink < 2)
    return row


def embedded_facts(image: Image, row: Inode) -> tuple[object, ...]:
    """As `facts`, of what is in the image."""
    extra = row.extra or {}
    pairs = extra.get("xattrs", ())
    assert isinstance(pairs, tuple | list)
    xattrs = sorted((os.fsdecode(name), value) for name, value in pairs)
    extents = [(offset, len(part)) for offset, part in blob_extents(image, row.blobs)]
    digest = hashlib.sha256(contents(image, row)).hexdigest()
    return row.size, row.mode, (row.uid, row.gid), (extra["atime"], row.mtime), xattrs, extents, digest


def path_facts(path: bytes | None) -> tuple[object, ...]:
    """`facts` of a copy or new name."""
    assert path is not None
    fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
    try:
        return facts(fd)
    finally:
        os.close(fd)


def findings(path: Path) -> list[object]:
    with open_for_check(str(path)) as image:
        return [each for each in validate(image).findings if each.severity > Severity.NOTE]
