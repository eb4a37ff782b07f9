"""Write an image as a single revision, in its place or to another file.

The rewrites stay as they are in effect, but can no longer be undone; the row of history of the new revision
keeps the earlier rows. The file is replaced whole or not at all, and keeps its mode, and its owner where that
is allowed.
"""

from __future__ import annotations

import contextlib
import os
import sys

from crimg.errors import FileError, FormatError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.model.image import Image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help="image file")
    parser.add_argument(
        "-o", "--output", metavar="OTHER", help="leave IMAGE alone, write this file (mode 0600)"
    )
    parser.add_argument("--force", action="store_true", help="OTHER may be there, and is replaced")
    parser.add_argument(
        "--compress", action="store_true", help="store tables, pages and kept contents with zstd"
    )


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg compact`; the exit status."""
    from crimg.cli.atomic import AtomicOutput, is_same_file
    from crimg.cli.counting import Counting
    from crimg.cli.output import write_lines
    from crimg.escape import escape
    from crimg.reader import criu_store
    from crimg.writer.compaction import write_compacted

    shown = escape(args.image)
    if args.force and args.output is None:
        raise UsageError("--force goes with -o OTHER")
    if args.output == "-" or (args.image == "-" and args.output is None):
        raise UsageError("the standard input and output cannot be changed: give a file")
    if args.output is not None and is_same_file(args.output, args.image):
        raise UsageError(f"{escape(args.output)}: is the image itself: leave out -o to compact it in place")
    command = (b"crimg", *map(os.fsencode, sys.argv[1:]))
    path = os.path.realpath(args.image) if args.output is None else args.output
    with _source(args) as image:
        if criu_store(image) is not None:
            raise UsageError(
                f"{shown}: is of CRIU, which keeps no revisions in an image; crimg convert makes one of crimg"
            )
        replace = args.output is None or args.force
        with AtomicOutput(
            path, replace=replace, sync=True, quiet=args.quiet, locked=args.output is None
        ) as output:
            if args.output is None:
                _take_owner(output.fd, args.image)
            with Counting("bytes", quiet=args.quiet) as counting:
                unused = write_compacted(
                    image, output, compress=args.compress, command=command, progress=counting.show
                )
            output.commit()
            size = os.fstat(output.fd).st_size
    revisions = f"{image.revision} revision{'s' if image.revision > 1 else ''}"
    lines = [f"{shown}: {image.size} bytes in {revisions}", f"{escape(path)}: {size} bytes in 1 revision"]
    if unused:
        left_out = sum(section.len_stored for section in unused)
        lines.append(f"left out: {left_out} bytes of memory and contents that nothing refers to any more")
    write_lines(lines)
    return 0


@contextlib.contextmanager
def _source(args: argparse.Namespace) -> Iterator[Image]:
    """The image, locked where it is to be replaced. Raises FormatError that names it."""
    from crimg.cli.streams import say
    from crimg.cli.torn import note_torn
    from crimg.escape import escape
    from crimg.reader import open_image
    from crimg.writer.locking import locked

    shown = escape(args.image)
    try:
        if args.output is not None:
            with open_image(args.image) as image:
                note_torn(image, args.image, quiet=args.quiet)
                yield image
            return
        with locked(args.image) as fd:
            if (names := os.fstat(fd).st_nlink) > 1:
                raise UsageError(f"{shown}: has {names} names (hard links), which would part; use -o OTHER")
            with open_image(f"/proc/self/fd/{fd}") as image:
                if image.torn and not args.quiet:
                    say(f"note: {shown}: left out {image.torn} bytes of a rewrite that was cut short")
                yield image
    except FormatError as error:
        raise FormatError(f"{shown}: {error}; nothing was changed") from error


def _take_owner(fd: int, path: str) -> None:
    """Give a new file the owner, mode and extended attributes (access lists among them) of the one that it is
    to replace, as far as that is allowed. Raises FileError.
    """
    from crimg.escape import escape

    try:
        there = os.stat(path)
        with contextlib.suppress(
            PermissionError
        ):  # somebody else's file: it is then the caller's, as with cp
            os.fchown(fd, there.st_uid, there.st_gid)
        os.fchmod(fd, there.st_mode & 0o777)
        for name in _attributes(path):
            with contextlib.suppress(OSError):  # of a security module, or not for this user to set
                os.setxattr(fd, name, os.getxattr(path, name))
    except OSError as error:
        raise FileError(f"{escape(path)}: {error.strerror}") from error


def _attributes(path: str) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError:  # a file system without them
        return []
