"""The memory that the injector borrows in a target, and the `syscall` instruction that it finds there."""

from __future__ import annotations

import errno

from crimg.errors import KernelError
from crimg.kernel import sigframe
from crimg.kernel.access import read_proc
from crimg.kernel.procmaps import parse_maps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.memory import Memory
    from crimg.kernel.registers import Registers

PAGE = 4096
TABLE_CALLS = 128
"""Calls in one run of the machine code; longer batches are cut."""

LOCK_SIZE = 64

_SYSCALL = b"\x0f\x05"


class Scratch:
    """Where things are in the scratch mapping of a target; all addresses are the target's.

    One page of code (read, execute), then, readable and writable: the lock that a batch ends at, the table of
    calls, the data area of `data_size` bytes, the signal frame with the XSAVE area. The frame is last so that
    a handler which runs while the thread heals itself has the area below, by then without use, for its stack.

    code: 0 where the target may have no new executable memory (SELinux execmem): no batch is safe then.
    syscall_at: a `syscall` instruction outside of the mapping.  waits: the kernel has such locks, and knows
    the tracer by the same number in the target's PID namespace.
    """

    __slots__ = (
        "code",
        "data",
        "data_size",
        "frame",
        "lock",
        "size",
        "start",
        "syscall_at",
        "table",
        "waits",
    )

    def __init__(self, start: int, data_size: int, frame_length: int, syscall_at: int) -> None:
        self.start = start
        self.code = start
        self.lock = start + PAGE
        self.table = self.lock + LOCK_SIZE
        self.data = self.table + TABLE_CALLS * sigframe.CALL.size
        self.data_size = data_size
        self.frame = _up(self.data + data_size, 64)
        self.size = mapping_size(data_size, frame_length)
        self.syscall_at = syscall_at
        self.waits = False

    def copy(self) -> Scratch:
        """Of the same mapping in another process, which a fork made."""
        other = Scratch.__new__(Scratch)
        for name in Scratch.__slots__:
            setattr(other, name, getattr(self, name))
        return other


def mapping_size(data_size: int, frame_length: int) -> int:
    """Bytes of the whole mapping, a multiple of the page size."""
    return PAGE + _up(LOCK_SIZE + TABLE_CALLS * sigframe.CALL.size + data_size + 64 + frame_length, PAGE)


def _up(number: int, unit: int) -> int:
    return (number + unit - 1) // unit * unit


def find_syscall(tid: int, registers: Registers, memory: Memory) -> int:
    """The address of a `syscall` instruction in the target: that which the thread is in, or one of the vDSO.

    No page of a file is read for it that the thread has not just run through. Raises KernelError (ENOEXEC)
    where the thread is in no system call and has no vDSO.
    """
    if registers.in_system_call and memory.read(registers.rip - 2, 2) == _SYSCALL:
        return registers.rip - 2
    maps = read_proc(tid, "maps") or b""
    end = -1
    while (end := maps.find(b"[vdso]\n", end + 1)) >= 0:
        for vma in parse_maps(maps[maps.rfind(b"\n", 0, end) + 1 : end + 6]):
            if vma.label == b"[vdso]" and vma.inode == 0 and vma.perms[2] == ord("x"):
                at = memory.read(vma.start, vma.end - vma.start).find(_SYSCALL)
                if at >= 0:
                    return vma.start + at
    hint = "no system call instruction is known in it (the vDSO is unmapped): try again while it sleeps"
    raise KernelError("injecting a system call", errno.ENOEXEC, pid=tid, hint=hint)
