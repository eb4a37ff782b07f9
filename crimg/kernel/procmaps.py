"""The mappings of a process: /proc/PID/maps, the VmFlags of smaps, and the links in map_files.

Two things in maps are for show only. The path: a newline is written as `\\012` but a backslash is not
escaped, so that two names can look alike; `mapped_path` gives the exact bytes. Device and inode: on btrfs
and overlayfs they are not those that stat(2) gives; stat what `open_mapped` opens.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from crimg.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.procfs import ProcDir

_FLAGS_LINE = b"\nVmFlags: "


class Vma(NamedTuple):
    """One line of /proc/PID/maps (proc(5), fs/proc/task_mmu.c).

    start, end: addresses, page-aligned, end exclusive.  perms: four characters, "rwxp" or "rw-s".
    offset: of the first byte in the mapped file, bytes.  major, minor, inode: of the kernel's superblock,
    0 for anonymous memory.  label: the path for show, "[heap]", "[stack]", "[anon:NAME]", or empty.
    """

    start: int
    end: int
    perms: bytes
    offset: int
    major: int
    minor: int
    inode: int
    label: bytes

    @property
    def shared(self) -> bool:
        """MAP_SHARED."""
        return self.perms[3] == 0x73

    @property
    def has_file(self) -> bool:
        """A struct file is mapped: a file on disk, a memfd, a device, or shared anonymous memory."""
        return self.inode != 0 or self.major != 0 or self.minor != 0


def parse_maps(text: bytes) -> list[Vma]:
    """The mappings in the order of the file, which is that of their addresses."""
    vmas = []
    for line in text.split(b"\n"):
        if not line:
            continue
        span, perms, offset, device, inode, *label = line.split(None, 5)
        start, _, end = span.partition(b"-")
        major, _, minor = device.partition(b":")
        vmas.append(
            Vma(
                int(start, 16),
                int(end, 16),
                perms,
                int(offset, 16),
                int(major, 16),
                int(minor, 16),
                int(inode),
                label[0] if label else b"",
            )
        )
    return vmas


def parse_vm_flags(text: bytes) -> dict[int, frozenset[str]]:
    """Start address of each mapping of an smaps text to its VmFlags, two letters each (proc(5)).

    Equal sets are one object. A path cannot feign such a line: its newlines are escaped in smaps.
    """
    flags_of: dict[int, frozenset[str]] = {}
    known: dict[bytes, frozenset[str]] = {}
    header = 0
    while (at := text.find(_FLAGS_LINE, header)) >= 0:
        end = text.find(b"\n", at + 1)
        line = text[at + len(_FLAGS_LINE) : end]
        flags = known.get(line)
        if flags is None:
            flags = known[line] = frozenset(line.decode("ascii").split())
        flags_of[int(text[header : text.index(b"-", header)], 16)] = flags
        header = end + 1
    return flags_of


def read_maps(proc: ProcDir) -> list[Vma]:
    """The mappings of the process; exact only while it is stopped (the file is read in pieces)."""
    return parse_maps(proc.read("maps"))


def read_vm_flags(proc: ProcDir) -> dict[int, frozenset[str]]:
    """Start address to VmFlags. The kernel walks all page tables for it: 13-34 ms per GiB in use."""
    return parse_vm_flags(proc.read("smaps"))


def map_files_name(start: int, end: int) -> str:
    """The name of a mapping's link in /proc/PID/map_files: no leading zeros, unlike maps."""
    return f"{start:x}-{end:x}"


def mapped_path(proc: ProcDir, start: int, end: int) -> bytes:
    """The exact path of the mapped file, with the kernel's suffix " (deleted)" if there is one.

    Raises KernelError: ENAMETOOLONG as every link of /proc (see ProcDir.readlink), where `Vma.label` still
    has the whole path; ENOENT where no file is mapped at exactly these addresses.
    """
    name = map_files_name(start, end)
    try:
        return os.readlink(name.encode(), dir_fd=proc.directory("map_files"))
    except OSError as error:
        raise proc.failure("readlink", f"map_files/{name}", error) from error


def open_mapped(proc: ProcDir, start: int, end: int, flags: int = os.O_PATH) -> int:
    """A new descriptor (close-on-exec) of the mapped file itself, whatever its name leads to by now.

    O_PATH is enough for statx and file handles. Works on deleted files and shared anonymous memory too.
    Raises KernelError: EPERM without CAP_CHECKPOINT_RESTORE in the initial user namespace
    (fs/proc/base.c, proc_map_files_get_link), ENOENT where no file is mapped at exactly these addresses.
    """
    name = map_files_name(start, end)
    try:
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=proc.directory("map_files"))
    except PermissionError as error:
        raise KernelError(
            f"open(/proc/{proc.pid}/map_files/{name})",
            error.errno or 1,
            pid=proc.pid,
            hint="opening a file by its mapping takes CAP_CHECKPOINT_RESTORE",
        ) from error
    except OSError as error:
        raise proc.failure("open", f"map_files/{name}", error) from error
