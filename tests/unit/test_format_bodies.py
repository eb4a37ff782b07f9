"""Page runs and extents: golden bytes, what is refused, and agreement with the generated classes."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kaitaistruct import KaitaiStructError

from crimg.errors import FormatError, ModelError
from crimg.format.bodies import pack_extents, pack_runs, unpack_extents, unpack_runs
from crimg.format.generated import crimg_container
from tests.hexdump import golden

_container: Any = crimg_container
GUARD, ZERO = 0xFFFF_FFFE, 0xFFFF_FFFF
LAST_PAGE = (1 << 52) - 1

RUNS_BYTES = golden("""
    54 55 55 55 05 00 00 00  # first_page: address 0x555555554000
    02 00 00 00 00 00 00 00  # num_pages
    07 00 00 00              # pages_id
    03 00 00 00              # first_index: the pages of section 7 from the fourth on
    56 55 55 55 05 00 00 00  # first_page
    01 00 00 00 00 00 00 00  # num_pages
    ff ff ff ff              # pages_id: zeros
    00 00 00 00              # first_index
""")
RUNS = [(0x5_5555_5554, 2, 7, 3), (0x5_5555_5556, 1, ZERO, 0)]

BLOB_BYTES = golden("""
    02 00 00 00              # num_extents
    00 00 00 00              # reserved
    00 00 00 00 00 00 00 00  # ofs
    03 00 00 00 00 00 00 00  # len
    00 10 00 00 00 00 00 00  # ofs
    02 00 00 00 00 00 00 00  # len
    61 62 63                 # data of the first extent
    7a 7a                    # data of the second
""")


def generated(name: str, data: bytes) -> Any:
    body = getattr(_container.CrimgContainer, name).from_bytes(data)
    body._read()
    return body


def test_golden_runs() -> None:
    assert pack_runs(RUNS) == RUNS_BYTES
    assert unpack_runs(memoryview(RUNS_BYTES)) == RUNS
    runs = generated("PagemapBody", RUNS_BYTES).runs
    assert [(run.first_page, run.num_pages, run.pages_id, run.first_index) for run in runs] == RUNS
    assert [run.origin for run in runs] == [7, _container.CrimgContainer.PagesOrigin.zeros]


def test_golden_extents() -> None:
    extents, start = unpack_extents(memoryview(BLOB_BYTES))
    assert extents == [(0, 3), (4096, 2)]
    assert BLOB_BYTES[start:] == b"abczz"
    assert pack_extents(extents) == BLOB_BYTES[:start]
    assert [(extent.ofs, extent.len) for extent in generated("BlobPrefix", BLOB_BYTES).extents] == extents


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [(0, 1, 0, 0)],
        [(0, 1, 1, 2**32 - 1), (1, 1, 0xFFFF_FFF0, 0)],
        [(LAST_PAGE, 1, GUARD, 0)],
        [(0, LAST_PAGE + 1, ZERO, 0)],
    ],
)
def test_runs_at_the_limits(runs: list[tuple[int, int, int, int]]) -> None:
    assert unpack_runs(pack_runs(runs)) == runs


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([(5, 0, 1, 0)], "run 0 is empty"),
        ([(5, 2, 1, 0), (6, 1, 1, 0)], "run 1 is empty or out of order"),
        ([(5, 1, 1, 0), (4, 1, 1, 0)], "run 1 is empty or out of order"),
        ([(5, 2**64 - 1, 1, 0), (6, 1, 1, 0)], "run 1 is empty or out of order"),
        ([(LAST_PAGE, 2, 1, 0)], "past the 64-bit address space"),
        ([(5, 1, ZERO, 1)], "run 0 has an index but no section"),
        ([(5, 1, 0, 1)], "run 0 has an index but no section"),
        ([(5, 1, 0xFFFF_FFF1, 0)], "run 0 has no origin: 0xfffffff1"),
        ([(5, 1, 0xFFFF_FFFD, 0)], "run 0 has no origin: 0xfffffffd"),
    ],
)
def test_runs_that_are_refused(runs: list[tuple[int, int, int, int]], text: str) -> None:
    with pytest.raises(FormatError, match=text) as caught:
        unpack_runs(pack_runs(runs), section="section 4 (PAGEMAP)", offset=640)
    assert (caught.value.section, caught.value.offset) == ("section 4 (PAGEMAP)", 640)


def test_runs_of_a_length_that_is_no_multiple() -> None:
    with pytest.raises(FormatError, match="length 25 is no multiple of 24"):
        unpack_runs(bytes(25))


def blob(count: int, reserved: int, extents: list[tuple[int, int]], data: bytes) -> bytes:
    return struct.pack("<II", count, reserved) + b"".join(struct.pack("<QQ", *e) for e in extents) + data


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "length 0 is less than 8"),
        (bytes(7), "length 7 is less than 8"),
        (blob(0, 1, [], b""), "reserved"),
        (blob(1, 0, [], b""), "1 extents do not fit in 8 bytes"),
        (blob(2**32 - 1, 0, [(0, 1)], b"x"), "4294967295 extents do not fit"),
        (blob(1, 0, [(0, 0)], b""), "extent 0 is empty"),
        (blob(2, 0, [(0, 2), (1, 1)], b"xxx"), "extent 1 is empty or out of order"),
        (blob(2, 0, [(9, 1), (0, 1)], b"xx"), "extent 1 is empty or out of order"),
        (blob(1, 0, [(0, 2)], b"x"), "extents of 2 bytes, but 1 bytes of data"),
        (blob(1, 0, [(0, 1)], b"xx"), "extents of 1 bytes, but 2 bytes of data"),
        (blob(0, 0, [], b"x"), "extents of 0 bytes, but 1 bytes of data"),
        (blob(1, 0, [(2**63 - 1, 1)], b"x"), "past the largest offset"),
        (blob(1, 0, [(2**64 - 1, 2**64 - 1)], b"x"), "past the largest offset"),
    ],
)
def test_blobs_that_are_refused(body: bytes, text: str) -> None:
    with pytest.raises(FormatError, match=text):
        unpack_extents(body)


@pytest.mark.parametrize("body", [blob(0, 0, [], b""), blob(1, 0, [(2**63 - 2, 1)], b"x")])
def test_blobs_at_the_limits(body: bytes) -> None:
    extents, start = unpack_extents(body)
    assert pack_extents(extents) + body[start:] == body


@pytest.mark.parametrize("runs", [[(-1, 1, 1, 0)], [(0, 1 << 64, 1, 0)], [(0, 1, 1 << 32, 0)]])
def test_numbers_out_of_range_are_not_written(runs: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(ModelError):
        pack_runs(runs)
    with pytest.raises(ModelError):
        pack_extents([(-1, 1)])


@given(st.binary(max_size=120))
def test_any_bytes_give_values_or_a_format_error(data: bytes) -> None:
    for unpack in (unpack_runs, unpack_extents):
        try:
            unpack(data)
        except FormatError as error:
            assert "\n" not in str(error)


RUN_FIELDS = st.tuples(
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from([0, 1, 0xFFFF_FFF0, 0xFFFF_FFF1, GUARD, ZERO]),
    st.integers(0, 2),
)


@given(RUN_FIELDS)
def test_fast_path_and_schema_agree_on_a_run(run: tuple[int, int, int, int]) -> None:
    data = pack_runs([run])
    try:
        unpack_runs(data)
    except FormatError:
        with pytest.raises(KaitaiStructError):
            generated("PagemapBody", data)
    else:
        parsed = generated("PagemapBody", data).runs[0]
        assert (parsed.first_page, parsed.num_pages, parsed.pages_id, parsed.first_index) == run
