"""Browse an image on the whole terminal: what is in it, whether it is sound, whether it will come back.

Every reference between objects is a link: Enter follows it, b and f go back and forward. validate and
preflight run meanwhile. Paths are changed too: e edits one, r is for a rule over many, 8 is the plan, which
w writes as a revision and u takes back. ? shows the keys of the present page.

With two images the first page shows what differs, as crimg diff does: from the first to the second, which is
the one that is browsed; what is gone leads to the first.

NO_COLOR is honoured. Exit status: 0, or 3 where nothing of the image can be read.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import ExitStack

from crimg.cli.parser import READ
from crimg.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("images", metavar="IMAGE", nargs="+", help=f"one or two: {READ}")
    parser.add_argument("--revision", metavar="N", type=int, help="look at the image as it was at revision N")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg tui`; the exit status."""
    browse(*args.images, revision=args.revision)
    return 0


def browse(*names: str, revision: int | None = None) -> None:
    """Open one image, or two to compare. Raises UsageError without a terminal, and what opening raises.

    revision: of the one image that is opened; None for the last one.
    """
    if len(names) > 2:
        raise UsageError(f"{len(names)} images; one can be browsed, or two compared")
    if names == ("-", "-"):
        raise UsageError("the standard input can be read once only; give a file")
    if revision is not None and len(names) > 1:
        raise UsageError("--revision is for one image; crimg diff compares revisions")
    require_terminal(keys_from_stdin="-" not in names)
    gc.disable()  # until the first screen is there: imports leave no garbage worth the time to look for it
    try:
        _browse(names, revision)
    finally:
        gc.enable()


def _browse(names: Sequence[str], revision: int | None) -> None:
    from crimg.cli.torn import note_torn
    from crimg.tui.session import Session

    with ExitStack() as stack:
        sessions = []
        for name in names:
            session = Session(name, revision)
            stack.callback(session.close)
            sessions.append(session)
            note_torn(session.subject.image, name)
        if "-" in names:
            _take_keys_from_terminal()
        if len(sessions) > 1:
            sessions[-1].compare_with(sessions[0])
        from crimg.tui.first_screen import FirstScreen

        screen = stack.enter_context(FirstScreen(sessions[-1]))
        from crimg.tui.app import run as run_application

        run_application(sessions[-1], screen)


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
