"""Open files: what is one, where it stands, how it is open, who owns and locks it."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from crimg.model import Fd, Filesystem, Lock
from crimg.model.enums import Access, FileKind, Keeper, LockKind, NameState
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.dump.rows import dumped, file_of, inode_of

if TYPE_CHECKING:
    from pathlib import Path


def test_open_file(tmp_path: Path, image_path: Path) -> None:
    code = """
fd = os.open("file", os.O_RDWR | os.O_CREAT, 0o640)
os.write(fd, b"hello, world")
os.lseek(fd, 5, 0)
append = os.open("file", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOATIME | os.O_DSYNC)
os.set_inheritable(append, True)
path = os.open("file", os.O_PATH)
"""
    with Agent(code, tmp_path / "target") as agent:
        fd, append, path = agent.ask("fd, append, path")
        with dumped(agent, image_path) as image:
            first, second, third = (file_of(image, number) for number in (fd, append, path))
            name = str(tmp_path / "target/file").encode()
            assert {first.path, second.path, third.path} == {name}
            assert (first.kind, first.name_state, first.position) == (FileKind.REGULAR, NameState.LINKED, 5)
            assert (first.access, second.access, third.access) == (3, Access.WRITE, 0)
            wanted = os.O_APPEND | os.O_NONBLOCK | os.O_NOATIME | os.O_DSYNC | os.O_WRONLY
            assert second.flags & wanted == wanted
            assert third.flags & os.O_PATH
            assert first.inode == second.inode == third.inode
            inode = inode_of(image, first)
            assert (inode.size, inode.mode, inode.keeper, inode.blobs) == (12, 0o100640, Keeper.NONE, ())
            assert inode.number == os.stat(name).st_ino
            assert {row.fd: row.cloexec for row in image.rows(Fd)}[append] is False
            filesystem = image.find(Filesystem, inode.filesystem)
            assert filesystem is not None
            assert name.startswith(filesystem.mount_point)
            statfs = os.statvfs(name)
            assert filesystem.fsid == statfs.f_fsid & 2**64 - 1
        assert agent.ask("os.read(fd, 100)") == b", world"


def test_one_file_or_two(tmp_path: Path, image_path: Path) -> None:
    """dup(2) shares the open file description, a second open(2) of the same file does not: kcmp tells."""
    code = """
open("file", "w").write("abc")
one = os.open("file", os.O_RDONLY)
again = os.dup(one)
far = os.dup2(one, 900)
two = os.open("file", os.O_RDONLY)
"""
    with Agent(code, tmp_path / "target") as agent:
        one, again, far, two = agent.ask("one, again, far, two")
        with dumped(agent, image_path) as image:
            assert file_of(image, one) == file_of(image, again) == file_of(image, far)
            assert file_of(image, one).referrers == 3
            assert file_of(image, one) != file_of(image, two)
            assert file_of(image, one).inode == file_of(image, two).inode


def test_directory_with_a_position(tmp_path: Path, image_path: Path) -> None:
    code = """
for n in range(500):
    open("entry%03d" % n, "w").close()
fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
import ctypes
libc = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(1000)
libc.syscall(217, fd, buffer, 1000)
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        position = agent.ask("os.lseek(fd, 0, 1)")
        assert position != 0
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert (file.kind, file.position, file.path) == (
                FileKind.DIRECTORY,
                position,
                str(tmp_path / "target").encode(),
            )
        assert agent.ask("os.lseek(fd, 0, 1)") == position


def test_locks(tmp_path: Path, image_path: Path) -> None:
    code = """
import fcntl, struct
fd = os.open("file", os.O_RDWR | os.O_CREAT)
fcntl.lockf(fd, fcntl.LOCK_EX, 10, 100)
fcntl.lockf(fd, fcntl.LOCK_SH, 0, 5000)
whole = os.open("whole", os.O_RDWR | os.O_CREAT)
fcntl.flock(whole, fcntl.LOCK_SH)
ofd = os.open("ofd", os.O_RDWR | os.O_CREAT)
fcntl.fcntl(ofd, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 7, 3, 0))
"""
    with Agent(code, tmp_path / "target") as agent:
        fd, whole, ofd = agent.ask("fd, whole, ofd")
        with dumped(agent, image_path) as image:
            found = {
                (lock.file, lock.kind, lock.write, lock.pid, lock.start, lock.end)
                for lock in image.rows(Lock)
            }
            first, second, third = (file_of(image, number).objref for number in (fd, whole, ofd))
            assert found == {
                (first, LockKind.POSIX, True, agent.pid, 100, 109),
                (first, LockKind.POSIX, False, agent.pid, 5000, None),
                (second, LockKind.FLOCK, False, agent.pid, 0, None),
                (third, LockKind.OFD, True, -1, 7, 9),
            }
        with open(tmp_path / "target/file", "r+") as file, pytest.raises(BlockingIOError):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 105)


def test_owner_of_a_file(tmp_path: Path, image_path: Path) -> None:
    """F_SETOWN and F_SETSIG (fcntl(2))."""
    code = """
import fcntl
r, w = os.pipe()
fcntl.fcntl(r, fcntl.F_SETOWN, os.getpid())
fcntl.fcntl(r, 10, 40)
fcntl.fcntl(w, fcntl.F_SETOWN, -os.getpgid(0))
"""
    with Agent(code, tmp_path / "target") as agent:
        r, w = agent.ask("r, w")
        with dumped(agent, image_path) as image:
            first, second = file_of(image, r), file_of(image, w)
            assert (first.owner_type, first.owner, first.owner_signal) == (1, agent.pid, 40)
            assert (second.owner_type, second.owner, second.owner_signal) == (2, agent.pid, 0)


def test_times_and_owner_of_an_inode(tmp_path: Path, image_path: Path) -> None:
    with Agent("fd = os.open('file', os.O_RDWR | os.O_CREAT)", tmp_path / "target") as agent:
        os.utime(tmp_path / "target/file", ns=(1_000_000_001, 2_000_000_002))
        fd = agent.ask("fd")
        save(agent.pid, tmp_path / "first")
        with dumped(agent, image_path) as image:
            inode = inode_of(image, file_of(image, fd))
            assert inode.mtime == 2_000_000_002
            assert inode.btime is None or inode.btime > 10**18
            assert inode.handle is not None or inode.generation is not None
