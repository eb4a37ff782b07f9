"""What can happen to the name of an open file, done on any file system."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from crimg.kernel import procfd
from crimg.kernel.names import Name, NameResolver, NameState
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE_SYSTEMS = ["tmpfs", "overlay", "ext4", "xfs", "btrfs", "btrfs subvolume"]
LINKED, DELETED, REPLACED = NameState.LINKED, NameState.DELETED, NameState.REPLACED


def resolve(fd: int, resolver: NameResolver | None = None) -> Name:
    """The state of the name of our own descriptor `fd`."""
    with ProcDir(os.getpid()) as proc:
        link = procfd.fd_link(proc, fd)
        status = os.fstat(fd)
        if resolver is not None:
            return resolver.resolve(link, status.st_dev, status.st_ino, status.st_nlink)
        with NameResolver(proc) as own:
            return own.resolve(link, status.st_dev, status.st_ino, status.st_nlink)


@contextmanager
def opened(path: bytes | Path, flags: int = os.O_RDWR | os.O_CREAT) -> Iterator[int]:
    fd = os.open(path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


def make_file_system(kind: str, top: Path) -> Path:
    """A directory on a fresh file system, mounted below `top` in the private namespace of the caller."""
    target = top / "mounted"
    target.mkdir()
    if kind == "tmpfs":
        mount("t", target, "tmpfs")
        return target
    if kind == "overlay":
        mount("t", target, "tmpfs")
        lower, upper, work, merged = (target / name for name in ("l", "u", "w", "m"))
        for directory in (lower, upper, work, merged):
            directory.mkdir()
        mount("o", merged, "overlay", f"lowerdir={lower},upperdir={upper},workdir={work}")
        return merged
    image, base = top / "image", kind.split()[0]
    with image.open("wb") as file:
        file.truncate(400 << 20)
    subprocess.run([f"mkfs.{base}", "-q", image], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    subprocess.run(["mount", "-o", "loop", image, target], check=True, capture_output=True)
    if kind.endswith("subvolume"):
        subprocess.run(["btrfs", "-q", "subvolume", "create", target / "sub"], check=True)
        return target / "sub"
    return target


def skip_unless_possible(kind: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    base = kind.split()[0]
    if base not in ("tmpfs", "overlay") and shutil.which(f"mkfs.{base}") is None:
        pytest.skip(f"no mkfs.{base} on this machine")
    if kind == "btrfs subvolume" and shutil.which("btrfs") is None:
        pytest.skip("no btrfs program on this machine")


def cases(top: bytes) -> dict[str, tuple[Name, int]]:
    """Every ordinary case on the file system of `top`: what was found, and st_nlink."""
    found = {}

    def case(label: str, act: Callable[[bytes], object], name: bytes = b"") -> None:
        path = top + b"/" + (name or label.encode())
        with opened(path) as fd:
            act(path)
            found[label] = resolve(fd), os.fstat(fd).st_nlink

    def write(path: bytes) -> None:
        with opened(path):
            pass

    def again(path: bytes) -> None:
        os.unlink(path)
        write(path)

    def renamed_over(path: bytes) -> None:
        write(path + b".new")
        os.rename(path + b".new", path)

    def other_link(path: bytes) -> None:
        os.link(path, path + b".other")
        os.unlink(path)

    def same_name_again(path: bytes) -> None:
        other_link(path)
        os.link(path + b".other", path)

    def suffixed_file_appears(path: bytes) -> None:
        os.unlink(path)
        write(path + b" (deleted)")

    def directory_goes(path: bytes) -> None:
        os.unlink(path)
        os.rmdir(os.path.dirname(path))

    def directory_becomes_file(path: bytes) -> None:
        directory_goes(path)
        write(os.path.dirname(path))

    case("kept", lambda path: None)
    case("renamed", lambda path: os.rename(path, path + b".moved"))
    case("deleted", os.unlink)
    case("re-created", again)
    case("renamed over", renamed_over)
    case("other link", other_link)
    case("same name again", same_name_again)
    case("true suffix", lambda path: None, b"true (deleted)")
    case("true suffix deleted", os.unlink, b"gone (deleted)")
    case("true suffix replaced", again, b"again (deleted)")
    case("suffixed file appears", suffixed_file_appears)
    case("long name deleted", os.unlink, b"n" * 255)
    case("newline", lambda path: None, b"new\nline\x1b\xff\\")
    case("newline deleted", os.unlink, b"gone new\nline\x1b\xff\\")
    os.mkdir(top + b"/d1")
    case("directory gone", directory_goes, b"d1/f")
    os.mkdir(top + b"/d2")
    case("directory a file", directory_becomes_file, b"d2/f")
    return found


def expected(top: bytes) -> dict[str, tuple[Name, int]]:
    def at(name: bytes) -> bytes:
        return top + b"/" + name

    absent = errno.ENOENT
    return {
        "kept": (Name(at(b"kept"), LINKED), 1),
        "renamed": (Name(at(b"renamed.moved"), LINKED), 1),
        "deleted": (Name(at(b"deleted"), DELETED, absent), 0),
        "re-created": (Name(at(b"re-created"), REPLACED), 0),
        "renamed over": (Name(at(b"renamed over"), REPLACED), 0),
        "other link": (Name(at(b"other link"), DELETED, absent), 1),
        "same name again": (Name(at(b"same name again"), LINKED), 2),
        "true suffix": (Name(at(b"true (deleted)"), LINKED), 1),
        "true suffix deleted": (Name(at(b"gone (deleted)"), DELETED, absent), 0),
        "true suffix replaced": (Name(at(b"again (deleted)"), REPLACED), 0),
        "suffixed file appears": (Name(at(b"suffixed file appears"), DELETED, absent), 0),
        "long name deleted": (Name(at(b"n" * 255), DELETED, absent), 0),
        "newline": (Name(at(b"new\nline\x1b\xff\\"), LINKED), 1),
        "newline deleted": (Name(at(b"gone new\nline\x1b\xff\\"), DELETED, absent), 0),
        "directory gone": (Name(at(b"d1/f"), DELETED, absent), 0),
        "directory a file": (Name(at(b"d2/f"), DELETED, errno.ENOTDIR), 0),
    }
