"""Write an image of CRIU, a directory or a container checkpoint, as an image of crimg.

The new image has all that crimg knows of the old one: tasks, memory, open files, contents of deleted files.
What crimg has no place for is left out, and listed: kinds of open files, image files not looked into.

Exit status: 0 written, 1 written, but `crimg validate` finds errors in it (they are listed), 2 usage, 3 not a
sound image.
"""

from __future__ import annotations

import os
import sys
import time

from crimg import __version__
from crimg.errors import UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

    from crimg.criu.store import CriuStore
    from crimg.model.image import Image

    Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help="directory of CRIU, or container checkpoint")
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="image file to write (mode 0600)"
    )
    parser.add_argument("--force", action="store_true", help="FILE may be there, and is replaced")
    parser.add_argument("--json", action="store_true", help="JSON (specs/convert.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg convert`; the exit status."""
    from crimg.cli.json_text import object_lines
    from crimg.cli.output import write_lines

    if args.output == "-":
        raise UsageError("the standard output cannot be taken here: give a file")
    lost, size, errors = _convert(args)
    if args.json:
        members = [("output", os.fsencode(args.output)), ("size", size), ("lost", lost), ("errors", errors)]
        write_lines(object_lines("convert", members))
    else:
        write_lines(_lines(args, lost, size, errors))
    return 1 if errors else 0


def _convert(args: argparse.Namespace) -> tuple[list[Row], int, list[Row]]:
    """What was lost, the size of the new image in bytes, and what is wrong with it."""
    from crimg.cli.atomic import AtomicOutput
    from crimg.cli.opening import opened
    from crimg.model import HistoryEntry
    from crimg.reader import criu_store, open_image
    from crimg.validate import validate
    from crimg.validate.rules import ERROR
    from crimg.writer.converting import write_converted

    with opened(args.image, quiet=args.quiet) as subject:
        store = criu_store(subject.image)
        if store is None:
            raise UsageError(f"{escape(args.image)}: is an image of crimg already")
        command = (b"crimg", *map(os.fsencode, sys.argv[1:]))
        with AtomicOutput(args.output, replace=args.force, sync=True) as output:
            row = HistoryEntry(
                revision=1,
                time=time.time_ns(),
                tool_version=__version__,
                command=command,
                rules=(),
                note="converted from images of CRIU",
            )
            write_converted(subject.image, output, history=[row])
            with open_image(f"/proc/self/fd/{output.fd}") as made:
                findings = validate(made).findings
                errors = [
                    {"rule": each.rule, "text": each.text} for each in findings if each.severity == ERROR
                ]
            output.commit()
            size = os.fstat(output.fd).st_size
        return list(_lost(subject.image, store)), size, errors


def _lost(image: Image, store: CriuStore) -> Iterator[Row]:
    """What the new image does not have: what it is, and why."""
    from crimg.model import File
    from crimg.model.enums import OtherFileKind, file_kind_name

    others = frozenset(map(int, OtherFileKind))
    for file in image.rows(File):
        if file.kind in others:
            what = f"file #{file.objref}: {file_kind_name(file.kind)}"
            yield {"what": what, "why": "has no kind in images of crimg; a placeholder stands for it"}
    for part in store.directory.parts.values():
        if part.kind is None or not (part.kind.message or part.stem.startswith("pages")):
            yield {"what": escape(part.name), "why": "is not looked into"}
    if store.directory.parent() is not None:
        yield {"what": "pages in the parent directory", "why": "are in another image"}


def _lines(args: argparse.Namespace, lost: list[Row], size: int, errors: list[Row]) -> Iterator[str]:
    yield f"{escape(args.output)}: {size} bytes in 1 revision"
    for row in lost:
        yield f"left out: {row['what']} ({row['why']})"
    for row in errors:
        yield f"error {row['rule']}  {row['text']}"
