"""The fixed-size structures of an image: bytes to records and back, through the generated classes.

The schema says what is valid. This module adds what a schema cannot say (checksums), and sees to it that a
read ends in records or in `FormatError`, whatever the bytes are. Nothing of kaitaistruct is seen above it.
Entries of an index, of which there are many, have a way of their own that a test holds to the generated class
(specs/decisions/0005-fast-index.md).

`data` may be bytes or a memoryview, and may be longer than the structure. `offset` is where the structure
stands in the file: it serves for messages alone.
"""

from __future__ import annotations

from struct import Struct

from crimg.errors import FormatError, UnsupportedVersionError
from crimg.format.constants import (
    HEADER_SIZE,
    INDEX_ENTRY_SIZE,
    MACHINE_X86_64,
    MAX_ALIGN_LOG2,
    MAX_LEN_RAW,
    MAX_SECTION_ID,
    MIN_ALIGN_LOG2,
    SECTION_ALIGNMENT,
    VERSION_MAJOR,
    Codec,
    SectionType,
    section_label,
)
from crimg.format.ends import FileHeader, Trailer
from crimg.format.records import (
    IndexEntry,
    SectionHeader,
    body_offset,
    section_end,
)
from crimg.format.structures import checksum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.format.structures import Buffer

__all__ = [
    "FileHeader",
    "IndexEntry",
    "SectionHeader",
    "Trailer",
    "body_offset",
    "checksum",
    "pack_index",
    "read_header",
    "read_index",
    "read_section_header",
    "read_trailer",
    "section_end",
    "section_label",
]


_ENTRY = Struct("<HHBBHIIQQQQ")
_KINDS = frozenset({(int(SectionType.LOG), 30), (int(SectionType.HISTORY), 31)})
_UNLISTED = frozenset({int(SectionType.INDEX), int(SectionType.TRAILER)})
_OBJECTS, _NO_CODEC = int(SectionType.OBJECTS), int(Codec.NONE)


def read_header(data: Buffer, *, offset: int = 0) -> FileHeader:
    """The file header in the first 64 bytes of data.

    Raises BadMagicError for no crimg image, UnsupportedVersionError for one that this version cannot read,
    TruncatedError, ChecksumError, FormatError.
    """
    section = "header"
    FileHeader.check_magic(data, section, offset, _transfer_hint(bytes(data[:8])))
    major = int.from_bytes(data[8:10], "little")
    if major != VERSION_MAJOR:
        raise UnsupportedVersionError(
            f"version {major} of the format; this program reads version {VERSION_MAJOR}",
            section=section,
            offset=offset,
        )
    FileHeader.check_seal(data, section, offset)
    machine = int.from_bytes(data[12:14], "little")
    flags = int.from_bytes(data[20:24], "little")
    if machine != MACHINE_X86_64:
        text = f"made on machine {machine} of elf(5); this program knows x86-64 ({MACHINE_X86_64})"
        raise UnsupportedVersionError(text, section=section, offset=offset)
    if flags:
        raise UnsupportedVersionError(f"unknown flags {flags:#x}", section=section, offset=offset)
    return FileHeader.parse(data, section, offset)


def read_section_header(data: Buffer, *, offset: int = 0) -> SectionHeader:
    """The section header in the first 48 bytes of data; unknown types and codecs are let through.

    Raises BadMagicError, TruncatedError, ChecksumError, FormatError.
    """
    section = "section header"
    SectionHeader.check_magic(data, section, offset)
    SectionHeader.check_seal(data, section, offset)
    return SectionHeader.parse(data, section, offset)


def read_index(body: Buffer, *, offset: int = 0) -> list[IndexEntry]:
    """The entries of an index body, each valid by itself; whether they fit the file is the caller's to check.

    offset: of the body in the file.  Raises FormatError.
    """
    if len(body) % INDEX_ENTRY_SIZE:
        raise FormatError(
            f"length {len(body)} is no multiple of {INDEX_ENTRY_SIZE}", section="index", offset=offset
        )
    entries = []
    for number, fields in enumerate(_ENTRY.iter_unpack(body)):
        if _is_plainly_valid(*fields):
            entries.append(IndexEntry.from_fields(fields))
        else:  # for the generated class to judge, and to say what is wrong
            start = number * INDEX_ENTRY_SIZE
            entries.append(
                IndexEntry.parse(memoryview(body)[start:], f"index entry {number}", offset + start)
            )
    return entries


def _is_plainly_valid(
    type_: int,
    flags: int,
    codec: int,
    align_log2: int,
    kind: int,
    id_: int,
    revision: int,
    ofs_header: int,
    len_stored: int,
    len_raw: int,
    _checksum: int,
) -> bool:
    """Whether `index_entry` of the schema allows these values; not all that it allows need be so."""
    return (
        type_ not in _UNLISTED
        and flags <= 1
        and MIN_ALIGN_LOG2 <= align_log2 <= MAX_ALIGN_LOG2
        and (kind == 0 or type_ == _OBJECTS or (type_, kind) in _KINDS)
        and 1 <= id_ <= MAX_SECTION_ID
        and revision >= 1
        and ofs_header >= HEADER_SIZE
        and not ofs_header % SECTION_ALIGNMENT
        and (len_raw == len_stored if codec == _NO_CODEC else len_raw <= MAX_LEN_RAW)
    )


def pack_index(entries: Iterable[IndexEntry]) -> bytes:
    """The body of an INDEX section."""
    return b"".join(entry.pack() for entry in entries)


def read_trailer(data: Buffer, *, offset: int = 0) -> Trailer:
    """The trailer in the first 64 bytes of data.

    offset: of these bytes in the file.  Raises BadMagicError, TruncatedError, ChecksumError, FormatError.
    """
    section = "trailer"
    Trailer.check_magic(data, section, offset)
    Trailer.check_seal(data, section, offset)
    return Trailer.parse(data, section, offset)


def _transfer_hint(start: bytes) -> str:
    """What the first bytes tell of an image that went through a conversion of text."""
    converted = (
        b"\x89CRI\n",  # CR LF to LF
        b"\x89CRI\r\r\n",  # LF to CR LF
        b"\tCRI\r\n",  # to seven bits
        b"\xc2\x89CRI",  # Latin-1 to UTF-8
        b"\xef\xbf\xbdCRI",  # read as UTF-8 with replacement
    )
    return "; the file was converted as if it were text" if start.startswith(converted) else ""
