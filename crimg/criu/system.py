"""What is of the whole image: mounts, names of the machine, clocks, locks, how the dump went."""

from __future__ import annotations

import contextlib

from crimg.criu.directory import INVENTORY
from crimg.errors import FormatError, MissingFileError
from crimg.model import Filesystem, ImageInfo, Lock, LogEntry
from crimg.model.enums import LockKind, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.criu.building import Builder

_FILESYSTEMS = {
    1: b"proc",
    2: b"sysfs",
    3: b"devtmpfs",
    4: b"binfmt_misc",
    5: b"tmpfs",
    6: b"devpts",
    7: b"simfs",
    8: b"pstore",
    9: b"securityfs",
    10: b"fusectl",
    11: b"debugfs",
    12: b"cgroup",
    13: b"aufs",
    14: b"mqueue",
    15: b"fuse",
    17: b"overlay",
    18: b"autofs",
    19: b"tracefs",
    23: b"cgroup2",
}
"""`fstype` of a mount to the type's name, where `fsname` does not say it."""
_POSIX, _FLOCK, _OFD, _LEASE = 1, 2, 4, 8
_LOCK_KINDS = {_POSIX: LockKind.POSIX, _FLOCK: LockKind.FLOCK, _OFD: LockKind.OFD}
_F_WRLCK, _LOCK_EX = 1, 2
_SEC, _USEC = 10**9, 10**3
MACHINES = {1: 62, 2: 40, 3: 183, 4: 21, 5: 22, 6: 8, 7: 258, 8: 243}
"""`mtype` of a core image to e_machine of elf(5)."""
_ARCHITECTURES = {62: "x86_64", 40: "arm", 183: "aarch64", 21: "ppc64le", 22: "s390x", 8: "mips64"}


class SystemBuilder:
    """Makes the rows that belong to no task."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self.inventory = builder.message("inventory")
        self.mounts: dict[int, Any] = {}
        for part in builder.directory.of_stem("mountpoints"):
            for mount in builder.messages("mountpoints", part.number):
                self.mounts.setdefault(mount.mnt_id, mount)

    def filesystem(self, mount_id: int) -> int | None:
        """The objref of the file system at a mount, or None where the image has no such mount."""
        mount = self.mounts.get(mount_id)
        if mount is None:
            return None
        if not self._tables.knows("filesystem", mount_id):
            self._tables.add(
                Filesystem(
                    objref=self._tables.objref("filesystem", mount_id),
                    referrers=0,
                    type=mount.fsname or _FILESYSTEMS.get(mount.fstype, b""),
                    source=mount.source,
                    mount_point=mount.mountpoint,
                    mount_root=mount.root,
                    mount_id=mount_id,
                    device=mount.root_dev >> 20 << 32 | mount.root_dev & 0xFFFFF,
                    fsid=0,
                    options=mount.options,
                )
            )
        return self._tables.objref("filesystem", mount_id)

    def add_locks(self) -> None:
        """The rows of file locks, each on the file at the descriptor that CRIU saw it on."""
        locks = self._builder.messages("filelocks")
        for lock in locks:
            file = self._builder.tasks.descriptors(lock.pid).get(lock.fd)
            if file is None:
                text = f"a lock is on descriptor {lock.fd} of process {lock.pid}, which there is not"
                self._tables.note(FormatError(text, section="filelocks.img"))
            elif lock.flag in _LOCK_KINDS:
                self._add_lock(lock, self._tables.objref("file", file))

    def _add_lock(self, lock: Any, file: int) -> None:
        kind = _LOCK_KINDS[lock.flag]
        exclusive = lock.type & _LOCK_EX if kind == LockKind.FLOCK else lock.type == _F_WRLCK
        self._tables.add(
            Lock(
                file=file,
                kind=kind,
                write=bool(exclusive),
                pid=-1 if kind == LockKind.OFD else lock.pid,
                start=lock.start,
                end=lock.start + lock.len - 1 if lock.len else None,
            )
        )

    @property
    def machine(self) -> int:
        """e_machine of elf(5), by the first task; 0 where there is none."""
        for process in self._builder.tasks.processes[:1]:
            core = self._builder.message("core", process.pid)
            if core is not None:
                return MACHINES.get(core.mtype, 0)
        return 0

    @property
    def created(self) -> int:
        """When the inventory was written, nanoseconds of CLOCK_REALTIME: CRIU records no time of day."""
        part = self._builder.directory.parts.get(INVENTORY)
        return part.mtime if part is not None else 0

    @property
    def run_id(self) -> bytes | None:
        """The 16 bytes by which CRIU names the run of the dump; None where it is older than that."""
        text = self.inventory.dump_criu_run_id if self.inventory is not None else b""
        with contextlib.suppress(ValueError):
            digits = bytes.fromhex(text.decode("ascii", "replace").replace("-", ""))
            return digits if len(digits) == 16 else None
        return None

    def add_info(self) -> None:
        """The row about the image as a whole, and what the statistics of the dump tell."""
        if self.inventory is None:
            self._tables.note(MissingFileError("is not in the directory, or empty", section=INVENTORY))
        clocks = next(
            (
                self._builder.message("timens", part.number)
                for part in self._builder.directory.of_stem("timens")
            ),
            None,
        )
        names = next(
            (
                self._builder.message("utsns", part.number)
                for part in self._builder.directory.of_stem("utsns")
            ),
            None,
        )
        processes = self._builder.tasks.processes
        parent = self._builder.directory.parent()
        if processes:
            self._tables.add(
                ImageInfo(
                    objref=self._tables.objref("image_info", 0),
                    tool="criu",
                    tool_version="",
                    kernel_release="",
                    kernel_version="",
                    architecture=_ARCHITECTURES.get(self.machine, ""),
                    hostname=names.nodename if names is not None else b"",
                    boot_id="",
                    page_size=4096,
                    realtime=self.created,
                    monotonic=_nanoseconds(clocks.monotonic) if clocks is not None else 0,
                    boottime=_nanoseconds(clocks.boottime) if clocks is not None else 0,
                    command=(),
                    parent=bytes(16) if parent is not None else None,
                    root=self._tables.objref("task", processes[0].pid),
                    extra={"parent_directory": parent} if parent is not None else None,
                )
            )
        self._add_statistics()

    def _add_statistics(self) -> None:
        stats = self._builder.message("stats")
        if stats is not None and stats.HasField("dump"):
            frozen = stats.dump.frozen_time
            self._tables.add(
                LogEntry(
                    time=self.created,
                    severity=Severity.NOTE,
                    text=f"the tasks were stopped for {frozen} us, {stats.dump.pages_written} pages written",
                    objref=None,
                    extra={"stopped_ns": frozen * _USEC},
                )
            )


def _nanoseconds(clock: Any) -> int:
    return int(clock.tv_sec * _SEC + clock.tv_nsec)
