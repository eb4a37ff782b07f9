"""Files on mounts that `criu restore` makes itself: which of them can be looked at before, and where.

Of an image with a mount namespace names start at its root, for which `--root` stands. A mount of the file
system that this root is on shows a directory which can be seen without it. What is in an archive of a tmpfs
is in the image; what an external mount shows, --external of the restore says.
"""

from __future__ import annotations

import errno
from typing import NamedTuple

from crimg.escape import escape
from crimg.preflight import verdicts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from crimg.criu.store import CriuStore
    from crimg.looking.sightings import Look
    from crimg.preflight.subjects import Subject

IN_ARCHIVE = "from the archive of its tmpfs"
_ROOTS = (b"/", b"")


class MountVerdict(NamedTuple):
    """What the mount of a file says of it."""

    verdict: str
    detail: str
    restart: str = ""


class CriuMounts:
    """The mounts of an image; none where it has no mount namespace."""

    def __init__(self, store: CriuStore) -> None:
        self._files = store.directory
        self._mounts = store.builder.system.mounts
        self._root: Any = next((each for each in self._mounts.values() if each.mountpoint in _ROOTS), None)

    @property
    def points(self) -> list[bytes]:
        """Mount points that have to be there before a restore: those on the root."""
        root = self._root
        if root is None:
            return []
        return [each.mountpoint for each in self._mounts.values() if each.parent_mnt_id == root.mnt_id]

    def place(self, subject: Subject) -> bytes | None:
        """Where a file can be looked at without its mount; None where it cannot, or needs no mount."""
        mount = self._of(subject)
        if mount is None or mount.root_dev != self._root.root_dev or subject.looked_at != subject.path:
            return None
        inner = _joined(mount.root, _below(subject.path, mount.mountpoint))
        return _below(inner, self._root.root) or None

    def judged(self, subject: Subject, looked: Mapping[bytes, Look | None]) -> MountVerdict | None:
        """What is known by the mount alone; None where the file is to be looked at.

        looked: what stands at places, mount points among them.
        """
        mount = self._of(subject)
        if mount is None:
            return None
        point = escape(mount.mountpoint)
        if mount.ext_mount:
            key = escape(mount.ext_key or mount.root)
            text = f"it is on the external mount {point}, which --external mnt[{key}]:SOURCE gives"
            return MountVerdict(verdicts.UNREACHABLE, text)
        found = looked.get(mount.mountpoint)
        if found is not None and found.error == errno.ENOENT:
            text = f"its mount point {point} is not there"
            restart = f"criu restore ends: Can't mount at {point}: No such file or directory"
            return MountVerdict(verdicts.MISSING, text, restart)
        if self._files.part("tmpfs-dev", mount.root_dev) or self._files.part("tmpfs", mount.mnt_id):
            return MountVerdict(verdicts.KEPT, IN_ARCHIVE)
        if self.place(subject) is None:
            text = f"it is on the mount {point}, which criu restore makes: it cannot be looked at before"
            return MountVerdict(verdicts.UNREACHABLE, text)
        return None

    def _of(self, subject: Subject) -> Any:
        """The mount that a file is on; None for the root, and where the image has no such mount."""
        number = (subject.file.extra or {}).get("mount_id")
        mount = self._mounts.get(number) if isinstance(number, int) else None
        return mount if mount is not None and self._root is not None and mount is not self._root else None


def _below(path: bytes, point: bytes) -> bytes:
    """A path from a mount point on, with its first slash; "" for one that is elsewhere."""
    head = point.rstrip(b"/")
    return path[len(head) :] or b"/" if path == point or path.startswith(head + b"/") else b""


def _joined(root: bytes, rest: bytes) -> bytes:
    return root.rstrip(b"/") + rest if rest else b""
