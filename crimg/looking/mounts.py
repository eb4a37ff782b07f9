"""The mounts of this machine, as far as they tell something of files that cannot be seen."""

from __future__ import annotations

import os

from crimg.errors import FileError
from crimg.kernel.mountinfo import parse_mountinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.kernel.mountinfo import Mount

PSEUDO_TYPES = frozenset(
    b"proc sysfs cgroup cgroup2 devpts debugfs tracefs securityfs configfs pstore efivarfs bpf mqueue"
    b" binfmt_misc fusectl nsfs sockfs pipefs autofs rpc_pipefs selinuxfs fuse.gvfsd-fuse fuse.portal".split()
)
"""Types of file systems (mountinfo field 9) that keep no files of anybody's."""


class Mounts:
    """The mounts that this process can see. Reading them asks no file system anything."""

    def __init__(self, text: bytes | None = None) -> None:
        """text: of /proc/self/mountinfo, which is read by default. Raises FileError where it cannot be."""
        if text is None:
            try:
                with open("/proc/self/mountinfo", "rb") as file:
                    text = file.read()
            except OSError as error:
                raise FileError(f"/proc/self/mountinfo: {error.strerror}") from error
        self._by_point: dict[bytes, Mount] = {}
        self._by_id: dict[int, Mount] = {}
        for mount in parse_mountinfo(text):  # of two at one place, the later one hides the other
            self._by_point[mount.mount_point] = mount
            self._by_id[mount.mnt_id] = mount

    def at(self, path: bytes) -> Mount | None:
        """The mount that an absolute path is on, going by its text alone; "/" is one's own."""
        while True:
            mount = self._by_point.get(path)
            if mount is not None or path == b"/" or not path:
                return mount
            path = path.rpartition(b"/")[0] or b"/"

    def is_mount_point(self, path: bytes) -> bool:
        """Whether something is mounted exactly there."""
        return path in self._by_point

    def by_id(self, mount_id: int) -> Mount | None:
        """The mount with this id; None for one out of sight."""
        return self._by_id.get(mount_id)

    def type_of(self, mount_id: int) -> bytes | None:
        """Type of the file system of a mount ("ext4"); None for a mount out of sight."""
        mount = self._by_id.get(mount_id)
        return mount.fs_type if mount else None

    def on_device(self, device: int) -> Iterator[Mount]:
        """The mounts of the file system with this device number (major << 32 | minor)."""
        for mount in self._by_point.values():
            if os.major(mount.device) << 32 | os.minor(mount.device) == device:
                yield mount

    def below(self, path: bytes) -> Iterator[Mount]:
        """The mounts at points below a path, and not at it."""
        stem = path.rstrip(b"/") + b"/"
        for point, mount in self._by_point.items():
            if point.startswith(stem) and point != path:
                yield mount
