"""The state of names across mounts, mount namespaces and changed roots."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from crimg.kernel import procfd
from crimg.kernel.names import Name, NameResolver, NameState
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import become_nobody, check, child, in_child, libc, mount, needs_root, private_mounts
from tests.kernel.name_cases import resolve

if TYPE_CHECKING:
    from pathlib import Path

MNT_DETACH = 2
LINKED, DELETED, UNREACHABLE = NameState.LINKED, NameState.DELETED, NameState.UNREACHABLE


@needs_root
def test_mounted_over_and_unmounted_lazily(tmp_path: Path) -> None:
    def look() -> list[tuple[Name, int]]:
        private_mounts()
        below, inside = tmp_path / "below", tmp_path / "inside"
        below.mkdir()
        inside.mkdir()
        hidden = os.open(below / "f", os.O_RDWR | os.O_CREAT)
        same_name = os.open(below / "g", os.O_RDWR | os.O_CREAT)
        mount("t", below, "tmpfs")
        (below / "g").touch()
        mount("t", inside, "tmpfs")
        detached = os.open(inside / "f", os.O_RDWR | os.O_CREAT)
        dead = os.open(inside / "g", os.O_RDWR | os.O_CREAT)
        os.unlink(inside / "g")
        check(libc.umount2(os.fsencode(inside), MNT_DETACH), "umount2")
        return [(resolve(fd), os.fstat(fd).st_nlink) for fd in (hidden, same_name, detached, dead)]

    top = os.fsencode(tmp_path)
    assert in_child(look) == [
        (Name(top + b"/below/f", UNREACHABLE, errno.ENOENT), 1),
        (Name(top + b"/below/g", UNREACHABLE), 1),
        (Name(b"/f", UNREACHABLE, errno.ENOENT), 1),
        (Name(b"/g", DELETED, errno.ENOENT), 0),
    ]


def targets_names(pid: int, fds: list[int]) -> list[tuple[bytes, NameState]]:
    """Paths and states of another process's descriptors."""
    found = []
    with ProcDir(pid) as proc, NameResolver(proc) as resolver:
        for fd in fds:
            status = os.stat(str(fd), dir_fd=proc.directory("fd"))
            name = resolver.resolve(procfd.fd_link(proc, fd), status.st_dev, status.st_ino, status.st_nlink)
            found.append((name.path, name.state))
    return found


@needs_root
def test_target_with_another_root_in_the_same_namespace(tmp_path: Path) -> None:
    """The kernel shows paths from the reader's root, so that a chroot of the target is part of them."""
    top = os.fsencode(tmp_path)
    (tmp_path / "jail").mkdir()

    def prepare() -> list[int]:
        outside = os.open(tmp_path / "outside", os.O_RDWR | os.O_CREAT)
        os.chroot(tmp_path / "jail")
        inside, gone = (os.open(name, os.O_RDWR | os.O_CREAT) for name in ("/inside", "/gone"))
        os.unlink("/gone")
        return [outside, inside, gone]

    with child(prepare) as process:
        assert targets_names(process.pid, process.value) == [
            (top + b"/outside", LINKED),
            (top + b"/jail/inside", LINKED),
            (top + b"/jail/gone", DELETED),
        ]


@needs_root
@pytest.mark.parametrize("jailed", [False, True])
def test_target_in_another_mount_namespace(tmp_path: Path, jailed: bool) -> None:
    """As in a container: another root file system, and a file opened before from the outer one."""

    def prepare() -> list[int]:
        outer = os.open(tmp_path / "outer", os.O_RDWR | os.O_CREAT)
        private_mounts()
        mount("t", tmp_path, "tmpfs")
        (tmp_path / "old").mkdir()
        check(libc.syscall(155, os.fsencode(tmp_path), os.fsencode(tmp_path / "old")), "pivot_root")
        os.chdir("/")
        os.makedirs("/jail/deep")
        fds = [outer, os.open("/inner", os.O_RDWR | os.O_CREAT)]
        if jailed:
            os.chroot("/jail/deep")
        fds.append(os.open("/here", os.O_RDWR | os.O_CREAT))
        fds.append(os.open("/gone", os.O_RDWR | os.O_CREAT))
        os.unlink("/gone")
        return fds

    jail = b"/jail/deep" if jailed else b""
    with child(prepare) as process:
        found = targets_names(process.pid, process.value)
    assert found == [
        (os.fsencode(tmp_path / "outer"), UNREACHABLE),
        (b"/inner", LINKED),
        (jail + b"/here", LINKED),
        (jail + b"/gone", DELETED),
    ]


@needs_root
def test_directory_that_may_not_be_searched(tmp_path: Path) -> None:
    def look() -> list[Name]:
        private_mounts()
        mount("t", tmp_path, "tmpfs", "mode=755")
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        fds = [os.open(closed / name, os.O_RDWR | os.O_CREAT) for name in ("kept", "gone", "linked")]
        os.link(closed / "linked", tmp_path / "other")
        os.unlink(closed / "gone")
        os.unlink(closed / "linked")
        become_nobody()
        return [resolve(fd) for fd in fds]

    closed = os.fsencode(tmp_path / "closed")
    assert in_child(look) == [
        Name(closed + b"/kept", UNREACHABLE, errno.EACCES),
        Name(closed + b"/gone", DELETED, errno.EACCES),
        Name(closed + b"/linked (deleted)", UNREACHABLE, errno.EACCES),
    ]
