"""The revisions of a file: where each ends, and whether what is behind the last one is a torn rewrite.

Nothing here reads bodies but those of trailers, 64 bytes each. The way forward goes from section header to
section header, the way back from trailer to trailer; both go one way only, so that no file makes a loop.
"""

from __future__ import annotations

from crimg.errors import FormatError
from crimg.format.constants import (
    FILE_MAGIC,
    HEADER_SIZE,
    SECTION_HEADER_SIZE,
    TRAILER_SIZE,
    Codec,
    SectionType,
)
from crimg.format.container import (
    IndexEntry,
    Trailer,
    checksum,
    read_section_header,
    read_trailer,
    section_end,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.reader.file import ImageFile

TRAILER_SECTION_SIZE = SECTION_HEADER_SIZE + TRAILER_SIZE
_UNSEALED = bytes(8)
"""The checksum of a trailer of which only the beginning came to the disk."""


def whole_end(file: ImageFile) -> int | None:
    """Where the last whole revision ends of a file that is torn behind it; None for a file that is not torn.

    A file is torn if whole revisions, one behind the other, are followed by bytes that an append which was
    cut short can have left: sections without a trailer, the beginning of one, zeros, anything but the end of
    a finished revision. A file that does end in a trailer of its own is not torn, but damaged before it; so
    is one in which a trailer was written whole and is not as it was written.
    Raises FormatError where another image begins there: two files were joined, and nothing may cut one off.
    """
    seal = checksum(file.read(0, HEADER_SIZE, "header"))
    if file.size < HEADER_SIZE + TRAILER_SECTION_SIZE or _ends_sealed(file, seal):
        return None
    end, previous, revision = 0, 0, 0
    before: IndexEntry | None = None
    for entry in _sections(file):
        if entry.type == SectionType.TRAILER:
            trailer = _trailer_of(file, entry)
            if trailer is None:
                break
            fits = (
                trailer.header_checksum == seal
                and trailer.revision == revision + 1
                and trailer.ofs_prev_trailer == previous
                and before is not None
                and before.type == SectionType.INDEX
                and (trailer.ofs_index, trailer.len_index, trailer.index_checksum)
                == (before.ofs_header, before.len_stored, before.checksum)
            )
            if not fits:
                return None
            end, previous, revision = entry.ofs_body + TRAILER_SIZE, entry.ofs_header, trailer.revision
        before = entry
    if end:
        refuse_another(file, end)
    return end or None


def refuse_another(file: ImageFile, offset: int) -> None:
    """Raise FormatError where another image begins at this offset, as cat(1) joins files."""
    if file.size >= offset + len(FILE_MAGIC) and file.read(offset, len(FILE_MAGIC), "file") == FILE_MAGIC:
        text = f"another image begins here: files were joined; head -c {offset} gives the first one"
        raise FormatError(text, section="file", offset=offset)


def _sections(file: ImageFile) -> Iterator[IndexEntry]:
    """The sections from the front, up to the first that is not there whole."""
    offset = HEADER_SIZE
    while offset + SECTION_HEADER_SIZE <= file.size:
        try:
            head = read_section_header(
                file.read(offset, SECTION_HEADER_SIZE, "section header"), offset=offset
            )
        except FormatError:
            return
        entry = IndexEntry.of(head, revision=1, ofs_header=offset)
        if entry.ofs_body + entry.len_stored > file.size:
            return
        yield entry
        offset = section_end(entry.ofs_body, entry.len_stored)


def _ends_sealed(file: ImageFile, seal: int) -> bool:
    """Whether the file ends in a trailer that was written for it, whatever that leads to."""
    offset = file.size - TRAILER_SIZE
    try:
        trailer = read_trailer(file.read(offset, TRAILER_SIZE, "trailer"), offset=offset)
    except FormatError:
        return False
    return trailer.header_checksum == seal


def _trailer_of(file: ImageFile, entry: IndexEntry) -> Trailer | None:
    """What a TRAILER section holds; None where its end never came to the disk. Raises FormatError."""
    if entry.len_stored != TRAILER_SIZE or entry.codec != Codec.NONE:
        raise FormatError("is no trailer", section=entry.label, offset=entry.ofs_header)
    data = file.read(entry.ofs_body, TRAILER_SIZE, "trailer")
    try:
        return read_trailer(data, offset=entry.ofs_body)
    except FormatError:
        if data.endswith(_UNSEALED):
            return None
        raise


def chain(file: ImageFile) -> Iterator[tuple[int, Trailer]]:
    """Offset of the section header, and trailer, of every revision, from the loaded one back to the first.

    Raises FormatError where the chain does not lead there.
    """
    trailer = file.trailer
    offset = file.end - TRAILER_SECTION_SIZE
    while trailer is not None:
        yield offset, trailer
        offset, following = trailer.ofs_prev_trailer, trailer
        if following.revision == 1:
            return
        if not HEADER_SIZE <= offset <= following.ofs_index - TRAILER_SECTION_SIZE:
            raise FormatError(f"says the trailer before is at {offset}", section="trailer")
        data = file.read(offset, TRAILER_SECTION_SIZE, "trailer")
        head = read_section_header(data, offset=offset)
        if head.type != SectionType.TRAILER:
            raise FormatError("no trailer is where the next one says", section="trailer", offset=offset)
        place = offset + SECTION_HEADER_SIZE
        trailer = read_trailer(memoryview(data)[SECTION_HEADER_SIZE:], offset=place)
        if trailer.revision != following.revision - 1:
            text = f"is of revision {trailer.revision}, before that of {following.revision}"
            raise FormatError(text, section="trailer", offset=place)


def earlier_end(file: ImageFile, revision: int) -> int:
    """Where an earlier revision of this file ends; raises FormatError where the chain does not lead there."""
    for offset, trailer in chain(file):
        if trailer.revision == revision:
            return offset + TRAILER_SECTION_SIZE
    raise FormatError(f"there is no revision {revision}", section="trailer")
