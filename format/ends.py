"""The records at the two ends of a file: its header, and the body of a trailer."""

from __future__ import annotations

from crimg.format.constants import (
    FILE_MAGIC,
    HEADER_SIZE,
    MACHINE_X86_64,
    TRAILER_MAGIC,
    TRAILER_SIZE,
    VERSION_MAJOR,
    VERSION_MINOR,
)
from crimg.format.structures import SealedStructure


class FileHeader(SealedStructure):
    """The first 64 bytes of an image.

    uuid: 16 bytes.  created: CLOCK_REALTIME, ns, signed.  page_size: bytes, a power of two, 4096 to 65536.
    machine: e_machine of elf(5).  flags: 0 in this version.
    """

    __slots__ = ("created", "flags", "machine", "page_size", "uuid", "version_major", "version_minor")
    _type = "FileHeader"
    _size = HEADER_SIZE
    _magic = FILE_MAGIC
    _constants = (("magic", FILE_MAGIC), ("reserved", 0), ("reserved2", 0), ("checksum", 0))

    def __init__(
        self,
        *,
        uuid: bytes,
        created: int,
        page_size: int = 4096,
        machine: int = MACHINE_X86_64,
        flags: int = 0,
        version_major: int = VERSION_MAJOR,
        version_minor: int = VERSION_MINOR,
    ) -> None:
        self.version_major = version_major
        self.version_minor = version_minor
        self.machine = machine
        self.page_size = page_size
        self.flags = flags
        self.uuid = uuid
        self.created = created


class Trailer(SealedStructure):
    """The 64-byte body of a TRAILER section.

    revision: from 1.  num_sections: entries of the index.  ofs_index: offset of the INDEX section's header.
    len_index: bytes of its body.  ofs_prev_trailer: offset of the header of the TRAILER section before, or 0.
    header_checksum: checksum() of the 64 bytes of the file header.  index_checksum: of the index body.
    """

    __slots__ = (
        "header_checksum",
        "index_checksum",
        "len_index",
        "num_sections",
        "ofs_index",
        "ofs_prev_trailer",
        "revision",
    )
    _type = "TrailerBody"
    _size = TRAILER_SIZE
    _magic = TRAILER_MAGIC
    _constants = (("magic", TRAILER_MAGIC), ("checksum", 0))

    def __init__(
        self,
        *,
        revision: int,
        num_sections: int,
        ofs_index: int,
        len_index: int,
        ofs_prev_trailer: int,
        header_checksum: int,
        index_checksum: int,
    ) -> None:
        self.revision = revision
        self.num_sections = num_sections
        self.ofs_index = ofs_index
        self.len_index = len_index
        self.ofs_prev_trailer = ofs_prev_trailer
        self.header_checksum = header_checksum
        self.index_checksum = index_checksum
