"""`ImageWriter`: section by section, with the index and the trailer at the end.

Until the trailer is written the output is no image. Every body is at hand whole when its header is written,
since the header holds its checksum; page data therefore comes in sections of at most `PAGES_SECTION` bytes.
"""

from __future__ import annotations

from crimg.format.bodies import pack_extents, pack_runs
from crimg.format.constants import (
    INDEX_ENTRY_SIZE,
    MAX_LEN_RAW,
    MAX_SECTION_ID,
    SECTION_HEADER_SIZE,
    TRAILER_SIZE,
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
from crimg.model import DEFINITION_ORDER
from crimg.model.check import PackedTables
from crimg.writer.rows import encode_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Self

    from crimg.model.record import Record
    from crimg.writer.output import Buffer, Output

PAGES_SECTION = 4 << 20
"""Bytes of page data in one PAGES section at the most. Small enough to be copied, summed and written
while it is in the processor's cache."""
_ZSTD_LEVEL = 1


class ImageWriter:
    """Writes the first revision of an image, or, made by `appending`, a further one.

    header: what the file says of itself.  codec: how tables, pages and blobs are stored.
    """

    def __init__(self, output: Output, header: FileHeader, *, codec: int = Codec.NONE) -> None:
        packed = header.pack()
        self._begin(output, header, checksum(packed), codec)
        self._put(packed)

    def _begin(self, output: Output, header: FileHeader, seal: int, codec: int) -> None:
        self.output = output
        self.header = header
        self.codec = codec
        self.offset = 0
        self.revision = 1
        self.entries: list[IndexEntry] = []
        self.next_id = 1
        self._earlier_index = b""
        self._ofs_prev_trailer = 0
        self._seal = seal
        self._taken: frozenset[int] = frozenset()
        self._packed_tables = PackedTables()

    @classmethod
    def appending(cls, output: Output, header: FileHeader, trailer: Trailer, index: bytes, end: int) -> Self:
        """A writer of the next revision of an image; what it writes belongs at offset `end` of the file.

        header, trailer, index: of the image, whose last revision ends there; index is the section's body.
        Call `avoid` with the ids of all sections there are, those of indexes and trailers too.
        """
        writer = cls.__new__(cls)
        writer._begin(output, header, trailer.header_checksum, Codec.NONE)
        writer.offset = end
        writer.revision = trailer.revision + 1
        writer._earlier_index = index
        writer._ofs_prev_trailer = end - SECTION_HEADER_SIZE - TRAILER_SIZE
        return writer

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
        return self._put_section(
            type_,
            body,
            stored,
            kind=kind,
            critical=critical,
            codec=codec,
            align_log2=align_log2,
            section_id=section_id,
        )

    def _put_section(
        self,
        type_: int,
        body: Buffer,
        stored: Buffer,
        *,
        kind: int,
        critical: bool,
        codec: int,
        align_log2: int = 3,
        section_id: int | None = None,
    ) -> IndexEntry:
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
        entry = IndexEntry.of(head, revision=self.revision, ofs_header=self.offset)
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
            stored, codec = _encode(body, self.codec)
            if codec != Codec.NONE and not self._packed_tables.add(len(body), len(stored)):
                stored, codec = body, Codec.NONE
            kind = type(rows[0]).row_kind
            self._put_section(type_, body, stored, kind=kind, critical=critical, codec=codec)

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
        self.trailer(self.index())

    def index(self) -> Trailer:
        """Write the index; the trailer that is to follow it."""
        body = self._earlier_index + pack_index(self.entries)
        index = self.section(SectionType.INDEX, body)
        return Trailer(
            revision=self.revision,
            num_sections=len(body) // INDEX_ENTRY_SIZE,
            ofs_index=index.ofs_header,
            len_index=len(body),
            ofs_prev_trailer=self._ofs_prev_trailer,
            header_checksum=self._seal,
            index_checksum=checksum(body),
        )

    def trailer(self, trailer: Trailer) -> None:
        """Write the trailer."""
        self.section(SectionType.TRAILER, trailer.pack())


def _encode(body: Buffer, codec: int) -> tuple[Buffer, int]:
    """The stored body and its codec: raw where compressing does not pay or is not allowed."""
    if codec == Codec.NONE or len(body) > MAX_LEN_RAW:
        return body, Codec.NONE
    import zstandard  # 20 ms to import, and rarely needed

    stored = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    return (stored, Codec.ZSTD) if len(stored) < len(body) else (body, Codec.NONE)
