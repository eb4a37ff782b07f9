"""Ghost files: the contents of deleted files, in ghost-file-N.img."""

from __future__ import annotations

from crimg.criu.framing import header_size, message_at
from crimg.criu.messages import parse
from crimg.errors import FormatError, TruncatedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.criu.directory import Part

    Extent = tuple[int, memoryview]


class Ghost:
    """One ghost file. message: the schema's GhostFile.  extents: offset and bytes of what is in it, in order.
    places: where these bytes begin and end in the image file.

    Raises FormatError where the image is damaged.
    """

    __slots__ = ("extents", "message", "places", "size")

    def __init__(self, part: Part) -> None:
        view = part.view
        if part.kind is None:
            raise FormatError("is no ghost file", section=part.name)
        position = header_size(view, part.kind, part.name)
        data, position = message_at(view, position, part.name)
        self.message: Any = parse("GhostFile", data, part.name, position)
        found: list[tuple[int, int, int]] = [(0, position, len(view))] if position < len(view) else []
        if self.message.chunks:
            found = list(_chunks(view, position, part.name))
        self.extents: list[Extent] = [(offset, view[start:end]) for offset, start, end in found]
        self.places = [(start, end) for _, start, end in found]
        self.size: int = (
            self.message.size
            if self.message.HasField("size")
            else max((offset + len(data) for offset, data in self.extents), default=0)
        )
        """Length of the file, bytes."""


def _chunks(view: memoryview, position: int, place: str) -> list[tuple[int, int, int]]:
    """Offset in the deleted file of every chunk, and where its bytes begin and end in the image file."""
    found = []
    end = 0
    while position < len(view):
        offset = position
        data, position = message_at(view, position, place)
        chunk = parse("GhostChunk", data, place, offset)
        if chunk.len > len(view) - position:
            raise TruncatedError(f"a chunk of {chunk.len} bytes is cut short", section=place, offset=offset)
        if chunk.off < end or chunk.off + chunk.len >= 1 << 63:
            raise FormatError(f"a chunk at {chunk.off} is out of order", section=place, offset=offset)
        end = chunk.off + chunk.len
        if chunk.len:
            found.append((chunk.off, position, position + chunk.len))
        position += chunk.len
    return found
