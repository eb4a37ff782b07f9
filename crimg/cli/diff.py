"""Show what differs between two images, or between two revisions of one.

Objects are matched by what they are: tasks by pid, files by inode and path, descriptors by number, mappings
by address. What was added is marked +, what is gone -, what changed ~, with each column before and after;
references are compared by what they lead to. Memory is compared page by page.

With one IMAGE: its last revision against the one before. The uuid, the order of rows and the numbers of
objects are no difference.

Exit status: 0 if nothing differs, 1 if something does, 3 if an image cannot be read.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from crimg.cli.opening import named
from crimg.cli.output import shown_name
from crimg.cli.parser import IMAGE
from crimg.collecting import no_collection
from crimg.errors import UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from crimg.compare import Difference, Side
    from crimg.views.subject import Subject


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("images", metavar="IMAGE", nargs="+", help=f"one or two: {IMAGE}")
    parser.add_argument("--from", dest="first", metavar="N", type=int, help="revision of the first image")
    parser.add_argument("--to", dest="last", metavar="N", type=int, help="revision of the second image")
    parser.add_argument(
        "--no-memory",
        dest="contents",
        action="store_false",
        help="compare tables alone: not the bytes of memory and of kept files",
    )
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="JSON (specs/diff.schema.json)")
    group.add_argument("--all", action="store_true", help="on a terminal, more than the first of each kind")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg diff`; the exit status."""
    if len(args.images) > 2:
        raise UsageError(f"{len(args.images)} images; one or two can be compared")
    if args.images == ["-"] or args.images == ["-", "-"]:
        raise UsageError("the standard input can be read once only; give a file")
    with no_collection():
        return _diff(args)


def _diff(args: argparse.Namespace) -> int:
    from crimg.cli.counting import Counting
    from crimg.cli.output import write_lines
    from crimg.compare import compare
    from crimg.views.subject import Subject

    with ExitStack() as stack:
        sides = _sides(stack, args)
        with Counting("bytes of memory", quiet=args.quiet) as counting:
            difference = compare(*sides, contents=args.contents, progress=counting.show)
        names = [args.images[0], args.images[-1]]
        one, other = (Subject(side.image, os.fsencode(name)) for side, name in zip(sides, names, strict=True))
        lines = _json_lines if args.json else _text_lines
        write_lines(lines(args, one, other, difference))
    return 0 if difference.equal else 1


def _sides(stack: ExitStack, args: argparse.Namespace) -> list[Side]:
    """Both images, closed with the stack. Each file is opened once, and once more for an earlier revision."""
    from crimg.cli.torn import note_torn

    chosen = dict(zip(args.images, (args.first, args.last), strict=False))
    last: dict[str, Side] = {}
    for name in dict.fromkeys(args.images):
        # The standard input can be read once only.
        last[name] = _open(stack, name, chosen[name] if name == "-" else None)
        note_torn(last[name].image, name, quiet=args.quiet)
    sides = []
    for name, number in _wanted(args, last):
        revision = last[name].image.revision
        sides.append(last[name] if number in (None, revision) else _open(stack, name, number))
    return sides


def _wanted(args: argparse.Namespace, last: Mapping[str, Side]) -> list[tuple[str, int | None]]:
    """Name and revision of both images; None for the last revision. last: the images at this one."""
    if len(args.images) == 2:
        return [(args.images[0], args.first), (args.images[1], args.last)]
    name = args.images[0]
    first = args.first
    if first is None:
        newest = last[name].image.revision
        number = args.last if args.last is not None else newest
        if not 1 <= number <= newest:
            raise UsageError(f"{escape(name)}: there is no revision {number}; the last is {newest}")
        if number == 1:
            raise UsageError(f"{escape(name)}: revision 1 has none before it; give --from, or a second image")
        first = number - 1
    return [(name, first), (name, args.last)]


def _open(stack: ExitStack, name: str, revision: int | None) -> Side:
    """An image that is closed with the stack. Errors say its name."""
    from crimg.compare import Side
    from crimg.reader import open_image

    with named(name):
        image = stack.enter_context(open_image(name, revision=revision))
    return Side(image, shown_name(name))


def _text_lines(
    args: argparse.Namespace, before: Subject, after: Subject, found: Difference
) -> Iterator[str]:
    from crimg.cli.diff_text import text_lines
    from crimg.cli.output import terminal_columns

    return text_lines(
        before, after, found, every=terminal_columns() is None or args.all, verbose=args.verbose > 0
    )


def _json_lines(
    args: argparse.Namespace, before: Subject, after: Subject, found: Difference
) -> Iterator[str]:
    from crimg.cli.inspect_json import document
    from crimg.views.changes import count_records, memory_change_records, object_change_records
    from crimg.views.overview import image_record

    return document(
        "diff",
        after,
        [
            ("before", image_record(before)),
            ("equal", found.equal),
            ("contents_compared", found.contents),
            ("counts", count_records(found)),
            ("objects", object_change_records(before, after, found)),
            ("memory", memory_change_records(before, after, found)),
        ],
    )
