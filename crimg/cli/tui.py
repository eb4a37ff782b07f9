"""Browse an image on the whole terminal: what is in it, whether it is sound, whether it will come back.

Every reference between objects is a link: Enter follows it, b and f go back and forward. validate and
preflight run meanwhile. ? shows the keys of the present page.

NO_COLOR is honoured. Exit status: 0, or 3 where nothing of the image can be read.
"""

from __future__ import annotations

import gc
import os
import sys

from crimg.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help="image file; - is the standard input")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg tui`; the exit status."""
    browse(args.image)
    return 0


def browse(name: str) -> None:
    """Open an image in the application. Raises UsageError without a terminal, and what opening raises."""
    require_terminal(keys_from_stdin=name != "-")
    gc.disable()  # until the first screen is there: imports leave no garbage worth the time to look for it
    try:
        _browse(name)
    finally:
        gc.enable()


def _browse(name: str) -> None:
    from crimg.cli.torn import note_torn
    from crimg.tui.session import Session

    session = Session(name)
    try:
        note_torn(session.subject.image, name)
        if name == "-":
            _take_keys_from_terminal()
        from crimg.tui.app import run as run_application

        run_application(session)
    finally:
        session.close()


def require_terminal(*, keys_from_stdin: bool) -> None:
    """Raise UsageError where there is no terminal that can show it."""
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError("this terminal cannot show it (TERM=dumb); crimg inspect prints the same")
    streams = [sys.stdout, sys.stderr]  # Textual writes to the standard error
    if keys_from_stdin:
        streams.append(sys.stdin)
    if not all(stream is not None and stream.isatty() for stream in streams):
        raise UsageError("the standard streams have to be a terminal; crimg inspect prints the same")


def _take_keys_from_terminal() -> None:
    """Make the terminal the standard input, which was the image."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"/dev/tty: {error.strerror}: keys cannot be read") from error
    os.dup2(terminal, 0)
    os.close(terminal)
