"""Paths below a root, by openat2 and by the walk that takes its place: they agree, and nothing leads out."""

from __future__ import annotations

import errno
import os
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from crimg.errors import FileError
from crimg.kernel import inodes, libc
from crimg.kernel.lookup import Root, link_text, open_by_handle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NR_OPENAT2 = 437


@contextmanager
def root_at(path: Path, walks: bool) -> Iterator[Root]:
    with Root(os.fspath(path)) as root:
        root._has_openat2 = not walks
        yield root


def found(root: Root, path: bytes, **options: bool) -> tuple[int, int] | str:
    """Device and inode of what a path leads to, or the name of the error."""
    try:
        fd = root.open(path, **options)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    try:
        status = os.fstat(fd)
        return status.st_dev, status.st_ino
    finally:
        os.close(fd)


def identity(path: Path) -> tuple[int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A root, with a secret beside it that has the name of something in it."""
    top = tmp_path / "top"
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    for name, target in {
        "absolute": "/a/b/file",
        "relative": "a/b/file",
        "out": "../secret",
        "far": "../../../../../../../../etc/passwd",
        "host": str(tmp_path / "secret"),
        "a/up": "../absolute",
        "loop": "/loop",
        "dir": "/a/b",
        "dangling": "nothing",
        "slash": "a/b/",
        "root": "/",
    }.items():
        (top / name).symlink_to(target)
    return top


@pytest.mark.parametrize("walks", [False, True], ids=["openat2", "walk"])
def test_links_stay_inside(tree: Path, walks: bool) -> None:
    file, directory = identity(tree / "a/b/file"), identity(tree / "a/b")
    with root_at(tree, walks) as root:
        for path in (b"/absolute", b"/relative", b"/a/up", b"/dir/file", b"/slash/file", b"/root/a/b/file"):
            assert found(root, path, follow=True) == file, path
        for path in (b"/out", b"/far", b"/host", b"/dangling", b"/none", b"/../secret"):
            assert found(root, path, follow=True) == "ENOENT", path
        assert found(root, b"/loop", follow=True) == "ELOOP"
        assert found(root, b"/loop") == identity(tree / "loop")
        assert found(root, b"/dir") == identity(tree / "dir")
        assert found(root, b"/dir/") == directory
        assert found(root, b"/dir/../../a/./b") == directory
        assert found(root, b"/dir/file", symlinks=False) == "ELOOP"
        assert found(root, b"/a/b/file", symlinks=False) == file
        assert found(root, b"/absolute", symlinks=False) == identity(tree / "absolute")
        assert found(root, b"/") == found(root, b"/../..") == found(root, b"/root/") == identity(tree)
        assert found(root, b"/a/b/file/") == found(root, b"/a/b/file/x") == "ENOTDIR"
        assert found(root, b"/a/b/file/..") == found(root, b"/a/b/file/.") == "ENOTDIR"


@pytest.mark.parametrize("walks", [False, True], ids=["openat2", "walk"])
def test_magic_links_are_refused(walks: bool) -> None:
    with root_at_slash(walks) as root:
        assert found(root, b"/proc/self/root/etc") == "ELOOP"
        assert found(root, b"/proc/self/cwd", follow=True) == "ELOOP"
        assert found(root, b"/proc/self/status") != "ELOOP"
        assert found(root, b"/proc/mounts", follow=True) != "ELOOP"


@contextmanager
def root_at_slash(walks: bool) -> Iterator[Root]:
    with Root() as root:
        root._has_openat2 = not walks
        yield root


def test_walk_and_openat2_agree_on_random_trees(tmp_path: Path) -> None:
    chooser = random.Random(20100)
    names = ["a", "b", "c", "d"]
    made = [tmp_path]
    for _ in range(60):
        place = chooser.choice(made) / chooser.choice(names)
        if os.path.lexists(place):
            continue
        what = chooser.randrange(5)
        if what < 2:
            place.mkdir()
            made.append(place)
        elif what == 2:
            place.write_text("x")
        else:
            parts = chooser.choices([*names, "..", ".", ""], k=chooser.randrange(1, 5))
            place.symlink_to(chooser.choice(["/", "", ""]) + ("/".join(parts).strip("/") or "."))
    seen = set()
    with root_at(tmp_path, False) as quick, root_at(tmp_path, True) as walk:
        for _ in range(4000):
            parts = chooser.choices([*names, "..", "."], k=chooser.randrange(1, 7))
            path = "/".join(["", *parts, *chooser.choice([[], [], [""]])]).encode()
            options = {"follow": chooser.random() < 0.5, "symlinks": chooser.random() < 0.7}
            expected = found(quick, path, **options)
            assert found(walk, path, **options) == expected, (path, options)
            seen.add(expected)
    assert {"ENOENT", "ENOTDIR", "ELOOP"} < seen
    assert len(seen) > 10


def test_a_kernel_without_openat2(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOSYS is answered by a walk, and asked for once only."""
    calls = []
    try_syscall = libc.try_syscall

    def old_kernel(number: int, *arguments: libc.Argument) -> int:
        calls.append(number)
        return -errno.ENOSYS if number == NR_OPENAT2 else try_syscall(number, *arguments)

    with Root(os.fspath(tree)) as root:
        monkeypatch.setattr(libc, "try_syscall", old_kernel)
        assert found(root, b"/dir/file") == identity(tree / "a/b/file")
        assert found(root, b"/out", follow=True) == "ENOENT"
    assert calls.count(NR_OPENAT2) == 1


@pytest.mark.parametrize("walks", [False, True], ids=["openat2", "walk"])
def test_long_paths(tmp_path: Path, walks: bool) -> None:
    with root_at(tmp_path, walks) as root:
        assert found(root, b"/" * 4096) == "ENAMETOOLONG"
        assert found(root, b"/" * 4095) == identity(tmp_path)
        assert found(root, b"/" + b"n" * 256) == "ENAMETOOLONG"


@pytest.mark.parametrize("walks", [False, True], ids=["openat2", "walk"])
def test_a_fifo_is_not_waited_for(tmp_path: Path, walks: bool) -> None:
    os.mkfifo(tmp_path / "fifo")
    with root_at(tmp_path, walks) as root:
        assert found(root, b"/fifo", follow=True) == identity(tmp_path / "fifo")


@pytest.mark.parametrize("walks", [False, True], ids=["openat2", "walk"])
def test_no_descriptor_is_left(tree: Path, walks: bool) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with root_at(tree, walks) as root:
        for path in (b"/dir/file", b"/loop/x", b"/none/x", b"/a/b/file/x", b"/root/root/a/../dir/.."):
            found(root, path, follow=True)
    assert len(os.listdir("/proc/self/fd")) == before


def test_link_text(tree: Path) -> None:
    with root_at(tree, False) as root:
        fd = root.open(b"/out")
        try:
            assert link_text(fd) == b"../secret"
        finally:
            os.close(fd)


def test_a_root_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        Root(os.fspath(tmp_path / "none"))
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="Not a directory"):
        Root(os.fspath(tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() != 0, reason="open_by_handle_at takes CAP_DAC_READ_SEARCH")
def test_by_handle(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    fd = os.open(file, os.O_RDONLY)
    handle = inodes.file_handle(fd)
    os.close(fd)
    if handle is None:
        pytest.skip("no file handles on the file system of the temporary directory")
    anchor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        (tmp_path / "moved").mkdir()
        file.rename(tmp_path / "moved/file")
        fd = open_by_handle(anchor, handle.kind, handle.data)
        assert os.readlink(f"/proc/self/fd/{fd}") == str(tmp_path / "moved/file")
        os.close(fd)
        (tmp_path / "moved/file").unlink()
        with pytest.raises(OSError, match="Stale file handle"):
            open_by_handle(anchor, handle.kind, handle.data)
    finally:
        os.close(anchor)
