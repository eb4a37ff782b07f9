"""Writing images, front to back, so that the output can be a pipe.

`ImageWriter` writes one section after the other and, at the end, the index and the trailer: until then the
output is no image. Every body is at hand whole when its header is written, since the header holds its
checksum; page data therefore comes in sections of at most `PAGES_SECTION` bytes.
"""

from __future__ import annotations

import os

import msgpack

from crimg.errors import FileError, ModelError
from crimg.format.bodies import pack_extents, pack_runs
from crimg.format.constants import (
    FIRST_ANCILLARY_KIND,
    MAX_LEN_RAW,
    MAX_SECTION_ID,
    SECTION_HEADER_SIZE,
    Codec,
    SectionFlags,
    SectionType,
)
from crimg.format.container import (
    FileHeader,
    IndexEntry,
    SectionHeader,
    Trailer,
    checksum,
    pack_index,
    section_end,
)
from crimg.model import DEFINITION_ORDER, HistoryEntry, LogEntry
from crimg.model.check import MAX_PACKED_TABLES, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    from crimg.model.image import Image
    from crimg.model.record import Record

    Buffer = bytes | bytearray | memoryview

    class Output(Protocol):
        """Where the bytes go."""

        def write(self, *buffers: Buffer) -> None:
            """Write all of these, in order; raises FileError."""

        def commit(self) -> None:
            """What was written is a whole image: make it last, under its name; raises FileError."""


PAGES_SECTION = 4 << 20
"""Bytes of page data in one PAGES section at the most. Small enough to be copied, summed and written
while it is in the processor's cache."""
TABLE_SECTION = 8 << 20
"""Encoded rows are gathered into sections of about this many bytes."""
_ZSTD_LEVEL = 1


class FdOutput:
    """Output to a file descriptor: a file, a pipe, a socket."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name

    def write(self, *buffers: Buffer) -> None:
        """Write all of the buffers with as few system calls as the descriptor allows."""
        views = [memoryview(buffer).cast("B") for buffer in buffers if len(buffer)]
        try:
            while views:
                written = os.writev(self.fd, views)
                while views and written >= len(views[0]):
                    written -= len(views.pop(0))
                if written:
                    views[0] = views[0][written:]
        except OSError as error:
            raise FileError(f"{self.name}: {error.strerror}") from error

    def commit(self) -> None:
        """Nothing: what was written has gone its way."""


class BytesOutput:
    """Output to memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, *buffers: Buffer) -> None:
        """Append the buffers."""
        for buffer in buffers:
            self.data += buffer

    def commit(self) -> None:
        """Nothing: the bytes are there."""


class ImageWriter:
    """Writes the first revision of an image.

    header: what the file says of itself.  codec: how tables, pages and blobs are stored.
    """

    def __init__(self, output: Output, header: FileHeader, *, codec: int = Codec.NONE) -> None:
        self.output = output
        self.header = header
        self.codec = codec
        self.offset = 0
        self.entries: list[IndexEntry] = []
        self.next_id = 1
        self._taken: frozenset[int] = frozenset()
        self._packed_tables = 0
        """Bytes to which the tables that were stored with a codec decode."""
        self._packed_header = header.pack()
        self._put(self._packed_header)

    def _put(self, *buffers: Buffer) -> None:
        self.output.write(*buffers)
        self.offset += sum(map(len, buffers))

    def take_id(self) -> int:
        """A section id for a section that is to be written later."""
        while self.next_id in self._taken:
            self.next_id += 1
        self.next_id += 1
        return self.next_id - 1

    def avoid(self, ids: Iterable[int]) -> None:
        """Number sections on from the largest of these ids, or, near the last one there is, between them."""
        self._taken = frozenset(ids)
        following = max(self._taken, default=0) + 1
        self.next_id = following if following < MAX_SECTION_ID // 2 else 1

    def section(
        self,
        type_: int,
        body: Buffer,
        *,
        kind: int = 0,
        critical: bool = True,
        codec: int = Codec.NONE,
        align_log2: int = 3,
        section_id: int | None = None,
    ) -> IndexEntry:
        """Write one section; `body` is its raw body. Returns its entry of the index."""
        stored, codec = _encode(body, codec)
        head = SectionHeader(
            type=type_,
            flags=SectionFlags.CRITICAL if critical else 0,
            codec=codec,
            align_log2=align_log2 if codec == Codec.NONE else 3,
            kind=kind,
            id=self.take_id() if section_id is None else section_id,
            len_stored=len(stored),
            len_raw=len(body),
            checksum=checksum(stored),
        )
        return self._write_section(head, stored)

    def _write_section(self, head: SectionHeader, stored: Buffer) -> IndexEntry:
        entry = IndexEntry.of(head, revision=1, ofs_header=self.offset)
        end = entry.ofs_body + len(stored)
        padding = entry.ofs_body - self.offset - SECTION_HEADER_SIZE
        self._put(head.pack(), bytes(padding), stored, bytes(section_end(entry.ofs_body, len(stored)) - end))
        if head.type not in (SectionType.INDEX, SectionType.TRAILER):
            self.entries.append(entry)
        return entry

    def copy(self, entry: IndexEntry, stored: Buffer) -> None:
        """Write a section of another image as it is stored there, under the same id."""
        self._write_section(entry.header(), stored)

    def table(self, rows: Sequence[Record], *, type_: int = SectionType.OBJECTS) -> None:
        """Write rows of one kind, in as many sections as their size asks for; nothing for no rows."""
        critical = type_ == SectionType.OBJECTS
        for body in encode_rows(rows):
            packed = self._packed_tables + len(body) <= MAX_PACKED_TABLES
            codec = self.codec if packed else Codec.NONE
            entry = self.section(type_, body, kind=type(rows[0]).row_kind, critical=critical, codec=codec)
            if entry.codec != Codec.NONE:
                self._packed_tables += len(body)

    def tables(self, tables: Mapping[type[Record], Sequence[Record]]) -> None:
        """Write tables of objects in the order in which definers stand before their referrers."""
        for cls in DEFINITION_ORDER:
            self.table(tables.get(cls, ()))

    def blob(self, extents: Sequence[tuple[int, int]], data: Sequence[Buffer]) -> int:
        """Write contents of a file: extents of offset and length, and their bytes. Returns the section id."""
        body = b"".join([pack_extents(extents), *data])
        return self.section(SectionType.BLOB, body, codec=self.codec).id

    def pages(self, data: Buffer, section_id: int) -> None:
        """Write whole pages, at most `PAGES_SECTION` bytes."""
        align = self.header.page_size.bit_length() - 1
        self.section(SectionType.PAGES, data, codec=self.codec, align_log2=align, section_id=section_id)

    def pagemap(self, runs: Iterable[tuple[int, int, int, int]], section_id: int) -> None:
        """Write page runs: first page, pages, id of the PAGES section, index in it."""
        self.section(SectionType.PAGEMAP, pack_runs(runs), section_id=section_id)

    def finish(self) -> None:
        """Write the index and the trailer: from here on the output is an image."""
        body = pack_index(self.entries)
        index = self.section(SectionType.INDEX, body)
        trailer = Trailer(
            revision=1,
            num_sections=len(self.entries),
            ofs_index=index.ofs_header,
            len_index=len(body),
            ofs_prev_trailer=0,
            header_checksum=checksum(self._packed_header),
            index_checksum=checksum(body),
        )
        self.section(SectionType.TRAILER, trailer.pack())


def _encode(body: Buffer, codec: int) -> tuple[Buffer, int]:
    """The stored body and its codec: raw where compressing does not pay or is not allowed."""
    if codec == Codec.NONE or len(body) > MAX_LEN_RAW:
        return body, Codec.NONE
    import zstandard  # 20 ms to import, and rarely needed

    stored = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    return (stored, Codec.ZSTD) if len(stored) < len(body) else (body, Codec.NONE)


def encode_rows(rows: Sequence[Record]) -> Iterator[bytes]:
    """Bodies that hold these rows, all of one kind: one batch each, of about `TABLE_SECTION` bytes.

    Raises ModelError for a value that the schema has no room for.
    """
    if not rows:
        return
    kind = type(rows[0]).row_kind
    check_rows(rows)
    packer = msgpack.Packer(use_bin_type=True, autoreset=True)
    gathered: list[bytes] = []
    size = 0
    for row in rows:
        packed = _packed(packer, row)
        gathered.append(packed)
        size += len(packed)
        if size >= TABLE_SECTION:
            yield _batch(packer, kind, gathered)
            gathered, size = [], 0
    if gathered:
        yield _batch(packer, kind, gathered)


def _packed(packer: msgpack.Packer, row: Record) -> bytes:
    """One row. An empty map of further attributes is none (specs/format.md, "Canonical form")."""
    try:
        packed: bytes = packer.pack(row if row[-1] != {} else (*row[:-1], None))
    except ValueError as error:  # a str with surrogates, or what is too long for msgpack
        raise ModelError(f"a row of {type(row).noun} cannot be encoded: {error}") from error
    return packed


def _batch(packer: msgpack.Packer, kind: int, packed: list[bytes]) -> bytes:
    return b"".join(
        [packer.pack_array_header(2), packer.pack(kind), packer.pack_array_header(len(packed)), *packed]
    )


def check_rows(rows: Sequence[Record]) -> None:
    """Raise ModelError where a row is of another class than the first, or holds what its column cannot."""
    cls = type(rows[0])
    if set(map(type, rows)) != {cls}:
        raise ModelError(f"rows of several kinds in a table of {cls.noun}")
    wrong = fault(cls, rows)
    if wrong:
        raise ModelError(wrong)


def write_image(image: Image, output: Output, *, codec: int = Codec.NONE) -> None:
    """Write an image whole, as one revision: with codec none, the canonical form (specs/format.md).

    codec: how the tables are stored; all other bodies stay as they are. Sections other than tables keep their
    ids, since rows and page runs name them. What this version does not know but may leave alone (ancillary
    sections, sections of ancillary kinds) is carried along.
    Raises FormatError where the image is damaged, ModelError where it cannot be written as one revision.
    """
    header = FileHeader(
        machine=image.machine, page_size=image.page_size, uuid=image.uuid, created=image.created
    )
    kept = [section for section in image.store.sections if not _is_table(section)]
    classes: tuple[type[Record], ...] = (*DEFINITION_ORDER, LogEntry, HistoryEntry)
    tables = {cls: image.rows(cls) for cls in classes}
    writer = ImageWriter(output, header, codec=codec)
    writer.avoid(section.id for section in kept)
    for blob in (True, False):
        for section in kept:
            if (section.type == SectionType.BLOB) == blob:
                writer.copy(section, image.store.stored(section))
        if blob:
            writer.tables(tables)
    writer.table(tables[LogEntry], type_=SectionType.LOG)
    writer.table(tables[HistoryEntry], type_=SectionType.HISTORY)
    writer.finish()


def _is_table(section: IndexEntry) -> bool:
    """Whether a section holds rows that this version can read."""
    return (
        section.type in _TABLE_TYPES
        and section.kind < FIRST_ANCILLARY_KIND
        and (section.critical or section.codec in _KNOWN_CODECS)
    )


_TABLE_TYPES = (SectionType.OBJECTS, SectionType.LOG, SectionType.HISTORY)
_KNOWN_CODECS = frozenset(Codec)
