"""The state of names, over real files on real file systems."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError
from crimg.kernel import names, procmaps
from crimg.kernel.names import Name, NameResolver, NameState
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import check, child, in_child, libc, mapping, private_mounts
from tests.kernel.name_cases import (
    FILE_SYSTEMS,
    cases,
    expected,
    make_file_system,
    opened,
    resolve,
    skip_unless_possible,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT_SYMLINK_FOLLOW = 0x400
LINKED, DELETED = NameState.LINKED, NameState.DELETED
REPLACED, UNREACHABLE = NameState.REPLACED, NameState.UNREACHABLE


def test_every_case_in_the_temporary_directory(tmp_path: Path) -> None:
    top = os.fsencode(tmp_path)
    assert cases(top) == expected(top)


@pytest.mark.parametrize("kind", FILE_SYSTEMS)
def test_every_case_on_each_file_system(tmp_path: Path, kind: str) -> None:
    skip_unless_possible(kind)

    def look() -> tuple[bytes, dict[str, tuple[Name, int]]]:
        private_mounts()
        top = os.fsencode(make_file_system(kind, tmp_path))
        return top, cases(top)

    top, found = in_child(look)
    assert found == expected(top)


def test_file_that_never_had_a_name(tmp_path: Path) -> None:
    with opened(tmp_path, os.O_TMPFILE | os.O_RDWR) as fd:
        name = resolve(fd)
        assert (name.state, os.fstat(fd).st_nlink) == (DELETED, 0)
        assert name.path.startswith(os.fsencode(tmp_path) + b"/#")
        source, target = f"/proc/self/fd/{fd}".encode(), os.fsencode(tmp_path / "linked")
        check(libc.linkat(-100, source, -100, target, AT_SYMLINK_FOLLOW), "linkat")
        assert (resolve(fd).state, os.fstat(fd).st_nlink) == (DELETED, 1)


def test_directories_cwd_and_root(tmp_path: Path) -> None:
    def prepare() -> None:
        (tmp_path / "gone").mkdir()
        os.chdir(tmp_path / "gone")
        os.rmdir(tmp_path / "gone")

    with child(prepare) as process, ProcDir(process.pid) as proc, NameResolver(proc) as resolver:
        status = os.stat("cwd", dir_fd=proc.fd)
        cwd = resolver.resolve(proc.readlink("cwd"), status.st_dev, status.st_ino, status.st_nlink)
        assert cwd == Name(os.fsencode(tmp_path / "gone"), DELETED, errno.ENOENT)
        (tmp_path / "gone").mkdir()
        cwd = resolver.resolve(proc.readlink("cwd"), status.st_dev, status.st_ino, status.st_nlink)
        assert cwd.state is REPLACED
        status = os.stat("root", dir_fd=proc.fd)
        assert resolver.resolve(b"/", status.st_dev, status.st_ino, 1) == Name(b"/", LINKED)
        status = os.stat("exe", dir_fd=proc.fd)
        exe = resolver.resolve(proc.readlink("exe"), status.st_dev, status.st_ino, status.st_nlink)
        assert exe == Name(os.readlink(b"/proc/self/exe"), LINKED)


def test_symbolic_link_opened_itself(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with opened(tmp_path / "link", os.O_PATH | os.O_NOFOLLOW) as fd:
        assert resolve(fd) == Name(os.fsencode(tmp_path / "link"), LINKED)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[tuple[int, bytes]]:
    """A directory whose path, with a slash at the end, has 4,095 - 100 bytes."""
    wanted = 4095 - 100
    path = os.fsencode(tmp_path) + b"/"
    fd = os.open(path, os.O_RDONLY)
    while len(path) < wanted:
        length = min(250, wanted - len(path) - 1)
        if wanted - len(path) - 1 - length in (1, 2):
            length -= 10
        name = b"d" * length
        os.mkdir(name, dir_fd=fd)
        deeper = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd, path = deeper, path + name + b"/"
    yield fd, path
    os.close(fd)
    shutil.rmtree(tmp_path, ignore_errors=False)


@pytest.mark.parametrize("openat2", [True, False])
def test_longest_path(deep: tuple[int, bytes], openat2: bool) -> None:
    directory, path = deep
    longest, deletable = b"f" * 100, b"g" * 90
    with ProcDir(os.getpid()) as proc, NameResolver(proc) as resolver:
        resolver._has_openat2 = openat2
        fd = os.open(longest, os.O_RDWR | os.O_CREAT, dir_fd=directory)
        assert len(path + longest) == 4095
        assert resolve(fd, resolver) == Name(path + longest, LINKED)
        os.close(fd)
        fd = os.open(deletable, os.O_RDWR | os.O_CREAT, dir_fd=directory)
        os.unlink(deletable, dir_fd=directory)
        assert resolve(fd, resolver) == Name(path + deletable, DELETED, errno.ENOENT)
        os.close(fd)


@pytest.mark.parametrize(("length", "deleted"), [(101, False), (91, True), (200, True)])
def test_path_too_long_for_the_kernel_to_show(deep: tuple[int, bytes], length: int, deleted: bool) -> None:
    """4,096 bytes, or 4,086 and the suffix: such a descriptor has no path in /proc at all."""
    fd = os.open(b"x" * length, os.O_RDWR | os.O_CREAT, dir_fd=deep[0])
    if deleted:
        os.unlink(b"x" * length, dir_fd=deep[0])
    with pytest.raises(KernelError) as caught:
        resolve(fd)
    os.close(fd)
    assert caught.value.errno == errno.ENAMETOOLONG
    assert f"fd/{fd}" in str(caught.value)


def test_longer_path_of_a_mapping(deep: tuple[int, bytes]) -> None:
    """The maps file shows what a link cannot: a path of any length."""
    name = b"x" * 200
    fd = os.open(name, os.O_RDWR | os.O_CREAT, dir_fd=deep[0])
    os.ftruncate(fd, 4096)
    address = mapping(4096, flags=1, fd=fd)
    status = os.fstat(fd)
    with ProcDir(os.getpid()) as proc, NameResolver(proc) as resolver:
        vma = next(vma for vma in procmaps.read_maps(proc) if vma.start == address)
        with pytest.raises(KernelError) as caught:
            procmaps.mapped_path(proc, vma.start, vma.end)
        assert caught.value.errno == errno.ENAMETOOLONG
        assert len(vma.label) == len(deep[1] + name) > 4095
        found = resolver.resolve(vma.label, status.st_dev, status.st_ino, status.st_nlink)
        assert found == Name(deep[1] + name, LINKED)
    libc.munmap(address, 4096)
    os.close(fd)


@pytest.mark.parametrize("openat2", [True, False])
def test_symbolic_link_put_in_the_way_is_not_followed(tmp_path: Path, openat2: bool) -> None:
    """Between the kernel's answer and the look-up a directory becomes a link to where it was moved."""
    (tmp_path / "dir").mkdir()
    link = os.fsencode(tmp_path / "dir" / "f")
    with opened(link) as fd:
        os.rename(tmp_path / "dir", tmp_path / "elsewhere")
        (tmp_path / "dir").symlink_to("elsewhere")
        status = os.fstat(fd)
        with ProcDir(os.getpid()) as proc, NameResolver(proc) as resolver:
            resolver._has_openat2 = openat2
            name = resolver.resolve(link, status.st_dev, status.st_ino, status.st_nlink)
        assert name.state is UNREACHABLE
        assert name.error in (errno.ELOOP, errno.ENOTDIR)


def test_more_directories_than_are_kept_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    files = []
    for number in range(names._KEPT_DIRECTORIES + 40):
        (tmp_path / f"d{number}").mkdir()
        files.append(os.open(tmp_path / f"d{number}" / "f", os.O_RDWR | os.O_CREAT))
    with ProcDir(os.getpid()) as proc, NameResolver(proc) as resolver:
        for _ in range(2):
            assert {resolve(fd, resolver).state for fd in files} == {LINKED}
        held = len(os.listdir("/proc/self/fd")) - before - len(files)
        assert held <= names._KEPT_DIRECTORIES + 2
        resolver.close()
    for fd in files:
        os.close(fd)
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_descriptor_left_is_no_missing_name(tmp_path: Path) -> None:
    def look() -> KernelError | None:
        with ProcDir(os.getpid()) as proc, NameResolver(proc) as resolver, opened(tmp_path / "f") as fd:
            link, status = os.fsencode(tmp_path / "f"), os.fstat(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))), 4096))
            with suppress(OSError):
                while True:
                    os.dup(fd)
            try:
                resolver.resolve(link, status.st_dev, status.st_ino, status.st_nlink)
            except KernelError as error:
                return error
        return None

    error = in_child(look)
    assert error is not None and error.errno == errno.EMFILE


def test_the_two_ways_to_open_a_directory_agree(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "file").touch()
    with ProcDir(os.getpid()) as proc, NameResolver(proc) as resolver:
        for path in (
            b"",
            os.fsencode(tmp_path / "a" / "b")[1:],
            b"no/such",
            os.fsencode(tmp_path / "file")[1:],
        ):
            found = []
            for resolver._has_openat2 in (True, False):
                fd = resolver._open_directory(path)
                found.append(fd if fd < 0 else os.fstat(fd).st_ino)
                if fd >= 0:
                    os.close(fd)
            assert found[0] == found[1], path
