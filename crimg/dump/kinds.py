"""What an open descriptor is, and whether it can be saved: by link text, mode, device and file system."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from crimg.kernel.epoll import EPOLL_LINK
from crimg.model.enums import FileKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.inodes import Statx

# Documentation/admin-guide/devices.txt
_MEMORY_DEVICES = {(1, 3): "null", (1, 5): "zero", (1, 7): "full", (1, 8): "random", (1, 9): "urandom"}
_TTY_MAJORS = {4, 5, *range(136, 144)}
_PTMX = (5, 2)

# include/uapi/linux/magic.h
_PSEUDO_FILESYSTEMS = {
    0x9FA0: "proc",
    0x62656572: "sysfs",
    0x6E736673: "nsfs",
    0x50494446: "pidfs",
    0x19800202: "mqueue",
    0x09041934: "anon_inodefs",
    0x64626720: "debugfs",
    0x74726163: "tracefs",
    0x27E0EB: "cgroup",
    0x63677270: "cgroup2",
    0xCAFE4A11: "bpf",
    0x73636673: "securityfs",
    0x62656570: "configfs",
    0x958458F6: "hugetlbfs",
    0x5345434D: "secretmem",
    0x6165676C: "pstore",
    0xDE5E81E4: "efivarfs",
}
_KINDS_OF_FILESYSTEMS = {"nsfs": "namespace-file", "pidfs": "pidfd", "hugetlbfs": "hugetlb"}
_ANONYMOUS = (
    (b"inotify", "inotify", "an inotify instance"),
    (b"[fanotify]", "fanotify", "a fanotify group"),
    (b"[io_uring]", "io-uring", "an io_uring instance"),
    (b"[userfaultfd]", "userfaultfd", "a userfaultfd"),
    (b"[perf_event]", "perf", "a performance counter"),
    (b"[pidfd]", "pidfd", "a pidfd"),
    (b"bpf", "bpf", "a BPF object"),
    (b"", "anon-inode", "an anonymous inode of the kernel"),
)
_NAMELESS = (*((b"anon_inode:" + text, kind, what) for text, kind, what in _ANONYMOUS),)
_OUT_OF_SIGHT = ((b"/secretmem", "secret-memory", "secret memory"),)
"""How files are shown that stand on file systems which are mounted nowhere."""
_SHARED_MEMORY = (b"/memfd:", b"/SYSV", b"/dev/zero (deleted)")
_TMPFS = 0x01021994
_STATEFUL = {
    b"anon_inode:[eventfd]": FileKind.EVENTFD,
    b"anon_inode:[timerfd]": FileKind.TIMERFD,
    b"anon_inode:[signalfd]": FileKind.SIGNALFD,
}


class Refusal(NamedTuple):
    """What cannot be saved. kind: word of crimg.dump.unsupported.  reason: one line."""

    kind: str
    reason: str


def file_kind(link: bytes, attributes: Statx, filesystem_type: int, *, mounted: bool) -> FileKind | Refusal:
    """The kind, or why that cannot be saved.

    link: text of the link in /proc/PID/fd or map_files.  filesystem_type: f_type of statfs(2).
    mounted: the file was reached through a mount that the target can see.
    """
    pseudo = _PSEUDO_FILESYSTEMS.get(filesystem_type, "")
    if mounted and not pseudo and link.startswith(b"/"):
        return _kind_by_type(attributes)
    if link.startswith(b"socket:["):
        return FileKind.SOCKET
    if link == EPOLL_LINK:
        return FileKind.EPOLL
    if link in _STATEFUL:
        return _STATEFUL[link]
    if not mounted and filesystem_type == _TMPFS and link.startswith(_SHARED_MEMORY):
        return FileKind.MEMORY
    for prefix, kind, what in _NAMELESS if mounted else _NAMELESS + _OUT_OF_SIGHT:
        if link.startswith(prefix):
            return Refusal(kind, f"{what} cannot be saved yet")
    if link.startswith(b"pipe:["):
        return FileKind.PIPE
    kind = _KINDS_OF_FILESYSTEMS.get(pseudo, "pseudo-file")
    if not link.startswith(b"/"):
        return Refusal(kind, "an object of the kernel without a file cannot be saved yet")
    if pseudo:
        return Refusal(kind, f"a file of the kernel's own file system {pseudo} cannot be saved yet")
    return _kind_by_type(attributes)


def _kind_by_type(attributes: Statx) -> FileKind | Refusal:
    """Of a file with a name, by its type of inode(7)."""
    mode = attributes.mode
    if stat.S_ISREG(mode):
        return FileKind.REGULAR
    if stat.S_ISDIR(mode):
        return FileKind.DIRECTORY
    if stat.S_ISFIFO(mode):
        return FileKind.FIFO
    if stat.S_ISCHR(mode):
        return _character_device(attributes.rdev)
    if stat.S_ISBLK(mode):
        return Refusal("block-device", "a block device cannot be saved")
    return Refusal("pseudo-file", "an inode of unknown type cannot be saved")


def _character_device(rdev: int) -> FileKind | Refusal:
    number = (os.major(rdev), os.minor(rdev))
    if number in _MEMORY_DEVICES or is_terminal(rdev):
        return FileKind.CHARACTER_DEVICE
    if number == _PTMX:
        return FileKind.PTY_MASTER
    return Refusal("device", f"character device {number[0]}:{number[1]} cannot be saved")


def is_terminal(rdev: int) -> bool:
    """Whether it is a terminal: a console, a serial line, the slave side of a pseudo-terminal, /dev/tty."""
    number = (os.major(rdev), os.minor(rdev))
    return number[0] in _TTY_MAJORS and number != _PTMX
