"""/proc/PID/mountinfo: the mounts that a process can reach (proc_pid_mountinfo(5))."""

from __future__ import annotations

import os
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.procfs import ProcDir


class Mount(NamedTuple):
    """One mount.

    mnt_id, parent_id: as in fdinfo and statx.  device: st_dev of its files, except on btrfs and overlayfs.
    root: the directory of the file system that is mounted here.  mount_point: relative to the root directory
    of the process.  options: of the mount.  tags: "shared:N", "master:N", ... as they are.  fs_type: "ext4",
    "fuse.sshfs".  source: device or other origin.  super_options: of the file system.
    All paths are bytes, with the kernel's octal escapes undone.
    """

    mnt_id: int
    parent_id: int
    device: int
    root: bytes
    mount_point: bytes
    options: bytes
    tags: tuple[bytes, ...]
    fs_type: bytes
    source: bytes
    super_options: bytes


def unescape(text: bytes) -> bytes:
    """`text` with each `\\NNN` (three octal digits; the kernel's seq_escape) turned into its byte.

    Other backslashes stay, for what a file system prints of itself without escaping.
    """
    first, *parts = text.split(b"\\")
    return first + b"".join(map(_unescape_part, parts))


def _unescape_part(part: bytes) -> bytes:
    digits = part[:3]
    if len(digits) == 3 and digits[0] in b"0123" and not digits.translate(None, b"01234567"):
        return bytes((int(digits, 8),)) + part[3:]
    return b"\\" + part


def parse_mountinfo(text: bytes) -> list[Mount]:
    """The mounts in the order of the file."""
    return [_parse_line(line) for line in text.split(b"\n") if line]


def _parse_line(line: bytes) -> Mount:
    fields = line.split(b" ")
    dash = fields.index(b"-", 6)
    major, _, minor = fields[2].partition(b":")
    return Mount(
        int(fields[0]),
        int(fields[1]),
        os.makedev(int(major), int(minor)),
        unescape(fields[3]),
        unescape(fields[4]),
        unescape(fields[5]),
        tuple(fields[6:dash]),
        unescape(fields[dash + 1]),
        unescape(fields[dash + 2]),
        unescape(fields[dash + 3]),
    )


def read_mountinfo(proc: ProcDir) -> list[Mount]:
    """The mounts in the mount namespace of the process that its root directory leads to."""
    return parse_mountinfo(proc.read("mountinfo"))
