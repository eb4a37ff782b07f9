"""Images opened from bytes: as a file, and through a pipe."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crimg.reader import open_image, open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image


@contextmanager
def memory_file(data: bytes) -> Iterator[str]:
    """The path of a file in memory with these bytes."""
    fd = os.memfd_create("image")
    try:
        os.truncate(fd, len(data))
        done = 0
        while done < len(data):
            done += os.pwrite(fd, data[done:], done)
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


@contextmanager
def opened(data: bytes, *, salvage: bool = False) -> Iterator[Image]:
    """The image in a file with these bytes."""
    with memory_file(data) as path, open_image(path, salvage=salvage) as image:
        yield image


@contextmanager
def streamed(data: bytes) -> Iterator[Image]:
    """The image that comes out of a pipe with these bytes."""
    read_end, write_end = os.pipe()

    def feed() -> None:
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(data)

    writer = threading.Thread(target=feed)
    writer.start()
    try:
        with open_stream(read_end) as image:
            yield image
    finally:
        writer.join()
        os.close(read_end)
