"""Deleted and replaced files: their contents and holes are in the image, exact."""

from __future__ import annotations

import hashlib
import os
import random
from typing import TYPE_CHECKING

from crimg.model.enums import Keeper, NameState
from crimg.pages import blob_extents
from tests.dump.dumps import image_of
from tests.dump.programs import Agent, needs_root
from tests.dump.rows import contents, dumped, file_of, inode_of

if TYPE_CHECKING:
    from pathlib import Path


def test_deleted_file_with_holes(tmp_path: Path, image_path: Path) -> None:
    """Contents and holes are exact, the size too; the position of the target's own file does not move."""
    code = """
fd = os.open("file", os.O_RDWR | os.O_CREAT)
for offset in (0, 1 << 20, (5 << 20) + 4096):
    os.pwrite(fd, b"data at %d " % offset * 1000, offset)
os.ftruncate(fd, 9 << 20)
data = os.pread(fd, 9 << 20, 0)
os.lseek(fd, 12345, 0)
os.unlink("file")
def extents():
    copy = os.open("/proc/self/fd/%d" % fd, os.O_RDONLY)
    found, end = [], 0
    while True:
        try:
            start = os.lseek(copy, end, os.SEEK_DATA)
        except OSError:
            return found
        end = os.lseek(copy, start, os.SEEK_HOLE)
        found.append((start, end - start))
import hashlib
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            inode = inode_of(image, file)
            assert (file.path, file.name_state) == (
                str(tmp_path / "target/file").encode(),
                NameState.DELETED,
            )
            assert (file.position, inode.nlink, inode.size, inode.keeper) == (
                12345,
                0,
                9 << 20,
                Keeper.EMBEDDED,
            )
            found = [(offset, len(part)) for offset, part in blob_extents(image, inode.blobs)]
            assert found == agent.ask("extents()")
            assert len(found) == 3
            digest = hashlib.sha256(contents(image, inode)).hexdigest()
            assert digest == agent.ask("hashlib.sha256(data).hexdigest()")
        assert agent.ask("os.lseek(fd, 0, 1)") == 12345


def test_large_deleted_file(tmp_path: Path, image_path: Path) -> None:
    """More than goes into one section."""
    code = """
import random
data = random.Random(1).randbytes(20 << 20)
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, data)
os.unlink("file")
del data
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with image_of(agent.pid, image_path, compress=True) as image:
            inode = inode_of(image, file_of(image, fd))
            assert len(inode.blobs) > 1
            assert contents(image, inode) == random.Random(1).randbytes(20 << 20)


def test_empty_deleted_file(tmp_path: Path, image_path: Path) -> None:
    code = """fd = os.open("file", os.O_RDWR | os.O_CREAT); os.unlink("file")"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            inode = inode_of(image, file_of(image, fd))
            assert (inode.size, inode.keeper, contents(image, inode)) == (0, Keeper.EMBEDDED, b"")


@needs_root
def test_deleted_file_open_for_writing_only(tmp_path: Path, image_path: Path) -> None:
    code = """
fd = os.open("file", os.O_WRONLY | os.O_CREAT, 0o200)
os.write(fd, b"written")
os.unlink("file")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            assert contents(image, inode_of(image, file_of(image, fd))) == b"written"


def test_unnamed_file(tmp_path: Path, image_path: Path) -> None:
    """O_TMPFILE: never had a name."""
    code = """
fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
os.write(fd, b"unnamed")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert file.name_state == NameState.DELETED
            assert contents(image, inode_of(image, file)) == b"unnamed"


def test_deleted_file_with_another_link(tmp_path: Path, image_path: Path) -> None:
    """It still has a name, but not the one it was opened by: the contents are kept all the same."""
    code = """
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"linked")
os.link("file", "other")
os.unlink("file")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            inode = inode_of(image, file)
            assert (file.name_state, inode.nlink) == (NameState.DELETED, 1)
            assert contents(image, inode) == b"linked"


def test_file_that_another_was_renamed_over(tmp_path: Path, image_path: Path) -> None:
    """It is not the file that has its name now."""
    code = """
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"old contents")
open("new", "w").write("new")
os.rename("new", "file")
now = os.open("file", os.O_RDONLY)
"""
    with Agent(code, tmp_path / "target") as agent:
        fd, now = agent.ask("fd, now")
        with dumped(agent, image_path) as image:
            old, new = file_of(image, fd), file_of(image, now)
            assert old.path == new.path == str(tmp_path / "target/file").encode()
            assert (old.name_state, new.name_state) == (NameState.REPLACED, NameState.LINKED)
            assert inode_of(image, new).number == os.stat(new.path).st_ino
            assert inode_of(image, old).number != inode_of(image, new).number
            assert contents(image, inode_of(image, old)) == b"old contents"
            assert inode_of(image, new).blobs == ()


def test_file_in_a_deleted_directory(tmp_path: Path, image_path: Path) -> None:
    code = """
os.mkdir("dir")
fd = os.open("dir/file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"inside")
os.unlink("dir/file")
os.rmdir("dir")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert (file.path, file.name_state) == (
                str(tmp_path / "target/dir/file").encode(),
                NameState.DELETED,
            )
            assert contents(image, inode_of(image, file)) == b"inside"
