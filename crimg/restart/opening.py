"""With which flags a file is opened again that was open with others (open(2))."""

from __future__ import annotations

import os

from crimg.model.enums import FileKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import File

_DONE = os.O_CREAT | os.O_EXCL | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_TMPFILE
"""Flags that only say how a file came to be open, and would do harm, or fail, now."""


def flags_to_open(file: File) -> int:
    """Those for open(2) of the inode itself: it is never created or cut, and becomes nobody's terminal."""
    directory = os.O_DIRECTORY if file.kind == FileKind.DIRECTORY else 0  # a bit of O_TMPFILE, too
    return file.flags & ~_DONE | directory | os.O_CLOEXEC | os.O_NOCTTY
