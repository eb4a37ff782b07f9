"""The descriptors of a process as /proc shows them: /proc/PID/fd and /proc/PID/fdinfo.

Written for tables of 20,000 descriptors: names relative to an open directory, one read, no pattern matching.
"""

from __future__ import annotations

import os
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.procfs import ProcDir

_PAGE = 4096
_CLOEXEC = 0o2000000


class FileLock(NamedTuple):
    """A lock or lease held through an open file (a `lock:` line; proc_locks(5)).

    kind: "POSIX", "FLOCK", "OFDLCK", "LEASE", ...  state: "ADVISORY"; of a lease "ACTIVE", "BREAKING".
    mode: "READ", "WRITE", "UNLCK".  pid: the holder's, in the namespace of /proc; -1 for OFD locks.
    device: "MAJ:MIN" in hexadecimal, of the kernel's superblock.  start, end: first and last byte,
    None for up to the end of the file.
    """

    kind: str
    state: str
    mode: str
    pid: int
    device: str
    inode: int
    start: int
    end: int | None


class Fdinfo(NamedTuple):
    """/proc/PID/fdinfo/N (proc_pid_fdinfo(5), fs/proc/fd.c).

    pos: file offset, bytes.  flags: open flags as fcntl(F_GETFL) has them, and O_CLOEXEC if this descriptor
    has it; O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC are never kept by the kernel.  mnt_id: id of the mount in
    mountinfo.  inode: its number, None before Linux 5.14.  locks: held through this file by this task.
    rest: the further lines, as they are; what they mean depends on the kind of file.
    """

    pos: int
    flags: int
    mnt_id: int
    inode: int | None
    locks: tuple[FileLock, ...]
    rest: bytes

    @property
    def access(self) -> int:
        """1 open for reading, 2 for writing, 3 for both, 0 for neither (O_PATH; OPEN_FMODE in linux/fs.h)."""
        return 0 if self.flags & os.O_PATH else (self.flags + 1) & os.O_ACCMODE

    @property
    def cloexec(self) -> bool:
        """This descriptor is closed on exec (FD_CLOEXEC)."""
        return self.flags & _CLOEXEC != 0


def parse_lock(line: bytes) -> FileLock:
    """One lock, from the text after `lock:` ("1: POSIX  ADVISORY  WRITE 812 fe:00:739 0 EOF")."""
    _, kind, state, mode, pid, place, start, end = line.decode("ascii").split()
    device, _, inode = place.rpartition(":")
    return FileLock(
        kind, state, mode, int(pid), device, int(inode), int(start), None if end == "EOF" else int(end)
    )


def parse_fdinfo(text: bytes) -> Fdinfo:
    """The record of one fdinfo file."""
    pos, flags, mnt_id, *lines = text.split(b"\n")
    inode: int | None = None
    if lines and lines[0].startswith(b"ino:"):
        inode = int(lines.pop(0)[4:])
    locks: tuple[FileLock, ...] = ()
    if lines and lines[0].startswith(b"lock:"):
        count = 1
        while lines[count].startswith(b"lock:"):
            count += 1
        locks = tuple(parse_lock(line[5:]) for line in lines[:count])
        del lines[:count]
    return Fdinfo(int(pos[4:]), int(flags[6:], 8), int(mnt_id[7:]), inode, locks, b"\n".join(lines))


def fdinfo_fields(rest: bytes) -> dict[str, str]:
    """The further lines of an fdinfo file, `key: value` each; of keys that come again, the last."""
    lines = (line.partition(":") for line in rest.decode("ascii", "replace").splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def open_fds(proc: ProcDir) -> list[int]:
    """The numbers of all open descriptors, ascending."""
    return sorted(map(int, proc.listdir("fd")))


def read_fdinfo(proc: ProcDir, fd: int) -> Fdinfo:
    """What the kernel says of descriptor `fd`; raises KernelError with ENOENT where it is not open."""
    name = str(fd)
    try:
        file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc.directory("fdinfo"))
        try:
            # The kernel makes the whole text at once, so that a short read is the end of it.
            text = os.read(file, _PAGE)
            if len(text) == _PAGE:
                while chunk := os.read(file, 1 << 20):
                    text += chunk
        finally:
            os.close(file)
    except OSError as error:
        raise proc.failure("read", f"fdinfo/{name}", error) from error
    return parse_fdinfo(text)


def fd_link(proc: ProcDir, fd: int) -> bytes:
    """The text of the link /proc/PID/fd/N: a path, or "pipe:[INODE]", "anon_inode:..." and the like.

    Raises KernelError: ENAMETOOLONG where path and suffix are longer than 4,095 bytes, ENOENT where `fd` is
    not open. What a path is worth by now, `names.NameResolver` tells.
    """
    name = b"%d" % fd
    try:
        return os.readlink(name, dir_fd=proc.directory("fd"))
    except OSError as error:
        raise proc.failure("readlink", f"fd/{fd}", error) from error
