"""Memory and kept files of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.errors import ChecksumError, FormatError
from crimg.model import Mm
from crimg.pages import ABSENT, GUARD, PARENT, SAVED, ZERO, Memory, blob_extents
from tests import builders, samples
from tests.builders import ImageBuilder
from tests.property.opened import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model.image import Image

PAGE = 4096
TWO = b"\x11" * PAGE + b"\x22" * PAGE
SPACE = next(row for row in samples.small_records() if isinstance(row, Mm))


def memory(image: Image, pagemap: int | None = 1) -> Memory:
    """The memory that a page map describes."""
    return Memory(image, SPACE.replace(pagemap=pagemap))


def image_with(runs: Sequence[tuple[int, int, int, int]], **pagemap: object) -> bytes:
    """An image whose section 1 holds these runs and section 2 two pages."""
    return ImageBuilder().pagemap(runs, **pagemap).pages(TWO).revision().bytes()


def shown(memory: Memory, start: int, end: int) -> list[tuple[int, int, str, bytes | None]]:
    """The pieces between two addresses."""
    return [
        (piece.start, piece.end, piece.origin, None if piece.data is None else bytes(piece.data))
        for piece in memory.pieces(start, end)
    ]


def test_small_image() -> None:
    with opened(samples.small_image()) as image:
        (mm,) = image.rows(Mm)
        space = Memory(image, mm)
        assert space.runs == list(samples.RUNS)
        assert space.saved_bytes() == 4 * PAGE
        assert space.saved_bytes(samples.HEAP, samples.HEAP + PAGE + 1) == PAGE + 1
        assert space.read(samples.HEAP, 3 * PAGE) == samples.SAVED_PAGES[: 2 * PAGE] + bytes(PAGE)
        assert space.read(samples.STACK, PAGE) == samples.SAVED_PAGES[2 * PAGE :]
        assert space.read(samples.SCRATCH + PAGE, 11) == b"packed page"
        (piece,) = space.pieces(samples.SCRATCH, samples.SCRATCH + PAGE)
        assert (piece.origin, piece.data) == (GUARD, None)


def test_pieces_cover_what_was_asked_for_without_gaps() -> None:
    runs = [(1, 1, 2, 1), (2, 1, builders.ZERO, 0), (4, 2, builders.PARENT, 0), (6, 1, 2, 0)]
    with opened(image_with(runs)) as image:
        space = memory(image)
        assert shown(space, 0, 8 * PAGE) == [
            (0, PAGE, ABSENT, None),
            (PAGE, 2 * PAGE, SAVED, TWO[PAGE:]),
            (2 * PAGE, 3 * PAGE, ZERO, None),
            (3 * PAGE, 4 * PAGE, ABSENT, None),
            (4 * PAGE, 6 * PAGE, PARENT, None),
            (6 * PAGE, 7 * PAGE, SAVED, TWO[:PAGE]),
            (7 * PAGE, 8 * PAGE, ABSENT, None),
        ]
        assert shown(space, PAGE + 10, PAGE + 12) == [(PAGE + 10, PAGE + 12, SAVED, b"\x22\x22")]
        assert shown(space, 2 * PAGE - 1, 2 * PAGE + 1) == [
            (2 * PAGE - 1, 2 * PAGE, SAVED, b"\x22"),
            (2 * PAGE, 2 * PAGE + 1, ZERO, None),
        ]
        assert shown(space, PAGE, PAGE) == []
        assert shown(space, 100 * PAGE, 100 * PAGE + 1) == [(100 * PAGE, 100 * PAGE + 1, ABSENT, None)]
        assert space.read(PAGE - 1, 3) == b"\0\x22\x22"


def test_a_run_of_several_pages_is_one_piece() -> None:
    with opened(image_with([(5, 2, 2, 0)])) as image:
        assert shown(memory(image), 5 * PAGE + 1, 7 * PAGE) == [(5 * PAGE + 1, 7 * PAGE, SAVED, TWO[1:])]


def test_the_end_of_the_address_space() -> None:
    last = (1 << 64) // PAGE - 1
    with opened(image_with([(last, 1, 2, 0)])) as image:
        space = memory(image)
        assert space.saved_bytes() == PAGE
        assert space.read(last * PAGE, PAGE) == TWO[:PAGE]


@pytest.mark.parametrize("codec", [builders.NONE, builders.ZSTD])
def test_page_maps_may_be_compressed(codec: int) -> None:
    with opened(image_with([(page, 1, 2, 0) for page in range(500)], codec=codec)) as image:
        assert len(memory(image).runs) == 500


def test_no_page_map_is_no_page() -> None:
    with opened(image_with([])) as image:
        assert memory(image, None).runs == []
        assert memory(image, None).read(0x1000, 3) == bytes(3)
        assert memory(image).saved_bytes() == 0


def test_address_spaces_share_a_page_map_that_was_decoded() -> None:
    with opened(image_with([(5, 2, 2, 0)])) as image:
        assert memory(image).runs is memory(image).runs


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([(1, 1, 2, 0), (1, 1, 2, 0)], "run 1 is empty or out of order"),
        ([(1, 0, 2, 0)], "run 0 is empty or out of order"),
        ([(1, 2**64 - 1, 2, 0)], "runs reach past the 64-bit address space"),
        ([(2**52 - 1, 2, 2, 0)], "runs reach past the 64-bit address space"),
        ([(2**64 - 1, 1, 2, 0)], "runs reach past the 64-bit address space"),
        ([(1, 1, 0xFFFF_FFF5, 0)], "run 0 has no origin"),
    ],
)
def test_wrong_page_maps(runs: Sequence[tuple[int, int, int, int]], text: str) -> None:
    with opened(image_with(runs)) as image, pytest.raises(FormatError, match=text) as told:
        memory(image)
    assert told.value.section == "section 1 (PAGEMAP)"


@pytest.mark.parametrize(
    "run", [(1, 3, 2, 0), (1, 1, 2, 2), (1, 2, 2, 1), (1, 1, 2, 2**32 - 1), (1, 2**51, 2, 0)]
)
def test_runs_that_pass_the_end_of_their_section(run: tuple[int, int, int, int]) -> None:
    with opened(image_with([run])) as image:
        space = memory(image)
        with pytest.raises(FormatError, match="past the end of section 2"):
            list(space.pieces(PAGE, (1 + run[1]) * PAGE))


@pytest.mark.parametrize("section", [1, 3, 9, 0xFFFF_FFF0])
def test_runs_that_name_no_section_of_pages(section: int) -> None:
    data = ImageBuilder().pagemap([(1, 1, section, 0)]).pages(TWO).blob([(0, TWO)]).revision().bytes()
    with opened(data) as image:
        space = memory(image)
        assert space.saved_bytes() == PAGE
        with pytest.raises(FormatError, match="PAGES"):
            space.read(PAGE, 1)


@pytest.mark.parametrize("section", [2, 9])
def test_page_maps_that_are_none(section: int) -> None:
    with opened(image_with([])) as image, pytest.raises(FormatError, match="PAGEMAP"):
        memory(image, section)


def test_compressed_pages_are_checked() -> None:
    data = bytearray(ImageBuilder().pagemap([(1, 2, 2, 0)]).pages(TWO, codec=1).revision().bytes())
    with opened(bytes(data)) as image:
        assert memory(image).read(PAGE, 2 * PAGE) == TWO
        data[image.store.sections[1].ofs_body + 9] ^= 1
    with opened(bytes(data)) as image, pytest.raises(ChecksumError):
        memory(image).read(PAGE, 1)


def blobs(*bodies: Sequence[tuple[int, bytes]]) -> bytes:
    """An image with BLOB sections 1, 2, ..."""
    builder = ImageBuilder()
    for extents in bodies:
        builder.blob(extents)
    return builder.pages(TWO).revision().bytes()


def test_contents_come_in_the_order_of_the_file() -> None:
    with opened(blobs([(0, b"ab"), (10, b"c")], [(4096, b"d")], [])) as image:
        found = [(offset, bytes(data)) for offset, data in blob_extents(image, (1, 2, 3))]
        assert found == [(0, b"ab"), (10, b"c"), (4096, b"d")]
        assert list(blob_extents(image, ())) == []


@pytest.mark.parametrize("sections", [(2, 1), (1, 1), (1, 2, 1)])
def test_contents_out_of_order(sections: tuple[int, ...]) -> None:
    with (
        opened(blobs([(0, b"ab")], [(2, b"c")])) as image,
        pytest.raises(FormatError, match="out of order"),
    ):
        list(blob_extents(image, sections))


@pytest.mark.parametrize("section", [2, 3])
def test_contents_that_are_none(section: int) -> None:
    with opened(blobs([(0, b"ab")])) as image, pytest.raises(FormatError, match="BLOB"):
        list(blob_extents(image, (1, section)))
