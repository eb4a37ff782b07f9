"""The one way into the C library: raw system calls with errno made into `KernelError`.

`CDLL(None, use_errno=True)` keeps errno per thread and per call, so it is read before anything else can
change it. Functions whose interface is stable are declared once here; the others go through `syscall(2)`
by number (x86-64: arch/x86/entry/syscalls/syscall_64.tbl).
"""

from __future__ import annotations

import ctypes
import errno as errnos

from crimg.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
# All are declared as pointers: an int travels as 64 bits, modulo 2^64 (undeclared, ctypes would cut it to a
# C int), bytes and arrays as their address.
_syscall.argtypes = (ctypes.c_long, *(ctypes.c_void_p,) * 6)
_UNUSED = tuple((0,) * (6 - given) for given in range(7))

Argument = int | bytes | None | ctypes.Array[ctypes.c_char] | ctypes.Array[ctypes.c_uint64]


def try_syscall(number: int, *arguments: Argument) -> int:
    """The result of system call `number`, or minus the error number, as the kernel itself returns it.

    Interrupted calls (EINTR) are not repeated here: Python runs signal handlers between bytecodes, and
    callers that block decide themselves (PEP 475 does not reach ctypes).
    """
    result: int = _syscall(number, *arguments, *_UNUSED[len(arguments)])
    return -ctypes.get_errno() if result == -1 else result


def syscall(name: str, number: int, *arguments: Argument, pid: int | None = None, hint: str = "") -> int:
    """The result of system call `number`; raises KernelError that names it `name` where it fails."""
    result = try_syscall(number, *arguments)
    if result < 0 and -result in errnos.errorcode:
        raise KernelError(name, -result, pid=pid, hint=hint)
    return result


def buffer(data: bytes) -> ctypes.Array[ctypes.c_char]:
    """Memory that a system call may write to, with `data` in it."""
    return (ctypes.c_char * len(data)).from_buffer_copy(data)


def address_of(memory: mmap.mmap) -> int:
    """Where it is mapped, writable, in this process."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
