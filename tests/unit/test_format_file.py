"""The whole file as the schema has it, on images that tests/builders.py assembled."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from kaitaistruct import KaitaiStream, KaitaiStructError

from crimg.errors import FormatError
from crimg.format.container import checksum, read_index, read_section_header, read_trailer
from crimg.model import KINDS, Column, Record
from crimg.model.types import RANGES
from crimg.reader.tables import decode_batches, records
from tests import samples
from tests.builders import HISTORY_ENTRY, ImageBuilder, batch
from tests.kaitai_view import parse_batches, parse_image, view_batches
from tests.msgpack_encoder import Encoded, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = samples.small_image()


def bodies(image: Any) -> dict[str, Any]:
    """Type name of each section to its frame; the last one where there are several."""
    return {frame.header.type.name: frame for frame in image.frames}


def test_sections_stand_where_they_were_put() -> None:
    builder = samples.small_builder()
    frames = parse_image(builder.bytes()).frames
    assert [frame.ofs_header for frame in frames] == list(builder.offsets.values())
    assert [frame.header.id for frame in frames] == list(builder.offsets)
    assert frames[-1].ofs_next == len(builder.bytes())
    for frame in frames:
        assert frame.header.checksum == checksum(frame.raw_body)
        assert frame.ofs_body % (1 << frame.header.align_log2) == 0
        assert frame.ofs_header % 8 == 0


def test_trailer_leads_to_the_index_and_the_index_to_the_sections() -> None:
    image = parse_image(IMAGE)
    assert image.trailer.header_checksum == checksum(IMAGE[:64])
    assert image.trailer.index_checksum == checksum(image.index.raw_body)
    entries = image.index.index.entries
    assert len(entries) == image.trailer.num_sections
    for entry, frame in zip(entries, image.frames, strict=False):
        assert entry.ofs_header == frame.ofs_header
        for name in (
            "type",
            "flags",
            "codec",
            "align_log2",
            "kind",
            "id",
            "len_stored",
            "len_raw",
            "checksum",
        ):
            assert getattr(entry, name) == getattr(frame.header, name)


def test_container_module_reads_what_the_schema_reads() -> None:
    image = parse_image(IMAGE)
    for frame in image.frames:
        header = read_section_header(IMAGE[frame.ofs_header :])
        for name in header.__slots__:
            assert getattr(header, name) == getattr(frame.header, name)
    for entry, described in zip(read_index(image.index.raw_body), image.index.index.entries, strict=True):
        for name in entry.__slots__:
            assert getattr(entry, name) == getattr(described, name)
    trailer = read_trailer(IMAGE[-64:])
    for name in trailer.__slots__:
        assert getattr(trailer, name) == getattr(image.trailer, name)


def test_generated_writer_writes_the_same_file() -> None:
    image = parse_image(IMAGE)
    image._fetch_instances()
    stream = KaitaiStream(BytesIO(bytes(len(IMAGE))))
    image._write(stream)
    assert stream.to_byte_array() == IMAGE


def test_rows_have_the_values_of_the_records() -> None:
    tables = samples.tables([*samples.small_records(), *samples.special_records()])
    builder = ImageBuilder().batches(tables).log(samples.LOG).history(samples.HISTORY)
    found = bodies(parse_image(builder.revision().bytes()))
    expected = [(kind, [row.as_dict() for row in rows]) for kind, rows in tables]
    assert view_batches(found["objects"].objects) == expected
    assert fast_batches(found["objects"].raw_body) == expected
    assert view_batches(found["log"].objects) == [(30, [row.as_dict() for row in samples.LOG])]
    assert view_batches(found["history"].objects) == [(31, [row.as_dict() for row in samples.HISTORY])]
    assert {kind for kind, _ in expected} == set(KINDS) - {30, 31}, "the samples have a row of every kind"


def test_contents() -> None:
    frames = parse_image(IMAGE).frames
    pagemap, pages, packed, blob, pipe = frames[:5]
    assert [
        (run.first_page, run.num_pages, run.pages_id, run.first_index) for run in pagemap.pagemap.runs
    ] == list(samples.RUNS)
    assert pages.pages == samples.SAVED_PAGES
    assert pages.ofs_body % samples.PAGE == 0
    assert packed.pages is None, "the schema leaves what is stored with zstd as it is"
    assert zstandard.ZstdDecompressor().decompress(packed.raw_body) == samples.PACKED_PAGES
    extents = [(extent.ofs, extent.len) for extent in blob.blob.prefix.extents]
    assert extents == [(offset, len(data)) for offset, data in samples.DELETED_CONTENTS]
    assert blob.blob.data == b"".join(data for _, data in samples.DELETED_CONTENTS)
    assert pipe.blob.data == samples.PIPE_CONTENTS


def test_compressed_tables_hold_the_same_rows() -> None:
    tables = samples.tables(samples.small_records())
    frame = parse_image(ImageBuilder().batches(tables, codec=1).revision().bytes()).frames[0]
    assert frame.objects is None
    body = zstandard.ZstdDecompressor().decompress(frame.raw_body)
    assert len(body) == frame.header.len_raw
    assert parse_batches(body) == [(kind, [row.as_dict() for row in rows]) for kind, rows in tables]


def test_two_revisions() -> None:
    builder = samples.small_builder()
    first = builder.bytes()
    moved = next(row for row in samples.small_records() if row[0] == samples.PROGRAM_FILE).replace(
        path=b"/new"
    )
    note = samples.HISTORY[0].replace(revision=2, rules=(b"/usr/bin=/new",))
    second = builder.objects(7, [moved]).history([note]).revision().bytes()
    assert second.startswith(first)
    image = parse_image(second)
    assert (image.trailer.revision, image.trailer.ofs_prev_trailer) == (2, len(first) - 112)
    revisions = [entry.revision for entry in image.index.index.entries]
    assert revisions == [1] * 8 + [2] * 2
    previous = parse_image(second[: image.trailer.ofs_prev_trailer + 112])
    assert previous.trailer.revision == 1
    assert bodies(image)["objects"].objects.batches[0].rows[0].path == b"/new"
    assert bodies(image)["history"].objects.batches[0].kind == HISTORY_ENTRY


@pytest.mark.parametrize("align_log2", [3, 4, 12, 16, 21])
def test_alignment(align_log2: int) -> None:
    image = ImageBuilder().section(99, b"x", align_log2=align_log2).revision().bytes()
    frame = parse_image(image).frames[0]
    assert frame.ofs_body % (1 << align_log2) == 0
    assert frame.ofs_body - 112 < 1 << align_log2
    assert frame.raw_body == b"x"
    assert (frame.pad_before or b"") + frame.pad_after == bytes(frame.ofs_body - 112 + 7)


@pytest.mark.parametrize("where", ["before", "after"])
def test_padding_has_to_be_zero(where: str) -> None:
    padding: dict[str, Any] = {
        f"pad_{where}": b"\0\0\0\0\0\0\x01" if where == "after" else bytes(15) + b"\x01"
    }
    image = ImageBuilder().section(4, b"x", align_log2=7, **padding).revision().bytes()
    frame = parse_image(image).frames[0]
    with pytest.raises(KaitaiStructError):
        getattr(frame, f"pad_{where}")


def test_bytes_behind_the_last_trailer_are_found() -> None:
    image = parse_image(IMAGE + bytes(64))
    with pytest.raises(KaitaiStructError):
        _ = image.trailer
    with pytest.raises(KaitaiStructError):
        _ = image.frames


def fast_batches(body: bytes) -> list[tuple[int, list[dict[str, object]]]]:
    """What the reader's own decoder makes of a body."""
    return [
        (kind, [record.as_dict() for record in records(kind, rows, "test")])
        for kind, rows in decode_batches(body, "test")
    ]


def assert_refused(body: bytes) -> None:
    """Neither the schema nor the reader takes this body."""
    with pytest.raises(KaitaiStructError):
        parse_batches(body)
    with pytest.raises(FormatError):
        fast_batches(body)


def wrong_values(column: Column) -> Iterator[object]:
    """Cells that a column of this type must not have."""
    if not column.optional:
        yield None
    if column.many:
        yield from (7, b"\x01", (1,) * 4097)
    elif column.type in RANGES:
        low, high = RANGES[column.type]
        yield from (value for value in (low - 1, high + 1) if -(2**63) <= value < 2**64)
        yield from (b"1", True, 1.0)
    elif column.type == "bool":
        yield from (0, 1, b"")
    else:
        cells: tuple[object, ...] = (b"x", "x", [], {}, 5)
        own = {"map": dict, "bytes": bytes, "str": str}[column.type]
        yield from (cell for cell in cells if type(cell) is not own)


@pytest.mark.parametrize("cls", KINDS.values(), ids=lambda cls: cls.noun)
def test_cells_of_a_wrong_type_are_refused(cls: type[Record]) -> None:
    everything = [*samples.small_records(), *samples.special_records(), *samples.LOG, *samples.HISTORY]
    row = list(next(record for record in everything if type(record) is cls))
    assert len(parse_batches(batch(cls.row_kind, [row]))) == 1
    for index, column in enumerate(cls.columns):
        for value in wrong_values(column):
            broken = row[:index] + [value] + row[index + 1 :]
            assert_refused(batch(cls.row_kind, [broken]))
    for broken in (row[:-1], [*row, None]):
        assert_refused(batch(cls.row_kind, [broken]))
    assert_refused(encode([cls.row_kind, [{"a": 1}]]))


@pytest.mark.parametrize("cls", KINDS.values(), ids=lambda cls: cls.noun)
def test_columns_at_their_limits_are_read(cls: type[Record]) -> None:
    """Largest and smallest numbers, empty bytes and lists, nil wherever it is allowed."""
    for end in (0, 1):
        row = []
        for column in cls.columns:
            edge: object = RANGES[column.type][end] if column.type in RANGES else None
            filled = {"bool": bool(end), "bytes": b"", "str": "", "map": {}}.get(column.type, edge)
            row.append(() if column.many else None if column.optional and end else filled)
        expected = [(cls.row_kind, [dict(zip(cls.fields, row, strict=True))])]
        assert parse_batches(batch(cls.row_kind, [row])) == expected
        assert fast_batches(batch(cls.row_kind, [row])) == expected


@pytest.mark.parametrize("kind", [0, 28, 29, 32, 0x7FFF, 0x10000, -1, None, b"1"])
def test_kinds_that_are_refused(kind: Any) -> None:
    assert_refused(encode([kind, [[1]]]))


@pytest.mark.parametrize("kind", [0x8000, 0xFFFF])
def test_ancillary_kinds_are_let_through(kind: int) -> None:
    assert parse_batches(encode([kind, [[1, b"x"], "anything"]])) == [
        (kind, [{"cells": (1, b"x")}, {"cells": "anything"}])
    ]


@pytest.mark.parametrize(
    "body",
    [
        encode([1]),
        encode([1, [], []]),
        encode([1, 5]),
        encode(5),
        encode({1: []}),
        Encoded(b"\x92\x01"),
        Encoded(b"\x92\x01\xdc\x00"),
        Encoded(b"\x92\x01\x91"),
    ],
)
def test_batches_that_are_refused(body: bytes) -> None:
    assert_refused(body)


def test_a_batch_in_golden_bytes() -> None:
    fd = [40, 3, True, 31, None]
    body = bytes.fromhex(
        "92"  # array of 2
        "0a"  # kind 10, fd
        "91"  # 1 row
        "95"  # of 5 columns
        "28"  # table: 40
        "03"  # fd: 3
        "c3"  # cloexec: true
        "1f"  # file: 31
        "c0"  # extra: nil
    )
    assert batch(10, [fd]) == body
    assert parse_batches(body) == [(10, [{"table": 40, "fd": 3, "cloexec": True, "file": 31, "extra": None}])]
