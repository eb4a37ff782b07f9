"""The machine code in a target and the memory around it: put there, run, and taken away again.

Behind the last call of a batch the thread waits for a lock (FUTEX_LOCK_PI, futex(2)) that the tracer owns and
never gives up; there it is stopped, by one stop instead of two for each call. Where the tracer ends, whatever
ends it, the kernel gives its locks away: the wait is over, and the thread heals itself.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from array import array

from crimg.errors import KernelError
from crimg.kernel import libc, ptrace, sigframe
from crimg.kernel.procfs import ProcDir
from crimg.kernel.scratch import LOCK_SIZE, PAGE, Scratch, find_syscall, mapping_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.kernel.borrow import BorrowedThread

CALL_WORDS = 8
"""Words of a call in the table: its number, six arguments, its result."""
_NR_MMAP = 9
_NR_MPROTECT = 10
_NR_MUNMAP = 11
_READ_WRITE, _READ_EXECUTE = 0x3, 0x5  # PROT_*
_ANONYMOUS = 0x22  # MAP_PRIVATE | MAP_ANONYMOUS
_FIXED_NOREPLACE = 0x10_0000
_FUTEX_WAITERS = 0x8000_0000  # linux/futex.h: set by the kernel when the wait begins
_NR_FUTEX, _FUTEX_LOCK_PI, _FUTEX_UNLOCK_PI = 202, 6, 7  # the private ones want an owner of the same mm
_REFUSED = (-errno.EACCES, -errno.EPERM)  # by a security module (SELinux: execmem)


def map_scratch(thread: BorrowedThread, data_size: int, address: int) -> Scratch:
    """The memory, mapped by a thread that is away; at `address`, or 0 for where the kernel likes.

    Executable and not writable as a whole at first: so one call does, after which `fill_scratch` is to make
    it what it is for. Raises KernelError; there is then nothing to be taken away.
    """
    at = find_syscall(thread.tid, thread.registers, thread.memory)
    length = sigframe.frame_length(thread.xstate)
    size = mapping_size(data_size, length)
    flags = _ANONYMOUS | (_FIXED_NOREPLACE if address else 0)
    start = thread.call(at, _NR_MMAP, address, size, _READ_EXECUTE, flags, -1, 0)
    executable = start not in _REFUSED
    if not executable:
        start = thread.call(at, _NR_MMAP, address, size, _READ_WRITE, flags, -1, 0)
    if -4096 < start < 0:
        raise KernelError("mmap (injected)", -start, pid=thread.tid)
    scratch = Scratch(start, data_size, length, at)
    if not executable:
        scratch.code = 0
    return scratch


def fill_scratch(thread: BorrowedThread, scratch: Scratch) -> None:
    """Put the code there, by a thread that is away; it makes all behind it writable, not executable any more.

    Raises KernelError, ProcessGoneError; the memory is then still to be taken away.
    """
    if not scratch.code:
        return
    waits = _can_wait(thread.tid)
    _write_anyway(thread, scratch.code, sigframe.CODE)
    _write_anyway(thread, scratch.frame, _frame(thread, scratch))
    protect = {"rdi": scratch.lock, "rsi": scratch.size - PAGE, "rdx": _READ_WRITE}
    _enter_code(thread, scratch, sigframe.FIRST, rax=_NR_MPROTECT, **protect)
    thread.drive(2)
    if result := thread.register("rax"):
        raise KernelError("mprotect (injected)", (1 << 64) - result, pid=thread.tid)
    scratch.waits = waits


def _can_wait(tid: int) -> bool:
    """Whether the kernel has locks with an owner, and this thread the same number for the target as here."""
    word = (ctypes.c_char * 4)()
    if libc.try_syscall(_NR_FUTEX, word, _FUTEX_LOCK_PI, 0, None):
        return False
    libc.try_syscall(_NR_FUTEX, word, _FUTEX_UNLOCK_PI)
    with ProcDir(os.getpid()) as own, ProcDir(tid) as other:
        return own.readlink("ns/pid") == other.readlink("ns/pid")


def unmap_scratch(thread: BorrowedThread, scratch: Scratch) -> None:
    """Take it away, by a thread that is away. Raises KernelError."""
    result = thread.call(scratch.syscall_at, _NR_MUNMAP, scratch.start, scratch.size)
    if result < 0:
        raise KernelError("munmap (injected)", -result, pid=thread.tid)


def run_calls(thread: BorrowedThread, scratch: Scratch, calls: Sequence[Sequence[int]]) -> list[int]:
    """What the calls return, made by a thread that is away, at most TABLE_CALLS of them.

    By the code in the target, to where it waits; or to its stop at the entry to rt_sigreturn, which is then
    left out. Where the target may have no such code, call by call; without the safety net.
    """
    if not scratch.code:
        return [thread.call(scratch.syscall_at, *call) for call in calls]
    words = array("Q", (threading.get_native_id(), *[0] * (LOCK_SIZE // 8 - 1)))
    for call in calls:
        words.extend([word & 0xFFFF_FFFF_FFFF_FFFF for word in call])
        words.extend([0] * (CALL_WORDS - len(call)))
    thread.memory.write(scratch.lock, words.tobytes())
    thread.memory.write(scratch.frame, _frame(thread, scratch))
    _enter_code(thread, scratch, sigframe.NEXT, calls=len(calls))
    if scratch.waits:
        code = range(scratch.code, scratch.code + len(sigframe.CODE))
        thread.drive_until(lambda: _waits(thread, scratch), thread.timeout * len(calls), code)
    else:
        thread.drive(2 * len(calls) + 1)
        if thread.register("rip") != scratch.code + sigframe.AFTER_SIGRETURN:
            raise KernelError("injecting a system call", errno.EFAULT, pid=thread.tid, hint="it went astray")
    table = array("q", thread.memory.read(scratch.table, len(calls) * sigframe.CALL.size))
    return table[CALL_WORDS - 1 :: CALL_WORDS].tolist()


def _waits(thread: BorrowedThread, scratch: Scratch) -> bool:
    return int.from_bytes(thread.memory.read(scratch.lock, 4), "little") & _FUTEX_WAITERS != 0


def _frame(thread: BorrowedThread, scratch: Scratch) -> bytes:
    return sigframe.frame(scratch.frame, thread.healed, thread.xstate, thread.mask)


def _write_anyway(thread: BorrowedThread, address: int, data: bytes) -> None:
    """Into pages that are not writable; /proc/PID/mem may not do it (proc_mem.force_override)."""
    try:
        thread.memory.write(address, data)
    except KernelError:
        ptrace.pokedata(thread.tid, address, data.ljust(-(-len(data) // 8) * 8, b"\0"))


def _enter_code(
    thread: BorrowedThread, scratch: Scratch, offset: int, *, calls: int = 0, **registers: int
) -> None:
    top = scratch.frame + 8
    lock = scratch.lock if scratch.waits else 0
    entry = {"rbx": scratch.table, "r12": calls, "r13": top, "r14": lock, "rsp": top}
    thread.set_registers(rip=scratch.code + offset, **entry, **registers)
