"""Terminals (ioctl_tty(2)): what only an open descriptor tells; nothing is read from them, or changed."""

from __future__ import annotations

import errno
import fcntl
import struct

from crimg.errors import KernelError

# include/uapi/asm-generic/ioctls.h
_FIONREAD = 0x541B
_TIOCGETD = 0x5424
_TIOCGPKT = 0x80045438
_TIOCGPTLCK = 0x80045439
_TIOCGEXCL = 0x80045440


def readable_bytes(fd: int) -> int:
    """Bytes that a read of this side would give (FIONREAD); in canonical mode those of whole lines."""
    return _number("FIONREAD", fd, _FIONREAD)


def line_discipline(fd: int) -> int:
    """0 for N_TTY, the ordinary one (TIOCGETD)."""
    return _number("TIOCGETD", fd, _TIOCGETD)


def master_state(fd: int) -> dict[str, int]:
    """Of the master side: whether the slave is locked, packet mode, whether the terminal is exclusive."""
    return {
        "locked": _number("TIOCGPTLCK", fd, _TIOCGPTLCK),
        "packet": _number("TIOCGPKT", fd, _TIOCGPKT),
        "exclusive": _number("TIOCGEXCL", fd, _TIOCGEXCL),
    }


def _number(name: str, fd: int, request: int) -> int:
    try:
        return int(struct.unpack("=i", fcntl.ioctl(fd, request, bytes(4)))[0])
    except OSError as error:
        raise KernelError(f"ioctl({name})", error.errno or errno.EIO) from error
