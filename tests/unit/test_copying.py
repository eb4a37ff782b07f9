"""Copies of images, and images compacted to one revision."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from crimg.errors import FileError, FormatError
from crimg.format.container import FileHeader
from crimg.model import File, HistoryEntry, Mm
from crimg.pages import Memory
from crimg.reader import open_image
from crimg.validate import validate
from crimg.writer import PAGES_SECTION, BytesOutput, FdOutput, ImageWriter
from crimg.writer.compaction import write_compacted
from crimg.writer.copying import copy_image
from crimg.writer.revise import append_revision
from tests import samples
from tests.kernel.forked import in_child, private_mounts
from tests.kernel.name_cases import make_file_system, skip_unless_possible
from tests.property.opened import opened
from tests.unit.sparse import write_sparse_image
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model import Record


def rewritten(path: Path, count: int = 2) -> bytes:
    """A sound image with revisions of its own; the path that its first file has then."""
    path.write_bytes(Draft().bytes())
    name = b""
    for number in range(count):
        name = f"/new/{number}".encode()
        with open_image(path) as image:
            row = image.rows(File)[0].replace(path=name)
            append_revision(path, [row], fingerprint=image.fingerprint, note=f"note {number}")
    return name


@pytest.mark.parametrize("tail", [b"", b"torn tail"])
def test_copies_end_with_the_last_revision(tmp_path: Path, tail: bytes) -> None:
    path, copy = tmp_path / "image.bin", tmp_path / "copy"
    rewritten(path)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with open(copy, "w+b") as output:
        assert copy_image(path, output.fileno()) == len(whole)
    assert copy.read_bytes() == whole
    read_end, write_end = os.pipe()
    received: list[bytes] = []

    def receive() -> None:
        with os.fdopen(read_end, "rb") as pipe:
            received.append(pipe.read())

    reader = threading.Thread(target=receive)
    reader.start()
    copy_image(path, write_end)
    os.close(write_end)
    reader.join()
    assert received == [whole]


@pytest.mark.parametrize("kind", ["btrfs", "xfs", "ext4", "tmpfs"])
def test_blocks_are_shared_where_the_file_system_can(kind: str, tmp_path: Path) -> None:
    """On btrfs and xfs a copy takes no room for page data; on the others it is a copy all the same."""
    skip_unless_possible(kind)
    size = 48 << 20

    def copy_there() -> tuple[int, int, bool]:
        """Bytes that a copy took, that a rewrite of it took, and whether it is the same."""
        private_mounts()
        folder = make_file_system(kind, tmp_path)
        path, copy = folder / "image.bin", folder / "copy"
        write_image_of(path, os.urandom(PAGES_SECTION), size // PAGES_SECTION)
        before = used_bytes(folder)
        with open(copy, "w+b") as output:
            copy_image(path, output.fileno())
        copied = used_bytes(folder)
        same = copy.read_bytes() == path.read_bytes()
        with open_image(copy) as image:
            row = image.rows(File)[0].replace(path=b"/new")
            append_revision(copy, [row], fingerprint=image.fingerprint)
        return copied - before, used_bytes(folder) - copied, same

    copied, appended, same = in_child(copy_there)
    assert same
    assert (copied < size // 4) == (kind in ("btrfs", "xfs")), copied
    assert appended < size // 4


def write_image_of(path: Path, pages: bytes, count: int) -> None:
    """The small image with these pages so many times."""
    tables: dict[type[Record], list[Record]] = {}
    for row in samples.small_records():
        tables.setdefault(type(row), []).append(row)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        writer = ImageWriter(FdOutput(fd, str(path)), FileHeader(uuid=bytes(16), created=samples.TIME))
        writer.tables(tables)
        for _ in range(count):
            writer.pages(pages, writer.take_id())
        writer.finish()
    finally:
        os.close(fd)


def used_bytes(folder: Path) -> int:
    """Of the file system, once all that was written is on it."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        subprocess.run(["sync", "-f", folder], check=True)
        status = os.fstatvfs(fd)
        return (status.f_blocks - status.f_bfree) * status.f_frsize
    finally:
        os.close(fd)


def test_holes_stay_holes(tmp_path: Path) -> None:
    path, copy = tmp_path / "image.bin", tmp_path / "copy"
    write_sparse_image(path, 256 << 20)
    with open(copy, "w+b") as output:
        copy_image(path, output.fileno())
    assert copy.stat().st_size == path.stat().st_size
    assert copy.stat().st_blocks * 512 < 16 << 20
    with open_image(copy) as image:
        assert Memory(image, image.rows(Mm)[0]).saved_bytes() == 256 << 20


def test_what_cannot_be_copied(tmp_path: Path) -> None:
    path = tmp_path / "image.bin"
    path.write_bytes(samples.small_image()[:-1])
    with open("/dev/full", "wb") as full:
        with pytest.raises(FormatError):
            copy_image(path, full.fileno())
        path.write_bytes(samples.small_image())
        with pytest.raises(FileError, match="No space left"):
            copy_image(path, full.fileno())


@pytest.mark.parametrize("compress", [False, True])
def test_compaction_keeps_everything_but_the_revisions(tmp_path: Path, compress: bool) -> None:
    path = tmp_path / "image.bin"
    name = rewritten(path)
    output = BytesOutput()
    with open_image(path) as image:
        write_compacted(image, output, compress=compress, command=(b"crimg", b"compact"))
        with opened(bytes(output.data)) as compacted:
            assert compacted.revision == 1
            assert validate(compacted).findings == ()
            assert compacted.kinds() == image.kinds()
            for cls in image.kinds():
                assert cls is HistoryEntry or compacted.rows(cls) == image.rows(cls)
            for mm, other in zip(image.rows(Mm), compacted.rows(Mm), strict=True):
                old, new = Memory(image, mm), Memory(compacted, other)
                assert all(
                    new.read(page * 4096, count * 4096) == old.read(page * 4096, count * 4096)
                    for page, count, _, _ in old.runs
                )
    again = tmp_path / "again.bin"
    again.write_bytes(output.data)
    with open_image(again) as image:
        assert append_revision(again, [image.rows(File)[0]], fingerprint=image.fingerprint, note="x") == 2
    with open_image(again) as image:
        assert validate(image).findings == ()
        assert image.rows(File)[0].path == name
        first, second = image.rows(HistoryEntry)
        assert (first.revision, second.revision, first.note) == (1, 2, "compacted, from revision 3")
        second_output = BytesOutput()
        write_compacted(image, second_output)
    with opened(bytes(second_output.data)) as image:
        (row,) = image.rows(HistoryEntry)
        assert row.extra is not None
        earlier = row.extra["earlier"]
        assert isinstance(earlier, tuple)
        notes = [each["note"] for each in earlier]
        assert notes[-4:] == ["note 0", "note 1", "compacted, from revision 3", "x"]


def test_a_damaged_image_is_not_compacted(tmp_path: Path) -> None:
    data = bytearray(samples.small_image())
    data[data.index(samples.SAVED_PAGES)] ^= 1
    with opened(bytes(data)) as image, pytest.raises(FormatError):
        write_compacted(image, BytesOutput())
