"""crimg undo, crimg compact, and what verbs say of a torn image."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from crimg.cli import main
from crimg.model import File, Inode
from crimg.model.enums import Keeper
from crimg.reader import open_image
from crimg.writer.locking import locked
from crimg.writer.revise import append_revision
from tests import samples
from tests.cli.command import crimg
from tests.validate.sound import Draft


@pytest.fixture
def image(tmp_path: Path) -> str:
    """A sound image of two revisions."""
    path = tmp_path / "image.bin"
    path.write_bytes(Draft().bytes())
    with open_image(path) as opened:
        row = opened.rows(File)[0].replace(path=b"/new")
        append_revision(
            path, [row], fingerprint=opened.fingerprint, command=(b"crimg", b"x\x1b"), note="moved"
        )
    return str(path)


def test_undo(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["undo", image]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    first, second = told.out.splitlines()
    assert first.startswith("took back revision 2: 20")
    assert first.endswith("crimg x\\x1b, moved")
    assert second == f"{image}: at revision 1"
    with open(image, "rb") as file:
        assert file.read() == Draft().bytes()
    assert main(["undo", image]) == 2
    assert "what an image began with stays" in capsys.readouterr().err
    assert main(["undo", image, "-3"]) == 2
    assert main(["undo", image, "many"]) == 2
    assert main(["undo", image + ".missing"]) == 4
    for words in (["undo", "-"], ["compact", "-"], ["compact", image, "-o", "-"]):
        capsys.readouterr()
        assert main(words) == 2
        assert "give a file" in capsys.readouterr().err


def test_a_locked_file_is_not_replaced(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has the lock is about to append to it."""
    other = image + ".other"
    Path(other).write_bytes(Draft().bytes())
    for words in (["compact", image], ["redact", image, "--contents"]):
        with locked(other):
            assert main([*words, "-o", other, "--force"]) == 4
            assert "another program is rewriting this image" in capsys.readouterr().err
            assert Path(other).read_bytes() == Draft().bytes()
    assert main([*words, "-o", other, "--force"]) == 0
    assert sorted(os.listdir(os.path.dirname(image))) == ["image.bin", "image.bin.other"]


@pytest.mark.parametrize("count", ["", "x", "9" * 5000, "\u0661"])
def test_no_number_of_revisions(image: str, count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["undo", image, count]) == 2
    told = capsys.readouterr().err
    assert ": is no number of revisions" in told
    assert "error: :" not in told


def test_every_verb_says_that_an_image_is_torn(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    with open(image, "ab") as file:
        file.write(bytes(99))
    note = f"crimg: note: {image}: 99 bytes behind revision 2"
    for words in (["inspect"], ["graph"], ["preflight"], ["validate"], ["log"], ["diff"]):
        main([*words, image])
        assert capsys.readouterr().err.startswith(note + ", of a rewrite that was cut short"), words
    for words in (["inspect"], ["graph"], ["preflight"], ["relocate", "/nowhere"], ["log"], ["diff"]):
        verb, *rest = words
        main([verb, image, *rest, "--quiet"])
        assert "note" not in capsys.readouterr().err, words
    main(["diff", image, image])
    assert capsys.readouterr().err.count(note) == 1, "one file, one note"
    with locked(image):
        assert main(["inspect", image]) == 0
        assert capsys.readouterr().err.startswith(note + ": a rewrite is going on")
        assert main(["undo", image]) == 4
        assert "another program is rewriting this image" in capsys.readouterr().err
    assert main(["validate", image]) == 1
    assert "C105" in capsys.readouterr().out
    assert main(["undo", image, "0"]) == 0
    assert (
        capsys.readouterr().err == f"crimg: note: {image}: removed 99 bytes of a rewrite that was cut short\n"
    )
    assert main(["validate", image]) == 0


def test_compact_in_place(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    os.chmod(image, 0o640)
    os.symlink("image.bin", image + ".link")
    size = os.stat(image).st_size
    assert main(["compact", image + ".link"]) == 0
    now = os.stat(image)
    out = capsys.readouterr().out
    assert f"{size} bytes in 2 revisions" in out
    assert f"{now.st_size} bytes in 1 revision" in out
    assert stat.S_IMODE(now.st_mode) == 0o640
    assert os.path.islink(image + ".link")
    assert now.st_size < size
    with open_image(image) as opened:
        assert (opened.revision, opened.rows(File)[0].path) == (1, b"/new")
    assert sorted(os.listdir(os.path.dirname(image))) == ["image.bin", "image.bin.link"]
    os.link(image, image + ".hard")
    assert main(["compact", image]) == 2
    assert "has 2 names" in capsys.readouterr().err


def test_what_nothing_names_is_left_out(tmp_path: Path) -> None:
    """The contents of a deleted file that are given up; undo has them until then."""
    image = tmp_path / ("映" * 80 + ".img")
    image.write_bytes(Draft().bytes())
    contents = samples.DELETED_CONTENTS[0][1]
    with open_image(image) as opened:
        inode = next(row for row in opened.rows(Inode) if row.keeper == Keeper.EMBEDDED)
    plan = crimg("rewrite", image, "--drop-keeper", str(inode.objref)).stdout.decode()
    assert "keeper embedded -> removed" in plan
    assert f"#{inode.objref} its contents stay in the file until crimg compact" in plan
    assert contents in image.read_bytes()
    done = crimg("compact", image)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "bytes of memory and contents that nothing refers to any more" in done.stdout.decode()
    assert contents not in image.read_bytes()
    found = crimg("validate", image)
    assert (found.returncode, b"C112" in found.stdout) == (0, False)


def test_compact_keeps_attributes(image: str) -> None:
    try:
        os.setxattr(image, "user.note", b"mine")
    except OSError as error:
        pytest.skip(f"the file system has no extended attributes: {error}")
    assert main(["compact", image]) == 0
    assert os.getxattr(image, "user.note") == b"mine"


def test_compact_to_another_file(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = image + ".other"
    with open(image, "rb") as file:
        before = file.read()
    assert main(["compact", image, "-o", other, "--compress"]) == 0
    assert main(["validate", other]) == 0
    assert os.stat(other).st_size < len(before)
    assert main(["compact", image, "-o", other]) == 2
    assert main(["compact", image, "-o", other, "--force"]) == 0
    assert main(["compact", image, "--force"]) == 2
    with open(image, "rb") as file:
        assert file.read() == before
    with open(image, "r+b") as file:
        file.write(b"no")
    capsys.readouterr()
    assert main(["compact", image]) == 3
    assert "nothing was changed" in capsys.readouterr().err


def test_compact_of_nothing_beside_a_file_that_is_there(tmp_path: Path) -> None:
    """And onto itself: one line each."""
    there = tmp_path / "there"
    there.write_bytes(Draft().bytes())
    assert crimg("compact", tmp_path / "missing", "-o", there, "--force").returncode == 4
    done = crimg("compact", there, "-o", there, "--force")
    assert (done.returncode, b"is the image itself" in done.stderr) == (2, True)
