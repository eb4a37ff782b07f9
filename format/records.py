"""The records of the container, one class for each structure, and where sections stand in a file."""

from __future__ import annotations

from crimg.format.constants import (
    INDEX_ENTRY_SIZE,
    SECTION_ALIGNMENT,
    SECTION_HEADER_SIZE,
    SECTION_MAGIC,
    SectionFlags,
    section_label,
)
from crimg.format.structures import SealedStructure, Structure


def body_offset(ofs_header: int, align_log2: int) -> int:
    """Where the body of a section starts whose header stands at `ofs_header`."""
    end = ofs_header + SECTION_HEADER_SIZE
    return end + -end % (1 << align_log2)


def section_end(ofs_body: int, len_stored: int) -> int:
    """Where the next section header starts, behind a body and its padding."""
    end = ofs_body + len_stored
    return end + -end % SECTION_ALIGNMENT


class SectionHeader(SealedStructure):
    """The 48 bytes before the body of a section.

    type: a SectionType or an unknown number.  flags: SectionFlags.  codec: a Codec or an unknown number.
    align_log2: 3 to 21.  kind: for OBJECTS the one kind of its rows, 0 where mixed.  id: 1 to MAX_SECTION_ID.
    len_stored: bytes in the file.  len_raw: bytes when decoded.  checksum: of the stored body.
    """

    __slots__ = ("align_log2", "checksum", "codec", "flags", "id", "kind", "len_raw", "len_stored", "type")
    _type = "SectionHeader"
    _size = SECTION_HEADER_SIZE
    _magic = SECTION_MAGIC
    _constants = (("magic", SECTION_MAGIC), ("header_checksum", 0))

    def __init__(
        self,
        *,
        type: int,
        id: int,
        len_stored: int,
        len_raw: int,
        checksum: int,
        flags: int = SectionFlags.CRITICAL,
        codec: int = 0,
        align_log2: int = 3,
        kind: int = 0,
    ) -> None:
        self.type = type
        self.flags = flags
        self.codec = codec
        self.align_log2 = align_log2
        self.kind = kind
        self.id = id
        self.len_stored = len_stored
        self.len_raw = len_raw
        self.checksum = checksum

    @property
    def critical(self) -> bool:
        """A reader that does not know the type must refuse the image."""
        return bool(self.flags & SectionFlags.CRITICAL)

    @property
    def label(self) -> str:
        """Name for messages: "section 7 (PAGES)"."""
        return section_label(self.type, self.id)


class IndexEntry(Structure):
    """What the index says of a section: its header's fields, the revision that brought it, where it is.

    ofs_header, with the alias offset: where the section's header stands in the file, bytes.
    """

    __slots__ = (
        "align_log2",
        "checksum",
        "codec",
        "flags",
        "id",
        "kind",
        "len_raw",
        "len_stored",
        "ofs_header",
        "revision",
        "type",
    )
    _type = "IndexEntry"
    _size = INDEX_ENTRY_SIZE

    def __init__(
        self,
        *,
        type: int,
        flags: int,
        codec: int,
        align_log2: int,
        kind: int,
        id: int,
        revision: int,
        ofs_header: int,
        len_stored: int,
        len_raw: int,
        checksum: int,
    ) -> None:
        self.type = type
        self.flags = flags
        self.codec = codec
        self.align_log2 = align_log2
        self.kind = kind
        self.id = id
        self.revision = revision
        self.ofs_header = ofs_header
        self.len_stored = len_stored
        self.len_raw = len_raw
        self.checksum = checksum

    @classmethod
    def from_fields(cls, fields: tuple[int, ...]) -> IndexEntry:
        """The entry with these fields, in the order of the file; nothing is checked."""
        entry = cls.__new__(cls)
        (
            entry.type,
            entry.flags,
            entry.codec,
            entry.align_log2,
            entry.kind,
            entry.id,
            entry.revision,
            entry.ofs_header,
            entry.len_stored,
            entry.len_raw,
            entry.checksum,
        ) = fields
        return entry

    @classmethod
    def of(cls, header: SectionHeader, *, revision: int, ofs_header: int) -> IndexEntry:
        """The entry for the section with this header."""
        return cls(
            type=header.type,
            flags=header.flags,
            codec=header.codec,
            align_log2=header.align_log2,
            kind=header.kind,
            id=header.id,
            revision=revision,
            ofs_header=ofs_header,
            len_stored=header.len_stored,
            len_raw=header.len_raw,
            checksum=header.checksum,
        )

    def header(self) -> SectionHeader:
        """The section header that this entry was made from, if both are sound."""
        return SectionHeader(
            type=self.type,
            flags=self.flags,
            codec=self.codec,
            align_log2=self.align_log2,
            kind=self.kind,
            id=self.id,
            len_stored=self.len_stored,
            len_raw=self.len_raw,
            checksum=self.checksum,
        )

    @property
    def offset(self) -> int:
        """Offset of the section's header in the file, bytes."""
        return self.ofs_header

    @property
    def ofs_body(self) -> int:
        """Offset of the section's body in the file, bytes."""
        return body_offset(self.ofs_header, self.align_log2)

    @property
    def critical(self) -> bool:
        """A reader that does not know the type must refuse the image."""
        return bool(self.flags & SectionFlags.CRITICAL)

    @property
    def label(self) -> str:
        """Name for messages: "section 7 (PAGES)"."""
        return section_label(self.type, self.id)
