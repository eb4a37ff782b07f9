"""Paths of every kind: exact, byte by byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from crimg.model import File, Fs
from crimg.model.enums import NameState
from tests.dump.programs import Agent
from tests.dump.rows import contents, dumped, file_of, inode_of, mapping_of

if TYPE_CHECKING:
    from pathlib import Path


NAMES = {
    "not UTF-8": b"caf\xe9\xff",
    "newline": b"two\nlines",
    "escape": b"\x1b[31mred\x1b[0m\x07",
    "backslash": b"a\\012b",
    "blank and quotes": b" '\" $(x) ",
    "deleted": b"x (deleted)",
    "255 bytes": b"n" * 255,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_name(name: bytes, tmp_path: Path, image_path: Path) -> None:
    """Open, mapped, the working directory, deleted: the path is exact, byte by byte."""
    code = f"""
import mmap
name = {name!r}
os.mkdir(b"dir")
os.mkdir(b"dir/" + name)
os.chdir(b"dir/" + name)
fd = os.open(name, os.O_RDWR | os.O_CREAT)
os.write(fd, b"named" * 1000)
memory = mmap.mmap(fd, 0, mmap.MAP_PRIVATE)
gone = os.open(b"../" + name + b".", os.O_RDWR | os.O_CREAT) if len(name) < 255 else fd
if gone != fd:
    os.write(gone, b"gone")
    os.unlink(b"../" + name + b".")
"""
    if b"\\" in name and os.geteuid() != 0:
        pytest.skip("maps does not tell such a name from another; map_files does, and takes a capability")
    with Agent(code, tmp_path / "target") as agent:
        fd, gone = agent.ask("fd, gone")
        with dumped(agent, image_path) as image:
            folder = bytes(tmp_path / "target/dir")
            file = file_of(image, fd)
            assert (file.path, file.name_state) == (folder + b"/" + name + b"/" + name, NameState.LINKED)
            assert mapping_of(image, name)[1].path == file.path
            cwd = image.find(File, image.rows(Fs)[0].cwd)
            assert cwd is not None
            assert cwd.path == folder + b"/" + name
            if gone != fd:
                assert file_of(image, gone).path == folder + b"/" + name + b"."
                assert file_of(image, gone).name_state == NameState.DELETED


def test_deleted_file_whose_name_says_so(tmp_path: Path, image_path: Path) -> None:
    """The kernel's suffix comes twice, and only one of them is its own."""
    code = """
fd = os.open("x (deleted)", os.O_RDWR | os.O_CREAT)
os.write(fd, b"truly")
os.unlink("x (deleted)")
linked = os.open("y (deleted)", os.O_RDWR | os.O_CREAT)
open("y", "w").write("another file, with the shorter name")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd, linked = agent.ask("fd, linked")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert file.path == str(tmp_path / "target/x (deleted)").encode()
            assert file.name_state == NameState.DELETED
            assert contents(image, inode_of(image, file)) == b"truly"
            assert file_of(image, linked).path == str(tmp_path / "target/y (deleted)").encode()
            assert file_of(image, linked).name_state == NameState.LINKED
            assert inode_of(image, file_of(image, linked)).blobs == ()


@pytest.mark.parametrize("length", [4094, 4095])
def test_longest_path(length: int, tmp_path: Path, image_path: Path) -> None:
    """4,095 bytes are the most that the kernel shows; no system call takes such a path in one piece."""
    code = f"""
import mmap
length = {length}
while True:
    here = len(os.getcwd())
    if here + 2 >= length - 200:
        break
    step = "d" * min(200, length - 200 - here - 2)
    os.mkdir(step)
    os.chdir(step)
name = "f" * (length - here - 1)
fd = os.open(name, os.O_RDWR | os.O_CREAT)
os.write(fd, b"deep" * 2000)
memory = mmap.mmap(fd, 0, mmap.MAP_PRIVATE)
path = os.readlink("/proc/self/fd/%d" % fd)
"""
    with Agent(code, tmp_path / "target") as agent:
        fd, path = agent.ask("fd, path")
        assert len(path) == length
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert (file.path, file.name_state) == (path.encode(), NameState.LINKED)
            cwd = image.find(File, image.rows(Fs)[0].cwd)
            assert cwd is not None
            assert cwd.path == path.rpartition("/")[0].encode()


def test_chroot_and_directories(tmp_path: Path, image_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("chroot(2) takes root")
    code = """
os.makedirs("jail/inner")
fd = os.open("jail/inner/file", os.O_RDWR | os.O_CREAT)
os.chroot("jail")
os.chdir("/inner")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            (fs,) = image.rows(Fs)
            root, cwd = image.find(File, fs.root), image.find(File, fs.cwd)
            assert root is not None
            assert cwd is not None
            assert root.path == str(tmp_path / "target/jail").encode()
            assert file_of(image, fd).name_state == NameState.LINKED
