"""Waiting for a process that has the terminal, as a shell waits for a job (tcsetpgrp(3))."""

from __future__ import annotations

import os
import signal

from crimg.kernel.descriptors import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.restart.terminal import TerminalState


def wait_in_foreground(pid: int, terminal: TerminalState) -> None:
    """Wait until a child can be waited for. terminal: as it was before the process got it.

    Where the process is stopped (Ctrl-Z), so is this program, with the terminal as it was; when that is
    continued, it is too. Whoever draws on the terminal is told to draw again. Raises KernelError.
    """
    try:
        group = os.tcgetpgrp(terminal.fd)
        os.killpg(group, signal.SIGWINCH)
        while True:
            found = os.waitid(os.P_PID, pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
            if found is None or found.si_code != os.CLD_STOPPED:
                return
            os.waitpid(pid, os.WUNTRACED)
            group = os.tcgetpgrp(terminal.fd)
            if group == os.getpgrp():  # what stopped it has stopped us, and continued us since
                continue
            settings = termios(terminal.fd)
            terminal.restore()
            os.kill(os.getpid(), signal.SIGSTOP)
            terminal.set(settings, group)
            os.killpg(group, signal.SIGCONT)
            os.killpg(group, signal.SIGWINCH)
    finally:
        terminal.restore()
