"""Images made to hurt who opens them: numbers that lie, and little that claims to be much."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from crimg.errors import FormatError, UnsupportedVersionError
from crimg.model import Fd, FdTable, File, Filesystem, Mm, Signal
from crimg.pages import Memory
from tests import samples
from tests.builders import HISTORY, LOG, OBJECTS, PAGEMAP, PAGES, ImageBuilder
from tests.fuzz.footprint import footprint
from tests.fuzz.look import look, show
from tests.msgpack_encoder import Encoded, encode
from tests.property.opened import memory_file, opened

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
FDS = [row for row in samples.small_records() if isinstance(row, Fd)]
FILESYSTEM = next(row for row in samples.small_records() if isinstance(row, Filesystem))


def damage(data: bytes, cls: type[Any] = Fd) -> FormatError:
    """Why the rows of an image cannot be had."""
    with pytest.raises(FormatError) as told, opened(data) as image:
        image.rows(cls)
    return told.value


def objects(body: bytes, kind: int = 10, **options: Any) -> bytes:
    """An image with one table."""
    return ImageBuilder().section(OBJECTS, body, kind=kind, **options).revision().bytes()


@pytest.mark.parametrize("count", [1, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_more_rows_than_bytes(count: int) -> None:
    head = b"\x92\x0a\xdd" + struct.pack(">I", count)
    assert "claims" in damage(objects(head)).detail
    assert damage(objects(head + b"\x95\x01"))


@pytest.mark.parametrize("marker", [0xC6, 0xDB, 0xDD, 0xDF, 0xC9])
@pytest.mark.parametrize("length", [4097, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_values_that_claim_to_be_long(marker: int, length: int) -> None:
    claim = Encoded(bytes([marker]) + struct.pack(">I", length))
    assert damage(objects(encode([10, [claim]])))
    assert damage(objects(encode([10, [[1, 2, False, 3, claim]]])))
    assert damage(objects(encode([9, [[1, 0, {"a": claim}]]]), kind=9), FdTable)


@pytest.mark.parametrize(
    "unit", [b"\xdd\x00\x00\x10\x00", b"\xdc\x10\x00", b"\xde\x10\x00\xa0", b"\x91", b"\x81\xa0"]
)
@pytest.mark.parametrize("depth", [1000, 100_000])
def test_arrays_within_arrays(unit: bytes, depth: int, tmp_path: Path) -> None:
    """A decoder makes room for an array before it has read it: 32 KiB for 3 bytes, again and again."""
    path = tmp_path / "image"
    path.write_bytes(objects(b"\x92\x09\x91\x93\x01\x00\x81\xa1a" + unit * depth + b"\xc0" * 100, kind=9))
    taken = footprint(path, _LOAD.format(kind="FdTable"), before=_IMPORT)
    assert taken.memory < 48 * MIB
    assert damage(path.read_bytes(), FdTable)


_IMPORT = """
import zstandard
from crimg import FormatError
from crimg.reader import open_image
from crimg.model import KINDS, Fd, FdTable, Mm
from crimg.pages import Memory
"""
_LOAD = """
with open_image(path) as image:
    try:
        image.rows({kind})
    except FormatError:
        pass
"""


def test_attributes_nested_as_deep_as_is_allowed_can_be_shown() -> None:
    value: object = b"\x1b[1m"
    for _ in range(98):
        value = (value,)
    deep = FILESYSTEM.replace(extra={"a": value, "b": {"c": value}})
    data = ImageBuilder().objects(2, [deep]).revision().bytes()
    with memory_file(data) as path:
        assert look(path)
        for words in (["--json", "--all"], ["--all"], ["--object", "1"], ["--object", "1", "--json"]):
            show(path, ["inspect", *words])


@pytest.mark.parametrize("row", [b"\x93\x01\x00\xc0", b"\x93\x01\x00\x80", b"\x93\x01\x00\x81\xa0\x90"])
def test_compressed_rows(row: bytes, tmp_path: Path) -> None:
    """Two kilobytes of zstd for millions of rows: no more of them than some kilobytes may stand for."""

    def body(length: int) -> bytes:
        return b"\x92\x09\xdd" + struct.pack(">I", length // len(row)) + row * (length // len(row))

    path = tmp_path / "image"
    builder = ImageBuilder().section(OBJECTS, body(9 * MIB), kind=9, codec=1)
    path.write_bytes(builder.section(OBJECTS, body(9 * MIB), kind=9, codec=1).revision().bytes())
    assert path.stat().st_size < 8192
    assert "compressed tables of" in damage(path.read_bytes(), FdTable).detail
    assert footprint(path, _LOAD.format(kind="FdTable"), before=_IMPORT).memory < 8 * MIB
    assert "compressed tables of" in damage(objects(body(2 * MIB), kind=9, codec=1), FdTable).detail
    path.write_bytes(objects(body(MIB), kind=9, codec=1))
    assert footprint(path, _LOAD.format(kind="FdTable"), before=_IMPORT).memory < 60 * MIB


def test_rows_that_are_not_compressed_take_memory_by_their_length(tmp_path: Path) -> None:
    path = tmp_path / "image"
    row = b"\x93\x01\x00\xc0"
    path.write_bytes(objects(b"\x92\x09\xdd" + struct.pack(">I", MIB // 4) + row * (MIB // 4), kind=9))
    assert footprint(path, _LOAD.format(kind="FdTable"), before=_IMPORT).memory < 48 * MIB


def zstd(data: bytes, **options: Any) -> bytes:
    """A frame."""
    return zstandard.ZstdCompressor(level=1, **options).compress(data)


_BODY = encode([10, [list(row) for row in FDS]])
_WINDOW = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=True)
BAD_FRAMES = {
    "empty": b"",
    "no frame": b"x" * 50,
    "cut short": zstd(_BODY)[:-1],
    "something behind": zstd(_BODY) + b"\0",
    "two frames": zstd(_BODY) + zstd(_BODY),
    "no length": zstd(_BODY, write_content_size=False),
    "shorter": zstd(_BODY[:-1]),
    "longer": zstd(_BODY + b"\0"),
    "much longer": zstd(bytes(100 << 20)),
    "skippable": b"\x50\x2a\x4d\x18\x04\0\0\0abcd",
    "claims 2**64 - 1": b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8 + zstd(_BODY)[6:],
    "window of 1 TiB": b"\x28\xb5\x2f\xfd\x80\xf8" + struct.pack("<I", len(_BODY)) + b"\x01\0\0",
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_zstd_frames_that_are_not_what_they_should_be(name: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(objects(_BODY, codec=1, stored=BAD_FRAMES[name]))
    assert damage(path.read_bytes())
    assert footprint(path, _LOAD.format(kind="Fd"), before=_IMPORT).memory < 24 * MIB


def test_a_large_window_is_no_harm() -> None:
    frame = zstandard.ZstdCompressor(compression_params=_WINDOW).compress(_BODY)
    with opened(objects(_BODY, codec=1, stored=frame)) as image:
        assert image.rows(Fd) == FDS


@pytest.mark.parametrize("length", [(16 << 20) + 1, 2**31, 2**63, 2**64 - 1])
def test_decoded_lengths_that_are_too_large(length: int) -> None:
    assert "len_raw" in damage(objects(_BODY, codec=1, len_raw=length)).detail
    pages = ImageBuilder().section(PAGES, bytes(4096), codec=1, len_raw=length).revision().bytes()
    with pytest.raises(FormatError, match="len_raw"), opened(pages):
        pass


ENTRIES: dict[str, dict[str, object]] = {
    "in the header": {"ofs_header": 0},
    "in the header, nearly": {"ofs_header": 56},
    "not aligned": {"ofs_header": 65},
    "behind the file": {"ofs_header": 1 << 20},
    "at 2**63": {"ofs_header": 2**63},
    "at the last multiple of 8": {"ofs_header": 2**64 - 8},
    "long": {"len_stored": 1 << 20, "len_raw": 1 << 20},
    "2**63 long": {"len_stored": 2**63, "len_raw": 2**63},
    "2**64 - 1 long": {"len_stored": 2**64 - 1, "len_raw": 2**64 - 1},
    "of two lengths": {"len_raw": 5},
    "with no id": {"id": 0},
    "with an id that is too large": {"id": 0xFFFF_FFF1},
    "of revision 0": {"revision": 0},
    "of a later revision": {"revision": 2},
    "of the last revision": {"revision": 0xFFFF_FFFF},
    "an index": {"type": 7},
    "a trailer": {"type": 8},
    "with unknown flags": {"flags": 3},
    "aligned to nothing": {"align_log2": 0},
    "aligned to 2 MiB": {"align_log2": 21},
    "aligned to more": {"align_log2": 22},
    "of a kind that cannot be": {"type": LOG, "kind": 31},
}


@pytest.mark.parametrize("name", ENTRIES)
def test_index_entries_that_cannot_be(name: str) -> None:
    data = ImageBuilder().objects(10, FDS, entry=ENTRIES[name]).revision().bytes()
    with pytest.raises(FormatError), opened(data):
        pass
    with opened(data, salvage=True) as image:  # the section itself is whole
        assert image.damage
        assert image.rows(Fd) == FDS


def test_sections_over_one_another() -> None:
    builder = ImageBuilder().objects(10, FDS).pages(bytes(4096))
    builder.entries[1]["ofs_header"] = builder.entries[0]["ofs_header"]
    with pytest.raises(FormatError, match="begins before"), opened(builder.revision().bytes()):
        pass
    builder = ImageBuilder().pages(bytes(4096)).pages(bytes(4096))
    builder.entries[0] |= {"len_stored": 4097 + 48, "len_raw": 4097 + 48}
    with pytest.raises(FormatError, match="begins before"), opened(builder.revision().bytes()):
        pass


def test_sections_out_of_order() -> None:
    builder = ImageBuilder().objects(10, FDS).pages(bytes(4096))
    builder.entries.reverse()
    with pytest.raises(FormatError, match="begins before"), opened(builder.revision().bytes()):
        pass


def test_a_section_over_the_index() -> None:
    builder = ImageBuilder().pages(bytes(4096))
    long = {"len_stored": 4096 + 48, "len_raw": 4096 + 48}
    builder.entries[0] |= long
    with pytest.raises(FormatError, match="do not fit before offset"), opened(builder.revision().bytes()):
        pass


def test_revisions_that_go_back() -> None:
    builder = ImageBuilder().objects(10, FDS).revision().pages(bytes(4096))
    builder.entries[0]["revision"] = 2
    builder.entries[1]["revision"] = 1
    with pytest.raises(FormatError, match="earlier revision"), opened(builder.revision().bytes()):
        pass


def test_one_id_for_two_sections() -> None:
    data = ImageBuilder().objects(10, FDS).pages(bytes(4096), id=1).revision().bytes()
    with pytest.raises(FormatError, match="id"), opened(data):
        pass


TRAILERS: dict[str, dict[str, object]] = {
    "index at 0": {"ofs_index": 0},
    "index in a section": {"ofs_index": 64},
    "index behind the file": {"ofs_index": 1 << 30},
    "index at 2**63": {"ofs_index": 2**63},
    "index at the end of 64 bits": {"ofs_index": 2**64 - 8},
    "no sections": {"num_sections": 0},
    "one more section": {"num_sections": 2},
    "2**32 - 1 sections": {"num_sections": 2**32 - 1, "len_index": 48 * (2**32 - 1)},
    "long index": {"len_index": 2**63},
    "revision 0": {"revision": 0},
    "revision 2 without a first": {"revision": 2},
    "its own predecessor": {"ofs_prev_trailer": 512, "revision": 2},
    "a predecessor at 2**63": {"ofs_prev_trailer": 2**63, "revision": 2},
    "of another file": {"header_checksum": 1},
    "of another index": {"index_checksum": 1},
}


@pytest.mark.parametrize("name", TRAILERS)
def test_trailers_that_cannot_be(name: str) -> None:
    data = ImageBuilder().objects(10, FDS).revision(trailer=TRAILERS[name]).bytes()
    with pytest.raises(FormatError), opened(data):
        pass
    with opened(data, salvage=True) as image:
        assert image.damage
        assert image.rows(Fd) == FDS


def test_trailers_that_lead_round_in_circles() -> None:
    """Each to the one behind it, or to itself: nobody goes along, neither to open nor to look."""
    builder = ImageBuilder().objects(10, FDS).revision()
    first = builder.ofs_prev_trailer
    builder.objects(7, []).revision(trailer={"ofs_prev_trailer": 64})
    builder.objects(20, []).revision(trailer={"ofs_prev_trailer": first})
    with memory_file(builder.bytes()) as path:
        tables = look(path)
        assert tables is not None
        assert tables[Fd] == FDS
        assert look(path, salvage=True)


@pytest.mark.parametrize(
    "options",
    [{"type": 99}, {"len_stored": 0, "len_raw": 0}, {"codec": 1}, {"codec": 7}, {"id": 0}, {"flags": 2}],
)
def test_an_index_that_is_no_index(options: dict[str, object]) -> None:
    data = ImageBuilder().objects(10, FDS).revision(index=options).bytes()
    with pytest.raises(FormatError), opened(data):
        pass


RUNS = {
    "outside its section": (1, 2, 2, 0),
    "behind its section": (1, 1, 2, 1),
    "far behind it": (1, 1, 2, 2**32 - 1),
    "of 2**63 pages": (1, 2**63, 2, 0),
    "of the whole address space": (0, 2**52, 2, 0),
}


@pytest.mark.parametrize("name", RUNS)
def test_page_runs_that_are_not_in_their_section(name: str) -> None:
    mm = next(row for row in samples.small_records() if isinstance(row, Mm)).replace(pagemap=1)
    data = ImageBuilder().pagemap([RUNS[name]]).pages(bytes(4096)).objects(12, [mm]).revision().bytes()
    with opened(data) as image:
        with pytest.raises(FormatError):
            Memory(image, mm).read(4096, 1 if RUNS[name][2] != 2 or RUNS[name][3] else 4097)
        with pytest.raises(FormatError):
            list(Memory(image, mm).pieces(0, 1 << 64))
    with memory_file(data) as path:
        assert look(path)


def test_many_address_spaces_with_one_large_page_map(tmp_path: Path) -> None:
    """A thousand of them must not take a thousand times the memory of one."""
    mm = next(row for row in samples.small_records() if isinstance(row, Mm))
    spaces = [mm.replace(objref=1000 + number, pagemap=1) for number in range(1000)]
    runs = b"".join(struct.pack("<QQII", 2 * number, 1, 0xFFFF_FFFF, 0) for number in range(10_000))
    path = tmp_path / "image"
    builder = ImageBuilder().section(PAGEMAP, runs).objects(12, spaces)
    path.write_bytes(builder.revision().bytes())
    code = "image = open_image(path); spaces = [Memory(image, mm) for mm in image.rows(Mm)]"
    assert footprint(path, code, before=_IMPORT).memory < 24 * MIB


def test_one_blob_named_again_and_again() -> None:
    """4096 times 16 MiB of zeros, from two kilobytes: refused with the second."""
    inode = next(row for row in samples.small_records() if getattr(row, "keeper", 0) == 1)
    extents = struct.pack("<IIQQ", 1, 0, 0, 15 << 20) + bytes(15 << 20)
    builder = ImageBuilder()
    for _ in range(3):
        builder.section(4, extents, codec=1)
    builder.objects(4, [inode.replace(blobs=(1, 2, 3) * 1365)])
    started = time.process_time()
    with memory_file(builder.revision().bytes()) as path:
        assert look(path)
        assert look(path, salvage=True)
    assert time.process_time() - started < 5


def test_unknown_critical_sections_are_refused_and_ancillary_ones_are_not() -> None:
    for type_ in (0, 9, 99, 0xFFFF):
        with (
            pytest.raises(UnsupportedVersionError),
            opened(ImageBuilder().section(type_, b"").revision().bytes()),
        ):
            pass
        with opened(ImageBuilder().section(type_, b"", flags=0).revision().bytes()) as image:
            assert len(image.store.sections) == 1


@pytest.mark.parametrize("kind", [0, 28, 29, 32, 0x7FFF])
def test_unknown_kinds_are_refused(kind: int) -> None:
    error = damage(objects(encode([kind, [[1]]]), kind=0))
    assert isinstance(error, UnsupportedVersionError) == (kind != 0)


@pytest.mark.parametrize(
    "body",
    [
        b"\xc0",
        b"\x00",
        b"\x91\x0a",
        b"\x93\x0a\x90\x90",
        b"\x93\x0a\x90\x92\x0a\x90",
        b"\x92\xa1a\x90",
        b"\x92\xc3\x90",
        b"\x92\xcb" + struct.pack(">d", 10.0) + b"\x90",
        b"\x92\xcf" + b"\xff" * 8 + b"\x90",
        b"\x92\x0a\xc0",
        b"\x92\x0a\x80",
        b"\x92\x0a\x91\xc0",
        b"\x92\x0a\x91\x80",
        b"\x92\x0a\x91\xc1",
        b"\x92\x0a\x91\xd4\x01\x00",
        b"\x92\x0a\x91\xc7\x00\x01",
        b"\x92\x0a\x90\x92",
        b"\x92\x0a\x90\x92\x0a",
        b"\x92\x0a\x90\xff",
    ],
)
def test_what_is_no_batch_of_rows(body: bytes) -> None:
    assert damage(objects(body, kind=0))


@pytest.mark.parametrize(
    "value",
    [
        b"\xd4\x01\x00",  # ext
        b"\xc7\x00\x05",  # ext of no bytes
        b"\xd6\xff\0\0\0\0",  # timestamp
        b"\x81\x01\x02",  # a number for a name
        b"\x81\xc0\x02",
        b"\x81\x90\x02",
        b"\x81\x80\x02",  # a map for a name
        b"\xa1\xff",  # no UTF-8
        b"\xa3\xed\xa0\x80",  # a surrogate
        b"\xc1",
    ],
)
def test_attributes_that_are_not_allowed(value: bytes) -> None:
    body = encode([9, [[1, 0, {"a": Encoded(value)}]]])
    assert damage(objects(body, kind=9), FdTable)


def test_lists_are_limited() -> None:
    row = list(next(row for row in samples.small_records() if isinstance(row, Signal)))
    row[2] = Encoded(b"\xdc\x10\x01" + b"\0" * 4097)
    assert damage(objects(encode([16, [row]]), kind=16), Signal)


def test_a_row_in_a_section_of_another_type() -> None:
    for type_, kind in ((LOG, 30), (HISTORY, 31)):
        data = ImageBuilder().section(type_, encode([10, [list(row) for row in FDS]]), kind=kind, flags=0)
        with opened(data.revision().bytes()) as image:
            assert image.rows(Fd) == []
            assert image.rows(File) == []
