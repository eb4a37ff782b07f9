"""What processes did with their memory, in memory that two processes share: none of it is lost with one.

The kernel writes each message to it directly, by the read that lets the process go on. So whoever is killed
has either read a message, and it stands here, or has not, and the other one can.
"""

from __future__ import annotations

import mmap
import os
import struct

from crimg.kernel.uffd import MESSAGE_SIZE, PAGE_FAULT, parse_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.kernel.uffd import Message

_SLOT = 8 + MESSAGE_SIZE
_SLOTS = 1 << 22  # of memory that is not there until it is written to
_SHARED = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE


class JournalFullError(Exception):
    """There is no room for another message."""


class Journal:
    """Messages that are not page faults, each with the descriptor that it was read from."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOT * _SLOTS, flags=_SHARED)
        self._next = 0

    def read(self, fd: int) -> Message | None:
        """The next message of a userfaultfd, None where there is none. Raises OSError, JournalFullError."""
        if self._next == _SLOTS:
            raise JournalFullError
        at = self._next * _SLOT
        struct.pack_into("<Q", self._memory, at, fd)
        with memoryview(self._memory)[at + 8 : at + _SLOT] as room:
            try:
                if os.readv(fd, [room]) != MESSAGE_SIZE:
                    return None
            except BlockingIOError:
                return None
            message = parse_message(room)
        if message.event != PAGE_FAULT:
            self._next += 1
        return message

    def messages(self) -> Iterator[tuple[int, Message]]:
        """All of them, with their descriptors."""
        for at in range(0, _SLOT * _SLOTS, _SLOT):
            message = parse_message(self._memory[at + 8 : at + _SLOT])
            if message.event in (0, PAGE_FAULT):  # a fault is written over by what comes next: it is the last
                return
            (fd,) = struct.unpack_from("<Q", self._memory, at)
            yield fd, message

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
