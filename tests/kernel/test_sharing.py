"""Who else holds a pipe: found in real other processes."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from crimg.kernel import descriptors, sharing
from crimg.kernel.sharing import Holder, find_holders
from tests.kernel.forked import CLONE_FILES, become_nobody, check, child, in_child, libc, needs_root

if TYPE_CHECKING:
    from pathlib import Path


def identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def test_every_holder_of_a_pipe_is_found() -> None:
    read_end, write_end = os.pipe()
    others = os.pipe()
    dev, ino = identity(read_end)
    try:
        with child(lambda: os.close(read_end)) as writer, child(lambda: os.dup(read_end)) as reader:
            found = find_holders([(dev, ino)], [])
            assert found.found == sorted(
                Holder(pid, pid, fd, dev, ino)
                for pid, fd in [
                    (os.getpid(), read_end),
                    (os.getpid(), write_end),
                    (writer.pid, write_end),
                    (reader.pid, read_end),
                    (reader.pid, write_end),
                    (reader.pid, reader.value),
                ]
            )
            only = find_holders([(dev, ino)], [], except_pids=[os.getpid(), reader.pid])
            assert only.found == [Holder(writer.pid, writer.pid, write_end, dev, ino)]
        assert find_holders([(dev, ino)], [], except_pids=[os.getpid()]).found == []
        assert find_holders([], []).found == []
    finally:
        for fd in (read_end, write_end, *others):
            os.close(fd)


def test_own_copies_do_not_count() -> None:
    with child(os.pipe) as process:
        pidfd = descriptors.pidfd_open(process.pid)
        copies = [descriptors.pidfd_getfd(pidfd, fd) for fd in process.value]
        wanted = [identity(copies[0])]
        found = find_holders(wanted, [], except_pids=[process.pid], own_copies=copies)
        assert found.found == []
        found = find_holders(wanted, [], except_pids=[process.pid], own_copies=copies[:1])
        assert [(holder.pid, holder.fd) for holder in found.found] == [(os.getpid(), copies[1])]
        for fd in (pidfd, *copies):
            os.close(fd)


def test_fifo_under_another_name(tmp_path: Path) -> None:
    fifo, other = tmp_path / "fifo", tmp_path / "other name (deleted)"
    os.mkfifo(fifo)
    other.hardlink_to(fifo)
    (tmp_path / "file").touch()

    def prepare() -> tuple[int, int]:
        return os.open(other, os.O_RDWR), os.open(tmp_path / "file", os.O_RDWR)

    mine = os.open(fifo, os.O_RDWR)
    pipe = os.pipe()
    with child(prepare) as process:
        other.unlink()
        found = find_holders([identity(pipe[0])], [identity(mine)], except_pids=[os.getpid()])
        assert {(holder.pid, holder.fd) for holder in found.found if holder.ino == identity(mine)[1]} == {
            (process.pid, process.value[0]),
            (process.pid, mine),
        }
        assert {holder.fd for holder in found.found if holder.ino == identity(pipe[0])[1]} == set(pipe)
    for fd in (mine, *pipe):
        os.close(fd)


def test_thread_with_a_table_of_its_own() -> None:
    """The leader has closed the pipe, a thread with its own table has not, a third shares the leader's."""
    read_end, write_end = os.pipe()

    def prepare() -> tuple[int, int]:
        tids: list[int] = []

        def apart() -> None:
            check(libc.unshare(CLONE_FILES), "unshare(CLONE_FILES)")
            os.close(write_end)
            tids.append(threading.get_native_id())
            time.sleep(1000)

        threading.Thread(target=apart, daemon=True).start()
        while not tids:
            time.sleep(0.001)
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        os.close(read_end)
        os.close(write_end)
        return tids[0], os.pipe()[0]

    with child(prepare) as process:
        dev, ino = identity(read_end)
        found = find_holders([(dev, ino)], [], except_pids=[os.getpid()])
        tid, leaders = process.value
        assert found.found == [Holder(process.pid, tid, read_end, dev, ino)]
        pipe = os.stat(f"/proc/{process.pid}/fd/{leaders}")
        found = find_holders([(pipe.st_dev, pipe.st_ino)], [])
        assert {holder.tid for holder in found.found} == {process.pid}
        assert len(found.found) == 2
    os.close(read_end)
    os.close(write_end)


@needs_root
def test_processes_that_may_not_be_looked_at_are_named() -> None:
    def as_nobody() -> tuple[sharing.Holders, int]:
        become_nobody()
        pipe = os.pipe()
        return find_holders([identity(pipe[0])], []), os.getpid()

    with child(lambda: None) as another:
        holders, own = in_child(as_nobody)
        assert {os.getpid(), another.pid} <= set(holders.unseen)
    assert own not in holders.unseen
    assert {holder.pid for holder in holders.found} == {own}
    assert len(holders.found) == 2
    assert 2 not in holders.unseen, "kthreadd has no descriptors to hide"


def test_path_too_long_to_show_does_not_stop_the_search(tmp_path: Path) -> None:
    def prepare() -> tuple[int, int]:
        directory = os.open(tmp_path, os.O_RDONLY)
        for _ in range(17):
            os.mkdir(b"d" * 250, dir_fd=directory)
            directory = os.open(b"d" * 250, os.O_RDONLY, dir_fd=directory)
        os.mkfifo(b"fifo", dir_fd=directory)
        fifo = os.open(b"fifo", os.O_RDWR, dir_fd=directory)
        return fifo, os.pipe()[0]

    with child(prepare) as process:
        status = os.stat(f"/proc/{process.pid}/fd/{process.value[0]}")
        pipe = os.stat(f"/proc/{process.pid}/fd/{process.value[1]}")
        found = find_holders([(pipe.st_dev, pipe.st_ino)], [(status.st_dev, status.st_ino)])
    assert {(holder.pid, holder.fd) for holder in found.found} >= {(process.pid, fd) for fd in process.value}
