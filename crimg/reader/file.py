"""An image file: where its sections are, and their bodies on demand.

Opening reads the header, the last trailer and the index, a few kilobytes however large the file is.
Page data is mapped, never read: a body is bytes of the file until somebody looks at them.
"""

from __future__ import annotations

from operator import itemgetter

from crimg.errors import ChecksumError, FormatError, TruncatedError, UnsupportedVersionError
from crimg.format.constants import (
    HEADER_SIZE,
    SECTION_HEADER_SIZE,
    TRAILER_SIZE,
    Codec,
    SectionType,
)
from crimg.format.container import (
    FileHeader,
    IndexEntry,
    Trailer,
    body_offset,
    checksum,
    read_header,
    read_index,
    read_section_header,
    read_trailer,
    section_end,
)
from crimg.model.check import packed_fault
from crimg.reader.packed import decompress
from crimg.reader.raw import RawFile
from crimg.reader.tables import SECTION_OF_KIND, records, section_batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from crimg.model.record import Record

    R = TypeVar("R", bound=Record)

_ROW_TYPES = frozenset({SectionType.OBJECTS, *SECTION_OF_KIND.values()})
_KNOWN_TYPES = frozenset(SectionType)
_KNOWN_CODECS = frozenset(Codec)
_MAX_INDEX = 1 << 30
_KEPT_BODIES = 2


class ImageFile(RawFile):
    """The sections of one revision of an image file; the store behind an `Image`."""

    def __init__(self, fd: int, name: str) -> None:
        super().__init__(fd, name)
        self.end = self.size
        """Where the revision ends that the index is of; what is behind it is no part of the image."""
        self._bodies: dict[int, memoryview] = {}
        self._rows: dict[int, list[tuple[int, list[Record]]]] = {}
        self._entries: dict[int, IndexEntry] = {}
        self._verified: set[tuple[IndexEntry, bool]] = set()
        self._packed_fault = ""
        self.sections: Sequence[IndexEntry] = ()
        self.header: FileHeader
        self.trailer: Trailer | None = None
        self.fingerprint = ""

    def close(self) -> None:
        """Close the file and, where no view is left that uses it, the mapping."""
        self._bodies.clear()
        super().close()

    def file(self) -> int:
        """Descriptor of the file."""
        return self.fd

    def release(self) -> None:
        """Give back the memory that bodies took; they are read again when need be."""
        self._bodies.clear()
        super().release()

    def load_header(self) -> None:
        """Read the file header; raises FormatError."""
        self.header = read_header(self.read(0, HEADER_SIZE, "header"))

    def load_index(self, end: int | None = None) -> None:
        """Read the trailer before offset `end` (of the file, by default) and the index it names.

        Raises FormatError.
        """
        end = self.size if end is None else end
        offset = end - TRAILER_SIZE
        sealed = self.read(offset, TRAILER_SIZE, "trailer")
        trailer = read_trailer(sealed, offset=offset)
        if trailer.header_checksum != checksum(self.read(0, HEADER_SIZE, "header")):
            raise ChecksumError("belongs to another file header", section="trailer", offset=offset)
        if trailer.len_index > min(_MAX_INDEX, self.size):
            raise FormatError("index longer than the file", section="trailer", offset=offset)
        where = trailer.ofs_index
        head = read_section_header(self.read(where, SECTION_HEADER_SIZE, "index"), offset=where)
        if head.type != SectionType.INDEX or head.len_stored != trailer.len_index or head.codec != Codec.NONE:
            raise FormatError("is not where the trailer says", section="index", offset=where)
        start = body_offset(where, head.align_log2)
        if section_end(start, trailer.len_index) != offset - SECTION_HEADER_SIZE:
            text = "does not stand right behind the index that it names"
            raise FormatError(text, section="trailer", offset=offset)
        body = self.read(start, trailer.len_index, "index")
        if checksum(body) != trailer.index_checksum:
            raise ChecksumError("checksum differs", section="index", offset=start)
        entries = read_index(body, offset=start)
        if len(entries) != trailer.num_sections:
            raise FormatError(f"lists {len(entries)} sections, not {trailer.num_sections}", section="index")
        self.set_sections(entries, end=where)
        if entries and entries[-1].revision > trailer.revision:
            raise FormatError(f"is not of revision {entries[-1].revision}", section="trailer", offset=offset)
        self.trailer = trailer
        self.fingerprint = f"{checksum(sealed):016x}"
        self.end = end

    def set_sections(self, entries: Sequence[IndexEntry], *, end: int) -> None:
        """Take `entries` for the sections of this image, which lie between its header and offset `end`.

        Each is held against the file and its limits; raises FormatError.
        """
        low, revision = HEADER_SIZE, 1
        for entry in entries:
            self._check_entry(entry, low, end)
            if entry.revision < revision:
                raise FormatError("of an earlier revision than the one before it", section=entry.label)
            low, revision = entry.ofs_body + entry.len_stored, entry.revision
        by_id = {entry.id: entry for entry in entries}
        if len(by_id) != len(entries):
            raise FormatError("two sections have one id", section="index")
        self.sections = entries
        self._entries = by_id
        packed = [entry for entry in entries if entry.type in _ROW_TYPES and entry.codec != Codec.NONE]
        self._packed_fault = packed_fault([(entry.len_raw, entry.len_stored) for entry in packed])

    def _check_entry(self, entry: IndexEntry, low: int, end: int) -> None:
        """Raise FormatError where a section cannot be in this image; the schema has seen to its fields."""
        offset = entry.ofs_header
        if not (entry.type in _KNOWN_TYPES and entry.codec in _KNOWN_CODECS) and entry.critical:
            text = "a critical section of a type or codec that is not known"
            raise UnsupportedVersionError(text, section=entry.label, offset=offset)
        if offset < low:
            raise FormatError(f"begins before offset {low}", section=entry.label, offset=offset)
        if entry.ofs_body + entry.len_stored > end:
            text = f"{entry.len_stored} bytes do not fit before offset {end}"
            raise TruncatedError(text, section=entry.label, offset=offset)

    def stored(self, entry: IndexEntry) -> memoryview:
        """The stored body of a section, a view of the mapped file. Its checksum is not looked at."""
        start = entry.ofs_body
        return memoryview(self.mapped())[start : start + entry.len_stored]

    def verify(self, entry: IndexEntry, *, body: bool = True) -> None:
        """Raise FormatError where the header of a section is not the one in the index, or damaged; and,
        unless `body` is False, where its stored body is not what was written. Looked at once."""
        place = entry.label
        offset = entry.ofs_header
        if (entry, False) not in self._verified:
            head = read_section_header(self.read(offset, SECTION_HEADER_SIZE, place), offset=offset)
            if head != entry.header():
                raise FormatError("header and index differ", section=place, offset=offset)
            self._verified.add((entry, False))
        if body and (entry, True) not in self._verified:
            if checksum(self.stored(entry)) != entry.checksum:
                raise ChecksumError("checksum of the body differs", section=place, offset=entry.ofs_body)
            self._verified.add((entry, True))

    def check(self, section_id: int) -> None:
        """Hold the stored body of a section against its checksum, once; raises FormatError."""
        if section_id in self._entries:
            self.verify(self._entries[section_id])

    def body(self, section_id: int) -> memoryview:
        """The decoded body of a section (no copy where it is stored raw); raises FormatError.

        Its checksum has held, except that of pages which are stored raw: those are not to be read whole.
        """
        entry = self._entries.get(section_id)
        if entry is None:
            raise FormatError(f"section {section_id} is not in the image")
        if entry.codec == Codec.NONE:
            self.verify(entry, body=entry.type != SectionType.PAGES)
            return self.stored(entry)
        if section_id not in self._bodies:
            while len(self._bodies) >= _KEPT_BODIES:
                del self._bodies[next(iter(self._bodies))]
            self._bodies[section_id] = memoryview(decompress(entry, self._sound_body(entry)))
        return self._bodies[section_id]

    def _sound_body(self, entry: IndexEntry) -> bytes:
        """A copy of the stored body of a section, whose checksum has held."""
        self.verify(entry, body=False)
        stored = self.read(entry.ofs_body, entry.len_stored, entry.label)
        if checksum(stored) != entry.checksum:
            raise ChecksumError("checksum of the body differs", section=entry.label, offset=entry.ofs_body)
        return stored

    def rows(self, cls: type[R]) -> list[R]:
        """The rows of one kind; those of later revisions stand in the place of the rows they replace."""
        wanted = SECTION_OF_KIND.get(cls.row_kind, SectionType.OBJECTS)
        batches = [
            (entry.revision, rows)
            for entry in self.sections
            if entry.type == wanted and entry.kind in (0, cls.row_kind) and _is_readable(entry)
            for kind, rows in self._decoded(entry)
            if kind == cls.row_kind
        ]
        result: list[Record] = []
        revisions = {revision for revision, _ in batches}
        if len(revisions) <= 1 or wanted != SectionType.OBJECTS:
            for _, rows in batches:
                result.extend(rows)
            return result  # type: ignore[return-value]  # _decoded checks each row's kind
        first = min(revisions)
        key = itemgetter(*cls.key_columns)
        latest = {key(row): row for revision, rows in batches if revision != first for row in rows}
        for revision, rows in batches:
            if revision == first:
                result.extend(latest.pop(key(row), row) for row in rows)
        result.extend(latest.values())
        return result  # type: ignore[return-value]

    def decoded(self, section_id: int) -> Sequence[tuple[int, list[Record]]] | None:
        """Kind number and records, batch by batch, of a section that was decoded already; else None."""
        return self._rows.get(section_id)

    def _decoded(self, entry: IndexEntry) -> Sequence[tuple[int, list[Record]]]:
        """Kind number and records of the batches of a section; decoded once, after its checksum held."""
        if entry.id not in self._rows:
            place = entry.label
            if entry.codec != Codec.NONE and self._packed_fault:
                raise FormatError(self._packed_fault, section=place)
            body = self._sound_body(entry)
            if entry.codec != Codec.NONE:
                body = decompress(entry, body)
            batches: list[tuple[int, list[Record]]] = []
            for kind, rows in section_batches(entry, body):
                if not batches or batches[-1][0] != kind:
                    batches.append((kind, []))
                batches[-1][1].extend(records(kind, rows, place))
            self._rows[entry.id] = batches
        return self._rows[entry.id]


def _is_readable(entry: IndexEntry) -> bool:
    """Whether a section is not to be skipped: an ancillary one may have a codec that is not known."""
    return entry.critical or entry.codec in _KNOWN_CODECS
