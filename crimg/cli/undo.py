"""Take the last revision of an image back, or the last N.

The file is then, byte for byte, what it was before these rewrites. Revision 1, the dump itself, stays. With
N = 0 only what a rewrite that was cut short left behind the last whole revision is removed.
"""

from __future__ import annotations

import os

from crimg.cli.parser import IMAGE
from crimg.errors import FormatError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.model import HistoryEntry
    from crimg.writer.revise import Undone


_DIGITS = 20
"""More than any number here has; int() refuses very many."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=IMAGE)
    parser.add_argument("count", metavar="N", nargs="?", default="1", help="how many revisions (default 1)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg undo`; the exit status."""
    from crimg.cli.atomic import remove_leftovers
    from crimg.cli.output import write_lines
    from crimg.cli.streams import say
    from crimg.writer.revise import take_back

    if not (args.count.isdecimal() and args.count.isascii() and len(args.count) < _DIGITS):
        told = escape(args.count[:_DIGITS]) or "nothing"
        raise UsageError(f"{told}: is no number of revisions, as in crimg undo {escape(args.image)} 2")
    if args.image == "-":
        raise UsageError("the standard input cannot be changed: give a file")
    from crimg.cli.rewrite import is_of_criu

    if is_of_criu(args.image):
        from crimg.cli.rewrite_criu import run_undo

        return run_undo(args)
    shown = escape(args.image)
    remove_leftovers(os.path.realpath(args.image), quiet=args.quiet)
    try:
        undone = take_back(args.image, int(args.count))
    except FormatError as error:
        raise FormatError(f"{shown}: {error}; crimg validate tells more") from error
    if undone.healed and not args.quiet:
        say(f"note: {shown}: removed {undone.healed} bytes of a rewrite that was cut short")
    write_lines(_lines(shown, undone))
    return 0


def _lines(shown: str, undone: Undone) -> Iterator[str]:
    for row in undone.taken:
        yield f"took back revision {row.revision}: {_told(row)}"
    yield f"{shown}: at revision {undone.revision}"


def _told(row: HistoryEntry) -> str:
    """When a revision was made, and by what."""
    from crimg.views.words import utc

    told = [utc(row.time), escape(b" ".join(row.command)), escape(row.note)]
    return ", ".join(part for part in told if part)
