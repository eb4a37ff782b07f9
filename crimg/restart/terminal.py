"""The controlling terminal of this process: its settings, and who is in its foreground (ioctl_tty(2))."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal

from crimg.errors import KernelError, UsageError
from crimg.evidence import device_number
from crimg.kernel.access import read_proc
from crimg.kernel.descriptors import termios
from crimg.kernel.procstat import parse_stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_TCSETSW = 0x5403
"""Set struct termios of the kernel once all that was written has left (include/uapi/asm-generic/ioctls.h)."""


def own_terminal() -> bytes:
    """The path of the controlling terminal. Raises UsageError: there is none, or it is none of 0, 1 and 2."""
    number = parse_stat(read_proc(os.getpid(), "stat") or b"").tty_nr & 0xFFFF_FFFF
    if not number:
        raise UsageError("--tty: this command has no controlling terminal")
    for fd in (0, 1, 2):
        with contextlib.suppress(OSError):
            if os.isatty(fd) and device_number(os.fstat(fd).st_rdev) == device_number(number):
                return os.fsencode(os.ttyname(fd))
    raise UsageError("--tty: none of standard input, output and error is the controlling terminal")


class TerminalState:
    """A terminal, its settings and foreground as they are now; to be closed. Raises KernelError."""

    def __init__(self, path: bytes) -> None:
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise KernelError("open of the terminal", error.errno or errno.EIO) from error
        self.settings = termios(self.fd)
        self.foreground = os.tcgetpgrp(self.fd)

    def close(self) -> None:
        """Close its descriptor."""
        os.close(self.fd)

    def set(self, settings: bytes | None, foreground: int) -> None:
        """Settings as `termios` gives them (None: leave them), and the process group. Raises KernelError."""
        with _background_writes():
            try:
                if settings is not None:
                    fcntl.ioctl(self.fd, _TCSETSW, settings)
                os.tcsetpgrp(self.fd, foreground)
            except OSError as error:
                hint = f"the terminal cannot be given to process group {foreground}"
                raise KernelError("ioctl(TIOCSPGRP)", error.errno or errno.EIO, hint=hint) from error

    def restore(self) -> None:
        """As it was when this was made. Raises KernelError."""
        self.set(self.settings, self.foreground)


@contextlib.contextmanager
def _background_writes() -> Iterator[None]:
    """No SIGTTOU for one who sets a terminal that others have the foreground of."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
