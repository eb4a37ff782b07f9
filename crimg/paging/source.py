"""The bytes of an image, in a buffer that the kernel can copy from."""

from __future__ import annotations

import errno
import mmap
import os

from crimg.kernel.libc import address_of
from crimg.paging.missing import RAW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.image import Image
    from crimg.paging.missing import Part

ROOM = 1 << 20
"""Bytes that are read at once at the most."""


class Source:
    """fd: a descriptor of the image file, which may have no name any more."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._image: Image | None = None
        self._buffer = mmap.mmap(-1, ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._address = address_of(self._buffer)
        self._section, self._start, self._end = RAW, 0, 0

    def bring(self, part: Part, ahead: int) -> tuple[int, int]:
        """Where bytes of the part are in this process, and how many: at least one page.

        ahead: bytes to read, at most ROOM; also those of other parts. Raises OSError, CrimgError.
        """
        wanted = min(part.end - part.start, ROOM)
        here = self._section == part.section and self._start <= part.offset
        if not here or part.offset + wanted > self._end:
            self._read(part.section, part.offset, max(wanted, ahead), wanted)
        return self._address + part.offset - self._start, wanted

    def _read(self, section: int, offset: int, length: int, least: int) -> None:
        self._end = self._start  # whatever fails, the buffer holds nothing
        if section == RAW:
            got = 0
            with memoryview(self._buffer) as view:
                while got < least:
                    with view[got:length] as room:
                        count = os.preadv(self._fd, [room], offset + got)
                    if count == 0:
                        raise OSError(errno.ENODATA, "the image became shorter")
                    got += count
        else:
            body = self._opened().store.body(section)[offset : offset + length]
            got = len(body)
            if got < least:
                raise OSError(errno.ENODATA, "the image became shorter")
            self._buffer[:got] = bytes(body)
        self._section, self._start, self._end = section, offset, offset + got

    def _opened(self) -> Image:
        """The image, for pages that are stored compressed: the reader takes a while to import."""
        if self._image is None:
            from crimg.reader import open_image

            self._image = open_image(f"/proc/self/fd/{self._fd}")
        return self._image
