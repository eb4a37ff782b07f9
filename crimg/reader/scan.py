"""Walk the sections of a damaged file from the front: what is whole, and where the damage is."""

from __future__ import annotations

from crimg.errors import FormatError, TruncatedError, UnsupportedVersionError
from crimg.format.constants import (
    HEADER_SIZE,
    SECTION_ALIGNMENT,
    SECTION_HEADER_SIZE,
    SECTION_MAGIC,
    Codec,
    SectionType,
)
from crimg.format.container import IndexEntry, read_section_header, read_trailer, section_end
from crimg.reader.revisions import refuse_another

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.reader.file import ImageFile

_KNOWN_TYPES = frozenset(SectionType)
_KNOWN_CODECS = frozenset(Codec)


def scan(file: ImageFile) -> tuple[list[IndexEntry], list[FormatError]]:
    """The whole sections of a file, in file order, and the damages, first the one nearest its start.

    A section is whole when its header's checksum holds and its body lies in the file with the checksum that
    the header gives. What stands behind the last trailer is no part of the image, if there is any trailer.
    """
    walk = _Walk(file)
    walk.run()
    return walk.result()


class _Walk:
    """One pass over a file. sections, damages: what was found so far."""

    def __init__(self, file: ImageFile) -> None:
        self.file = file
        self.sections: list[IndexEntry] = []
        self.damages: list[FormatError] = []
        self._ids: set[int] = set()
        self._revision = 1
        self._finished = 0
        """Number of sections up to the last trailer."""
        self._end = HEADER_SIZE
        """Where the last trailer ends, or the file header."""
        self._closing = False
        """The last section seen was an index or a trailer: the next one begins a revision."""

    def run(self) -> None:
        """Go from section to section. Behind a damaged header the next one is searched for."""
        offset, lost = HEADER_SIZE, False
        while offset < self.file.size:
            try:
                entry = self._entry(offset)
            except FormatError as error:
                try:
                    refuse_another(self.file, offset)
                except FormatError as joined:  # its sections are none of this image
                    self._note(joined)
                    return
                if not lost:  # one damage for all that is passed over
                    self._note(error)
                lost = True
                offset = self._next_header(offset + SECTION_ALIGNMENT)
                continue
            lost = False
            try:
                self._take(entry)
            except FormatError as error:
                self._note(error)
            offset = section_end(entry.ofs_body, entry.len_stored)

    def result(self) -> tuple[list[IndexEntry], list[FormatError]]:
        """Sections of finished revisions (all, where none is finished), and damages."""
        if self._end == HEADER_SIZE:
            if not self.damages:
                self._note(
                    TruncatedError(
                        "the file ends without a trailer", section="trailer", offset=self.file.size
                    )
                )
            return self.sections, self.damages
        if self._end < self.file.size and not self.damages:
            behind = self.file.size - self._end
            self._note(
                TruncatedError(
                    f"{behind} bytes behind the last trailer, of a revision that was cut short",
                    section="file",
                    offset=self._end,
                )
            )
        return self.sections[: self._finished], self.damages

    def _note(self, error: FormatError) -> None:
        """Keep an error without the frames that it came through, which hold all they worked with."""
        error.__cause__ = error.__context__ = None
        self.damages.append(error.with_traceback(None))

    def _entry(self, offset: int) -> IndexEntry:
        """The section whose header stands at `offset`; raises FormatError where it does not fit the file."""
        head = read_section_header(
            self.file.read(offset, SECTION_HEADER_SIZE, "section header"), offset=offset
        )
        begins = self._closing and head.type not in (SectionType.INDEX, SectionType.TRAILER)
        entry = IndexEntry.of(head, revision=self._revision + begins, ofs_header=offset)
        missing = entry.ofs_body + entry.len_stored - self.file.size
        if missing > 0:
            raise TruncatedError(f"the file ends {missing} bytes early", section=entry.label, offset=offset)
        return entry

    def _take(self, entry: IndexEntry) -> None:
        """Sort a section in; raises FormatError where it is not whole."""
        self._closing = entry.type in (SectionType.INDEX, SectionType.TRAILER)
        self._revision = entry.revision
        if entry.id in self._ids:
            raise FormatError("id is used twice", section=entry.label, offset=entry.ofs_header)
        self._ids.add(entry.id)
        self.file.verify(entry)
        if entry.type == SectionType.TRAILER:
            read_trailer(self.file.stored(entry), offset=entry.ofs_body)
            self._finished = len(self.sections)
            self._end = entry.ofs_body + entry.len_stored
        elif entry.critical and (entry.type not in _KNOWN_TYPES or entry.codec not in _KNOWN_CODECS):
            raise UnsupportedVersionError(
                "a critical section of a type or codec that is not known",
                section=entry.label,
                offset=entry.ofs_header,
            )
        elif entry.type != SectionType.INDEX:
            self.sections.append(entry)

    def _next_header(self, offset: int) -> int:
        """Offset of the next thing that looks like a section header, or the size of the file."""
        data = self.file.mapped()
        found = data.find(SECTION_MAGIC, offset)
        while found != -1 and found % SECTION_ALIGNMENT:
            found = data.find(SECTION_MAGIC, found + 1)
        return found if found != -1 else self.file.size
