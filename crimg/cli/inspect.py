"""Show what is in an image.

Without options: what the image is, then its tasks, its memory by kind, and its files with who refers to
each. Options choose other sections; several may be given.

Nothing is cut when the output is no terminal. Bytes of the image that are not printable UTF-8, and the
backslash, are shown as \\xNN, \\uNNNN, \\n, \\t, \\\\. Times are UTC; addresses are hexadecimal.
"""

from __future__ import annotations

import gc
import os

from crimg.cli.output import shown_name
from crimg.cli.parser import READ
from crimg.errors import BadMagicError, FormatError, UnsupportedVersionError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.model.image import Image
    from crimg.views.subject import Subject

SECTIONS = {
    "tasks": "tasks, with program, directories and the objects they use",
    "threads": "threads, with scheduling, blocked signals and registers",
    "memory": "every mapping",
    "files": "open files, with who refers to each",
    "fds": "every file descriptor",
    "locks": "file locks",
    "inodes": "inodes: the evidence by which files are known again",
    "signals": "signal actions, pending signals, timers",
    "creds": "credentials",
    "limits": "resource limits",
    "log": "log of the dump, and history of the image",
    "sections": "the container: where each part of the file is",
}
"""Name of a section, which is its option too, and help."""

_DEFAULT_HEX_LENGTH = 256
_MOST_HEX_LENGTH = 1 << 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=READ)
    group = parser.add_argument_group("sections")
    for name, text in SECTIONS.items():
        group.add_argument(f"--{name}", dest="sections", action="append_const", const=name, help=text)
    group.add_argument(
        "--all", dest="sections", action="store_const", const=list(SECTIONS), help="all of them"
    )
    group = parser.add_argument_group("one thing")
    group.add_argument("--object", metavar="N", help="the object with this objref, and its references")
    group.add_argument(
        "--hex",
        metavar="ADDR[:LEN]",
        help=f"memory from this hexadecimal address, or START-END (LEN: {_DEFAULT_HEX_LENGTH})",
    )
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="JSON (specs/inspect.schema.json)")
    group.add_argument(
        "--salvage",
        action="store_true",
        help="show what is whole in a damaged image, list the damage, exit with status 3",
    )


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg inspect`; the exit status."""
    if (args.object is not None) + (args.hex is not None) + bool(args.sections) > 1:
        raise UsageError("choose one of --object, --hex, and sections")
    collects = gc.isenabled()
    gc.disable()  # records and rows make no cycles: collecting them takes half the time of a big image
    try:
        return _inspect(args)
    finally:
        if collects:
            gc.enable()


def _inspect(args: argparse.Namespace) -> int:
    from crimg.cli.output import write_lines
    from crimg.reader import criu_store, open_image
    from crimg.views.subject import Subject

    try:
        image = open_image(args.image, salvage=args.salvage)
    except FormatError as error:
        raise FormatError(f"{shown_name(args.image)}: {error}{_hint(error, args.salvage)}") from error
    with image:
        if (image.torn or criu_store(image) is not None) and not args.salvage:
            from crimg.cli.torn import note_torn

            note_torn(image, args.image, quiet=args.quiet)
        subject = Subject(image, os.fsencode(args.image), salvage=args.salvage)
        try:
            write_lines(_lines(args, subject))
        except FormatError as error:
            first = _first_damage(image, error)
            raise FormatError(f"{shown_name(args.image)}: {first}{_hint(first, args.salvage)}") from error
        return _report_damage(args, subject)


def _hint(error: FormatError, salvage: bool) -> str:
    """What to do about a damage."""
    if isinstance(error, BadMagicError) and error.offset == 0:
        return "; this is no image of crimg"
    if salvage or isinstance(error, UnsupportedVersionError):
        return ""
    return "; --salvage shows what is whole"


def _first_damage(image: Image, error: FormatError) -> FormatError:
    """The damage nearest the start of the file: the one that was met need not be it."""
    from crimg.reader.file import ImageFile
    from crimg.reader.scan import scan

    damages = scan(image.store)[1] if isinstance(image.store, ImageFile) else []
    return damages[0] if damages else error


def _report_damage(args: argparse.Namespace, subject: Subject) -> int:
    """List what is wrong with the image; the exit status."""
    if not subject.damage:
        return 0
    from crimg.cli.streams import say

    places = list(dict.fromkeys(map(str, subject.damage)))
    for place in places:
        say(f"damaged: {place}")
    count = "1 place" if len(places) == 1 else f"{len(places)} places"
    say(f"error: {shown_name(args.image)}: damaged in {count}; shown is what is whole")
    return FormatError.exit_status


def _lines(args: argparse.Namespace, subject: Subject) -> Iterator[str]:
    """What is to be printed."""
    if args.object is not None:
        from crimg.cli.inspect_object import object_lines

        return object_lines(subject, _objref(args.object), as_json=args.json)
    if args.hex is not None:
        from crimg.cli.inspect_object import hex_lines

        start, end = hex_range(args.hex)
        return hex_lines(subject, start, end, as_json=args.json)
    chosen = [name for name in SECTIONS if name in args.sections] if args.sections else None
    if args.json:
        from crimg.cli.inspect_json import json_lines

        return json_lines(subject, chosen)
    from crimg.cli.inspect_text import text_lines

    return text_lines(subject, chosen)


def _objref(text: str) -> int:
    number = text.removeprefix("#")
    if not number.isdecimal() or not number.isascii():
        raise UsageError(f"--object {text}: an objref is a number, as in --object 12")
    return int(number)


def hex_range(text: str) -> tuple[int, int]:
    """Start and end of ADDR, ADDR:LEN or START-END; raises UsageError."""
    try:
        if "-" in text:
            low, _, high = text.partition("-")
            start, end = int(low, 16), int(high, 16)
        else:
            low, _, length = text.partition(":")
            start = int(low, 16)
            end = start + (int(length, 0) if length else _DEFAULT_HEX_LENGTH)
    except ValueError as error:
        raise UsageError(f"--hex {text}: is not ADDR, ADDR:LEN or START-END, as in 7ffe3000:64") from error
    end = min(end, 1 << 64)
    if not 0 <= start < end or end - start > _MOST_HEX_LENGTH:
        raise UsageError(f"--hex {text}: from 1 byte to 1 GiB, below 2**64")
    return start, end
