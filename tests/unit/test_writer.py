"""Writing images: sections, outputs, and images that were read."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from crimg.errors import FileError, FormatError, ModelError
from crimg.format.constants import MAX_SECTION_ID, Codec, SectionType
from crimg.format.container import FileHeader
from crimg.model import DEFINITION_ORDER, KINDS, Fd, FdTable, File, HistoryEntry, LogEntry
from crimg.pages import blob_extents
from crimg.reader import open_stream
from crimg.writer import BytesOutput, FdOutput, ImageWriter, write_image
from tests import samples
from tests.builders import ImageBuilder
from tests.property.opened import opened

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image
    from crimg.writer import Buffer

HEADER = FileHeader(uuid=bytes(16), created=samples.TIME)
FDS = [Fd(table=40, fd=number, cloexec=False, file=30 + number % 3) for number in range(2000)]


class RecordingOutput(BytesOutput):
    """Notes where each call of write ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[int] = []

    def write(self, *buffers: Buffer) -> None:
        super().write(*buffers)
        self.ends.append(len(self.data))


def rewritten(image: Image, codec: int = Codec.NONE) -> bytes:
    """The image written again."""
    output = BytesOutput()
    write_image(image, output, codec=codec)
    return bytes(output.data)


def small(output: BytesOutput) -> ImageWriter:
    """A writer that has written some of everything but the end."""
    writer = ImageWriter(output, HEADER)
    pages = writer.take_id()
    writer.blob([(0, 5), (100, 2)], [b"hello", b"!!"])
    writer.tables({FdTable: [FdTable(objref=40, referrers=1)], Fd: FDS[:3]})
    writer.pages(bytes(8192), pages)
    writer.pagemap([(16, 2, pages, 0)], writer.take_id())
    writer.table(samples.LOG, type_=SectionType.LOG)
    return writer


def test_there_is_no_image_before_the_end() -> None:
    output = RecordingOutput()
    small(output).finish()
    with opened(bytes(output.data)) as image:
        assert image.rows(Fd) == FDS[:3]
    assert len(output.ends) == 9  # the header, six sections, index, trailer
    for end in output.ends[:-1]:
        with pytest.raises(FormatError), opened(bytes(output.data[:end])):
            pass


def test_sections_stand_where_the_format_wants_them() -> None:
    output = BytesOutput()
    small(output).finish()
    with opened(bytes(output.data)) as image:
        by_type = {section.type: section for section in image.store.sections}
        assert [section.id for section in image.store.sections] == [2, 3, 4, 1, 5, 6]
        assert by_type[SectionType.PAGES].ofs_body % 4096 == 0
        assert all(section.ofs_header % 8 == 0 for section in image.store.sections)
        assert not by_type[SectionType.LOG].critical
        assert by_type[SectionType.OBJECTS].critical
        assert [section.kind for section in image.store.sections] == [0, 9, 10, 0, 0, 30]
        assert [(offset, bytes(data)) for offset, data in blob_extents(image, [2])] == [
            (0, b"hello"),
            (100, b"!!"),
        ]


@pytest.mark.parametrize("page_size", [4096, 65536])
def test_pages_are_aligned_to_their_size(page_size: int) -> None:
    output = BytesOutput()
    writer = ImageWriter(output, FileHeader(uuid=bytes(16), created=0, page_size=page_size))
    writer.pages(bytes(page_size), 7)
    writer.finish()
    with opened(bytes(output.data)) as image:
        (section,) = image.store.sections
        assert (section.id, section.ofs_body, section.align_log2) == (
            7,
            page_size,
            page_size.bit_length() - 1,
        )


def test_definers_are_written_before_referrers() -> None:
    """DEFINITION_ORDER itself: every kind behind those that it refers to."""
    defined: set[str] = set()
    for cls in DEFINITION_ORDER:
        for _, column in cls.references:
            assert set(column.kinds) <= defined, (cls, column)
        defined.add(cls.__name__)
    assert {*DEFINITION_ORDER, LogEntry, HistoryEntry} == set(KINDS.values())


def test_compressing_must_pay() -> None:
    output = BytesOutput()
    writer = ImageWriter(output, HEADER, codec=Codec.ZSTD)
    writer.pages(bytes(4096), writer.take_id())
    writer.pages(os.urandom(4096), writer.take_id())
    writer.blob([(0, 20 << 20)], [bytes(20 << 20)])
    writer.finish()
    with opened(bytes(output.data)) as image:
        packed, random, long = image.store.sections
        assert (packed.codec, random.codec, long.codec) == (Codec.ZSTD, Codec.NONE, Codec.NONE)
        assert (packed.align_log2, random.align_log2) == (3, 12)
        assert packed.len_stored < 100
        assert image.store.body(1) == bytes(4096)


def test_large_tables_take_several_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crimg.writer.rows.TABLE_SECTION", 1000)
    output = BytesOutput()
    writer = ImageWriter(output, HEADER)
    writer.table(FDS)
    writer.finish()
    with opened(bytes(output.data)) as image:
        assert image.rows(Fd) == FDS
        lengths = [section.len_raw for section in image.store.sections]
        assert len(lengths) > 10
        assert all(1000 <= length < 1100 for length in lengths[:-1])
        assert rewritten(image) == bytes(output.data)


def test_compressed_tables_are_limited_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than the reader would take is stored as it is."""
    monkeypatch.setattr("crimg.writer.rows.TABLE_SECTION", 1000)
    monkeypatch.setattr("crimg.model.check.MAX_PACKED_TABLES", 5000)
    output = BytesOutput()
    writer = ImageWriter(output, HEADER, codec=Codec.ZSTD)
    writer.table(FDS)
    writer.finish()
    with opened(bytes(output.data)) as image:
        codecs = [section.codec for section in image.store.sections]
        assert codecs[:4] == [Codec.ZSTD] * 4
        assert codecs.count(Codec.NONE) > 5
        assert sum(section.len_raw for section in image.store.sections if section.codec) <= 5000
        assert image.rows(Fd) == FDS


def test_tables_that_pack_too_well_are_stored_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader need not take it that much comes from little."""
    monkeypatch.setattr("crimg.model.check.MAX_PACKED_EXCESS", 15_000)
    output = BytesOutput()
    writer = ImageWriter(output, HEADER, codec=Codec.ZSTD)
    fd = FDS[0]
    for _ in range(4):
        writer.table([fd] * 1000)
    writer.finish()
    with opened(bytes(output.data)) as image:
        packed = [section for section in image.store.sections if section.codec != Codec.NONE]
        assert 0 < len(packed) < 4
        assert sum(each.len_raw - 16 * each.len_stored for each in packed) <= 15_000
        assert len(image.rows(Fd)) == 4000
    monkeypatch.setattr("crimg.model.check.MAX_PACKED_EXCESS", 4_000)
    with opened(bytes(output.data)) as image, pytest.raises(FormatError, match="compressed tables of"):
        image.rows(Fd)


def test_rows_of_two_kinds_are_no_table() -> None:
    with pytest.raises(ModelError, match="several kinds"):
        ImageWriter(BytesOutput(), HEADER).table([*FDS[:1], FdTable(objref=1, referrers=0)])


def test_numbers_that_do_not_fit() -> None:
    writer = ImageWriter(BytesOutput(), HEADER)
    with pytest.raises(ModelError, match="page run"):
        writer.pagemap([(-1, 1, 1, 0)], 1)
    with pytest.raises(ModelError, match="extent"):
        writer.blob([(0, 2**64)], [])
    with pytest.raises(ModelError):
        writer.pages(bytes(4096), MAX_SECTION_ID + 1)
    with pytest.raises(ModelError):
        ImageWriter(BytesOutput(), FileHeader(uuid=b"short", created=0))


def test_ids_go_round_those_that_are_taken() -> None:
    writer = ImageWriter(BytesOutput(), HEADER)
    writer.avoid([])
    assert writer.take_id() == 1
    writer.avoid([3, 9])
    assert [writer.take_id(), writer.take_id()] == [10, 11]
    writer.avoid([1, 3, MAX_SECTION_ID])
    assert [writer.take_id(), writer.take_id(), writer.take_id()] == [2, 4, 5]


def test_an_image_with_the_last_id_can_be_written() -> None:
    builder = ImageBuilder().pages(bytes(4096), id=MAX_SECTION_ID).objects(10, FDS).revision()
    with opened(builder.bytes()) as image:
        data = rewritten(image)
    with opened(data) as image:
        assert [section.id for section in image.store.sections] == [1, MAX_SECTION_ID]
        assert image.rows(Fd) == FDS


def test_revisions_are_written_as_one() -> None:
    moved = [row.replace(path=b"/new") for row in samples.small_records() if isinstance(row, File)][:1]
    note = samples.HISTORY[0].replace(revision=2)
    data = samples.small_builder().objects(7, moved).history([note]).revision().bytes()
    with opened(data) as image:
        before = {cls: list(image.rows(cls)) for cls in KINDS.values()}
        compact = rewritten(image)
    with opened(compact) as image:
        assert image.revision == 1
        assert {cls: list(image.rows(cls)) for cls in KINDS.values()} == before
        assert len(compact) < len(data)
        assert rewritten(image) == compact


def test_tables_may_be_stored_compressed() -> None:
    with opened(samples.small_image()) as image:
        packed = rewritten(image, Codec.ZSTD)
        plain = rewritten(image)
    assert len(packed) < len(plain)
    with opened(packed) as image:
        assert rewritten(image) == plain


def test_damaged_images_are_not_written() -> None:
    data = bytearray(samples.small_image())
    with opened(bytes(data)) as image:
        (table,) = [section for section in image.store.sections if section.type == SectionType.OBJECTS]
    data[table.ofs_body + 20] ^= 1
    with opened(bytes(data)) as image, pytest.raises(FormatError):
        rewritten(image)


def test_nothing_is_written_of_a_damaged_image() -> None:
    data = bytearray(samples.small_image())
    with opened(bytes(data)) as image:
        data[image.store.sections[-1].ofs_body + 20] ^= 1  # the history, which comes last
    output = BytesOutput()
    with opened(bytes(data)) as image, pytest.raises(FormatError):
        write_image(image, output)
    assert len(output.data) == 0


def test_what_is_not_known_is_carried_along() -> None:
    """Sections that may be left alone, whatever their codec; also of kinds of later versions."""
    builder = ImageBuilder().section(99, b"unknown", flags=0, codec=9, align_log2=12)
    builder.objects(10, FDS[:2]).objects(0x8001, [["a", 1.5]], codec=1, flags=0).objects(0x8001, [["b"]])
    builder.section(5, b"a log nobody can decode", flags=0, codec=9).log(samples.LOG)
    with opened(builder.revision().bytes()) as image:
        before = {
            section.id: (section, bytes(image.store.stored(section))) for section in image.store.sections
        }
        data = rewritten(image)
    with opened(data) as image:
        carried = [
            section for section in image.store.sections if section.type != SectionType.LOG or section.codec
        ]
        assert [section.id for section in carried[1:]] == [1, 3, 4, 5]
        for section in carried[1:]:  # the first one is the table, which got a new id
            old, stored = before[section.id]
            assert bytes(image.store.stored(section)) == stored
            assert section.header() == old.header()
        assert image.rows(Fd) == FDS[:2]
        assert image.rows(LogEntry) == list(samples.LOG)
        assert rewritten(image) == data


def test_full_disk_is_a_file_error() -> None:
    fd = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(FileError, match="the disk: No space left on device"):
            FdOutput(fd, "the disk").write(b"", b"x")
    finally:
        os.close(fd)


def test_output_to_a_slow_pipe_and_input_from_it() -> None:
    """Larger than the pipe, so that writes are cut short; written and read at the same time."""
    read_end, write_end = os.pipe()
    pages = os.urandom(3 << 20)

    def write() -> None:
        writer = ImageWriter(FdOutput(write_end, "pipe"), HEADER)
        writer.table(FDS)
        writer.pages(pages, writer.take_id())
        writer.finish()
        writer.output.commit()
        os.close(write_end)

    thread = threading.Thread(target=write)
    thread.start()
    with open_stream(read_end) as image:
        thread.join()
        assert image.rows(Fd) == FDS
        assert image.store.body(2) == pages
    os.close(read_end)


def test_writes_that_take_only_a_part_are_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a file on a network, or a pipe: never more than 1000 bytes at once."""
    path = tmp_path / "image"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    whole = BytesOutput()
    small(whole).finish()

    def short(fd: int, buffers: list[memoryview]) -> int:
        return os.write(fd, b"".join(buffers)[:1000])

    monkeypatch.setattr("crimg.writer.output.os.writev", short)
    output = FdOutput(fd, "image")
    output.write(memoryview(whole.data)[:10], b"", bytes(whole.data[10:3000]), whole.data[3000:])
    os.close(fd)
    assert path.read_bytes() == bytes(whole.data)
