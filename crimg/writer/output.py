"""Where the bytes of an image go: a descriptor, or memory."""

from __future__ import annotations

import os

from crimg.errors import FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    Buffer = bytes | bytearray | memoryview

    class Output(Protocol):
        """Where the bytes go."""

        def write(self, *buffers: Buffer) -> None:
            """Write all of these, in order; raises FileError."""

        def commit(self) -> None:
            """What was written is a whole image: make it last, under its name; raises FileError."""


class FdOutput:
    """Output to a file descriptor: a file, a pipe, a socket."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name

    def write(self, *buffers: Buffer) -> None:
        """Write all of the buffers with as few system calls as the descriptor allows."""
        views = [memoryview(buffer).cast("B") for buffer in buffers if len(buffer)]
        try:
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
