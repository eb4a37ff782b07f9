"""Damaged images: where the damage is said to be, and what is still shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import (
    BadMagicError,
    ChecksumError,
    FormatError,
    TruncatedError,
    UnsupportedVersionError,
)
from crimg.model import KINDS, Fd, File, HistoryEntry, Task
from tests import samples
from tests.builders import FILE_HEADER, ImageBuilder, pack
from tests.fuzz.layout import parts_of, reseal
from tests.property.opened import opened

if TYPE_CHECKING:
    from crimg.model import Record
    from crimg.model.image import Image

RECORDS = samples.small_records()
FDS = [row for row in RECORDS if isinstance(row, Fd)]
FILES = [row for row in RECORDS if isinstance(row, File)]


def separate() -> ImageBuilder:
    """An image with three sections: descriptors, files, a page."""
    return ImageBuilder().objects(10, FDS).objects(7, FILES).pages(bytes(4096))


def changed(data: bytes, offset: int, new: bytes) -> bytes:
    """The bytes with others at one place."""
    return data[:offset] + new + data[offset + len(new) :]


def flipped(data: bytes, offset: int) -> bytes:
    """The bytes with one bit turned over."""
    return changed(data, offset, bytes([data[offset] ^ 1]))


def refusal(data: bytes) -> FormatError:
    """Why an image is not opened."""
    with pytest.raises(FormatError) as told, opened(data):
        pass
    return told.value


def rows(image: Image, cls: type[Record]) -> list[Record]:
    """The rows of a kind, none where they are damaged."""
    try:
        return list(image.rows(cls))
    except FormatError:
        return []


def test_whole_images_have_no_damage() -> None:
    for data in (samples.small_image(), ImageBuilder().revision().bytes()):
        with opened(data) as whole, opened(data, salvage=True) as salvaged:
            assert salvaged.damage == ()
            assert list(salvaged.store.sections) == list(whole.store.sections)
            assert salvaged.revision == whole.revision


@pytest.mark.parametrize("where", [0, 8, 30, 63])
def test_damaged_header(where: int) -> None:
    data = flipped(samples.small_image(), where)
    error = refusal(data)
    assert (error.section, error.offset) == ("header", 0)
    with opened(data, salvage=True) as image:
        assert [(each.section, each.offset) for each in image.damage] == [("header", 0)]
        assert [row for row in RECORDS if isinstance(row, Task)] == image.rows(Task)
        assert image.uuid == bytes(16)  # nothing in a damaged header is believed


def test_a_damaged_version_is_no_other_version() -> None:
    """Damage of the number is not to be told from another version but by the checksum."""
    data = flipped(samples.small_image(), 9)
    assert isinstance(refusal(data), UnsupportedVersionError)
    with opened(data, salvage=True) as image:
        assert image.rows(Task)


@pytest.mark.parametrize("field", [{"version_major": 2}, {"machine": 183}, {"flags": 1}])
def test_what_is_not_known_is_not_salvaged(field: dict[str, int]) -> None:
    data = ImageBuilder(**field).objects(10, FDS).revision().bytes()
    assert isinstance(refusal(data), UnsupportedVersionError)
    with pytest.raises(UnsupportedVersionError), opened(data, salvage=True):
        pass


def test_each_damaged_body_is_named_and_the_rest_is_shown() -> None:
    builder = separate().revision()
    data = builder.bytes()
    for number, left in ((1, (0, len(FILES))), (2, (len(FDS), 0)), (3, (len(FDS), len(FILES)))):
        part = parts_of(data)[number - 1]
        with opened(flipped(data, part.body), salvage=True) as image:
            (damage,) = image.damage
            assert isinstance(damage, ChecksumError)
            assert damage.section.startswith(f"section {number} (")
            assert damage.offset == part.body
            assert (len(rows(image, Fd)), len(rows(image, File))) == left
            assert number not in [section.id for section in image.store.sections]


def test_damaged_section_headers() -> None:
    builder = separate().revision()
    data = builder.bytes()
    for number in (1, 2, 3):
        at = builder.offsets[number]
        for offset in (at, at + 5, at + 17, at + 47):
            with opened(flipped(data, offset), salvage=True) as image:
                assert [each.offset for each in image.damage] == [at]
                assert [section.id for section in image.store.sections] == [
                    n for n in (1, 2, 3) if n != number
                ]


def test_damaged_index_and_trailer() -> None:
    builder = separate().revision()
    data = builder.bytes()
    index, trailer = parts_of(data)[-2:]
    for part, offset in ((index, index.header + 3), (index, index.body + 50), (trailer, trailer.body + 9)):
        damaged = flipped(data, offset)
        error = refusal(damaged)
        assert error.offset in (part.header, part.body)
        with opened(damaged, salvage=True) as image:
            assert [each.offset for each in image.damage] == [error.offset]
            assert (image.rows(Fd), image.rows(File)) == (FDS, FILES)
            assert image.revision == 1


def test_the_header_of_the_trailer_section_counts_only_for_salvage() -> None:
    data = separate().revision().bytes()
    damaged = flipped(data, parts_of(data)[-1].header + 2)
    with opened(damaged) as image:
        assert image.rows(Fd) == FDS
    with opened(damaged, salvage=True) as image:
        assert len(image.damage) == 1
        assert image.rows(Fd) == FDS


def test_every_cut_is_reported_and_nothing_wrong_is_shown() -> None:
    data = samples.small_image()
    whole = {cls: [row for row in RECORDS if type(row) is cls] for cls in KINDS.values()}
    seen = set()
    for length in range(0, len(data), 8):
        error = refusal(data[:length])
        assert error.offset is not None
        assert 0 <= error.offset <= length
        with opened(data[:length], salvage=True) as image:
            assert image.damage
            for cls in (Fd, File, Task):
                found = rows(image, cls)
                assert found in ([], whole[cls])
                seen.add((cls, bool(found)))
    assert len(seen) == 6


@pytest.mark.parametrize("size", [1, 7, 8, 60, 4096])
def test_bytes_behind_the_trailer(size: int) -> None:
    whole = separate().revision().bytes()
    for tail in (bytes(size), b"\xa7" * size, whole[1 : size + 1]):
        with opened(whole + tail) as image:
            assert (image.damage, image.torn) == ((), size)
            assert (image.rows(Fd), image.rows(File)) == (FDS, FILES)
        with opened(whole + tail, salvage=True) as image:
            assert image.damage[0].offset == len(whole)
            assert (image.rows(Fd), image.rows(File)) == (FDS, FILES)


@pytest.mark.parametrize("size", [8, 48, 104])
def test_bytes_between_sections(size: int) -> None:
    """As where a file was written to by two programs: what follows is found again."""
    builder = separate().revision()
    at = builder.offsets[2]
    data = builder.bytes()
    with opened(data[:at] + bytes(size) + data[at:], salvage=True) as image:
        assert image.damage[0].offset == at
        assert (image.rows(Fd), image.rows(File)) == (FDS, FILES)


def test_sections_at_wrong_offsets_are_none() -> None:
    """Behind four bytes too many no body stands where its header says."""
    builder = separate().revision()
    at = builder.offsets[2]
    data = builder.bytes()
    with opened(data[:at] + bytes(4) + data[at:], salvage=True) as image:
        assert [each.offset for each in image.damage] == [at]
        assert (image.rows(Fd), image.rows(File)) == (FDS, [])


RENAMED = [row.replace(path=b"/new") for row in FILES[:1]]


def torn() -> tuple[bytes, int]:
    """Two revisions; the length of the first one."""
    first = separate().revision()
    length = len(first.data)
    note = [samples.HISTORY[0].replace(revision=2)]
    return first.objects(7, RENAMED).history(note).revision().bytes(), length


def test_a_torn_revision_is_none() -> None:
    data, length = torn()
    with opened(data) as image:
        assert image.rows(File)[0] == RENAMED[0]
    with opened(data[:length]) as image:
        assert image.rows(File) == FILES
    for cut in range(length + 1, len(data), 5):
        with opened(data[:cut]) as image:
            assert (image.revision, image.torn, image.damage) == (1, cut - length, ())
            assert image.rows(File) == FILES
        with opened(data[:cut], salvage=True) as image:
            assert image.damage
            assert image.rows(File) == FILES
            assert image.rows(HistoryEntry) == []
            assert image.revision == 1


def test_a_revision_before_the_damage() -> None:
    """The first trailer is damaged: rows of the second revision still stand in for those of the first."""
    data, length = torn()
    with opened(flipped(data, length - 30), salvage=True) as image:
        assert len(image.damage) == 1
        assert image.rows(File) == [*RENAMED, *FILES[1:]]
        assert image.revision == 2
    trailer = parts_of(data[:length])[-1]
    with opened(changed(data, trailer.header, bytes(8)), salvage=True) as image:
        assert image.rows(File) == [*RENAMED, *FILES[1:]]


def test_revisions_are_told_apart_without_an_index() -> None:
    """Both trailers are damaged: what was written later still stands in for what was written before."""
    data, length = torn()
    for first in (length - 30, length - 100):
        damaged = flipped(flipped(data, first), len(data) - 30)
        with opened(damaged, salvage=True) as image:
            assert len(image.damage) == 2
            assert image.rows(File) == [*RENAMED, *FILES[1:]]
            assert image.revision == 2


def test_a_trailer_that_cannot_be_ends_no_revision() -> None:
    builder = separate().revision().objects(7, RENAMED).revision(trailer={"revision": 0})
    with opened(builder.bytes(), salvage=True) as image:
        assert image.damage
        assert image.rows(File) == FILES


def test_a_critical_section_of_a_later_version() -> None:
    data = separate().section(99, b"unknown").revision().bytes()
    assert isinstance(refusal(data), UnsupportedVersionError)
    with opened(data, salvage=True) as image:
        (damage,) = image.damage
        assert damage.section == "section 4 (type 99)"
        assert (image.rows(Fd), image.rows(File)) == (FDS, FILES)


def test_two_sections_with_one_id() -> None:
    data = separate().objects(20, [], id=1).revision().bytes()
    assert "id" in refusal(data).detail
    with opened(data, salvage=True) as image:
        assert [each.section for each in image.damage] == ["section 1 (OBJECTS)"]
        assert image.rows(Fd) == FDS


def test_an_index_that_lists_what_is_not_there() -> None:
    builder = separate()
    builder.entries[1]["kind"] = 0
    data = builder.revision().bytes()
    with opened(data) as image, pytest.raises(FormatError, match="header and index differ"):
        image.rows(File)
    with opened(data, salvage=True) as image:
        assert [each.section for each in image.damage] == ["index"]
        assert (rows(image, Fd), rows(image, File)) == (FDS, [])


def test_an_index_that_leaves_out_a_section_is_believed() -> None:
    builder = separate()
    del builder.entries[1]
    with opened(builder.revision().bytes(), salvage=True) as image:
        assert image.damage == ()
        assert (image.rows(Fd), image.rows(File)) == (FDS, [])


def test_salvage_of_what_is_no_image() -> None:
    for data in (b"", b"x", bytes(64), b"\x7fELF" + bytes(1000)):
        with opened(data, salvage=True) as image:
            assert image.damage
            assert image.kinds() == []
    with opened(b"\x7fELF" + bytes(1000), salvage=True) as image:
        assert isinstance(image.damage[0], BadMagicError)


def test_damages_hold_no_frames() -> None:
    """An error that is kept keeps all that was at work when it was raised, if it is let."""
    data = separate().objects(20, [], codec=1, len_raw=1 << 40).revision().bytes()
    with opened(data, salvage=True) as image:
        assert "len_raw" in image.damage[0].detail
        for damage in image.damage[:1]:
            assert (damage.__traceback__, damage.__cause__, damage.__context__) == (None, None, None)


@pytest.mark.parametrize("unit", [b"\xa7SEC\0\0\0\0", b"\xa7SEC", b"\0\xa7SEC\0\0\0"])
def test_searching_takes_no_more_than_one_pass(unit: bytes) -> None:
    """A megabyte of what looks like section headers, at right or at wrong offsets."""
    data = samples.small_image()[:64] + unit * ((1 << 20) // len(unit))
    started = time.process_time()
    with opened(data, salvage=True) as image:
        assert len(image.damage) <= 3
    assert time.process_time() - started < 10


def test_sealed_garbage_after_the_header() -> None:
    """Sections that are sound by themselves and make no image together."""
    data = bytearray(separate().revision().bytes())
    parts = parts_of(data)
    data[parts[0].header + 10 : parts[0].header + 12] = b"\x07\0"
    reseal(data, parts)
    with opened(bytes(data), salvage=True) as image:
        assert image.damage
        assert rows(image, File) == FILES


def test_the_message_of_a_file_cut_short_names_the_section() -> None:
    data = separate().revision().bytes()
    error = refusal(data[: parts_of(data)[2].body + 100])
    assert isinstance(error, TruncatedError)
    assert error.section == "section 3 (PAGES)"
    assert "3996 bytes early" in error.detail


def test_headers_can_be_packed_by_hand() -> None:
    """The tests' own header is the one that is read: else all tests of damage would mean nothing."""
    values = {"magic": b"\x89CRI\r\n\x1a\n", "version_major": 1, "version_minor": 7, "machine": 62}
    rest = {"reserved": 0, "page_size": 4096, "flags": 0, "uuid": bytes(16), "created": -1, "reserved2": 0}
    header = pack(FILE_HEADER, {**values, **rest}, "checksum")
    builder = ImageBuilder()
    builder.data[:] = builder.header = header
    with opened(builder.revision().bytes()) as image:
        assert image.created == -1
