"""A new process with a process id of our choice (clone3(2)), and the program that it first becomes.

The program has one page of code, an endless jump, and no library: a process that has executed it has next to
nothing left of its parent, neither signal handlers nor memory, and is the blank sheet of a restart.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import time

from crimg.errors import KernelError
from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# arch/x86/entry/syscalls/syscall_64.tbl
NR_EXECVEAT = 322
NR_CLONE3 = 435

AT_EMPTY_PATH = 0x1000
_SECONDS, _PAUSE = 5.0, 0.005  # init may take seconds to wait for an orphan
_SIGCHLD = 17
CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND = 0x100, 0x200, 0x400, 0x800
CLONE_PARENT = 0x8000
"""The child gets the parent of its maker."""
CLONE_PTRACE = 0x2000
"""The child is traced as its maker is."""
CLONE_ARGS = struct.Struct("<11Q")  # struct clone_args (linux/sched.h)

# CDLL would let another thread of the interpreter run during the call, and the child, in which there is no
# such thread, then wait for it without end.
_syscall = ctypes.PyDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = (ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)

_LOAD_ADDRESS = 0x20_0000
_JUMP = b"\xeb\xfe"


def clone_arguments(flags: int, exit_signal: int, set_tid: int = 0, set_tid_size: int = 0) -> bytes:
    """`struct clone_args`, with no stack. set_tid: address of an array of that many process ids."""
    return CLONE_ARGS.pack(flags, 0, 0, 0, exit_signal, 0, 0, 0, set_tid, set_tid_size, 0)


def fork(pid: int | None = None, flags: int = 0) -> int:
    """As fork(2); pid: the process id of the child, in the pid namespace of the caller. flags: CLONE_*.

    Raises KernelError in the parent: EEXIST where the number is taken, EPERM without
    CAP_CHECKPOINT_RESTORE.
    """
    wanted = ctypes.c_int32(pid or 0)
    address, count = (ctypes.addressof(wanted), 1) if pid is not None else (0, 0)
    arguments = ctypes.create_string_buffer(clone_arguments(flags, _SIGCHLD, address, count))

    def make() -> int:
        result: int = _syscall(NR_CLONE3, ctypes.addressof(arguments), CLONE_ARGS.size)
        return result if result >= 0 else -ctypes.get_errno()

    return born(make, pid)


def born(make: Callable[[], int], pid: int | None) -> int:
    """What `make` returns, a call of clone3(2) for a child with this id. Raises KernelError.

    It is called again, for a while, where the id is that of a process which has ended and is not yet
    forgotten: nobody has waited for it, or for one that is in its session or group.
    """
    from crimg.kernel.access import task_state  # much to import, for who only wants a process

    deadline = time.monotonic() + _SECONDS
    while (result := make()) < 0:
        passing = result == -errno.EEXIST and pid is not None and task_state(pid) in "ZX"
        if not passing or time.monotonic() > deadline:
            raise not_born(-result, pid)
        time.sleep(_PAUSE)
    return result


def not_born(number: int, pid: int | None) -> KernelError:
    """What to raise where clone3(2) gave error `number`. pid: the id that the child was to have, or None."""
    hints = {
        errno.EEXIST: f"process id {pid} is in use here: end that process, or take --new-pids",
        errno.EPERM: "choosing a process id takes CAP_CHECKPOINT_RESTORE; --new-pids does without",
    }
    return KernelError("clone3", number, hint=hints.get(number, "") if pid is not None else "")


def blank_program() -> int:
    """A descriptor of the blank program, for `execute` (memfd_create(2)); it is closed by execve(2)."""
    header = struct.pack(
        "<4s5B7xHHIQQQIHHHHHH",
        b"\x7fELF", 2, 1, 1, 0, 0,
        2, 62, 1, _LOAD_ADDRESS + 120, 64, 0, 0, 64, 56, 1, 64, 0, 0,
    )  # fmt: skip
    size = 120 + len(_JUMP)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, 4096)
    fd = os.memfd_create("blank", os.MFD_CLOEXEC)
    try:
        os.write(fd, header + segment + _JUMP)
    except BaseException:
        os.close(fd)
        raise
    return fd


def execute(fd: int) -> None:
    """Become the program open at `fd`, with no arguments and environment (execveat(2)). Or KernelError."""
    nothing = (ctypes.c_char * 8)()
    libc.syscall("execveat", NR_EXECVEAT, fd, b"", nothing, nothing, AT_EMPTY_PATH)
