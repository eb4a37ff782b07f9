"""What is asked of inodes: statx, handles, generation, file system, extents."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from pathlib import Path

import pytest

from crimg.errors import KernelError
from crimg.kernel import descriptors, inodes
from tests.kernel.forked import (
    in_child,
    mount,
    needs_root,
    private_mounts,
)


def same_as_stat(found: inodes.Statx, expected: os.stat_result) -> None:
    for name in ("mode", "nlink", "uid", "gid", "ino", "size", "blocks", "blksize", "dev", "rdev"):
        assert getattr(found, name) == getattr(expected, "st_" + name), name
    for name in ("atime", "mtime", "ctime"):
        assert getattr(found, name) == getattr(expected, f"st_{name}_ns"), name
    assert found.mask & inodes.STATX_BASIC_STATS == inodes.STATX_BASIC_STATS


def test_statx_of_a_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(12345))
    os.utime(path, ns=(-5, 2**33 * 10**9 + 7))
    for flags in (os.O_RDONLY, os.O_PATH, os.O_WRONLY):
        fd = os.open(path, flags)
        found = inodes.statx(fd)
        same_as_stat(found, os.fstat(fd))
        assert found.mtime == 2**33 * 10**9 + 7 and found.atime == -5
        assert found.mnt_id == int(Path(f"/proc/self/fdinfo/{fd}").read_text().split("mnt_id:")[1].split()[0])
        birth = subprocess.run(["stat", "-c", "%.9W", path], capture_output=True, check=True, text=True)
        seconds, _, rest = birth.stdout.strip().partition(".")
        assert found.btime == (None if seconds in ("-", "0") else int(seconds) * 10**9 + int(rest or 0))
        os.close(fd)


@pytest.mark.parametrize("path", ["/", "/dev/null", "/proc/self/status", "/dev/tty", "/dev/shm"])
def test_statx_of_other_things(path: str) -> None:
    found = inodes.statx(inodes.AT_FDCWD, path.encode())
    expected = os.stat(path, follow_symlinks=False)
    assert (found.mode, found.dev, found.rdev, found.uid) == (
        expected.st_mode, expected.st_dev, expected.st_rdev, expected.st_uid,
    )  # fmt: skip


def test_statx_of_links_follows_only_when_told(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("target")
    directory = os.open(tmp_path, os.O_RDONLY)
    same_as_stat(inodes.statx(directory, b"link"), (tmp_path / "link").lstat())
    same_as_stat(inodes.statx(directory, b"link", follow=True), (tmp_path / "target").stat())
    fds = os.open("/proc/self/fd", os.O_RDONLY)
    found = inodes.statx(fds, b"%d" % directory, follow=True, sync=False)
    same_as_stat(found, tmp_path.stat())
    with pytest.raises(KernelError) as caught:
        inodes.statx(directory, b"missing")
    assert caught.value.errno == errno.ENOENT
    os.close(fds)
    os.close(directory)


def test_handles_tell_inodes_apart(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for path in (first, second):
        path.touch()
    (tmp_path / "c").hardlink_to(first)
    fds = [os.open(tmp_path / name, os.O_PATH) for name in "abc"]
    handles = [inodes.file_handle(fd) for fd in fds]
    if handles[0] is None:
        pytest.skip("the file system of the temporary directory has no handles")
    assert handles[0] == handles[2] != handles[1]
    assert handles[0].mount_id == inodes.statx(fds[0]).mnt_id
    for fd in fds:
        os.close(fd)


def test_what_has_no_handle_and_no_generation() -> None:
    read_end, write_end = os.pipe()
    null, status = os.open("/dev/null", os.O_RDWR), os.open("/proc/self/status", os.O_RDONLY)
    assert inodes.file_handle(read_end) is None
    assert [inodes.generation(fd) for fd in (read_end, null, status)] == [None, None, None]
    for fd in (read_end, write_end, null, status):
        os.close(fd)


def test_generation_is_that_in_the_handle(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    fd = os.open(path, os.O_RDONLY)
    handle, number = inodes.file_handle(fd), inodes.generation(fd)
    os.close(fd)
    if handle is None or handle.kind != 1:
        pytest.skip("no file system with FILEID_INO32_GEN handles here (ext4 has them)")
    assert struct.unpack("=II", handle.data) == (path.stat().st_ino & 0xFFFF_FFFF, number)


def test_fstatfs(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/proc", "/dev/shm"):
        fd = os.open(path, os.O_PATH)
        found, expected = inodes.fstatfs(fd), os.statvfs(path)
        kind = subprocess.run(["stat", "-f", "-c", "%t", path], capture_output=True, check=True, text=True)
        assert found.fs_type == int(kind.stdout, 16)
        assert int.from_bytes(found.fsid, "little") == expected.f_fsid
        assert (found.bsize, found.frsize, found.blocks, found.files, found.namelen) == (
            expected.f_bsize, expected.f_frsize, expected.f_blocks, expected.f_files, expected.f_namemax,
        )  # fmt: skip
        os.close(fd)


def sparse(path: Path) -> list[tuple[int, int]]:
    """A file of 10 MiB with data at three places."""
    with path.open("wb") as file:
        for start in (0, 1 << 20, 9 << 20):
            file.seek(start)
            file.write(b"x" * 8192)
        file.truncate(10 << 20)
        os.fsync(file.fileno())
    return [(start, start + 8192) for start in (0, 1 << 20, 9 << 20)]


def test_extents_of_a_sparse_file_leave_the_position(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    expected = sparse(path)
    fd = os.open(path, os.O_WRONLY)
    os.lseek(fd, 77, os.SEEK_SET)
    path.unlink()
    again = descriptors.reopen(fd)
    assert list(inodes.data_extents(again, 10 << 20)) == expected
    assert list(inodes.data_extents(again, (1 << 20) + 100)) == [(0, 8192), (1 << 20, (1 << 20) + 100)]
    assert list(inodes.data_extents(again, 1 << 20)) == [(0, 8192)]
    assert list(inodes.data_extents(again, 0)) == []
    assert os.lseek(fd, 0, os.SEEK_CUR) == 77
    os.ftruncate(fd, 0)
    os.ftruncate(fd, 1 << 20)
    assert list(inodes.data_extents(again, 1 << 20)) == []
    os.close(again)
    os.close(fd)


def test_extents_of_what_cannot_seek() -> None:
    read_end, write_end = os.pipe()
    with pytest.raises(KernelError) as caught:
        list(inodes.data_extents(read_end, 100))
    assert caught.value.errno == errno.ESPIPE
    os.close(read_end)
    os.close(write_end)


@needs_root
@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
def test_inodes_on_other_file_systems(tmp_path: Path, kind: str) -> None:
    def look() -> tuple[bool, int | None, list[tuple[int, int]], list[tuple[int, int]]]:
        private_mounts()
        mount("t", tmp_path, "tmpfs")
        if kind == "overlay":
            lower, upper, work, merged = (tmp_path / name for name in ("l", "u", "w", "m"))
            for directory in (lower, upper, work, merged):
                directory.mkdir()
            mount("o", merged, "overlay", f"lowerdir={lower},upperdir={upper},workdir={work}")
        else:
            merged = tmp_path
        expected = sparse(merged / "sparse")
        fd = os.open(merged / "sparse", os.O_RDONLY)
        same_as_stat(inodes.statx(fd), os.fstat(fd))
        extents = list(inodes.data_extents(fd, 10 << 20))
        return inodes.file_handle(fd) is None, inodes.generation(fd), extents, expected

    no_handle, generation, extents, expected = in_child(look)
    assert (no_handle, generation) == (kind == "overlay", None)
    assert extents == expected
