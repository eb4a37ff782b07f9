"""The tree of processes that is looked at: entered once, and left whatever happens."""

from __future__ import annotations

import contextlib
import errno
import os
import signal

from crimg.errors import KernelError, ProcessGoneError, UsageError
from crimg.kernel.procfs import ProcDir
from crimg.kernel.tree import FreezeTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def whole_tree(pid: int) -> Iterator[FreezeTree]:
    """The tree, yet to be entered; errors say that a process has gone where that is what they come from."""
    if pid == os.getpid():
        raise UsageError("a process cannot dump itself")
    tree = FreezeTree(pid)
    with ProcDir(pid) as proc:
        try:
            yield tree
        except (KernelError, OSError) as error:
            if proc.ended():  # the kernel has many words for a process that ends while it is looked at
                raise ProcessGoneError(pid) from error
            if tree.gone is not None:
                raise ProcessGoneError(tree.gone) from error
            if isinstance(error, OSError):
                name = error.filename or "a system call"
                raise KernelError(str(name), error.errno or errno.EIO, pid=pid) from error
            raise


@contextlib.contextmanager
def no_terminal_stops() -> Iterator[None]:
    """Let Ctrl-Z wait: a dumper that is stopped would leave the target standing still."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
