"""What writes to the terminal, where the first screen stands there already."""

from __future__ import annotations

import os
import select
import signal
import threading

from textual.drivers.linux_driver import LinuxDriver

from crimg.tui.first_screen import ALTERNATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.first_screen import FirstScreen


def driver_after(screen: FirstScreen) -> type[LinuxDriver]:
    """A driver that takes the first screen over: it is not cleared before the application draws its own."""

    class Driver(LinuxDriver):
        """Leaves the terminal as it was before the first screen, and ends when the terminal goes."""

        _watched = False

        def start_application_mode(self) -> None:
            """Begin to write and to read."""
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
            if screen.standing:
                self.attrs_before = screen.taken_over()
            if not self._watched:
                self._watched = True
                threading.Thread(target=end_with, args=(self.fileno,), daemon=True).start()

        def write(self, data: str) -> None:
            """Write to the terminal."""
            if not (screen.standing and data == ALTERNATE):
                super().write(data)

    return Driver


def end_with(terminal: int) -> None:
    """Wait until nothing is behind a terminal any more, and end as by its SIGHUP.

    The kernel sends that to who has it as controlling terminal alone, and it may be ignored (nohup(1)):
    Textual would then read the end of its input for ever.
    """
    poll = select.poll()
    poll.register(terminal, 0)  # POLLHUP is told always (poll(2))
    poll.poll()
    os.kill(os.getpid(), signal.SIGHUP)
    os._exit(128 + signal.SIGHUP)
