"""What an inode is, asked through a descriptor: statx, file handle, generation, file system, holes.

Nothing here follows a path of the target's; a descriptor comes from `descriptors.pidfd_getfd` or
`procmaps.open_mapped`. O_PATH descriptors serve for statx, handles and fstatfs.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import struct
from typing import NamedTuple

from crimg.errors import KernelError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_FSTATFS = 138
_NR_NAME_TO_HANDLE_AT = 303
_NR_STATX = 332

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_NO_AUTOMOUNT = 0x800
AT_EMPTY_PATH = 0x1000
AT_STATX_DONT_SYNC = 0x4000

# include/uapi/linux/stat.h
STATX_BASIC_STATS = 0x7FF
STATX_BTIME = 0x800
STATX_MNT_ID = 0x1000
STATX_DIOALIGN = 0x2000
STATX_SUBVOL = 0x8000

_WANTED = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID | STATX_DIOALIGN | STATX_SUBVOL
# Up to attributes_mask; atime, btime, ctime, mtime; rdev, dev, mnt_id, alignments of direct I/O, subvol.
_STATX = struct.Struct("<IIQIIIHxxQQQQ" + "qIxxxx" * 4 + "IIIIQIIQ")
_StatxBuffer = ctypes.c_char * 256
_NS = 1_000_000_000

FS_IOC_GETVERSION = 0x80087601  # _IOR('v', 1, long); an int is what is written
_NO_GENERATION = (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)

_STATFS = struct.Struct("<qqQQQQQ8sqqq")
_STATFS_SIZE = 120
_MAX_HANDLE_SZ = 128


class Statx(NamedTuple):
    """statx(2). mask: STATX_* bits of what the file system gave.

    Times are nanoseconds since the epoch; btime (birth), mnt_id, dio_* (alignments of direct I/O, bytes) and
    subvol are None where not given. size: bytes. blocks: units of 512 bytes. dev, rdev: as st_dev, st_rdev.
    attributes: STATX_ATTR_* bits, meaningful where attributes_mask has them.
    """

    mask: int
    mode: int
    nlink: int
    uid: int
    gid: int
    ino: int
    size: int
    blocks: int
    blksize: int
    dev: int
    rdev: int
    atime: int
    btime: int | None
    ctime: int
    mtime: int
    attributes: int
    attributes_mask: int
    mnt_id: int | None
    dio_mem_align: int | None
    dio_offset_align: int | None
    subvol: int | None


class FileHandle(NamedTuple):
    """name_to_handle_at(2).

    kind: handle_type.  data: f_handle, at most 128 bytes.  mount_id: as in mountinfo.
    """

    kind: int
    data: bytes
    mount_id: int


class Statfs(NamedTuple):
    """fstatfs(2). fs_type: magic number.  fsid: 8 bytes.  Counts are of blocks of `frsize` bytes."""

    fs_type: int
    bsize: int
    blocks: int
    bfree: int
    bavail: int
    files: int
    ffree: int
    fsid: bytes
    namelen: int
    frsize: int
    flags: int


def statx(dirfd: int, path: bytes = b"", *, follow: bool = False, sync: bool = True) -> Statx:
    """The attributes of `path` relative to `dirfd`; of `dirfd` itself if it is empty.

    follow: go through a symbolic link at the end, or a magic one of /proc/PID/fd.  sync: False asks no server
    of a remote or user space file system (AT_STATX_DONT_SYNC), which could be the very process that is
    stopped. Raises KernelError.
    """
    flags = AT_NO_AUTOMOUNT if path else AT_NO_AUTOMOUNT | AT_EMPTY_PATH
    flags |= 0 if follow else AT_SYMLINK_NOFOLLOW
    flags |= 0 if sync else AT_STATX_DONT_SYNC
    buffer = _StatxBuffer()
    libc.syscall("statx", _NR_STATX, dirfd, path, flags, _WANTED, buffer)
    (
        mask, blksize, attributes, nlink, uid, gid, mode, ino, size, blocks, attributes_mask,
        asec, ansec, bsec, bnsec, csec, cnsec, msec, mnsec,
        rmajor, rminor, major, minor, mnt_id, dio_mem, dio_offset, subvol,
    ) = _STATX.unpack_from(buffer)  # fmt: skip
    return Statx(
        mask,
        mode,
        nlink,
        uid,
        gid,
        ino,
        size,
        blocks,
        blksize,
        os.makedev(major, minor),
        os.makedev(rmajor, rminor),
        asec * _NS + ansec,
        bsec * _NS + bnsec if mask & STATX_BTIME else None,
        csec * _NS + cnsec,
        msec * _NS + mnsec,
        attributes,
        attributes_mask,
        mnt_id if mask & STATX_MNT_ID else None,
        dio_mem if mask & STATX_DIOALIGN else None,
        dio_offset if mask & STATX_DIOALIGN else None,
        subvol if mask & STATX_SUBVOL else None,
    )


def file_handle(fd: int) -> FileHandle | None:
    """The handle of the inode behind `fd`; None where the file system has none (overlayfs, procfs, pipes).

    It has the generation in it, and so tells a re-used inode number apart. Raises KernelError.
    """
    buffer = ctypes.create_string_buffer(8 + _MAX_HANDLE_SZ)
    struct.pack_into("=Ii", buffer, 0, _MAX_HANDLE_SZ, 0)
    mount_id = ctypes.create_string_buffer(4)
    result = libc.try_syscall(_NR_NAME_TO_HANDLE_AT, fd, b"", buffer, mount_id, AT_EMPTY_PATH)
    if result in (-errno.EOPNOTSUPP, -errno.EOVERFLOW):
        return None
    if result < 0:
        raise KernelError("name_to_handle_at", -result)
    size, kind = struct.unpack_from("=Ii", buffer)
    return FileHandle(kind, buffer.raw[8 : 8 + size], int(struct.unpack("=i", mount_id)[0]))


def generation(fd: int) -> int | None:
    """The generation number of the inode (FS_IOC_GETVERSION), 32 bits; None where there is none.

    Asked of regular files and directories only: to a device the same number may be a command. Not for O_PATH
    descriptors (EBADF). Raises KernelError.
    """
    try:
        if stat.S_IFMT(os.fstat(fd).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            return None
        return int(struct.unpack_from("=I", fcntl.ioctl(fd, FS_IOC_GETVERSION, bytes(8)))[0])
    except OSError as error:
        if error.errno in _NO_GENERATION:
            return None
        raise KernelError("ioctl(FS_IOC_GETVERSION)", error.errno or errno.EIO) from error


def fstatfs(fd: int) -> Statfs:
    """The file system that the file is on. Raises KernelError."""
    buffer = ctypes.create_string_buffer(_STATFS_SIZE)
    libc.syscall("fstatfs", _NR_FSTATFS, fd, buffer)
    return Statfs(*_STATFS.unpack_from(buffer))


def extended_attributes(fd: int) -> list[tuple[bytes, bytes]]:
    """Name and value of each (xattr(7)), none where the file system has none. Raises OSError."""
    try:
        return [(os.fsencode(name), os.getxattr(fd, name)) for name in os.listxattr(fd)]
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENODATA):
            return []
        raise


def data_extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each extent of data before `size`, bytes, ascending; the rest is holes, zeros.

    `fd` must be of `descriptors.reopen` or `procmaps.open_mapped`, for its position is moved (SEEK_DATA,
    lseek(2)). A file system without holes gives one extent. Raises KernelError.
    """
    end = 0
    try:
        while end < size:
            try:
                start = os.lseek(fd, end, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return
                raise
            if start >= size:
                return
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
            yield start, end
    except OSError as error:
        raise KernelError("lseek(SEEK_DATA)", error.errno or errno.EIO) from error
