"""Where the bytes of an image go: a descriptor, or memory."""

from __future__ import annotations

import os

from crimg.errors import FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    Buffer = bytes | bytearray | memoryview

    class Output(Protocol):
        """Where the bytes go."""

        def write(self, *buffers: Buffer) -> None:
            """Write all of these, in order; raises FileError."""

        def commit(self) -> None:
            """What was written is a whole image: make it last, under its name; raises FileError."""


_AT_ONCE = 1 << 20
"""Bytes of one write(2). For more, the page cache takes larger pieces of memory, which are harder to find:
with 4 MiB at once a file of 1 GiB takes half as long again (ext4 of Linux 6.18)."""


class FdOutput:
    """Output to a file descriptor: a file, a pipe, a socket."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name

    def write(self, *buffers: Buffer) -> None:
        """Write all of the buffers, few bytes of many with one system call."""
        try:
            for views in _groups(buffers):
                while views:
                    written = os.writev(self.fd, views)
                    while views and written >= len(views[0]):
                        written -= len(views.pop(0))
                    if written:
                        views[0] = views[0][written:]
        except OSError as error:
            raise FileError(f"{self.name}: {error.strerror}") from error

    def commit(self) -> None:
        """Nothing: what was written has gone its way."""


def _groups(buffers: Iterable[Buffer]) -> Iterator[list[memoryview]]:
    """The buffers in groups of `_AT_ONCE` bytes, cut where one ends."""
    group: list[memoryview] = []
    size = 0
    for buffer in buffers:
        view = memoryview(buffer)
        view = view.cast("B") if len(view) else view
        while len(view):
            part = view[: _AT_ONCE - size]
            group.append(part)
            size, view = size + len(part), view[len(part) :]
            if size == _AT_ONCE:
                yield group
                group, size = [], 0
    if group:
        yield group


class BytesOutput:
    """Output to memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, *buffers: Buffer) -> None:
        """Append the buffers."""
        for buffer in buffers:
            self.data += buffer

    def commit(self) -> None:
        """Nothing: the bytes are there."""
