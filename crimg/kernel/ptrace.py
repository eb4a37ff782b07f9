"""ptrace(2): one function per request that crimg uses, named as the request, with the thread first.

Every request is refused (ESRCH) where it comes from another operating-system thread than the one that
seized, or where the tracee is not in a ptrace-stop; only `seize` and `interrupt` want none. All functions
raise ProcessGoneError where the thread has ended, KernelError where the kernel refuses.
Numbers: linux/ptrace.h, asm/ptrace-abi.h, linux/elf.h.
"""

from __future__ import annotations

import ctypes
import errno
import struct
import time

from crimg.errors import KernelError, ProcessGoneError, UnsupportedResourceError
from crimg.kernel import libc
from crimg.kernel.access import refusal, task_state, why_not_traceable
from crimg.kernel.registers import GENERAL_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.libc import Argument

NR_PTRACE = 101

PTRACE_POKEDATA = 5
PTRACE_CONT = 7
PTRACE_DETACH = 17
PTRACE_SYSCALL = 24
PTRACE_SETOPTIONS = 0x4200
PTRACE_GETSIGINFO = 0x4202
PTRACE_GETREGSET = 0x4204
PTRACE_SETREGSET = 0x4205
PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
PTRACE_LISTEN = 0x4208
PTRACE_PEEKSIGINFO = 0x4209
PTRACE_GETSIGMASK = 0x420A
PTRACE_SETSIGMASK = 0x420B
PTRACE_GET_RSEQ_CONFIGURATION = 0x420F
PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG = 0x4210
PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG = 0x4211

PTRACE_O_TRACESYSGOOD = 1
PTRACE_O_TRACEEXEC = 1 << 4
PTRACE_O_EXITKILL = 1 << 20
PTRACE_O_SUSPEND_SECCOMP = 1 << 21
PTRACE_EVENT_EXEC = 4
PTRACE_EVENT_STOP = 128
PTRACE_PEEKSIGINFO_SHARED = 1

NT_PRSTATUS = 1
NT_X86_XSTATE = 0x202

SIGINFO_SIZE = 128
SIGSET_SIZE = 8
EVERY_SIGNAL = 0xFFFF_FFFF_FFFF_FFFF
"""As a signal mask; the kernel keeps SIGKILL and SIGSTOP out of it by itself."""

_REGSET_ROOMS = (4096, 1 << 16)  # XSAVE areas are 576 bytes to 11 KiB (AMX); too small a room cuts them off
_SIGINFOS_AT_ONCE = 64
_SEIZE_SECONDS = 0.1


_Iovec = ctypes.c_uint64 * 2
"""struct iovec: address and length."""


def request(name: str, number: int, tid: int, address: Argument = 0, data: Argument = 0) -> int:
    """The result of request `number`; `name` is for the error."""
    result = libc.try_syscall(NR_PTRACE, number, tid, address, data)
    if result < 0:
        raise refusal(f"ptrace({name})", -result, tid)
    return result


def seize(tid: int, options: int = PTRACE_O_TRACESYSGOOD) -> None:
    """Attach to thread `tid` without stopping it, with PTRACE_O_* options set.

    Raises ProcessGoneError for a thread that has ended, a zombie too; KernelError, with the reason in its
    hint, where it may not be traced.
    """
    deadline = time.monotonic() + _SEIZE_SECONDS
    while (result := libc.try_syscall(NR_PTRACE, PTRACE_SEIZE, tid, 0, options)) < 0:
        if result == -errno.ESRCH or task_state(tid) in "ZX":
            raise ProcessGoneError(tid)
        hint = why_not_traceable(tid) if result == -errno.EPERM else ""
        if hint or result != -errno.EPERM or time.monotonic() > deadline:
            if result == -errno.EPERM and not hint:
                hint = "a security module, a user namespace or a seccomp filter forbids it"
            raise KernelError("ptrace(PTRACE_SEIZE)", -result, pid=tid, hint=hint)
        # A leader that execve(2) in another thread has killed refuses, and is replaced at once.
        time.sleep(0.001)


def interrupt(tid: int) -> None:
    """Ask a running tracee to stop (PTRACE_EVENT_STOP); one already stopped stops again when resumed."""
    request("PTRACE_INTERRUPT", PTRACE_INTERRUPT, tid)


def cont(tid: int, signal: int = 0) -> None:
    """Let it run, with `signal` delivered where it is in a signal-delivery-stop."""
    request("PTRACE_CONT", PTRACE_CONT, tid, 0, signal)


def syscall(tid: int, signal: int = 0) -> None:
    """As `cont`, but it stops at the next entry to or exit from a system call."""
    request("PTRACE_SYSCALL", PTRACE_SYSCALL, tid, 0, signal)


def listen(tid: int) -> None:
    """Leave it in its group-stop, but report a SIGCONT."""
    request("PTRACE_LISTEN", PTRACE_LISTEN, tid)


def detach(tid: int, signal: int = 0) -> None:
    """Let it go, with `signal` delivered where it is in a signal-delivery-stop; a group-stop holds on."""
    request("PTRACE_DETACH", PTRACE_DETACH, tid, 0, signal)


def setoptions(tid: int, options: int) -> None:
    """Replace the PTRACE_O_* options."""
    request("PTRACE_SETOPTIONS", PTRACE_SETOPTIONS, tid, 0, options)


def getsiginfo(tid: int) -> bytes:
    """The 128 bytes of siginfo_t that describe the present stop."""
    info = ctypes.create_string_buffer(SIGINFO_SIZE)
    request("PTRACE_GETSIGINFO", PTRACE_GETSIGINFO, tid, 0, info)
    return info.raw


def peeksiginfo(tid: int, *, shared: bool) -> list[bytes]:
    """The queue of pending signals, oldest first, 128 bytes of siginfo_t each; nothing is taken out.

    shared: the queue of the whole process instead of the thread's own. A standard signal that was sent while
    no memory was left for its siginfo is pending with no entry here (proc_pid_status(5): SigPnd, ShdPnd).
    """
    flags = PTRACE_PEEKSIGINFO_SHARED if shared else 0
    room = ctypes.create_string_buffer(SIGINFO_SIZE * _SIGINFOS_AT_ONCE)
    found: list[bytes] = []
    while True:
        wanted = struct.pack("<QIi", len(found), flags, _SIGINFOS_AT_ONCE)
        count = request("PTRACE_PEEKSIGINFO", PTRACE_PEEKSIGINFO, tid, wanted, room)
        if count == 0:  # fewer than asked for is no end: a signal to the tracer cuts the answer short
            return found
        raw = ctypes.string_at(room, count * SIGINFO_SIZE)
        found += [raw[at : at + SIGINFO_SIZE] for at in range(0, len(raw), SIGINFO_SIZE)]


def getsigmask(tid: int) -> int:
    """The set of blocked signals, bit N-1 for signal N.

    Inside ppoll(2), sigsuspend(2) and the like: the thread's own mask, not the one of the call.
    """
    mask = ctypes.create_string_buffer(SIGSET_SIZE)
    request("PTRACE_GETSIGMASK", PTRACE_GETSIGMASK, tid, SIGSET_SIZE, mask)
    return int.from_bytes(mask.raw, "little")


def setsigmask(tid: int, mask: int) -> None:
    """Replace the set of blocked signals; what became deliverable is so once the thread runs again."""
    request("PTRACE_SETSIGMASK", PTRACE_SETSIGMASK, tid, SIGSET_SIZE, mask.to_bytes(8, "little"))


def getregset(tid: int, regset: int) -> bytes:
    """A register set: NT_PRSTATUS (216 bytes, see `registers.Registers`) or NT_X86_XSTATE.

    Raises UnsupportedResourceError for a 32-bit task, whose NT_PRSTATUS is shorter.
    """
    for size in _REGSET_ROOMS:
        room = ctypes.create_string_buffer(size)
        vector = _Iovec(ctypes.addressof(room), size)
        request("PTRACE_GETREGSET", PTRACE_GETREGSET, tid, regset, vector)
        if vector[1] < size:
            break
    if regset == NT_PRSTATUS and vector[1] != GENERAL_SIZE:
        problem = f"thread {tid} runs 32-bit code"
        raise UnsupportedResourceError(f"{problem}: only x86-64 processes can be saved", [problem])
    return ctypes.string_at(room, vector[1])


def setregset(tid: int, regset: int, data: bytes) -> None:
    """Set the registers to what `getregset` gave, or a variation of it."""
    room = ctypes.create_string_buffer(data, len(data))
    vector = _Iovec(ctypes.addressof(room), len(data))
    request("PTRACE_SETREGSET", PTRACE_SETREGSET, tid, regset, vector)


def pokedata(tid: int, address: int, data: bytes) -> None:
    """Write `data`, a multiple of 8 bytes, into the target's memory, whatever the protection of the pages."""
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at : at + 8], "little")
        request("PTRACE_POKEDATA", PTRACE_POKEDATA, tid, address + at, word)
