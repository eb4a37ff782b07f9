"""The machine code that makes system calls in a target, and the frame by which the target heals itself.

The code runs a table of calls and ends in rt_sigreturn(2) on a signal frame that holds everything the thread
had before: registers, XSAVE area, signal mask. The tracer normally stops the thread at the entry to that last
call and puts the state back itself. Where the tracer was killed in between, the kernel lets the thread run
on: it finishes the table, and rt_sigreturn takes it back to where it had been.

Layout of the frame: struct rt_sigframe (arch/x86/include/asm/sigframe.h), struct ucontext, struct sigcontext
(asm/sigcontext.h), read back by restore_sigcontext in arch/x86/kernel/signal_64.c and
fpu__restore_sig in arch/x86/kernel/fpu/signal.c.
"""

from __future__ import annotations

import struct

from crimg.kernel.registers import (
    ERESTART_RESTARTBLOCK,
    ERESTARTNOHAND,
    ERESTARTNOINTR,
    ERESTARTSYS,
    Registers,
    xstate_in_use,
    xstate_supported,
)

CALL = struct.Struct("<7Qq")
"""One call of the table: number, six arguments, and the place for the result (the kernel's own: -errno)."""

# In: rbx = the table, r12 = number of calls, r13 = the frame plus 8, r14 = a lock that the tracer owns, or 0;
# at the first instruction also one call in its registers, whose result stays in rax. A system call changes no
# register but rax, rcx and r11. The wait for the lock ends when the tracer does (see codepage).
CODE = bytes.fromhex(
    "0f05"  #   first: syscall
    "4d85e4"  # next:  test r12, r12
    "742a"  #          jz   wait
    "488b03"  #        mov  rax, [rbx]
    "488b7b08"  #      mov  rdi, [rbx+8]
    "488b7310"  #      mov  rsi, [rbx+16]
    "488b5318"  #      mov  rdx, [rbx+24]
    "4c8b5320"  #      mov  r10, [rbx+32]
    "4c8b4328"  #      mov  r8, [rbx+40]
    "4c8b4b30"  #      mov  r9, [rbx+48]
    "0f05"  #          syscall
    "48894338"  #      mov  [rbx+56], rax
    "4883c340"  #      add  rbx, 64
    "49ffcc"  #        dec  r12
    "ebd1"  #          jmp  next
    "4d85f6"  # wait:  test r14, r14
    "7412"  #          jz   heal
    "4c89f7"  #        mov  rdi, r14
    "be06000000"  #    mov  esi, 6              (FUTEX_LOCK_PI)
    "4531d2"  #        xor  r10d, r10d          (no time limit)
    "b8ca000000"  #    mov  eax, 202            (futex)
    "0f05"  #          syscall
    "4c89ec"  # heal:  mov  rsp, r13
    "b80f000000"  #    mov  eax, 15             (rt_sigreturn)
    "0f05"  #          syscall
    "ebf4"  #          jmp  heal                (where the tracer had the call skipped, and was killed then)
).ljust(96, b"\x90")
FIRST, NEXT, AFTER_SIGRETURN = 0x00, 0x02, 0x52
"""Offsets in CODE: two ways in, and rip when the thread has come to the last system call."""

FRAME_SIZE = 448
"""Bytes from the frame to its XSAVE area, which has to be aligned to 64; the siginfo stays empty."""

_UC_FLAGS = 0x7  # UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
_SOFTWARE_BYTES = 464
_FP_XSTATE_MAGIC1 = 0x4650_5853
_FP_XSTATE_MAGIC2 = 0x4650_5845

# sigaltstack's flags that the kernel refuses (EINVAL), and rt_sigreturn ignores a refusal (restore_altstack
# in kernel/signal.c): so the thread's alternate stack stays what it is, without our knowing it.
_NO_ALTSTACK_CHANGE = 0x7FFF

_AMX = 0b11 << 17  # XTILECFG, XTILEDATA: only in the area of tasks that asked for them
_WITHOUT_AMX = 2696  # the end of PKRU, where AMX exists

# The registers of struct sigcontext, in its order.
_CONTEXT = (
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
    *("rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip", "eflags"),
)

_NR_RESTART_SYSCALL = 219
_EINTR = 4
_SEGMENTS = 0x002B_0000_0000_0033  # ss, fs, gs, cs as four 16-bit numbers, highest first


def healed(registers: Registers, abort_ip: int | None) -> Registers:
    """What `registers` would have become in user space, for a frame: rt_sigreturn does no restart of calls.

    A call that waits for its restart is simply made again; one with a restart block (nanosleep and its
    like) then waits its full time again, since rt_sigreturn throws the block away.
    abort_ip: where the thread goes on instead, if it is inside a restartable sequence (rseq(2)).
    """
    changes = {}
    if registers.in_system_call:
        if registers.error == ERESTART_RESTARTBLOCK and registers.orig_rax == _NR_RESTART_SYSCALL:
            changes["rax"] = -_EINTR
        elif registers.error in (ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK):
            changes = {"rax": registers.orig_rax, "rip": registers.rip - 2}
    if abort_ip is not None:
        changes["rip"] = abort_ip
    return registers.with_changes(**changes)


def frame(address: int, registers: Registers, xstate: bytes, mask: int) -> bytes:
    """The frame for `address` (divisible by 64) with its XSAVE area: `frame_length(xstate)` bytes.

    registers: already `healed`.  xstate: of NT_X86_XSTATE.  mask: blocked signals.
    """
    context = struct.pack("<18Q", *[getattr(registers, name) for name in _CONTEXT])
    context += struct.pack("<5Q", _SEGMENTS, 0, 0, 0, 0)  # segments, err, trapno, oldmask, cr2
    context += struct.pack("<Q64x", address + FRAME_SIZE)
    ucontext = struct.pack("<QQQI4xQ", _UC_FLAGS, 0, 0, _NO_ALTSTACK_CHANGE, 0)
    ucontext += context + mask.to_bytes(8, "little")
    return (bytes(8) + ucontext).ljust(FRAME_SIZE, b"\0") + _signal_xstate(xstate)


def frame_length(xstate: bytes) -> int:
    """Bytes that `frame` takes for an XSAVE area like `xstate`."""
    return FRAME_SIZE + len(xstate) + 4


def _signal_xstate(xstate: bytes) -> bytes:
    """`xstate` as a signal frame has it: with `struct _fpx_sw_bytes` inside and the second magic behind.

    The kernel takes no more of it than the task may use, and falls back to the SSE registers alone where the
    stated size is larger than that; so the AMX tiles are left out where they are not in use.
    """
    supported = xstate_supported(xstate)
    size = len(xstate)
    if supported & _AMX and not xstate_in_use(xstate) & _AMX:
        supported, size = supported & ~_AMX, _WITHOUT_AMX
    software = struct.pack("<IIQI28x", _FP_XSTATE_MAGIC1, size + 4, supported, size)
    area = bytearray(xstate)
    area[_SOFTWARE_BYTES : _SOFTWARE_BYTES + len(software)] = software
    area[size : size + 4] = struct.pack("<I", _FP_XSTATE_MAGIC2)
    return bytes(area)
