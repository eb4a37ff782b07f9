"""What writes to the terminal, where the first screen stands there already."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from crimg.tui.first_screen import ALTERNATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.first_screen import FirstScreen


def driver_after(screen: FirstScreen) -> type[LinuxDriver]:
    """A driver that takes the first screen over: it is not cleared before the application draws its own."""

    class Driver(LinuxDriver):
        """Leaves the terminal as it was before the first screen."""

        def start_application_mode(self) -> None:
            """Begin to write and to read."""
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
            if screen.standing:
                self.attrs_before = screen.taken_over()

        def write(self, data: str) -> None:
            """Write to the terminal."""
            if not (screen.standing and data == ALTERNATE):
                super().write(data)

    return Driver
