"""Write an image without what others must not see, to be sent to somebody.

Chosen parts of the memory, of deleted files and of registers are replaced by zeros or left out; the rest
stays as it is. The new image is a file of its own, with one revision and another uuid; the removed bytes are
nowhere in it, and marks say what was removed: it can be looked at, but not be restarted. Afterwards what is
left, memory, contents and tables, is searched for copies of removed strings: arguments, values of the
environment, pieces of text in removed contents. Of other contents and memory no copies are looked for. Paths
stay (crimg rewrite changes them); names of tasks and of sockets that hold a removed string go. Of images of
CRIU, a directory or an archive, -o is a new directory, with zeros in place of what was removed.

WHAT of --vma: all, anonymous, heap, stack, file, shared; /PATH of a mapped file (a glob; what is below it,
too); [NAME]; START-END; 0xADDRESS; the number of a task, file or inode. N:WHAT: only of task N.

Exit status: 0 written; 1 the image has nothing of that kind, or with --strict copies are left: nothing was
written; 2 usage; 3 not a sound image.
"""

from __future__ import annotations

import os

from crimg.cli.parser import READ
from crimg.errors import ConflictError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from crimg.criu.store import CriuStore
    from crimg.redact import Copy, Redaction, Selection
    from crimg.redact.redaction import Written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=READ)
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="the new image (mode 0600); of CRIU a new directory")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="FILE may be there, and is replaced")
    group = parser.add_argument_group("what to remove")
    group.add_argument("--environment", action="store_true", help="environment variables")
    group.add_argument("--arguments", action="store_true", help="command lines")
    group.add_argument("--vma", dest="vmas", metavar="WHAT", action="append", default=[],
                       help="the memory of these mappings (repeatable)")  # fmt: skip
    group.add_argument("--contents", action="store_true", help="contents of deleted files, pipes and sockets")
    group.add_argument("--contents-of", dest="objects", metavar="N", action="append", default=[],
                       help="contents of file, inode or pipe N alone (repeatable)")  # fmt: skip
    group.add_argument("--registers", action="store_true", help="registers, but for where threads stand")
    group.add_argument("--copies", action="store_true",
                       help="copies of removed strings elsewhere in the memory, too")  # fmt: skip
    group.add_argument("--all", action="store_true", help="all of this: only the structure is left")
    group = parser.add_argument_group("how")
    group.add_argument("--drop", action="store_true", help="whole pages are left out, not zero")
    group.add_argument("--strict", action="store_true", help="write nothing where copies are found")
    group.add_argument("-n", "--dry-run", action="store_true", help="print what would be removed")
    group.add_argument("--json", action="store_true", help="JSON (specs/redact.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg redact`; the exit status."""
    from crimg.cli.counting import Counting
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.cli.redact_text import json_lines, text_lines
    from crimg.cli.streams import say
    from crimg.reader import criu_store
    from crimg.redact import plan

    selection = _selection(args)
    _check_output(args)
    with opened(args.image, quiet=args.quiet) as subject:
        store = criu_store(subject.image)
        if store is not None and args.force:
            raise UsageError("--force: of images of CRIU -o makes a directory, which replaces none")
        with Counting("bytes searched", quiet=args.quiet) as counting:
            redaction = plan(subject.image, selection, progress=counting.show)
        written = None
        if not args.dry_run:
            written = _write(args, redaction) if store is None else _write_directory(args, redaction, store)
        if args.json:
            write_lines(json_lines(subject, redaction, written))
        else:
            write_lines(text_lines(subject, redaction, written, verbose=args.verbose > 0))
    if written is not None and written.copies and not args.quiet:
        count = len(written.copies)
        strings = f"copies of {count} removed string{'s' if count != 1 else ''} are still in it"
        say(f"note: {escape(args.output)}: {strings}; --copies removes those in memory")
    return 0


def _check_output(args: argparse.Namespace) -> None:
    from crimg.cli.atomic import is_same_file

    if args.dry_run and args.strict:
        raise UsageError("--strict looks through the new image, and -n makes none")
    if args.output is None:
        if args.dry_run:
            return
        raise UsageError("give the new image a name: -o FILE (-n prints what would be removed)")
    if args.output == "-":
        raise UsageError("-o -: the new image is looked through when it is written; give a file")
    if is_same_file(args.output, args.image):
        raise UsageError(f"{escape(args.output)}: is the image itself; the new one is a file of its own")


def _selection(args: argparse.Namespace) -> Selection:
    from crimg.redact import Selection, Selector

    return Selection(
        vmas=[Selector(word) for word in args.vmas],
        environment=args.environment,
        arguments=args.arguments,
        contents=args.contents,
        objects=list(_objects(args.objects)),
        registers=args.registers,
        copies=args.copies,
        everything=args.all,
        drop=args.drop,
    )


def _objects(texts: list[str]) -> Iterator[int]:
    from crimg.cli.rewrite import is_number

    for text in texts:
        if not is_number(text):
            raise UsageError(f"--contents-of {escape(text)}: is no number of an object")
        yield int(text)


def _write(args: argparse.Namespace, redaction: Redaction) -> Written:
    """Write the new image, and look for copies in it before it gets its name."""
    from crimg.cli.atomic import AtomicOutput
    from crimg.cli.counting import Counting
    from crimg.reader import open_image
    from crimg.redact import find_copies, write
    from crimg.redact.redaction import Written

    with AtomicOutput(args.output, replace=args.force, sync=True, quiet=args.quiet) as output:
        with Counting("bytes of memory", quiet=args.quiet) as counting:
            write(redaction, output, progress=counting.show)
        with (
            open_image(f"/proc/self/fd/{output.fd}") as made,
            Counting("bytes searched", quiet=args.quiet) as counting,
        ):
            copies = find_copies(made, redaction.secrets, counting.show)
            written = Written(os.fsencode(args.output), made.size, made.uuid, tuple(copies))
        _check_strict(args, redaction, copies)
        output.commit()
    return written


def _write_directory(args: argparse.Namespace, redaction: Redaction, store: CriuStore) -> Written:
    """The same for images of CRIU, as a directory."""
    from crimg.cli.counting import Counting
    from crimg.criu.saving import new_directory
    from crimg.reader import criu_store, open_image
    from crimg.redact.criu import all_copies
    from crimg.redact.criu_files import write
    from crimg.redact.redaction import Written

    with new_directory(args.output) as folder:
        size = write(redaction, store, folder)
        with open_image(folder) as made, Counting("bytes searched", quiet=args.quiet) as counting:
            files = criu_store(made)
            copies = all_copies(made, files, redaction.secrets, counting.show) if files is not None else []
            written = Written(os.fsencode(args.output), size, made.uuid, tuple(copies))
        _check_strict(args, redaction, copies)
    return written


def _check_strict(args: argparse.Namespace, redaction: Redaction, copies: Sequence[Copy]) -> None:
    """With --strict, raise ConflictError for copies that are left, or were not looked for."""
    from crimg.cli.redact_text import copy_words

    if args.strict and copies:
        raise ConflictError([copy_words(copy) for copy in copies])
    if args.strict and redaction.unsought:
        strings = f"{redaction.unsought} string{'s' if redaction.unsought != 1 else ''}"
        raise ConflictError([f"copies of {strings} were not looked for (--strict)"])
