"""Reading and writing the memory of a child process."""

from __future__ import annotations

import errno
import mmap
import os
import random
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel.memory import Memory
from tests.kernel.children import start, start_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernel.children import Target

PAGE = 4096
PAGES = 4096


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with start("memory") as child:
        yield child


def address(target: Target, name: str) -> int:
    return int(dict(word.split("=") for word in target.ready)[name], 16)


def word(at: int) -> bytes:
    """What the target has written: every 8 bytes hold their own address."""
    return at.to_bytes(8, "little")


def expected(ranges: list[tuple[int, int]]) -> bytes:
    text = bytearray()
    for start_, length in ranges:
        first = start_ & ~7
        words = b"".join(word(at) for at in range(first, start_ + length + 8, 8))
        text += words[start_ - first : start_ - first + length]
    return bytes(text)


def test_one_range(target: Target) -> None:
    base = address(target, "plain")
    with Memory(target.pid) as memory:
        assert memory.read(base, 16) == word(base) + word(base + 8)
        assert memory.read(base + 3, 11) == expected([(base + 3, 11)])
        assert memory.read(base, 0) == b""
        assert memory.read(base, PAGES * PAGE) == expected([(base, PAGES * PAGE)])


def test_many_ranges_in_any_order(target: Target) -> None:
    """More than one call of the kernel takes (1,024), of any length and place, some empty."""
    base = address(target, "plain")
    seed = random.Random(1)
    starts = [seed.randrange(PAGES * PAGE - 300) for _ in range(3000)]
    ranges = [(base + at, seed.choice([0, 1, 8, 100, 257])) for at in starts]
    total = sum(length for _, length in ranges)
    buffer = bytearray(total + 5)
    with Memory(target.pid) as memory:
        assert memory.read_into(buffer, ranges) == total
    assert buffer[:total] == expected(ranges)
    assert buffer[total:] == bytes(5)


def test_all_kinds_of_buffers(target: Target) -> None:
    base = address(target, "plain")
    with Memory(target.pid) as memory, mmap.mmap(-1, PAGE) as mapped:
        memory.read_into(mapped, [(base, PAGE)])
        assert mapped[:] == expected([(base, PAGE)])
        room = bytearray(PAGE)
        with memoryview(room)[64:128] as part:
            memory.read_into(part, [(base, 32), (base + 64, 32)])
        assert room == bytes(64) + expected([(base, 32), (base + 64, 32)]) + bytes(PAGE - 128)
        with pytest.raises(ValueError, match="do not fit"):
            memory.read_into(bytearray(7), [(base, 8)])
        with pytest.raises(TypeError):
            memory.read_into(bytes(8), [(base, 8)])  # type: ignore[arg-type]  # on purpose: not writable


@pytest.mark.parametrize("kind", ["none", "writeonly"])
def test_what_the_target_cannot_read_itself(target: Target, kind: str) -> None:
    hidden, plain = address(target, kind), address(target, "plain")
    ranges = [(plain, 100), (hidden, PAGE), (plain + PAGE, 8), (hidden + PAGE, 100), (hidden + 8, 8)]
    buffer = bytearray(sum(length for _, length in ranges))
    with Memory(target.pid) as memory:
        memory.read_into(buffer, ranges)
        assert buffer == expected(ranges)
        crossing = [(address(target, "border") - 8, 16)]  # readable, then PROT_NONE
        assert memory.read(*crossing[0]) == expected(crossing)


def test_the_first_unreadable_byte_is_told(target: Target) -> None:
    hole, plain = address(target, "hole"), address(target, "plain")
    buffer = bytearray(PAGE * 4)
    with Memory(target.pid) as memory:
        for ranges in ([(plain, 100), (hole - 8, 16)], [(hole - PAGE, 2 * PAGE)], [(hole, 1), (plain, 8)]):
            with pytest.raises(KernelError, match=f"at address {hole:#x}") as caught:
                memory.read_into(buffer, ranges)
            assert caught.value.errno in (errno.EIO, errno.EFAULT)
            assert caught.value.pid == target.pid
        with pytest.raises(KernelError, match="at address 0xffffffffff600000"):
            memory.read(0xFFFF_FFFF_FF60_0000, 8)
        with pytest.raises(KernelError, match="at address 0x0"):
            memory.read(0, 8)


def test_writing(target: Target) -> None:
    place, code, hole = (address(target, name) for name in ("scribble", "code", "hole"))
    with Memory(target.pid) as memory:
        memory.write(place + 5, b"written")
        assert memory.read(place + 4, 9) == b"\0written\0"
        before = memory.read(code, 8)
        memory.write(code, before)  # into a page that is not writable for the target
        with pytest.raises(KernelError, match=f"at address {hole:#x}"):
            memory.write(hole, b"x")
        with pytest.raises(KernelError, match=f"at address {hole:#x}"):
            memory.write(hole - 4, b"12345678")


def test_a_process_that_is_gone() -> None:
    with start("memory") as target:
        base = address(target, "plain")
        with Memory(target.pid) as memory:
            memory.write(address(target, "scribble"), b"x")
            target.kill()
            os.waitid(os.P_PID, target.pid, os.WEXITED | os.WNOWAIT)
            with pytest.raises(ProcessGoneError):  # a zombie
                memory.read(base, 8)
            with pytest.raises(ProcessGoneError):
                memory.write(base, b"x")
    with Memory(target.pid) as memory:
        with pytest.raises(ProcessGoneError):
            memory.read(base, 8)
        with pytest.raises(ProcessGoneError):
            memory.write(base, b"x")


REFUSED = """
import os, sys
from crimg.errors import KernelError
from crimg.kernel.memory import Memory
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    pid = int(sys.argv[1])
else:
    pid = 1
for way in (lambda memory: memory.read(4096, 8), lambda memory: memory.write(4096, b"x")):
    try:
        with Memory(pid) as memory:
            way(memory)
    except KernelError as error:
        print("ready", error.errno, error.pid == pid, error.syscall.replace(" ", ""))
"""


def test_another_user_is_refused(target: Target) -> None:
    with start_python(REFUSED, str(target.pid)) as other:
        assert other.ready == [str(errno.EPERM), "True", "process_vm_readv"]
        assert other.line().split() == ["ready", str(errno.EACCES), "True", "open(/proc/PID/mem)"]


def test_no_descriptor_is_left(target: Target) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    with Memory(target.pid) as memory:
        memory.read(address(target, "none"), 8)
        memory.close()
    assert sorted(os.listdir("/proc/self/fd")) == before
