"""fd links and fdinfo of real descriptors."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import procfd
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import child, libc

if TYPE_CHECKING:
    from pathlib import Path

F_OFD_SETLK = 37


def test_fdinfo_is_what_fcntl_and_lseek_say(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    ways = [
        os.O_RDONLY,
        os.O_WRONLY | os.O_APPEND,
        os.O_RDWR | os.O_SYNC | os.O_NONBLOCK,
        os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOCTTY | os.O_CLOEXEC,
        os.O_PATH,
        os.O_RDONLY | os.O_NOATIME | os.O_NOFOLLOW,
        os.O_RDWR | os.O_DSYNC | os.O_CLOEXEC,
    ]

    def prepare() -> list[tuple[int, int, int, bool]]:
        described = []
        for number, way in enumerate(ways):
            fd = os.open(path, way | os.O_CLOEXEC)
            os.set_inheritable(fd, not way & os.O_CLOEXEC)
            position = 0 if way & os.O_PATH else os.lseek(fd, 1 << (number * 6), os.SEEK_SET)
            described.append((fd, position, fcntl.fcntl(fd, fcntl.F_GETFL), bool(way & os.O_CLOEXEC)))
        return described

    with child(prepare) as process, ProcDir(process.pid) as proc:
        assert {fd for fd, *_ in process.value} <= set(procfd.open_fds(proc))
        for fd, position, flags, cloexec in process.value:
            info = procfd.read_fdinfo(proc, fd)
            assert info.pos == position
            assert info.flags & ~os.O_CLOEXEC == flags
            assert info.cloexec is cloexec
            assert info.inode == path.stat().st_ino
            assert (info.locks, info.rest) == ((), b"")
            writable = not flags & os.O_PATH and flags & os.O_ACCMODE != os.O_RDONLY
            readable = not flags & os.O_PATH and flags & os.O_ACCMODE != os.O_WRONLY
            assert info.access == readable + 2 * writable
            assert procfd.fd_link(proc, fd) == os.fsencode(path)
        mounts = {int(line.split()[0]) for line in proc.read("mountinfo").decode().splitlines()}
        assert info.mnt_id in mounts


def test_locks_and_leases(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))

    def prepare() -> tuple[int, int, int]:
        posix, flock, leased = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR), tmp_path / "leased"
        fcntl.lockf(posix, fcntl.LOCK_EX, 10, 20)
        fcntl.lockf(posix, fcntl.LOCK_SH, 0, 500)
        fcntl.flock(flock, fcntl.LOCK_SH)
        lock = struct.pack("=hhxxxxqqixxxx", fcntl.F_WRLCK, os.SEEK_SET, 100, 7, 0)
        fcntl.fcntl(flock, F_OFD_SETLK, lock)
        leased.write_bytes(b"")
        lease = os.open(leased, os.O_RDONLY)
        fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        return posix, flock, lease

    with child(prepare) as process, ProcDir(process.pid) as proc:
        posix, flock, lease = (procfd.read_fdinfo(proc, fd) for fd in process.value)
    inode = path.stat().st_ino
    assert [lock[:4] + lock[5:] for lock in posix.locks] == [
        ("POSIX", "ADVISORY", "WRITE", process.pid, inode, 20, 29),
        ("POSIX", "ADVISORY", "READ", process.pid, inode, 500, None),
    ]
    assert {lock[:3] + lock[5:] for lock in flock.locks} == {
        ("FLOCK", "ADVISORY", "READ", inode, 0, None),
        ("OFDLCK", "ADVISORY", "WRITE", inode, 100, 106),
    }
    assert [lock[:4] for lock in lease.locks] == [("LEASE", "ACTIVE", "READ", process.pid)]
    device = posix.locks[0].device.split(":")
    assert (
        os.makedev(int(device[0], 16), int(device[1], 16)) == path.stat().st_dev or path.stat().st_dev < 256
    )
    assert posix.rest == flock.rest == b""


def test_what_the_kind_of_file_adds_is_kept_whole() -> None:
    """An epoll with 200 files has more text than one page."""

    def prepare() -> tuple[int, int]:
        event = libc.eventfd(5, 0)
        epoll = select.epoll()
        for _ in range(200):
            epoll.register(libc.eventfd(0, 0), select.EPOLLIN)
        return event, os.dup(epoll.fileno())

    with child(prepare) as process, ProcDir(process.pid) as proc:
        event, epoll = (procfd.read_fdinfo(proc, fd) for fd in process.value)
        assert procfd.fd_link(proc, process.value[0]) == b"anon_inode:[eventfd]"
    assert b"eventfd-count:                5\n" in event.rest
    assert epoll.rest.count(b"tfd:") == 200
    assert len(epoll.rest) > 4096


def test_pipe_link_is_its_inode() -> None:
    with child(os.pipe) as process, ProcDir(process.pid) as proc:
        read_end, write_end = process.value
        inode = procfd.read_fdinfo(proc, read_end).inode
        assert procfd.fd_link(proc, read_end) == procfd.fd_link(proc, write_end) == f"pipe:[{inode}]".encode()
        ends = [procfd.read_fdinfo(proc, end) for end in process.value]
        assert [info.access for info in ends] == [1, 2]


def test_descriptor_that_is_not_open() -> None:
    with child(lambda: None) as process:
        with ProcDir(process.pid) as proc:
            for call in (procfd.read_fdinfo, procfd.fd_link):
                with pytest.raises(KernelError) as caught:
                    call(proc, 12345)
                assert caught.value.errno == errno.ENOENT
        proc = ProcDir(process.pid)
        procfd.open_fds(proc)
    with proc, pytest.raises(ProcessGoneError):
        procfd.fd_link(proc, 0)


def test_fdinfo_text_before_linux_5_14() -> None:
    info = procfd.parse_fdinfo(b"pos:\t-1\nflags:\t0100002\nmnt_id:\t9\nsigmask:\t0000000000000200\n")
    assert info == (-1, 0o100002, 9, None, (), b"sigmask:\t0000000000000200\n")
