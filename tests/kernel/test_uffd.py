"""userfaultfd, in this process: nothing that is missing is touched before it is there."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError
from crimg.kernel import uffd
from crimg.kernel.libc import address_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="to be told of forks takes CAP_SYS_PTRACE")

PAGE = 4096
PAGES = 64


def area() -> tuple[mmap.mmap, int]:
    """Memory that nobody has touched, and its address."""
    memory = mmap.mmap(-1, PAGES * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return memory, address_of(memory)


@contextlib.contextmanager
def enabled() -> Iterator[int]:
    """A userfaultfd; to be closed before memory is unmapped, which would wait for its reader."""
    fd = uffd.create()
    try:
        uffd.enable(fd)
        yield fd
    finally:
        os.close(fd)


def test_pages_are_supplied() -> None:
    (memory, start), (other, source) = area(), area()
    other[: 2 * PAGE] = b"a" * PAGE + b"b" * PAGE
    with enabled() as fd:
        uffd.register(fd, start, start + PAGES * PAGE)
        assert uffd.copy(fd, start + PAGE, source, 2 * PAGE) == 2 * PAGE
        assert memory[PAGE : 3 * PAGE] == b"a" * PAGE + b"b" * PAGE
        assert uffd.copy(fd, start + PAGE, source, PAGE) == -errno.EEXIST
        assert uffd.copy(fd, start, source, 2 * PAGE) == PAGE, "up to what is there already"
        assert uffd.zero(fd, start + 3 * PAGE, PAGE) == PAGE
        assert memory[3 * PAGE : 4 * PAGE] == bytes(PAGE)
        assert uffd.zero(fd, start + 2 * PAGE, PAGE) == -errno.EEXIST
        assert uffd.poison(fd, start + 4 * PAGE, PAGE) == PAGE
        assert uffd.poison(fd, start + 4 * PAGE, PAGE) == -errno.EEXIST
        assert uffd.copy(fd, start + (PAGES - 1) * PAGE, source, 2 * PAGE) == -errno.ENOENT
        uffd.wake(fd, start, start + PAGE)


def test_memory_that_is_not_registered() -> None:
    (_memory, start), (_other, source) = area(), area()
    with enabled() as fd:
        assert uffd.copy(fd, start, source, PAGE) == -errno.ENOENT
        with pytest.raises(KernelError, match=f"for {start + 1:x}-"):
            uffd.register(fd, start + 1, start + PAGE)


def test_too_few_rights() -> None:
    """The reason is said, with what it takes."""
    pid = os.fork()
    if pid == 0:
        os.setresuid(65534, 65534, 65534)
        try:
            os.close(uffd.create())
        except KernelError as error:
            os._exit(0 if error.errno == errno.EPERM and "CAP_SYS_PTRACE" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_messages() -> None:
    """Of a fork, only 32 bits are the descriptor."""
    words = (uffd.FORK, 7 | 1 << 40, 0, 0)
    message = uffd.parse_message(b"".join(word.to_bytes(8, "little") for word in words))
    assert (message.event, message.first) == (uffd.FORK, 7)
