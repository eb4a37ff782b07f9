"""The x86-64 register sets as ptrace(2) hands them out: general registers and the XSAVE area.

General registers: `struct user_regs_struct` (sys/user.h; arch/x86/include/asm/user_64.h), the regset
NT_PRSTATUS. XSAVE area: the regset NT_X86_XSTATE, in the standard (not compacted) format of the Intel SDM,
volume 1, chapter 13.4, with the kernel's own word in the bytes that the processor leaves to software.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

GENERAL_SIZE = 216
USER_CS = 0x33
"""The code segment of 64-bit code (__USER_CS); 32-bit code runs in 0x23."""

# What the kernel leaves in rax, negated, while a system call waits for its restart (linux/errno.h). User
# space never sees these numbers: the way back from the stop turns each into a restart or into EINTR.
ERESTARTSYS = 512
ERESTARTNOINTR = 513
ERESTARTNOHAND = 514
ERESTART_RESTARTBLOCK = 516

_XSTATE_SOFTWARE = 464
_XSTATE_BV = 512

_GENERAL = struct.Struct("<27Q")
_NAMES = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"),
    *("orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"),
)


_OFFSETS = {name: 8 * index for index, name in enumerate(_NAMES)}
_WORD = 0xFFFF_FFFF_FFFF_FFFF


def with_changes(raw: bytes, **changes: int) -> bytes:
    """The 216 bytes `raw` with the named registers set, modulo 2^64."""
    copy = bytearray(raw)
    for name, value in changes.items():
        at = _OFFSETS[name]
        copy[at : at + 8] = (value & _WORD).to_bytes(8, "little")
    return bytes(copy)


def value_of(raw: bytes, name: str) -> int:
    """One register out of the 216 bytes."""
    at = _OFFSETS[name]
    return int.from_bytes(raw[at : at + 8], "little")


class Registers:
    """`struct user_regs_struct`, field by field in its order; every field an unsigned 64-bit number.

    orig_rax: number of the system call that the thread is in, or 2^64-1 (-1) where it is in none.
    fs_base, gs_base: the thread's TLS bases.
    """

    __slots__ = _NAMES

    r15: int
    r14: int
    r13: int
    r12: int
    rbp: int
    rbx: int
    r11: int
    r10: int
    r9: int
    r8: int
    rax: int
    rcx: int
    rdx: int
    rsi: int
    rdi: int
    orig_rax: int
    rip: int
    cs: int
    eflags: int
    rsp: int
    ss: int
    fs_base: int
    gs_base: int
    ds: int
    es: int
    fs: int
    gs: int

    def __init__(self, raw: bytes | bytearray) -> None:
        """Of the 216 bytes of NT_PRSTATUS; any other length is a ValueError."""
        if len(raw) != GENERAL_SIZE:
            raise ValueError(f"user_regs_struct is {GENERAL_SIZE} bytes, not {len(raw)}")
        for name, value in zip(_NAMES, _GENERAL.unpack(raw), strict=True):
            setattr(self, name, value)

    def __bytes__(self) -> bytes:
        """The 216 bytes, as PTRACE_SETREGSET takes them; negative values are taken modulo 2^64."""
        return _GENERAL.pack(*[getattr(self, name) & _WORD for name in _NAMES])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Registers) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]  # fields may be set: not for keys

    def __repr__(self) -> str:
        return f"Registers({', '.join(f'{name}={getattr(self, name):#x}' for name in _NAMES)})"

    def with_changes(self, **changes: int) -> Self:
        """A copy with the named fields set, modulo 2^64."""
        return type(self)(with_changes(bytes(self), **changes))

    @property
    def in_system_call(self) -> bool:
        """Whether the thread stopped on its way out of a system call (orig_rax names it)."""
        return self.orig_rax >> 63 == 0

    @property
    def error(self) -> int:
        """The error number that the system call is about to return (rax is its negation), or 0."""
        negated = -self.rax & _WORD
        return negated if 0 < negated < 4096 else 0


def xstate_supported(xstate: bytes) -> int:
    """The XSAVE features that the kernel lets user space have: a bit set, as in the register XCR0."""
    return int.from_bytes(xstate[_XSTATE_SOFTWARE : _XSTATE_SOFTWARE + 8], "little")


def xstate_in_use(xstate: bytes) -> int:
    """The XSAVE features (XSTATE_BV) that are not in their initial state."""
    return int.from_bytes(xstate[_XSTATE_BV : _XSTATE_BV + 8], "little")
