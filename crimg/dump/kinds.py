"""What an open descriptor is, and whether it can be saved: by link text, mode, device and file system."""

from __future__ import annotations

import os
import stat

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
_NAMELESS = ((b"socket:", "a socket"), (b"anon_inode:", "an anonymous inode of the kernel"))
_OUT_OF_SIGHT = (
    (b"/memfd:", "a memfd"),
    (b"/secretmem", "secret memory"),
    (b"/SYSV", "System V shared memory"),
    (b"/dev/zero (deleted)", "shared anonymous memory"),
)
"""How files are shown that stand on file systems which are mounted nowhere."""


def file_kind(
    link: bytes, attributes: Statx, filesystem_type: int, *, mounted: bool
) -> tuple[FileKind | None, str]:
    """The kind, or None and why that cannot be saved.

    link: text of the link in /proc/PID/fd or map_files.  filesystem_type: f_type of statfs(2).
    mounted: the file was reached through a mount that the target can see.
    """
    if link == EPOLL_LINK:
        return FileKind.EPOLL, ""
    for prefix, what in _NAMELESS if mounted else _NAMELESS + _OUT_OF_SIGHT:
        if link.startswith(prefix):
            return None, f"{what} cannot be saved yet"
    if link.startswith(b"pipe:["):
        return FileKind.PIPE, ""
    if not link.startswith(b"/"):
        return None, "an object of the kernel without a file cannot be saved yet"
    pseudo = _PSEUDO_FILESYSTEMS.get(filesystem_type)
    if pseudo is not None:
        return None, f"a file of the kernel's own file system {pseudo} cannot be saved yet"
    mode = attributes.mode
    if stat.S_ISREG(mode):
        return FileKind.REGULAR, ""
    if stat.S_ISDIR(mode):
        return FileKind.DIRECTORY, ""
    if stat.S_ISFIFO(mode):
        return FileKind.FIFO, ""
    if stat.S_ISCHR(mode):
        return _character_device(attributes.rdev)
    return None, "a block device cannot be saved" if stat.S_ISBLK(mode) else "an inode of unknown type"


def _character_device(rdev: int) -> tuple[FileKind | None, str]:
    number = (os.major(rdev), os.minor(rdev))
    if number in _MEMORY_DEVICES or is_terminal(rdev):
        return FileKind.CHARACTER_DEVICE, ""
    if number == _PTMX:
        return None, "the master side of a pseudo-terminal cannot be saved yet"
    return None, f"character device {number[0]}:{number[1]} cannot be saved"


def is_terminal(rdev: int) -> bool:
    """Whether it is a terminal: a console, a serial line, the slave side of a pseudo-terminal, /dev/tty."""
    number = (os.major(rdev), os.minor(rdev))
    return number[0] in _TTY_MAJORS and number != _PTMX
