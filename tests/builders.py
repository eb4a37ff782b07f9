"""Images for tests, assembled from `struct`, xxhash and the tests' own MessagePack encoder.

Nothing of the project's writer, of crimg.format.container or of the generated code is used here: otherwise
reader and writer could agree on one mistake. Everything that the format fixes can be overridden, so that any
broken image can be built beside the sound ones:

    image = ImageBuilder().objects(10, rows).pages(data).revision().bytes()
    image = ImageBuilder().objects(10, rows, checksum=0).revision(trailer={"ofs_index": 8}).bytes()
"""

from __future__ import annotations

import builtins
import struct
from typing import TYPE_CHECKING

import xxhash
import zstandard

from tests.msgpack_encoder import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Self

OBJECTS, PAGEMAP, PAGES, BLOB, LOG, HISTORY, INDEX, TRAILER = range(1, 9)
NONE, ZSTD = 0, 1
CRITICAL = 1
PARENT, GUARD, ZERO = 0, 0xFFFF_FFFE, 0xFFFF_FFFF

LOG_ENTRY, HISTORY_ENTRY = 30, 31

# Layouts: name and struct code of each field, in the order of the file.
FILE_HEADER = (
    ("magic", "8s"),
    ("version_major", "H"),
    ("version_minor", "H"),
    ("machine", "H"),
    ("reserved", "H"),
    ("page_size", "I"),
    ("flags", "I"),
    ("uuid", "16s"),
    ("created", "q"),
    ("reserved2", "Q"),
    ("checksum", "Q"),
)
SECTION_HEADER = (
    ("magic", "4s"),
    ("type", "H"),
    ("flags", "H"),
    ("codec", "B"),
    ("align_log2", "B"),
    ("kind", "H"),
    ("id", "I"),
    ("len_stored", "Q"),
    ("len_raw", "Q"),
    ("checksum", "Q"),
    ("header_checksum", "Q"),
)
INDEX_ENTRY = (
    ("type", "H"),
    ("flags", "H"),
    ("codec", "B"),
    ("align_log2", "B"),
    ("kind", "H"),
    ("id", "I"),
    ("revision", "I"),
    ("ofs_header", "Q"),
    ("len_stored", "Q"),
    ("len_raw", "Q"),
    ("checksum", "Q"),
)
TRAILER_BODY = (
    ("magic", "8s"),
    ("revision", "I"),
    ("num_sections", "I"),
    ("ofs_index", "Q"),
    ("len_index", "Q"),
    ("ofs_prev_trailer", "Q"),
    ("header_checksum", "Q"),
    ("index_checksum", "Q"),
    ("checksum", "Q"),
)
Layout = tuple[tuple[str, str], ...]


def batch(kind: int, rows: Iterable[Sequence[object]]) -> bytes:
    """One batch of rows of one kind."""
    return encode([kind, [list(row) for row in rows]])


def checksum(data: bytes) -> int:
    """XXH3-64."""
    return xxhash.xxh3_64_intdigest(data)


def pack(layout: Layout, values: Mapping[str, object], seal: str = "") -> bytes:
    """A structure. `seal`, the last field, becomes the checksum of those before unless it is given."""
    data = b"".join(struct.pack(f"<{code}", values[name]) for name, code in layout if name != seal)
    if seal:
        given = values.get(seal)
        data += struct.pack("<Q", checksum(data) if given is None else given)
    return data


def padding(length: int, alignment: int) -> int:
    """Bytes from `length` to the next multiple of `alignment`."""
    return -length % alignment


class ImageBuilder:
    """An image, section by section. Keywords of __init__ override fields of the file header.

    last_id: the id that the last section got.  offsets: of each section's header, by id.
    entries: the index as it will be written, values by field name, there to be changed.
    """

    def __init__(self, **header: object) -> None:
        values: dict[str, object] = {
            "magic": b"\x89CRI\r\n\x1a\n",
            "version_major": 1,
            "version_minor": 0,
            "machine": 62,
            "reserved": 0,
            "page_size": 4096,
            "flags": 0,
            "uuid": bytes(range(16)),
            "created": 1_700_000_000_123_456_789,
            "reserved2": 0,
        }
        _update(values, header, FILE_HEADER)
        self.header = pack(FILE_HEADER, values, "checksum")
        self.page_size = int(str(values["page_size"]))
        self.data = bytearray(self.header)
        self.entries: list[dict[str, object]] = []
        self.offsets: dict[int, int] = {}
        self.last_id = 0
        self.revision_number = 1
        self.ofs_prev_trailer = 0

    def section(
        self,
        section_type: int,
        body: bytes,
        *,
        listed: bool = True,
        pad_before: bytes | None = None,
        pad_after: bytes | None = None,
        stored: bytes | None = None,
        entry: Mapping[str, object] | None = None,
        **overrides: object,
    ) -> Self:
        """A section with this decoded body.

        overrides: fields of its header; codec and align_log2 shape the section, the others are only written.
        stored: the body as it stands in the file.  entry: what the index says otherwise than the header.
        listed: it gets an entry at all.
        """
        self.last_id += 1
        codec = overrides.get("codec", NONE)
        if stored is None:
            stored = zstandard.ZstdCompressor(level=1).compress(body) if codec == ZSTD else body
        values: dict[str, object] = {
            "magic": b"\xa7SEC",
            "type": section_type,
            "flags": CRITICAL,
            "codec": NONE,
            "align_log2": 3,
            "kind": 0,
            "id": self.last_id,
            "len_stored": len(stored),
            "len_raw": len(body),
            "checksum": checksum(stored),
        }
        _update(values, overrides, SECTION_HEADER)
        offset = len(self.data)
        self.offsets[int(str(values["id"]))] = offset
        self.data += pack(SECTION_HEADER, values, "header_checksum")
        if pad_before is None:
            pad_before = bytes(padding(len(self.data), 1 << int(str(values["align_log2"]))))
        self.data += pad_before + stored
        self.data += bytes(padding(len(self.data), 8)) if pad_after is None else pad_after
        if listed:
            line = {**values, "revision": self.revision_number, "ofs_header": offset}
            _update(line, entry or {}, INDEX_ENTRY)
            self.entries.append(line)
        return self

    def objects(self, kind: int, rows: Iterable[Sequence[object]], **options: object) -> Self:
        """An OBJECTS section with one batch of rows, columns in the order of the schema."""
        return self.batches([(kind, rows)], **{"kind": kind, **options})

    def batches(self, batches: Iterable[tuple[int, Iterable[Sequence[object]]]], **options: object) -> Self:
        """An OBJECTS section with several batches."""
        body = b"".join(batch(kind, rows) for kind, rows in batches)
        return self.section(OBJECTS, body, **options)  # type: ignore[arg-type]  # options of section()

    def pages(self, data: bytes, **options: object) -> Self:
        """A PAGES section."""
        align = 3 if options.get("codec") else self.page_size.bit_length() - 1
        return self.section(PAGES, data, **{"align_log2": align, **options})  # type: ignore[arg-type]

    def pagemap(self, runs: Iterable[tuple[int, int, int, int]], **options: object) -> Self:
        """A PAGEMAP section: first_page, num_pages, pages_id, first_index of each run."""
        body = b"".join(struct.pack("<QQII", *run) for run in runs)
        return self.section(PAGEMAP, body, **options)  # type: ignore[arg-type]

    def blob(self, extents: Sequence[tuple[int, bytes]], **options: object) -> Self:
        """A BLOB section: offset in the kept file and data of each extent."""
        body = struct.pack("<II", len(extents), 0)
        body += b"".join(struct.pack("<QQ", offset, len(data)) for offset, data in extents)
        body += b"".join(data for _, data in extents)
        return self.section(BLOB, body, **options)  # type: ignore[arg-type]

    def log(self, rows: Iterable[Sequence[object]], **options: object) -> Self:
        """A LOG section."""
        fixed = {"flags": 0, "kind": LOG_ENTRY}
        return self.section(LOG, batch(LOG_ENTRY, rows), **{**fixed, **options})  # type: ignore[arg-type]

    def history(self, rows: Iterable[Sequence[object]], **options: object) -> Self:
        """A HISTORY section."""
        fixed = {"flags": 0, "kind": HISTORY_ENTRY}
        return self.section(HISTORY, batch(HISTORY_ENTRY, rows), **{**fixed, **options})  # type: ignore[arg-type]

    def revision(
        self,
        *,
        index: Mapping[str, object] | None = None,
        trailer: Mapping[str, object] | None = None,
        trailer_header: Mapping[str, object] | None = None,
    ) -> Self:
        """The INDEX and TRAILER sections that end a revision.

        index, trailer_header: overrides for these sections, as section() takes them; index may hold "body".
        trailer: overrides for the fields of the trailer.
        """
        ofs_index = len(self.data)
        options = dict(index or {})
        body = options.pop("body", None)
        if not isinstance(body, bytes):
            body = b"".join(pack(INDEX_ENTRY, entry) for entry in self.entries)
        self.section(INDEX, body, **{"listed": False, **options})  # type: ignore[arg-type]
        values: dict[str, object] = {
            "magic": b"\x89CRT\r\n\x1a\n",
            "revision": self.revision_number,
            "num_sections": len(self.entries),
            "ofs_index": ofs_index,
            "len_index": len(body),
            "ofs_prev_trailer": self.ofs_prev_trailer,
            "header_checksum": checksum(self.header),
            "index_checksum": checksum(body),
        }
        _update(values, trailer or {}, TRAILER_BODY)
        self.ofs_prev_trailer = len(self.data)
        packed = pack(TRAILER_BODY, values, "checksum")
        self.section(TRAILER, packed, **{"listed": False, **(trailer_header or {})})  # type: ignore[arg-type]
        self.revision_number += 1
        return self

    def raw(self, data: bytes) -> Self:
        """Bytes as they are."""
        self.data += data
        return self

    def bytes(self) -> builtins.bytes:
        """The file so far."""
        return builtins.bytes(self.data)


def _update(values: dict[str, object], overrides: Mapping[str, object], layout: Layout) -> None:
    unknown = overrides.keys() - {name for name, _ in layout}
    if unknown:
        raise TypeError(f"no such field: {', '.join(sorted(unknown))}")
    values.update(overrides)
