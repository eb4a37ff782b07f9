"""The sections of a file as they stand there, whatever its index says, and what of the file is none."""

from __future__ import annotations

from bisect import bisect_right

from crimg.errors import FormatError
from crimg.format.constants import HEADER_SIZE, SECTION_HEADER_SIZE, SECTION_MAGIC, TRAILER_SIZE, SectionType
from crimg.format.container import (
    IndexEntry,
    Trailer,
    read_header,
    read_section_header,
    read_trailer,
    section_end,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.reader.file import ImageFile

_STEP = 1 << 20
_ENDS = (SectionType.INDEX, SectionType.TRAILER)


class Gap:
    """Bytes from start to end that are no section, where one should start. error: what was met there."""

    __slots__ = ("end", "error", "start")

    def __init__(self, start: int, end: int, error: FormatError) -> None:
        self.start = start
        self.end = end
        self.error = error

    @property
    def forbidden(self) -> bool:
        """A section header does start here, and was written so: its values are what the format forbids."""
        return type(self.error) is FormatError


class Layout:
    """What was found in a file, from its start to its end.

    header_error: what is wrong with the file header.  sections: all but INDEX and TRAILER.  ends: these two.
    gaps: bytes that are no section.  cut: a section that goes on behind the end of the file.
    trailers: the ends of the revisions, with what they hold, None where that cannot be read.
    size: length of the file.  end: where the last trailer ends, or the header where there is none.
    """

    def __init__(self) -> None:
        self.header_error: FormatError | None = None
        self.sections: list[IndexEntry] = []
        self.ends: list[IndexEntry] = []
        self.gaps: list[Gap] = []
        self.cut: IndexEntry | None = None
        self.trailers: list[tuple[IndexEntry, Trailer | FormatError]] = []
        self.size = 0
        self.end = HEADER_SIZE

    @property
    def all(self) -> list[IndexEntry]:
        """All sections in the order of the file."""
        return sorted(self.sections + self.ends, key=lambda entry: entry.ofs_header)

    @property
    def lost(self) -> bool:
        """Parts of the image are gone: there may have been sections that are not seen any more."""
        return bool(self.cut or not self.trailers or self.inner_gaps)

    @property
    def inner_gaps(self) -> list[Gap]:
        """Gaps before the end of the last revision."""
        return [gap for gap in self.gaps if gap.start < self.end]

    def in_gap(self, offset: int) -> bool:
        """Whether this is a place where no section can be seen."""
        index = bisect_right(self.gaps, offset, key=lambda gap: gap.start) - 1
        return offset >= self.size or (index >= 0 and offset < self.gaps[index].end)


def walk(file: ImageFile) -> Layout:
    """Go from section header to section header; where there is none, on to the next that can be found.

    Bodies are not looked at, but for those of trailers; and nothing behind the last revision of a torn file.
    """
    layout = Layout()
    layout.size = file.size
    try:
        read_header(file.read(0, min(HEADER_SIZE, file.size), "header"))
    except FormatError as error:
        layout.header_error = error
    offset, revision = HEADER_SIZE, 1
    while offset < file.end:
        length = min(SECTION_HEADER_SIZE, file.size - offset)
        try:
            head = read_section_header(file.read(offset, length, "section header"), offset=offset)
        except FormatError as error:
            end = _next_header(file, offset + 8)
            layout.gaps.append(Gap(offset, end, error))
            offset = end
            continue
        entry = IndexEntry.of(head, revision=revision, ofs_header=offset)
        offset = section_end(entry.ofs_body, entry.len_stored)
        if entry.ofs_body + entry.len_stored > file.size:
            layout.cut = entry
            break
        if entry.type == SectionType.TRAILER:
            layout.trailers.append((entry, _trailer(file, entry)))
            layout.end = entry.ofs_body + entry.len_stored
            revision += 1
        (layout.ends if entry.type in _ENDS else layout.sections).append(entry)
    return layout


def _trailer(file: ImageFile, entry: IndexEntry) -> Trailer | FormatError:
    try:
        if entry.len_stored != TRAILER_SIZE:
            raise FormatError(f"{entry.len_stored} bytes, not {TRAILER_SIZE}", section=entry.label)
        return read_trailer(file.read(entry.ofs_body, TRAILER_SIZE, "trailer"), offset=entry.ofs_body)
    except FormatError as error:
        return error


def _next_header(file: ImageFile, offset: int) -> int:
    """Offset of the next magic of a section header at a multiple of 8, or the size of the file."""
    while offset < file.size:
        window = file.read(offset, min(_STEP + len(SECTION_MAGIC) - 1, file.size - offset), "scan")
        found = window.find(SECTION_MAGIC)
        while found != -1 and (offset + found) % 8:
            found = window.find(SECTION_MAGIC, found + 1)
        if found != -1:
            return offset + found
        offset += _STEP
    return file.size
