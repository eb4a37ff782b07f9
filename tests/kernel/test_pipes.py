"""The contents of pipes, seen without being taken."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError
from crimg.kernel import descriptors, pipes
from tests.kernel.forked import child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = 4096


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe2(os.O_NONBLOCK)
    yield read_end, write_end
    os.close(read_end)
    os.close(write_end)


def drain(fd: int) -> bytes:
    """Everything that is in the pipe, taken out."""
    data = b""
    try:
        while chunk := os.read(fd, 1 << 20):
            data += chunk
    except BlockingIOError:
        pass
    return data


def test_contents_stay(ends: tuple[int, int]) -> None:
    for piece in (b"hello ", b"world", b"\0" * 5000):
        os.write(ends[1], piece)
    for _ in range(2):
        found = pipes.peek_pipe(ends[0])
        assert found == (16 * PAGE, (b"hello world" + b"\0" * 5000,))
    assert drain(ends[0]) == found.data


def test_full_pipe_of_any_capacity(ends: tuple[int, int]) -> None:
    for capacity in (PAGE, 16 * PAGE, 1 << 20):
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, capacity)
        written = os.urandom(capacity)
        assert os.write(ends[1], written) == capacity
        assert pipes.queued_bytes(ends[1]) == capacity
        assert pipes.pipe_capacity(ends[1]) == capacity
        assert pipes.peek_pipe(ends[0]) == (capacity, (written,))
        assert drain(ends[0]) == written


def test_partly_read_pages_and_wrapped_ring(ends: tuple[int, int]) -> None:
    """The slots of the pipe are used in a ring, and the first page is half taken."""
    os.write(ends[1], bytes(15 * PAGE))
    os.read(ends[0], 14 * PAGE + 100)
    written = os.urandom(12 * PAGE)
    os.write(ends[1], written)
    found = pipes.peek_pipe(ends[0])
    assert found.data == bytes(PAGE - 100) + written
    assert drain(ends[0]) == found.data


def test_packets_keep_their_boundaries() -> None:
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_DIRECT)
    packets = (b"a", b"", b"bc" * 50, b"d" * PAGE, b"e")
    for packet in packets:
        os.write(write_end, packet)
    expected = tuple(packet for packet in packets if packet)
    assert pipes.peek_pipe(read_end).packets == expected
    assert tuple(os.read(read_end, 1 << 16) for _ in expected) == expected
    os.close(read_end)
    os.close(write_end)


def test_many_packets_fill_every_slot() -> None:
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_DIRECT)
    count = 0
    try:
        while True:
            os.write(write_end, b"%d" % count)
            count += 1
    except BlockingIOError:
        pass
    assert count == 16
    assert pipes.peek_pipe(read_end).packets == tuple(b"%d" % number for number in range(count))
    os.close(read_end)
    os.close(write_end)


def test_empty_pipe_with_and_without_a_writer(ends: tuple[int, int]) -> None:
    assert pipes.peek_pipe(ends[0]) == (16 * PAGE, ())
    read_end, write_end = os.pipe()
    os.close(write_end)
    assert pipes.peek_pipe(read_end).data == b""
    os.close(read_end)


def test_writer_gone_with_data_left() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"last words")
    os.close(write_end)
    assert pipes.peek_pipe(read_end).data == b"last words"
    os.close(read_end)


def test_write_end_cannot_be_peeked(ends: tuple[int, int]) -> None:
    os.write(ends[1], b"x")
    with pytest.raises(KernelError) as caught:
        pipes.peek_pipe(ends[1])
    assert (caught.value.syscall, caught.value.errno) == ("tee", errno.EBADF)


def test_fifo_and_pipe_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)

    def prepare() -> tuple[int, int]:
        fifo = os.open(path, os.O_RDWR)
        os.write(fifo, b"in the fifo")
        read_end, write_end = os.pipe()
        os.write(write_end, b"in the pipe")
        os.close(write_end)
        return fifo, read_end

    with child(prepare) as process:
        pidfd = descriptors.pidfd_open(process.pid)
        copies = [descriptors.pidfd_getfd(pidfd, fd) for fd in process.value]
        for _ in range(2):
            assert [pipes.peek_pipe(fd).data for fd in copies] == [b"in the fifo", b"in the pipe"]
        for fd in (*copies, pidfd):
            os.close(fd)


def test_what_is_no_pipe() -> None:
    fd = os.open("/dev/null", os.O_RDONLY)
    with pytest.raises(KernelError) as caught:
        pipes.peek_pipe(fd)
    assert caught.value.errno == errno.EBADF
    os.close(fd)


def test_no_descriptor_is_left(ends: tuple[int, int]) -> None:
    before = os.listdir("/proc/self/fd")
    os.write(ends[1], b"x")
    pipes.peek_pipe(ends[0])
    assert os.listdir("/proc/self/fd") == before
