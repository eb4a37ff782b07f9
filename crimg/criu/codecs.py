"""How container checkpoints are compressed: not at all, by gzip, by zstd."""

from __future__ import annotations

import contextlib
import tarfile
import zlib

from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

GZIP, ZSTD = "gzip", "zstd"
_MAGIC = {b"\x1f\x8b": GZIP, b"\x28\xb5\x2f\xfd": ZSTD}
_MOST_WINDOW = 1 << 27
"""Bytes of memory that unpacking may take: what zstd itself allows unless told otherwise (--long=27)."""


class _Damaged(Exception):
    """What a codec says of bytes that are none of its own."""


ARCHIVE_ERRORS = (
    *(tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError, RecursionError, _Damaged),
)
"""What comes of a damaged archive, with OSError of gzip made one of these; headers of headers of headers."""


def codec_of(head: bytes) -> str:
    """The codec of an archive that begins so; "" for none."""
    return next((codec for magic, codec in _MAGIC.items() if head.startswith(magic)), "")


class _Bounded:
    """Reads from a stream, up to a limit. Raises FormatError behind it, and `_Damaged`."""

    def __init__(self, file: Any, most: int, errors: tuple[type[Exception], ...]) -> None:
        self._file = file
        self._left = most
        self._most = most
        self._errors = errors

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; none at the end."""
        try:
            data: bytes = self._file.read(size)
        except self._errors as error:
            raise _Damaged(str(error)) from error
        self._left -= len(data)
        if self._left < 0:
            raise FormatError(f"unpacks to more than {self._most} bytes")
        return data


@contextlib.contextmanager
def unpacking(file: IO[bytes], codec: str, most: int) -> Iterator[Any]:
    """A stream of what is in a file; it ends with FormatError behind `most` bytes."""
    if codec == ZSTD:
        import zstandard

        reader = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(
            file, read_across_frames=True, closefd=False
        )
        yield _Bounded(reader, most, (zstandard.ZstdError,))
    elif codec == GZIP:
        import gzip

        with gzip.GzipFile(fileobj=file, mode="rb") as plain:
            yield _Bounded(plain, most, (gzip.BadGzipFile,))
    else:
        yield _Bounded(file, most, ())


@contextlib.contextmanager
def packing(file: IO[bytes], codec: str) -> Iterator[Any]:
    """A stream into a file."""
    if codec == ZSTD:
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as packed:
            yield packed
    elif codec == GZIP:
        import gzip

        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as plain:
            yield plain
    else:
        yield file
