"""A file whose name, or a directory above it, was renamed, looked for among the siblings."""

from __future__ import annotations

import os

from crimg.evidence import device_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.lookup import Root

_MOST_SIBLINGS = 4096
"""Entries of a directory that are looked through for a file that was renamed."""
_DEEPEST_RENAME = 12
"""Levels above a file at which a directory may have been renamed."""


def renamed(root: Root, path: bytes, identity: tuple[int, int], budget: int) -> tuple[bytes | None, int]:
    """The path at which the inode stands if one component of `path` was renamed, and look-ups made.

    identity: its device and number.  budget: look-ups that may be made.
    """
    parts = path.strip(b"/").split(b"/")
    used = 0
    for level in range(len(parts) - 1, max(len(parts) - _DEEPEST_RENAME, 0) - 1, -1):
        above, rest = b"/".join([b"", *parts[:level]]), parts[level + 1 :]
        for name in _candidates(root, above or b"/", parts[level], identity if not rest else None):
            if used >= budget:
                return None, used
            used += 1
            candidate = b"/".join([above, name, *rest])
            if identity_at(root, candidate) == identity:
                return candidate, used
    return None, used


def _candidates(
    root: Root, directory: bytes, without: bytes, identity: tuple[int, int] | None
) -> list[bytes]:
    """Names in a directory: those with the inode number; without an identity, those of directories."""
    try:
        fd = root.open(directory, symlinks=False)
        try:
            real = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        finally:
            os.close(fd)
    except OSError:
        return []
    found = []
    try:
        with os.scandir(real) as entries:
            for count, entry in enumerate(entries):
                if count >= _MOST_SIBLINGS:
                    break
                name = os.fsencode(entry.name)
                wanted = _is_directory(entry) if identity is None else entry.inode() == identity[1]
                if wanted and name != without:
                    found.append(name)
    except OSError:
        return found
    finally:
        os.close(real)
    return found


def identity_at(root: Root, path: bytes) -> tuple[int, int] | None:
    """Device and number of the inode at a path that has no symbolic link on its way; None for nothing."""
    try:
        fd = root.open(path, symlinks=False)
    except OSError:
        return None
    try:
        now = os.fstat(fd)
        return device_number(now.st_dev), now.st_ino
    finally:
        os.close(fd)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)
