"""The structures of the container: golden bytes, and every way in which they can be wrong."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimg.errors import (
    BadMagicError,
    ChecksumError,
    FormatError,
    ModelError,
    TruncatedError,
    UnsupportedVersionError,
)
from crimg.format.container import (
    FileHeader,
    IndexEntry,
    SectionHeader,
    Trailer,
    body_offset,
    checksum,
    pack_index,
    read_header,
    read_index,
    read_section_header,
    read_trailer,
    section_end,
)
from tests import builders
from tests.hexdump import golden

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER_BYTES = golden("""
    89 43 52 49 0d 0a 1a 0a                          # magic
    01 00                                            # version_major 1
    00 00                                            # version_minor 0
    3e 00                                            # machine 62, EM_X86_64
    00 00                                            # reserved
    00 10 00 00                                      # page_size 4096
    00 00 00 00                                      # flags
    00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  # uuid
    15 cd 85 3d fe 9c 97 17                          # created 1,700,000,000.123456789 s
    00 00 00 00 00 00 00 00                          # reserved2
    6f ae 31 03 62 2b 78 14                          # checksum
""")
HEADER = FileHeader(uuid=bytes(range(16)), created=1_700_000_000_123_456_789, page_size=4096)

SECTION_BYTES = golden("""
    a7 53 45 43              # magic
    03 00                    # type PAGES
    01 00                    # flags: critical
    00                       # codec none
    0c                       # align_log2: body at a multiple of 4096
    00 00                    # kind
    07 00 00 00              # id
    00 20 00 00 00 00 00 00  # len_stored 8192
    00 20 00 00 00 00 00 00  # len_raw 8192
    19 1f fa 71 8e db 9d ce  # checksum of the body, b"page" * 2048
    13 ab 8d 11 41 96 ff b8  # header_checksum
""")
SECTION = SectionHeader(
    type=3, id=7, len_stored=8192, len_raw=8192, checksum=checksum(b"page" * 2048), align_log2=12
)

ENTRY_BYTES = golden("""
    01 00                    # type OBJECTS
    01 00                    # flags: critical
    01                       # codec zstd
    03                       # align_log2
    0d 00                    # kind vma
    f0 ff ff ff              # id, the largest
    02 00 00 00              # revision
    38 02 00 00 00 00 00 00  # ofs_header
    64 00 00 00 00 00 00 00  # len_stored 100
    00 00 00 01 00 00 00 00  # len_raw 16 MiB, the most with a codec
    88 77 66 55 44 33 22 11  # checksum of the stored body
""")
ENTRY = IndexEntry(
    type=1,
    flags=1,
    codec=1,
    align_log2=3,
    kind=13,
    id=0xFFFF_FFF0,
    revision=2,
    ofs_header=0x238,
    len_stored=100,
    len_raw=16 << 20,
    checksum=0x1122_3344_5566_7788,
)

TRAILER_BYTES = golden("""
    89 43 52 54 0d 0a 1a 0a  # magic
    02 00 00 00              # revision
    01 00 00 00              # num_sections
    00 30 00 00 00 00 00 00  # ofs_index
    30 00 00 00 00 00 00 00  # len_index
    00 20 00 00 00 00 00 00  # ofs_prev_trailer
    88 77 66 55 44 33 22 11  # header_checksum
    00 ff ee dd cc bb aa 99  # index_checksum
    3d 20 32 b1 a2 f1 60 98  # checksum
""")
TRAILER = Trailer(
    revision=2,
    num_sections=1,
    ofs_index=0x3000,
    len_index=48,
    ofs_prev_trailer=0x2000,
    header_checksum=0x1122_3344_5566_7788,
    index_checksum=0x99AA_BBCC_DDEE_FF00,
)

SEALED: list[tuple[Any, bytes, Callable[..., Any]]] = [
    (HEADER, HEADER_BYTES, read_header),
    (SECTION, SECTION_BYTES, read_section_header),
    (TRAILER, TRAILER_BYTES, read_trailer),
]
NAMES = ["header", "section", "trailer"]


def header(**fields: object) -> bytes:
    """A file header with a right checksum, whatever its fields are."""
    return builders.ImageBuilder(**fields).header


def section(**fields: object) -> bytes:
    """A section header with right checksums."""
    values = {
        "magic": b"\xa7SEC",
        "type": 1,
        "flags": 1,
        "codec": 0,
        "align_log2": 3,
        "kind": 0,
        "id": 1,
        "len_stored": 8,
        "len_raw": 8,
        "checksum": 0,
    }
    return builders.pack(builders.SECTION_HEADER, {**values, **fields}, "header_checksum")


def entry(**fields: object) -> bytes:
    """An index entry."""
    values = {name: getattr(ENTRY, name) for name, _ in builders.INDEX_ENTRY}
    return builders.pack(builders.INDEX_ENTRY, {**values, **fields})


def trailer(**fields: object) -> bytes:
    """A trailer with a right checksum."""
    values: dict[str, object] = {name: getattr(TRAILER, name) for name in TRAILER.__slots__}
    values["magic"] = b"\x89CRT\r\n\x1a\n"
    return builders.pack(builders.TRAILER_BODY, {**values, **fields}, "checksum")


@pytest.mark.parametrize(("record", "data", "read"), SEALED, ids=NAMES)
def test_golden_bytes_both_ways(record: Any, data: bytes, read: Callable[..., Any]) -> None:
    assert record.pack() == data
    assert read(data) == record
    assert read(memoryview(data + b"what follows")) == record


def test_golden_bytes_of_an_index_both_ways() -> None:
    assert pack_index([ENTRY, ENTRY]) == ENTRY_BYTES * 2
    assert read_index(memoryview(ENTRY_BYTES * 2)) == [ENTRY, ENTRY]
    assert read_index(b"") == []


@pytest.mark.parametrize(("record", "data", "read"), SEALED, ids=NAMES)
def test_cut_short(record: Any, data: bytes, read: Callable[..., Any]) -> None:
    for length in range(len(data)):
        with pytest.raises(TruncatedError) as caught:
            read(data[:length], offset=4096)
        assert caught.value.offset == 4096


@pytest.mark.parametrize(("record", "data", "read"), SEALED, ids=NAMES)
def test_every_changed_bit_is_found(record: Any, data: bytes, read: Callable[..., Any]) -> None:
    for position in range(8 * len(data)):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises((BadMagicError, ChecksumError, UnsupportedVersionError)):
            read(bytes(changed))


@pytest.mark.parametrize(("record", "data", "read"), SEALED, ids=NAMES)
def test_another_magic(record: Any, data: bytes, read: Callable[..., Any]) -> None:
    with pytest.raises(BadMagicError, match="at offset 16 "):
        read(b"\x7fELF" + data[4:], offset=16)
    with pytest.raises(BadMagicError):
        read(b"#!")


@pytest.mark.parametrize(
    "start", [b"\x89CRI\n\x1a\n", b"\x89CRI\r\r\n\x1a", b"\tCRI\r\n\x1a\n", b"\xc2\x89CRI\r\n\x1a\n"]
)
def test_text_conversion_is_named(start: bytes) -> None:
    with pytest.raises(BadMagicError, match="as if it were text"):
        read_header(start + HEADER_BYTES[8:])


@pytest.mark.parametrize(
    ("fields", "error", "text"),
    [
        ({"version_major": 2}, UnsupportedVersionError, "version 2 of the format"),
        ({"version_major": 0}, UnsupportedVersionError, "version 0 of the format"),
        ({"machine": 183}, UnsupportedVersionError, "machine 183"),
        ({"flags": 1 << 31}, UnsupportedVersionError, "unknown flags 0x80000000"),
        ({"reserved": 1}, FormatError, "reserved: "),
        ({"reserved2": 1 << 63}, FormatError, "reserved2: "),
        ({"page_size": 4097}, FormatError, "page_size: .*4097"),
        ({"page_size": 2048}, FormatError, "page_size: .*2048"),
        ({"page_size": 131072}, FormatError, "page_size: .*131072"),
        ({"page_size": 0}, FormatError, "page_size: .*0"),
        ({"checksum": 1}, ChecksumError, "checksum"),
    ],
)
def test_file_headers_that_are_refused(fields: dict[str, Any], error: type[FormatError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        read_header(header(**fields))
    assert type(caught.value) is error
    assert caught.value.section == "header"


@pytest.mark.parametrize("fields", [{"page_size": 65536}, {"version_minor": 7}, {"created": -(2**63)}])
def test_file_headers_that_are_read(fields: dict[str, Any]) -> None:
    record = read_header(header(**fields))
    for name, value in fields.items():
        assert getattr(record, name) == value


BAD_SECTION_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"flags": 2}, "flags: "),
    ({"flags": 0x8001}, "flags: "),
    ({"align_log2": 2}, "align_log2: .*2"),
    ({"align_log2": 22}, "align_log2: .*22"),
    ({"align_log2": 255}, "align_log2: .*255"),
    ({"id": 0}, "id: "),
    ({"id": 0xFFFF_FFF1}, "id: "),
    ({"type": 3, "kind": 13}, "kind: .*13"),
    ({"type": 5, "kind": 31}, "kind: .*31"),
    ({"type": 6, "kind": 30}, "kind: .*30"),
    ({"codec": 0, "len_stored": 8, "len_raw": 9}, "len_raw: .*9"),
    ({"codec": 1, "kind": 0, "len_raw": (16 << 20) + 1}, "len_raw: .*16777217"),
    ({"codec": 77, "kind": 0, "len_raw": 2**64 - 1}, "len_raw: .*18446744073709551615"),
]


@pytest.mark.parametrize(("fields", "text"), BAD_SECTION_FIELDS)
def test_section_headers_that_are_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(FormatError, match=text) as caught:
        read_section_header(section(**fields), offset=128)
    assert (type(caught.value), caught.value.section, caught.value.offset) == (
        FormatError,
        "section header",
        128,
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        *BAD_SECTION_FIELDS,
        ({"type": 7, "kind": 0}, "type: "),
        ({"type": 8, "kind": 0}, "type: "),
        ({"revision": 0}, "revision: "),
        ({"ofs_header": 56}, "ofs_header: .*56"),
        ({"ofs_header": 100}, "ofs_header: .*100"),
    ],
)
def test_index_entries_that_are_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(FormatError, match=text) as caught:
        read_index(ENTRY_BYTES + entry(**fields), offset=1000)
    assert (caught.value.section, caught.value.offset) == ("index entry 1", 1048)


def test_index_of_a_length_that_is_no_multiple() -> None:
    with pytest.raises(FormatError, match="length 47 is no multiple of 48"):
        read_index(ENTRY_BYTES[:-1])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"revision": 0}, "revision: "),
        ({"num_sections": 2}, "len_index: .*48"),
        ({"len_index": 47}, "len_index: .*47"),
        ({"ofs_index": 48}, "ofs_index: "),
        ({"ofs_index": 0x3001}, "ofs_index: "),
        ({"ofs_prev_trailer": 0}, "ofs_prev_trailer: "),
        ({"revision": 1}, "ofs_prev_trailer: "),
        ({"ofs_prev_trailer": 0x3000}, "ofs_prev_trailer: "),
        ({"ofs_prev_trailer": 0x2004}, "ofs_prev_trailer: "),
        ({"ofs_prev_trailer": 56}, "ofs_prev_trailer: "),
    ],
)
def test_trailers_that_are_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(FormatError, match=text) as caught:
        read_trailer(trailer(**fields), offset=8)
    assert (type(caught.value), caught.value.section, caught.value.offset) == (FormatError, "trailer", 8)


@pytest.mark.parametrize("fields", [{"type": 99}, {"type": 0}, {"codec": 200, "len_raw": 5}, {"flags": 0}])
def test_unknown_types_and_codecs_are_let_through(fields: dict[str, Any]) -> None:
    record = read_section_header(section(**fields))
    for name, value in fields.items():
        assert getattr(record, name) == value
        assert type(getattr(record, name)) is int
    assert record.critical == (fields != {"flags": 0})


@pytest.mark.parametrize(
    "record",
    [
        FileHeader(uuid=b"short", created=0),
        FileHeader(uuid=bytes(16), created=1 << 63),
        FileHeader(uuid=bytes(16), created=0, page_size=12288),
        FileHeader(uuid=bytes(16), created=0, flags=1),
        FileHeader(uuid=bytes(16), created=0, machine=3),
        SectionHeader(type=1 << 16, id=1, len_stored=0, len_raw=0, checksum=0),
        SectionHeader(type=1, id=0, len_stored=0, len_raw=0, checksum=0),
        SectionHeader(type=1, id=1, len_stored=-1, len_raw=-1, checksum=0),
        SectionHeader(type=1, id=1, len_stored=1, len_raw=2, checksum=0),
        SectionHeader(type=1, id=1, len_stored=0, len_raw=0, checksum=1 << 64),
        SectionHeader(type=1, id=1, len_stored=None, len_raw=None, checksum=0),  # type: ignore[arg-type]
        Trailer(
            revision=1,
            num_sections=1,
            ofs_index=64,
            len_index=49,
            ofs_prev_trailer=0,
            header_checksum=0,
            index_checksum=0,
        ),
    ],
    ids=repr,
)
def test_what_the_format_cannot_hold_is_not_written(record: Any) -> None:
    with pytest.raises(ModelError, match="cannot be written"):
        record.pack()


def test_where_sections_stand() -> None:
    assert body_offset(64, 3) == 112
    assert body_offset(64, 12) == 4096
    assert body_offset(4096 - 48, 12) == 4096
    assert body_offset(4096 - 40, 12) == 8192
    assert body_offset((1 << 40) + 8, 21) == (1 << 40) + (1 << 21)
    assert [section_end(112, length) for length in (0, 1, 8, 9)] == [112, 120, 120, 128]


def test_entries_and_headers_say_the_same() -> None:
    made = IndexEntry.of(SECTION, revision=3, ofs_header=640)
    assert made.header() == SECTION
    assert (made.revision, made.ofs_header, made.offset, made.ofs_body) == (3, 640, 640, 4096)
    assert made.label == SECTION.label == "section 7 (PAGES)"
    assert made.critical


def test_records_are_values() -> None:
    assert read_index(ENTRY_BYTES)[0] == ENTRY
    assert hash(read_index(ENTRY_BYTES)[0]) == hash(ENTRY)
    assert ENTRY != SECTION
    assert pickle.loads(pickle.dumps(ENTRY)) == ENTRY
    other = read_index(entry(id=5))[0]
    assert other != ENTRY
    assert "id=5" in repr(other)


@given(st.sampled_from([read_header, read_section_header, read_trailer, read_index]), st.binary(max_size=200))
def test_any_bytes_give_a_record_or_a_format_error(read: Callable[..., Any], data: bytes) -> None:
    try:
        read(data)
    except FormatError as error:
        assert "\n" not in str(error)


FIELDS = st.fixed_dictionaries(
    {
        "type": st.integers(0, 2**16 - 1) | st.integers(0, 9),
        "flags": st.integers(0, 3),
        "codec": st.integers(0, 255) | st.integers(0, 2),
        "align_log2": st.integers(0, 255) | st.integers(2, 22),
        "kind": st.integers(0, 2**16 - 1) | st.just(0),
        "id": st.integers(0, 2**32 - 1),
        "len_stored": st.integers(0, 2**64 - 1) | st.just(64),
        "len_raw": st.integers(0, 2**64 - 1) | st.just(64),
        "checksum": st.integers(0, 2**64 - 1),
    }
)


@given(FIELDS)
def test_what_is_read_is_what_can_be_written(fields: dict[str, Any]) -> None:
    """Reader and writer draw the line between sound and unsound headers in the same place."""
    data = section(**fields)
    try:
        record = read_section_header(data)
    except FormatError:
        with pytest.raises(ModelError):
            SectionHeader(**fields).pack()
    else:
        assert record.pack() == data
