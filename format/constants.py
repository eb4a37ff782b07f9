"""Numbers of the image format, as format/crimg_container.ksy has them (a test holds both together)."""

from __future__ import annotations

from enum import IntEnum, IntFlag

FILE_MAGIC = b"\x89CRI\r\n\x1a\n"
SECTION_MAGIC = b"\xa7SEC"
TRAILER_MAGIC = b"\x89CRT\r\n\x1a\n"

VERSION_MAJOR = 1
VERSION_MINOR = 0
MACHINE_X86_64 = 62
"""EM_X86_64 of elf(5)."""

HEADER_SIZE = 64
SECTION_HEADER_SIZE = 48
INDEX_ENTRY_SIZE = 48
TRAILER_SIZE = 64
RUN_SIZE = 24
EXTENT_SIZE = 16
BLOB_PREFIX_SIZE = 8
SECTION_ALIGNMENT = 8
"""Section headers start at multiples of this."""

MIN_ALIGN_LOG2 = 3
MAX_ALIGN_LOG2 = 21
MIN_PAGE_SIZE = 4096
MAX_PAGE_SIZE = 65536
MAX_SECTION_ID = 0xFFFF_FFF0
MAX_LEN_RAW = 16 << 20
"""Longest decoded body of a section with a codec, bytes."""
MAX_LIST = 4096
"""Most elements of a list in a row."""
FIRST_ANCILLARY_KIND = 0x8000
"""Rows of kinds from here on may be carried along by readers that do not know them."""

PAGES_PARENT = 0
"""pages_id of a run whose pages are in the parent image."""
PAGES_GUARD = 0xFFFF_FFFE
"""pages_id of a run of guard pages, which fault on access."""
PAGES_ZERO = 0xFFFF_FFFF
"""pages_id of a run of zero bytes."""


class SectionType(IntEnum):
    """What the body of a section is (`section_type` of the schema)."""

    OBJECTS = 1
    PAGEMAP = 2
    PAGES = 3
    BLOB = 4
    LOG = 5
    HISTORY = 6
    INDEX = 7
    TRAILER = 8


class Codec(IntEnum):
    """How a body is stored (`codec` of the schema)."""

    NONE = 0
    ZSTD = 1


class SectionFlags(IntFlag):
    """Flags of a section; the other bits are zero."""

    CRITICAL = 1
    """A reader that does not know the type refuses the image."""


def section_type_name(number: int) -> str:
    """ "PAGES"; "type 99" for a number without a name."""
    try:
        return SectionType(number).name
    except ValueError:
        return f"type {number}"


def section_label(section_type: int, section_id: int) -> str:
    """The name of a section in messages: "section 7 (PAGES)"."""
    return f"section {section_id} ({section_type_name(section_type)})"
