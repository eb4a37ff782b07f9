"""A file that is read at offsets, and mapped where it may be large.

(A file that somebody else cuts short while it is mapped raises SIGBUS in any program; its length is looked at
before every access, so that only a cut in the middle of one does.)
"""

from __future__ import annotations

import mmap
import os

from crimg.errors import FileError, TruncatedError


class RawFile:
    """A seekable file of known length. fd: an open descriptor, which this object owns from now on."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name
        self.size = os.fstat(fd).st_size
        self._map: mmap.mmap | None = None

    def close(self) -> None:
        """Close the file and, where no view is left that uses it, the mapping."""
        if self._map is not None:
            try:
                self._map.close()
            except BufferError:  # views that a caller still holds keep the mapping alive until they go
                self._map = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def read(self, offset: int, length: int, section: str) -> bytes:
        """`length` bytes from `offset`; raises TruncatedError where the file has fewer."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise TruncatedError(
                f"needs {length} bytes, the file ends at {self.size}", section=section, offset=offset
            )
        parts: list[bytes] = []
        while length:
            try:
                part = os.pread(self.fd, length, offset)
            except OSError as error:
                raise FileError(f"{self.name}: {error.strerror}") from error
            if not part:
                raise TruncatedError("the file became shorter", section=section, offset=offset)
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def mapped(self) -> mmap.mmap:
        """The whole file, mapped."""
        if os.fstat(self.fd).st_size < self.size:
            raise TruncatedError("the file became shorter", section="file", offset=self.size)
        if self._map is None:
            try:
                self._map = mmap.mmap(self.fd, self.size, prot=mmap.PROT_READ)
            except OSError as error:
                raise FileError(f"{self.name}: mmap: {error.strerror}") from error
        return self._map

    def release(self) -> None:
        """Give back the memory of what was looked at through the mapping; it is read again when need be.

        Such pages count as memory of the process.
        """
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)
