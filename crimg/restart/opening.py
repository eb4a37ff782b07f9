"""Opening again: with which flags (open(2)), and whether what is open is what was looked at."""

from __future__ import annotations

import os
import stat

from crimg.errors import FilesDifferError
from crimg.evidence import device_number
from crimg.kernel import inodes
from crimg.model.enums import FileKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model import File
    from crimg.preflight.comparison import Evidence

_DONE = os.O_CREAT | os.O_EXCL | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_TMPFILE
"""Flags that only say how a file came to be open, and would do harm, or fail, now."""


def flags_to_open(file: File) -> int:
    """Those for open(2) of the inode itself: it is never created or cut, and becomes nobody's terminal."""
    directory = os.O_DIRECTORY if file.kind == FileKind.DIRECTORY else 0  # a bit of O_TMPFILE, too
    return file.flags & ~_DONE | directory | os.O_CLOEXEC | os.O_NOCTTY


def hold_against(evidence: Sequence[Evidence], fd: int, shown: str) -> None:
    """Raise FilesDifferError where what is open at `fd` is not what preflight saw there a moment ago."""
    seen = inodes.statx(fd)
    now: dict[str, object] = {
        "device": device_number(seen.dev),
        "inode": seen.ino,
        "type": stat.S_IFMT(seen.mode),
        "rdev": device_number(seen.rdev),
        "size": seen.size,
        "mtime": seen.mtime,
        "ctime": seen.ctime,
    }
    for one in evidence:
        if one.name in now and one.now is not None and now[one.name] != one.now:
            raise FilesDifferError(
                [f"{shown}: another file, or changed, since it was looked at ({one.name})"]
            )
