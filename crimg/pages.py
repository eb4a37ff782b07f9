"""Memory of an image: page runs found by address, page bytes left in the file until they are looked at."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from crimg.errors import FormatError
from crimg.format.bodies import unpack_extents, unpack_runs
from crimg.format.constants import PAGES_GUARD, PAGES_PARENT, PAGES_ZERO, SectionType, section_label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model import Mm
    from crimg.model.image import Image

SAVED = "saved"
ZERO = "zero"
GUARD = "guard"
PARENT = "parent"
ABSENT = "absent"


_ORIGINS = {PAGES_ZERO: ZERO, PAGES_GUARD: GUARD, PAGES_PARENT: PARENT}


class Piece:
    """A stretch of memory that comes from one place.

    start, end: addresses.  origin: one of "saved", "zero", "guard" (access faults), "parent" (in the image
    that this one builds on), "absent" (as in the mapped file, or zero).  data: the bytes, where saved.
    section, offset: where these are: the id of the PAGES section, bytes from the start of its raw body.
    """

    __slots__ = ("data", "end", "offset", "origin", "section", "start")

    def __init__(self, start: int, end: int, origin: str, *, section: int = 0, offset: int = 0) -> None:
        self.start = start
        self.end = end
        self.origin = origin
        self.section = section
        self.offset = offset
        self.data: memoryview | None = None


class Memory:
    """The saved pages of one address space.

    Raises FormatError, when it is made, for a page map that is damaged or out of order; and, when pages are
    read, for a run that points outside its section.
    """

    def __init__(self, image: Image, mm: Mm) -> None:
        self.image = image
        self.page_size = image.page_size
        self._place = f"page map (section {mm.pagemap})"
        self.runs = _runs(image, mm.pagemap) if mm.pagemap is not None else []
        """First page number, number of pages, id of the PAGES section, index there; sorted."""

    def saved_bytes(self, start: int = 0, end: int = 1 << 64) -> int:
        """Bytes of memory between two addresses whose contents are in this image."""
        return sum(piece.end - piece.start for piece in self.cut(start, end) if piece.origin == SAVED)

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """The memory from `start` to `end`, cut where its origin changes, without gaps."""
        position = start
        for piece in self.cut(start, end):
            if piece.start > position:
                yield Piece(position, piece.start, ABSENT)
            if piece.origin == SAVED:
                piece.data = self._data(piece)
            yield piece
            position = piece.end
        if position < end:
            yield Piece(position, end, ABSENT)

    def cut(self, start: int, end: int) -> Iterator[Piece]:
        """The parts of runs between two addresses, without their data."""
        size = self.page_size
        first = max(bisect_right(self.runs, start // size, key=itemgetter(0)) - 1, 0)
        for number in range(first, len(self.runs)):
            page, count, section, index = self.runs[number]
            low, high = max(page * size, start), min((page + count) * size, end)
            if page * size >= end:
                return
            if low < high:
                origin = _ORIGINS.get(section, SAVED)
                yield Piece(low, high, origin, section=section, offset=(index - page) * size + low)

    def _data(self, piece: Piece) -> memoryview:
        body = _body(self.image, piece.section, SectionType.PAGES)
        data = body[piece.offset : piece.offset + piece.end - piece.start]
        if len(data) != piece.end - piece.start:
            raise FormatError(
                f"pages at {piece.start:#x} lie past the end of section {piece.section}", section=self._place
            )
        return data

    def read(self, address: int, length: int) -> bytes:
        """`length` bytes from `address`; memory that was not saved reads as zero bytes."""
        return b"".join(
            bytes(piece.data) if piece.data is not None else bytes(piece.end - piece.start)
            for piece in self.pieces(address, address + length)
        )


def blob_extents(image: Image, section_ids: Sequence[int]) -> Iterator[tuple[int, memoryview]]:
    """Offset and bytes of every extent of a file that is kept in these BLOB sections, in file order.

    What no extent covers is a hole. Raises FormatError for a damaged or missing section, and for extents
    of a section that do not stand behind those of the one before.
    """
    end = 0
    for section_id in section_ids:
        body = _body(image, section_id, SectionType.BLOB)
        place = section_label(SectionType.BLOB, section_id)
        extents, start = unpack_extents(body, section=place)
        for offset, length in extents:
            if offset < end:
                raise FormatError(f"an extent at {offset} is out of order", section=place)
            yield offset, body[start : start + length]
            start += length
            end = offset + length


def _runs(image: Image, section_id: int) -> list[tuple[int, int, int, int]]:
    """The runs of a PAGEMAP section, decoded once for an image."""
    if section_id not in image.page_maps:
        body = _body(image, section_id, SectionType.PAGEMAP)
        image.page_maps[section_id] = unpack_runs(
            body, section=section_label(SectionType.PAGEMAP, section_id)
        )
    return image.page_maps[section_id]


def _body(image: Image, section_id: int, wanted: SectionType) -> memoryview:
    """The decoded body of a section, which has to be of type `wanted`."""
    section = image.section(section_id)
    if section is None:
        raise FormatError(f"section {section_id} ({wanted.name}) is not in the image")
    if section.type != wanted:
        raise FormatError(f"is meant to be {wanted.name}", section=section.label, offset=section.offset)
    return image.store.body(section_id)
