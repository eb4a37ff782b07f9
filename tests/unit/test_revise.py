"""Revisions of an image file: appended, opened, taken back; torn tails found and cut off."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimg.errors import (
    FileError,
    FormatError,
    ImageBusyError,
    ImageChangedError,
    ModelError,
    UsageError,
)
from crimg.model import KINDS, Fd, File, HistoryEntry, Inode, Record
from crimg.reader import open_image
from crimg.validate import validate
from crimg.writer.locking import is_locked, locked, why_unwritable
from crimg.writer.revise import append_revision, heal, take_back, undo
from tests import samples
from tests.builders import ImageBuilder
from tests.property.opened import memory_file
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = [row for row in samples.small_records() if isinstance(row, File)]
INODES = [row for row in samples.small_records() if isinstance(row, Inode)]
MOVED = FILES[0].replace(path=b"/new/counter")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The small image."""
    path = tmp_path / "image.bin"
    path.write_bytes(samples.small_image())
    return path


def fingerprint(path: Path | str) -> str:
    """Of the image as it is now."""
    with open_image(path) as opened:
        return opened.fingerprint


def append(path: Path | str, *rows: Record, note: str = "") -> int:
    """Append a revision with these rows."""
    return append_revision(path, rows, fingerprint=fingerprint(path), note=note)


def test_rows_of_an_appended_revision_stand_in(image: Path) -> None:
    before = image.read_bytes()
    number = append_revision(
        image,
        [INODES[1].replace(size=5), MOVED],
        fingerprint=fingerprint(image),
        command=(b"crimg", b"rewrite", b"\xff"),
        rules=(b"/usr=/new",),
        note="moved",
        extra={"places": 3},
    )
    assert number == 2
    assert image.read_bytes()[: len(before)] == before
    with open_image(image) as opened:
        assert (opened.revision, opened.torn, opened.damage) == (2, 0, ())
        assert opened.rows(File) == [MOVED, *FILES[1:]]
        assert opened.rows(Inode)[1].size == 5
        row = opened.rows(HistoryEntry)[-1]
        assert (row.revision, row.rules, row.note) == (2, (b"/usr=/new",), "moved")
        assert (row.command, row.extra) == ((b"crimg", b"rewrite", b"\xff"), {"places": 3})
        sections = [entry.type for entry in opened.store.sections if entry.revision == 2]
        assert sections == [1, 1, 6]


def test_a_sound_image_stays_sound(tmp_path: Path) -> None:
    path = tmp_path / "image.bin"
    path.write_bytes(Draft().bytes())
    for number in range(2, 6):
        with open_image(path) as opened:
            row = opened.rows(File)[0]
        assert append(path, row.replace(path=f"/new/{number}".encode())) == number
    with open_image(path) as opened:
        assert validate(opened).findings == ()


def test_fingerprints_differ_in_every_revision(image: Path) -> None:
    seen = [fingerprint(image)]
    for _ in range(3):
        append(image, MOVED)
        seen.append(fingerprint(image))
    assert len(set(seen)) == 4
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in seen)
    undo(image, 2)
    assert fingerprint(image) == seen[1]
    with open_image(image, salvage=True) as opened:
        assert opened.fingerprint == seen[1]


def test_a_plan_for_another_revision_is_refused(image: Path) -> None:
    old = fingerprint(image)
    append(image, MOVED)
    data = image.read_bytes()
    with pytest.raises(ImageChangedError, match="it is at revision 2") as told:
        append_revision(image, [MOVED], fingerprint=old)
    assert told.value.exit_status == 1
    with pytest.raises(ImageChangedError):
        append_revision(image, [MOVED], fingerprint="")
    assert image.read_bytes() == data


def test_every_revision_can_be_opened(image: Path) -> None:
    paths = [MOVED.replace(path=b"/" + bytes([97 + number])) for number in range(4)]
    lengths = [image.stat().st_size]
    for row in paths:
        append(image, row)
        lengths.append(image.stat().st_size)
    for number in range(1, 6):
        with open_image(image, revision=number) as opened:
            expected = FILES[0] if number == 1 else paths[number - 2]
            assert (opened.revision, opened.rows(File)[0]) == (number, expected)
            assert (opened.size, opened.torn) == (lengths[number - 1], 0)
            assert len(opened.rows(HistoryEntry)) == number
    for number in (0, -1, 6):
        with pytest.raises(UsageError, match=rf"there is no revision {number}; it has 1 to 5"):
            open_image(image, revision=number)
    with pytest.raises(UsageError, match="salvage"):
        open_image(image, revision=1, salvage=True)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_undo_is_exact(data: st.DataObject) -> None:
    """Law: whatever was appended, and however much of another append is behind it."""
    with memory_file(samples.small_image()) as path:
        states = [samples.small_image()]
        for _ in range(data.draw(st.integers(1, 4))):
            rows = data.draw(st.lists(st.sampled_from([*FILES, *INODES]), unique_by=lambda row: row.key))
            changed = [row.replace(referrers=7) for row in rows]
            append(path, *changed)
            with open(path, "rb") as file:
                states.append(file.read())
            with open_image(path) as opened:
                now = {row.key: row for cls in (File, Inode) for row in opened.rows(cls)}
                assert all(now[row.key] == row for row in changed)
        os.truncate(path, data.draw(st.integers(len(states[-2]), len(states[-1]))))
        with open_image(path) as opened:
            whole = opened.revision
        count = data.draw(st.integers(0, whole - 1))
        assert undo(path, count) == whole - count
        with open(path, "rb") as file:
            assert file.read() == states[whole - count - 1]


def test_undo_says_what_it_took(image: Path) -> None:
    append(image, MOVED, note="first")
    append(image, MOVED, note="second")
    with open(image, "ab") as file:
        file.write(b"torn")
    undone = take_back(image, 2)
    assert (undone.revision, undone.healed) == (1, 4)
    assert [row.note for row in undone.taken] == ["second", "first"]
    assert image.read_bytes() == samples.small_image()
    for count in (1, -1):
        with pytest.raises(UsageError, match="revision 1"):
            undo(image, count)
    assert image.read_bytes() == samples.small_image()


def test_an_undo_of_another_image_than_the_one_meant_is_refused(image: Path) -> None:
    with open_image(image) as opened:
        meant = opened.fingerprint
    append(image, MOVED)
    with pytest.raises(ImageChangedError, match="look again"):
        take_back(image, 1, fingerprint=meant)
    with open_image(image) as opened:
        assert opened.revision == 2
        assert take_back(image, 1, fingerprint=opened.fingerprint).revision == 1


def test_why_a_file_cannot_be_changed(image: Path, tmp_path: Path) -> None:
    assert why_unwritable(image) == ""
    os.mkfifo(tmp_path / "fifo")
    for name, reason in (("fifo", "no regular file"), ("nothing", "No such file"), (".", "no regular file")):
        assert reason in why_unwritable(tmp_path / name)


def test_heal_cuts_off_the_torn_tail_alone(image: Path) -> None:
    assert heal(image) == 0
    append(image, MOVED)
    data = image.read_bytes()
    with open(image, "ab") as file:
        file.write(bytes(1234))
    assert heal(image) == 1234
    assert image.read_bytes() == data


def test_an_append_heals_first(image: Path) -> None:
    before = image.read_bytes()
    append(image, MOVED)
    os.truncate(image, image.stat().st_size - 1)
    assert append(image, MOVED.replace(path=b"/b")) == 2
    with open_image(image) as opened:
        assert (opened.revision, opened.rows(File)[0].path) == (2, b"/b")
    undo(image)
    assert image.read_bytes() == before


def test_ids_are_used_once_also_those_of_indexes(tmp_path: Path) -> None:
    """Near the last number there is, those between are taken."""
    builder = ImageBuilder().objects(Fd.row_kind, [], id=0xFFFF_FFEF)
    builder.revision(index={"id": 2}, trailer_header={"id": 1})
    path = tmp_path / "image.bin"
    path.write_bytes(builder.bytes())
    append(path, MOVED)
    with open_image(path) as opened:
        assert [entry.id for entry in opened.store.sections] == [0xFFFF_FFEF, 3, 4]
    ids = []
    data, at = path.read_bytes(), 64
    while (at := data.find(b"\xa7SEC", at)) != -1:
        ids.append(int.from_bytes(data[at + 12 : at + 16], "little"))
        at += 4
    assert sorted(ids) == [1, 2, 3, 4, 5, 6, 0xFFFF_FFEF]


@pytest.mark.parametrize(
    "rows",
    [
        (MOVED, MOVED.replace(path=b"/b")),
        (samples.HISTORY[0],),
        (samples.LOG[0],),
        (MOVED.replace(path=b"/a\0b"),),
        (MOVED.replace(position=1 << 64),),
    ],
)
def test_what_no_revision_may_hold(image: Path, rows: tuple[Record, ...]) -> None:
    before = image.read_bytes()
    with pytest.raises(ModelError):
        append(image, *rows)
    assert image.read_bytes() == before


def test_joined_images_are_refused_and_not_cut(image: Path) -> None:
    """What `cat a b` makes: neither is the tail of a rewrite that was cut short."""
    first = image.read_bytes()
    append(image, MOVED)
    other = ImageBuilder(uuid=b"\1" * 16).revision().bytes()
    for joined, end in ((first + other, len(first)), (image.read_bytes() + other[:-5], image.stat().st_size)):
        image.write_bytes(joined)
        for call in (lambda: heal(image), lambda: undo(image, 0), lambda: fingerprint(image)):
            with pytest.raises(FormatError, match=f"another image begins here.*head -c {end}"):
                call()
        assert image.read_bytes() == joined
        with open_image(image, salvage=True) as opened:
            assert [row.objref for row in opened.rows(File)] == [row.objref for row in FILES]
            assert "another image" in str(opened.damage[0])
    image.write_bytes(first + first)
    with pytest.raises(FormatError):
        fingerprint(image)


def test_one_writer_at_a_time(image: Path) -> None:
    mark = fingerprint(image)
    with open_image(image) as reader, locked(image) as fd:
        assert is_locked(reader.store.fd)  # type: ignore[attr-defined]  # the store of a file
        assert not is_locked(fd)  # it is its own
        calls: list[Callable[[], int]] = [
            lambda: append_revision(image, [MOVED], fingerprint=mark),
            lambda: undo(image),
            lambda: heal(image),
        ]
        for call in calls:
            with pytest.raises(ImageBusyError, match="another program is rewriting") as told:
                call()
            assert told.value.exit_status == 4
        assert reader.rows(File) == FILES
    append(image, MOVED)


def test_a_file_that_was_replaced_while_the_lock_was_waited_for(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_bytes(samples.small_image())
    real = os.fstat
    calls: list[int] = []

    def fstat(fd: int) -> os.stat_result:
        if not calls:
            os.rename(other, image)
        calls.append(fd)
        return real(fd)

    monkeypatch.setattr("crimg.writer.locking.os.fstat", fstat)
    with locked(image) as fd:
        assert os.path.samestat(real(fd), os.stat(image))
    assert len(calls) > 2


def test_links_are_written_through(image: Path, tmp_path: Path) -> None:
    os.symlink("image.bin", tmp_path / "symbolic")
    os.link(image, tmp_path / "hard")
    os.chmod(image, 0o640)
    before = image.stat()
    append(tmp_path / "symbolic", MOVED)
    assert append(tmp_path / "hard", MOVED) == 3
    assert os.path.islink(tmp_path / "symbolic")
    after = image.stat()
    assert (after.st_ino, after.st_nlink) == (before.st_ino, 2)
    assert stat.S_IMODE(after.st_mode) == 0o640
    undo(image, 2)
    assert (tmp_path / "hard").read_bytes() == samples.small_image()


def test_what_cannot_be_changed(image: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, error, text in (
        (tmp_path, UsageError, "no regular file"),
        (tmp_path / "fifo", UsageError, "no regular file"),
        ("a\0b", UsageError, "null"),
        (tmp_path / "missing", FileError, "cannot be changed: No such file"),
    ):
        with pytest.raises(error, match=text):
            undo(path)
    damaged = bytearray(image.read_bytes())
    damaged[-10] ^= 1
    image.write_bytes(damaged)
    with pytest.raises(FormatError, match="nothing was changed"):
        heal(image)
    assert image.read_bytes() == bytes(damaged)


def test_a_revision_that_is_appended_changes_no_table_but_its_own(image: Path) -> None:
    with open_image(image) as first:
        old = {cls: list(first.rows(cls)) for cls in KINDS.values() if cls is not HistoryEntry}
    append(image, MOVED)
    with open_image(image) as second:
        for cls, rows in old.items():
            assert list(second.rows(cls)) == (rows if cls is not File else [MOVED, *FILES[1:]])
