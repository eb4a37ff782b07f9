"""What an inode is known by, in the form in which images record it: shared by dump and preflight."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = "sha256"
"""Algorithm of the digests that are recorded (`digest_kind` of an inode)."""
_DIGEST_STEP = 1 << 20


def device_number(dev: int) -> int:
    """A device number of stat(2) in the form of the image: major << 32 | minor."""
    return os.major(dev) << 32 | os.minor(dev)


def digest(fd: int, length: int | None = None, progress: Callable[[int], object] | None = None) -> bytes:
    """SHA-256 of the file open at `fd`, from its start, by pread: the file offset stays.

    length: of its first bytes only.  progress: called with the bytes read so far, after each MiB.
    Raises OSError where it cannot be read.
    """
    import hashlib

    state = hashlib.sha256()
    offset = 0
    while length is None or offset < length:
        step = _DIGEST_STEP if length is None else min(_DIGEST_STEP, length - offset)
        part = os.pread(fd, step, offset)
        if not part:
            break
        state.update(part)
        offset += len(part)
        if progress is not None:
            progress(offset)
    return state.digest()
