"""Opening images and reading what is in them."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

import crimg
from crimg.errors import (
    ChecksumError,
    FileError,
    FormatError,
    TruncatedError,
    UnsupportedVersionError,
    UsageError,
)
from crimg.model import KINDS, Fd, File, HistoryEntry, Inode, LogEntry, Record, Task
from crimg.reader import open_image, open_stream
from tests import builders, samples
from tests.builders import ImageBuilder
from tests.property.opened import memory_file, opened

if TYPE_CHECKING:
    from pathlib import Path

R = TypeVar("R", bound=Record)
RECORDS = samples.small_records()


def of_kind(cls: type[R]) -> list[R]:
    """The rows of one class in the small image."""
    return [row for row in RECORDS if isinstance(row, cls)]


def test_small_image() -> None:
    with opened(samples.small_image()) as image:
        assert (image.uuid, image.created) == (bytes(range(16)), samples.TIME)
        assert (image.page_size, image.machine, image.revision) == (4096, 62, 1)
        assert image.size == len(samples.small_image())
        assert image.damage == ()
        for cls in KINDS.values():
            if cls not in (LogEntry, HistoryEntry):
                assert image.rows(cls) == of_kind(cls), cls
        assert image.rows(LogEntry) == list(samples.LOG)
        assert image.rows(HistoryEntry) == list(samples.HISTORY)
        journal = (LogEntry, HistoryEntry)
        assert image.kinds() == [cls for _, cls in sorted(KINDS.items()) if cls in journal or of_kind(cls)]


def test_objects_are_found_by_number() -> None:
    with opened(samples.small_image()) as image:
        task = image.find(Task, samples.TASK)
        assert task is not None
        assert task.pid == 4242
        assert image.lookup(samples.TASK) is task
        assert image.lookup(samples.PROGRAM_FILE) == image.find(File, samples.PROGRAM_FILE)
        assert image.find(File, samples.TASK) is None
        assert image.find(File, None) is None
        assert image.lookup(999_999) is None
    with opened(ImageBuilder().log(samples.LOG).revision().bytes()) as image:
        assert image.rows(LogEntry)[1].objref == samples.REPLACED_FILE
        assert image.lookup(samples.REPLACED_FILE) is None  # a log entry names it, and is not it
    with opened(samples.small_image()) as image:
        section = image.section(samples.PAGES_ID)
        assert section is not None
        assert section.label == "section 2 (PAGES)"
        assert image.section(77) is None


def test_package_opens_images(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(samples.small_image())
    for name in (path, str(path), os.fsencode(path)):
        with crimg.open(name) as image:
            assert image.rows(Task)


def test_an_image_may_be_smaller_than_any_section() -> None:
    with opened(ImageBuilder().revision().bytes()) as image:
        assert image.kinds() == []
        assert list(image.store.sections) == []


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"missing: No such file"):
        open_image(tmp_path / "missing")
    with pytest.raises(UsageError, match=r"is a directory without images of CRIU"):
        open_image(tmp_path)
    with pytest.raises(UsageError, match=r"is no regular file"):
        open_image("/dev/null")
    with pytest.raises(UsageError):
        open_image("a\0b")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / "socket"))
    with listener, pytest.raises(FileError):
        open_image(tmp_path / "socket")


def test_descriptors_are_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"no image")
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FormatError):
        open_image(path)
    with pytest.raises(UsageError):
        open_image(tmp_path)
    path.write_bytes(samples.small_image())
    image = open_image(path)
    view = image.store.body(samples.PAGES_ID)
    image.close()
    image.close()
    assert bytes(view) == samples.SAVED_PAGES  # a view that somebody holds stays what it is
    view.release()
    del image
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (b"", FormatError, "header at offset 0 (0x0): the file is empty"),
        (b"\x89CRI", TruncatedError, "header at offset 0 (0x0): needs 64 bytes, the file ends at 4"),
        (
            b"\x7fELF" + bytes(100),
            FormatError,
            "header at offset 0 (0x0): starts with 7f 45 4c 46 00 00 00 00",
        ),
    ],
)
def test_what_is_no_image_is_refused(data: bytes, error: type[FormatError], text: str) -> None:
    with pytest.raises(error) as told, opened(data):
        pass
    assert str(told.value).startswith(text)


def test_pipes_are_read_to_their_end() -> None:
    read_end, write_end = os.pipe()
    data = samples.small_image()
    assert os.write(write_end, data) == len(data) < 1 << 16
    os.close(write_end)
    with open_stream(read_end, name="the pipe") as image:
        assert image.rows(Task) == of_kind(Task)
        assert image.size == len(data)
    os.close(read_end)  # it was left open


def test_fifos_wait_for_their_writer(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    started = threading.Event()

    def write() -> None:
        started.wait()
        fifo.write_bytes(samples.small_image())

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    threading.Timer(0.05, started.set).start()
    with open_image(fifo) as image:
        assert image.rows(Task) == of_kind(Task)
    thread.join()


def test_a_stream_that_is_a_file_is_not_copied() -> None:
    with memory_file(samples.small_image()) as path:
        fd = os.open(path, os.O_RDONLY)
        try:
            with open_stream(fd) as image:
                assert os.path.sameopenfile(fd, image.store.fd)  # type: ignore[attr-defined]
                assert image.rows(Task)
            os.lseek(fd, 0, os.SEEK_SET)
        finally:
            os.close(fd)


def test_a_stream_begins_where_it_was_read_to() -> None:
    with memory_file(b"something before" + samples.small_image()) as path:
        fd = os.open(path, os.O_RDONLY)
        try:
            assert os.read(fd, 16) == b"something before"
            with open_stream(fd) as image:
                assert image.rows(Task) == of_kind(Task)
        finally:
            os.close(fd)


def test_a_stream_that_cannot_be_read() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        with pytest.raises(FileError, match="standard input"):
            open_stream(write_end)
    finally:
        os.close(write_end)


MOVED = [row.replace(path=b"/new" + row.path) for row in of_kind(File) if row.path == b"/tmp/gone"]
ADDED = [row.replace(objref=777, path=b"/added") for row in of_kind(File)[:1]]


def second_revision() -> ImageBuilder:
    """The small image, with a moved file and a new one."""
    note = samples.HISTORY[0].replace(revision=2, note="moved")
    return samples.small_builder().objects(File.row_kind, [*MOVED, *ADDED]).history([note]).revision()


def test_rows_of_a_later_revision_stand_in_for_earlier_ones() -> None:
    with opened(second_revision().bytes()) as image:
        assert image.revision == 2
        expected = [row if row.key != MOVED[0].key else MOVED[0] for row in of_kind(File)]
        assert image.rows(File) == [*expected, *ADDED]
        assert image.rows(Fd) == of_kind(Fd)
        assert [row.note for row in image.rows(HistoryEntry)] == ["checkpoint", "moved"]
        assert image.find(File, MOVED[0].key[0]) == MOVED[0]


def test_the_latest_of_three_revisions_counts() -> None:
    again = [MOVED[0].replace(path=b"/again")]
    with opened(second_revision().objects(File.row_kind, again).revision().bytes()) as image:
        assert image.revision == 3
        assert [row.path for row in image.rows(File) if row.key == MOVED[0].key] == [b"/again"]
        assert len(image.rows(File)) == len(of_kind(File)) + 1


def test_a_kind_may_begin_in_a_later_revision() -> None:
    builder = ImageBuilder().objects(Fd.row_kind, []).revision()
    builder.objects(File.row_kind, ADDED).revision().objects(File.row_kind, ADDED).revision()
    with opened(builder.bytes()) as image:
        assert image.rows(File) == ADDED


def damaged(data: bytes, offset: int) -> bytes:
    """The bytes with one bit turned over."""
    changed = bytearray(data)
    changed[offset] ^= 1
    return bytes(changed)


def test_a_damaged_table_does_not_keep_the_others_from_being_read() -> None:
    builder = ImageBuilder().objects(Fd.row_kind, of_kind(Fd)).objects(File.row_kind, of_kind(File))
    body = builder.offsets[1] + 48
    with opened(damaged(builder.revision().bytes(), body + 9)) as image:
        assert image.rows(File) == of_kind(File)
        for _ in range(2):  # the second time as the first
            with pytest.raises(ChecksumError) as told:
                image.rows(Fd)
            assert (told.value.section, told.value.offset) == ("section 1 (OBJECTS)", body)


@pytest.mark.parametrize("codec", [builders.NONE, builders.ZSTD])
@pytest.mark.parametrize("make", ["objects", "pages", "pagemap", "blob"])
def test_a_section_header_that_is_not_the_one_of_the_index(make: str, codec: int) -> None:
    builder = ImageBuilder()
    bodies = {
        "objects": lambda: builder.objects(Fd.row_kind, of_kind(Fd), codec=codec),
        "pages": lambda: builder.pages(bytes(4096), codec=codec),
        "pagemap": lambda: builder.pagemap([(0, 1, 1, 0)], codec=codec),
        "blob": lambda: builder.blob([(0, b"x" * 100)], codec=codec),
    }
    data = bodies[make]().revision().bytes()
    at = builder.offsets[1]
    for offset in range(at, at + 48):
        with opened(damaged(data, offset)) as image:
            with pytest.raises(FormatError) as told:
                image.rows(Fd) if make == "objects" else image.store.body(1)
            assert told.value.offset == at
    replaced = bytearray(data)  # a whole, sealed header, but of another section
    other = ImageBuilder().section(6, b"", kind=31, flags=0)
    replaced[at : at + 48] = other.data[64:112]
    with opened(bytes(replaced)) as image, pytest.raises(FormatError, match="header and index differ"):
        image.rows(Fd) if make == "objects" else image.store.body(1)


@pytest.mark.parametrize("make", ["pagemap", "blob"])
def test_checksums_of_what_is_read_whole_must_hold(make: str) -> None:
    builder = ImageBuilder()
    builder = builder.pagemap([(0, 1, 1, 0)]) if make == "pagemap" else builder.blob([(0, b"x" * 100)])
    start = builder.offsets[1] + 48
    with opened(damaged(builder.revision().bytes(), start + 8)) as image:
        with pytest.raises(ChecksumError) as told:
            image.store.body(1)
        assert told.value.offset == start


def test_pages_are_mapped_and_not_read_for_their_checksum() -> None:
    builder = ImageBuilder().pages(samples.SAVED_PAGES, checksum=0).revision()
    with opened(builder.bytes()) as image:
        assert image.store.body(1) == samples.SAVED_PAGES
        (section,) = image.store.sections
        with pytest.raises(ChecksumError):
            image.store.verify(section)  # type: ignore[attr-defined]  # the store of a file


def test_a_file_that_becomes_shorter_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(samples.small_image())
    with open_image(path) as image:
        os.truncate(path, 5000)
        with pytest.raises(TruncatedError, match="became shorter"):
            image.rows(Task)
        with pytest.raises(TruncatedError, match="became shorter"):
            image.store.body(samples.BLOB_ID)


def test_a_file_that_becomes_shorter_after_it_was_mapped(tmp_path: Path) -> None:
    """The bytes behind its end must not be touched: the kernel would send SIGBUS."""
    path = tmp_path / "image"
    path.write_bytes(samples.small_image())
    with open_image(path) as image:
        image.store.body(samples.BLOB_ID)
        os.truncate(path, 4096)
        with pytest.raises(TruncatedError, match="became shorter"):
            image.store.body(samples.BLOB_ID)


def test_sections_that_are_not_there() -> None:
    with opened(samples.small_image()) as image, pytest.raises(FormatError, match="section 99 is not in"):
        image.store.body(99)


KINDS_OUT_OF_PLACE = [
    (ImageBuilder().batches([(10, of_kind(File)[:1])]), Fd, "a row of fd has not 5 columns"),
    (ImageBuilder().batches([(7, [])], kind=10), Fd, "rows of kind 7 among those of 10"),
    (ImageBuilder().batches([(30, samples.LOG)], kind=0), Fd, "rows of kind 30 do not belong here"),
    (ImageBuilder().batches([(0x8000, [[1]])], kind=0), Fd, "rows of kind 32768 do not belong here"),
    (
        ImageBuilder().section(5, builders.batch(10, []), flags=0),
        LogEntry,
        "rows of kind 10 do not belong here",
    ),
    (
        ImageBuilder().section(5, builders.batch(31, samples.HISTORY), flags=0),
        LogEntry,
        "rows of kind 31 do not belong here",
    ),
]


@pytest.mark.parametrize(
    ("builder", "cls", "text"), KINDS_OUT_OF_PLACE, ids=[x for _, _, x in KINDS_OUT_OF_PLACE]
)
def test_rows_must_be_of_a_kind_that_belongs_there(
    builder: ImageBuilder, cls: type[Record], text: str
) -> None:
    with opened(builder.revision().bytes()) as image:
        with pytest.raises(FormatError) as told:
            image.rows(cls)
        assert told.value.detail == text


def test_kinds_of_a_later_version_are_refused_as_such() -> None:
    builder = ImageBuilder().batches([(63, [[1]])]).revision()
    with opened(builder.bytes()) as image, pytest.raises(UnsupportedVersionError, match="kind 63"):
        image.rows(Inode)
    builder = ImageBuilder().objects(63, [[1]]).objects(Fd.row_kind, of_kind(Fd)).revision()
    with opened(builder.bytes()) as image:
        assert image.rows(Fd) == of_kind(Fd)


def test_ancillary_sections_are_skipped() -> None:
    builder = ImageBuilder().section(99, b"unknown", flags=0).section(200, b"packed", flags=0, codec=9)
    builder.section(5, b"a log nobody can decode", flags=0, codec=9).objects(
        0x8001, [["a"]], codec=9, flags=0
    )
    builder.objects(0xFFFF, [["anything"]]).objects(Fd.row_kind, of_kind(Fd)).log(samples.LOG)
    with opened(builder.revision().bytes()) as image:
        assert image.rows(Fd) == of_kind(Fd)
        assert image.rows(LogEntry) == list(samples.LOG)
        assert len(image.store.sections) == 7
        with pytest.raises(UnsupportedVersionError, match="codec 9"):
            image.store.body(2)


@pytest.mark.parametrize(
    "builder",
    [
        ImageBuilder().section(99, b"unknown"),
        ImageBuilder().section(1, b"", codec=9),
        ImageBuilder().pages(bytes(4096), codec=9),
    ],
)
def test_critical_sections_that_are_not_known_make_the_image_unsupported(builder: ImageBuilder) -> None:
    with (
        pytest.raises(UnsupportedVersionError, match="a critical section"),
        opened(builder.revision().bytes()),
    ):
        pass
