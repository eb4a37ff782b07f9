"""A container checkpoint written anew with some of its files changed: a stream from one archive to another.

Nothing is unpacked to the disk. Every member that does not change is carried over byte for byte, with its
header; of one that changes, the header gets the new size.
"""

from __future__ import annotations

import os
import tarfile

from crimg.criu.archive import MAX_READ, MAX_READ_RATIO, inner_name
from crimg.criu.codecs import ARCHIVE_ERRORS, codec_of, packing, unpacking
from crimg.criu.members import open_tar
from crimg.errors import FormatError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO, Any

_STEP = 1 << 20


class _Through:
    """A stream that is read by tarfile, and written to another where it is known to stay as it is."""

    def __init__(self, source: Any, output: IO[bytes]) -> None:
        self._source = source
        self._output = output
        self._pending = bytearray()
        self._done = 0
        self._copied_to = 0
        self._skipped_to = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes of the source."""
        data: bytes = self._source.read(size)
        self._pending += data
        self._drain()
        return data

    def copy_to(self, position: int) -> None:
        """Have everything up to a position of the source written, as far as it comes."""
        self._copied_to = position
        self._drain()

    def replace_to(self, position: int, data: bytes) -> None:
        """Write `data` in the place of what comes up to a position of the source."""
        self._output.write(data)
        self._skipped_to = position
        self._drain()

    def finish(self) -> None:
        """Write the rest."""
        while self._source_read():
            pass

    def _source_read(self) -> bool:
        self._copied_to = self._done + len(self._pending) + _STEP
        return bool(self.read(_STEP))

    def _drain(self) -> None:
        skipped = min(max(self._skipped_to - self._done, 0), len(self._pending))
        self._drop(skipped)
        copied = min(max(self._copied_to - self._done, 0), len(self._pending))
        if copied:
            self._output.write(bytes(self._pending[:copied]))
            self._drop(copied)

    def _drop(self, count: int) -> None:
        del self._pending[:count]
        self._done += count


def repack(source: int, output: int, contents: Mapping[str, bytes]) -> None:
    """Write an archive to a descriptor. source: of the one that it is made from.

    contents: name to new bytes of image files. Raises FormatError for a damaged archive, UsageError, OSError.
    """
    left = set(contents)
    with open(os.dup(source), "rb") as packed, open(os.dup(output), "wb") as file:
        packed.seek(0)
        codec = codec_of(packed.read(512))
        packed.seek(0)
        most = MAX_READ + MAX_READ_RATIO * os.fstat(source).st_size
        try:
            with unpacking(packed, codec, most) as plain, packing(file, codec) as new:
                through: Any = _Through(plain, new)
                with open_tar(through, "r|") as archive:
                    while (member := archive.next()) is not None:
                        archive.members = []  # type: ignore[attr-defined]  # of very many none is kept
                        end = archive.offset
                        data = contents.get(inner_name(member.name)) if member.isreg() else None
                        if data is None:
                            through.copy_to(end)
                        else:
                            through.copy_to(member.offset)
                            through.replace_to(end, _member(member, data))
                            left.discard(inner_name(member.name))
                    through.finish()
        except ARCHIVE_ERRORS as error:
            raise FormatError(f"is no sound archive: {error}") from error
    if left:
        raise UsageError(f"{sorted(left)[0]}: is not in the archive any more")


def _member(member: tarfile.TarInfo, data: bytes) -> bytes:
    """The header of a member, and other contents."""
    member.size = len(data)
    member.pax_headers = {name: value for name, value in member.pax_headers.items() if name != "size"}
    format_: Any = tarfile.PAX_FORMAT if member.pax_headers else tarfile.GNU_FORMAT
    header = member.tobuf(format_, "utf-8", "surrogateescape")
    return header + data + bytes(-len(data) % tarfile.BLOCKSIZE)
