"""Descriptors of another process: copies, comparison, and what is asked of the open file."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import resource
import struct
import termios
import threading
import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import descriptors, procfd
from crimg.kernel.descriptors import KCMP_FILE, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_VM, kcmp
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import (
    CLONE_FILES,
    become_nobody,
    check,
    child,
    in_child,
    libc,
    needs_root,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_getfd_shares_the_open_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))

    def prepare() -> int:
        fd = os.open(path, os.O_RDWR | os.O_APPEND)
        os.lseek(fd, 123, os.SEEK_SET)
        path.unlink()
        return fd

    with child(prepare) as process:
        pidfd = descriptors.pidfd_open(process.pid)
        copy = descriptors.pidfd_getfd(pidfd, process.value, process.pid)
        assert kcmp(process.pid, os.getpid(), KCMP_FILE, process.value, copy) == 0
        assert os.lseek(copy, 0, os.SEEK_CUR) == 123
        assert os.fstat(copy).st_nlink == 0
        assert not os.get_inheritable(copy)
        with pytest.raises(KernelError) as caught:
            descriptors.pidfd_getfd(pidfd, 12345, process.pid)
        assert (caught.value.errno, caught.value.pid) == (errno.EBADF, process.pid)
        os.close(copy)
    with pytest.raises(KernelError) as caught:
        descriptors.pidfd_getfd(pidfd, 0)
    assert caught.value.errno == errno.ESRCH
    os.close(pidfd)
    with pytest.raises(ProcessGoneError):
        descriptors.pidfd_open(process.pid)


@needs_root
def test_getfd_of_another_user_is_refused() -> None:
    def as_nobody(pid: int) -> KernelError | None:
        become_nobody()
        try:
            descriptors.pidfd_getfd(descriptors.pidfd_open(pid), 0)
        except KernelError as error:
            return error
        return None

    parent = os.getpid()
    error = in_child(lambda: as_nobody(parent))
    assert error is not None
    assert (error.errno, "CAP_SYS_PTRACE" in error.hint) == (errno.EPERM, True)


def test_kcmp_kinds() -> None:
    """Threads share all; one that unshared its table does not; a forked process shares nothing but files."""

    def prepare() -> tuple[int, int]:
        tids: list[int] = []

        def plain() -> None:
            tids.append(threading.get_native_id())
            time.sleep(1000)

        def apart() -> None:
            check(libc.unshare(CLONE_FILES), "unshare(CLONE_FILES)")
            plain()

        for work in (plain, apart):
            threading.Thread(target=work, daemon=True).start()
            while len(tids) < 1 + (work is apart):
                time.sleep(0.001)
        return tids[0], tids[1]

    with child(prepare) as process:
        pid, (plain, apart) = process.pid, process.value
        for kind in (KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND):
            assert kcmp(pid, plain, kind) == 0
            assert kcmp(pid, os.getpid(), kind) == -kcmp(os.getpid(), pid, kind) != 0
        assert kcmp(pid, apart, KCMP_FILES) != 0
        assert kcmp(pid, apart, KCMP_VM) == 0
        assert kcmp(pid, os.getpid(), KCMP_FILE, 2, 2) == 0
        with pytest.raises(KernelError) as caught:
            kcmp(pid, pid, KCMP_FILE, 0, 9999)
        assert caught.value.errno == errno.EBADF


def test_same_files_are_grouped_and_lookalikes_are_not(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.touch()

    def prepare() -> list[list[int]]:
        groups = []
        for number in range(30):
            first = os.open(paths[number % 3], os.O_RDWR)
            copies = [os.dup(first) for _ in range(number % 4)]
            groups.append([first, *copies])
        late = os.dup(groups[0][0])
        os.set_inheritable(late, True)
        groups[0].append(late)
        return groups

    with child(prepare) as process:
        with ProcDir(process.pid) as proc:
            wanted = {fd for group in process.value for fd in group}
            listed = [
                (process.pid, fd, (status.st_dev, status.st_ino))
                for fd in procfd.open_fds(proc)
                if fd in wanted
                for status in [os.stat(f"/proc/{process.pid}/fd/{fd}")]
            ]
        expected = sorted([(process.pid, fd) for fd in group] for group in process.value)
        assert descriptors.group_same_files(listed) == expected
        assert descriptors.group_same_files([(pid, fd, (0, 0)) for pid, fd, _ in listed]) == expected
        assert descriptors.group_same_files([]) == []


def test_reopen_has_its_own_position_and_leaves_the_access_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"contents")
    os.utime(path, ns=(10**9, 2 * 10**9))
    fd = os.open(path, os.O_WRONLY)
    path.unlink()
    os.lseek(fd, 5, os.SEEK_SET)
    again = descriptors.reopen(fd)
    assert os.read(again, 100) == b"contents"
    assert os.lseek(fd, 0, os.SEEK_CUR) == 5
    assert os.fstat(fd).st_atime_ns == 10**9
    os.close(again)
    os.close(fd)


@needs_root
def test_reopen_asks_for_permission(tmp_path: Path) -> None:
    readable, secret = tmp_path / "readable", tmp_path / "secret"
    for path, mode in ((readable, 0o644), (secret, 0o600)):
        path.write_bytes(b"x")
        path.chmod(mode)
    fds = [os.open(path, os.O_RDONLY) for path in (readable, secret)]

    def as_nobody() -> tuple[bytes, int]:
        become_nobody()
        content = os.read(descriptors.reopen(fds[0]), 9)
        with pytest.raises(KernelError) as caught:
            descriptors.reopen(fds[1])
        return content, caught.value.errno

    assert in_child(as_nobody) == (b"x", errno.EACCES)
    for fd in fds:
        os.close(fd)


def test_owner_signal_and_lease(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    fd = os.open(path, os.O_RDWR)
    assert descriptors.owner(fd).id == 0
    assert (descriptors.io_signal(fd), descriptors.lease(fd)) == (0, fcntl.F_UNLCK)
    fcntl.fcntl(fd, 15, struct.pack("=ii", 2, os.getpgrp()))  # F_SETOWN_EX
    fcntl.fcntl(fd, fcntl.F_SETSIG, 42)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    assert descriptors.owner(fd) == (descriptors.F_OWNER_PGRP, os.getpgrp())
    assert (descriptors.io_signal(fd), descriptors.lease(fd)) == (42, fcntl.F_WRLCK)
    fcntl.fcntl(fd, 15, struct.pack("=ii", 0, threading.get_native_id()))
    assert descriptors.owner(fd) == (descriptors.F_OWNER_TID, threading.get_native_id())
    os.close(fd)


def test_reopening_under_a_lease_does_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path_fd = os.open(path, os.O_PATH)
    lease_fd = os.open(path, os.O_RDWR)
    fcntl.fcntl(lease_fd, fcntl.F_SETOWN, 0)
    fcntl.fcntl(lease_fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    fcntl.fcntl(lease_fd, fcntl.F_SETSIG, 17)  # SIGCHLD is ignored by default
    with pytest.raises(KernelError) as caught:
        descriptors.reopen(path_fd)
    assert caught.value.errno == errno.EWOULDBLOCK
    os.close(lease_fd)
    os.close(path_fd)


@pytest.mark.parametrize("ask", [descriptors.owner, descriptors.io_signal, descriptors.lease])
def test_path_descriptors_have_no_such_state(ask: Callable[[int], object]) -> None:
    fd = os.open("/", os.O_PATH)
    with pytest.raises(KernelError) as caught:
        ask(fd)
    assert caught.value.errno == errno.EBADF
    os.close(fd)


def test_terminal() -> None:
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 640, 480))
    attributes = termios.tcgetattr(follower)
    attributes[3] &= ~termios.ECHO
    attributes[6][termios.VINTR] = b"\x07"
    termios.tcsetattr(follower, termios.TCSANOW, attributes)
    raw = descriptors.termios(follower)
    assert raw is not None
    assert list(struct.unpack_from("=4I", raw)) == attributes[:4]
    assert (
        raw[17:36]
        == b"".join(byte if isinstance(byte, bytes) else bytes((byte,)) for byte in attributes[6])[:19]
    )
    assert descriptors.window_size(follower) == (24, 80, 640, 480)
    null = os.open("/dev/null", os.O_RDWR)
    assert descriptors.termios(null) is None
    assert descriptors.window_size(null) is None
    for fd in (leader, follower, null):
        os.close(fd)


def test_a_full_table_of_our_own_is_said(tmp_path: Path) -> None:
    def prepare() -> KernelError | None:
        pidfd = descriptors.pidfd_open(os.getpid())
        resource.setrlimit(resource.RLIMIT_NOFILE, (pidfd + 1, 4096))
        try:
            while True:
                descriptors.pidfd_getfd(pidfd, pidfd)
        except KernelError as error:
            return error

    error = in_child(prepare)
    assert error is not None and error.errno == errno.EMFILE
