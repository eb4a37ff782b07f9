"""Run a command on a private, rewritten copy of an image, and remove the copy afterwards.

The command is meant to be the one that restarts the process. Every {image} in its words becomes the path of
the copy, which is also in CRIMG_IMAGE. The image itself is left alone. The copy is in a directory of mode
0700 beside the image, or in TMPDIR where none can be made there; it goes when the command ends. Where this
program is killed, it stays as long as the command does (which inherits a descriptor with a lock), and goes
with the next wrap.

    crimg wrap shop.img --map /srv=/mnt/srv --preflight -- restart-tool {image}

The command runs in the foreground, and gets SIGTERM and other signals that would end this program. Where
something speaks against the rewrite, it is not started.

Exit status: that of the command, 128 + N where signal N killed it; 127 it was not found, 126 it cannot be
executed. Where it was not started: 1 conflicts, moved files not found, or a file not as it was (--preflight);
2 usage; 3 not a sound image; 4 the kernel refused.
"""

from __future__ import annotations

import os
import sys

from crimg.cli.opening import opened
from crimg.cli.parser import IMAGE
from crimg.cli.rewrite import (
    add_edits,
    add_rules,
    check_strict,
    is_archive_file,
    is_of_criu,
    say_unused,
)
from crimg.errors import ConflictError, FileError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    from crimg.criu.store import CriuStore
    from crimg.rewrite.criu_plan import CriuPlan
    from crimg.rewrite.matching import Rule
    from crimg.rewrite.rules import PathRule

PLACEHOLDER = "{image}"
VARIABLE = "CRIMG_IMAGE"
_NOT_STARTED = "the command was not started"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.usage = f"{parser.prog} IMAGE [options] -- COMMAND ... {PLACEHOLDER} ..."
    parser.set_defaults(command=[])
    parser.add_argument("image", metavar="IMAGE", help=IMAGE)
    group = parser.add_argument_group("rules")
    add_rules(group)
    add_edits(group)
    group.add_argument("--relocate", dest="directories", metavar="DIR", action="append", default=[],
                       help="look for moved files in DIR, and add the rules found (repeatable)")  # fmt: skip
    group.add_argument("--strict", action="store_true", help="refuse rules that decide nothing")
    group = parser.add_argument_group("before and after")
    group.add_argument(
        "--preflight", action="store_true", help="do not start the command unless all files are fine"
    )
    group.add_argument("--keep", action="store_true", help="let the copy stay, and say where it is")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg wrap`; the exit status."""
    from crimg.cli.counting import Counting
    from crimg.cli.foreground import Foreground
    from crimg.cli.rewrite import edits_of, rules_of
    from crimg.cli.streams import say
    from crimg.writer.private import private_copy

    if not args.command or not args.command[0]:
        raise UsageError(f"no COMMAND: give it behind --, as in crimg wrap IMAGE -- COMMAND {PLACEHOLDER}")
    if not any(PLACEHOLDER in word for word in args.command):
        raise UsageError(f"no {PLACEHOLDER} in COMMAND: it would not get the rewritten copy")
    if args.image == "-":
        raise UsageError("the standard input cannot be copied: give a file")
    rules, edits = rules_of(args), edits_of(args)
    foreground = Foreground()
    with opened(args.image, quiet=args.quiet):  # what is no image is refused before anything is made
        pass
    fill = _fill(args.image) if is_of_criu(args.image) else None
    with (
        Counting("bytes copied", quiet=args.quiet) as counting,
        private_copy(args.image.rstrip("/") or "/", fill=fill, progress=counting.show) as copy,
    ):
        counting.clear()
        try:
            _rewrite(args, copy.path, rules, edits)
            if args.directories:
                _rewrite(args, copy.path, _relocated(args, copy.path), {})
        except ConflictError as error:
            _tell(f"conflict: {conflict}" for conflict in error.conflicts if len(error.conflicts) > 1)
            raise ConflictError(error.conflicts, _NOT_STARTED) from error
        if args.preflight and not _is_fine(args, copy.path):
            say(f"error: {escape(args.image)}: files are not as they were: {_NOT_STARTED}")
            return 1
        copy.kept = args.keep
        if args.keep and not args.quiet:
            say(f"the copy stays: {escape(copy.path)}")
        words = [word.replace(PLACEHOLDER, copy.path) for word in args.command]
        return foreground.run(words, {**os.environ, VARIABLE: copy.path}, pass_fds=[copy.lock])


def _fill(name: str) -> Callable[[str], None]:
    """What makes a copy of images of CRIU: of a directory one that shares its files by hard links."""

    def fill(copy: str) -> None:
        from crimg.cli.rewrite_criu import write_new_archive
        from crimg.reader import criu_store
        from crimg.rewrite.criu_applying import write_copy
        from crimg.rewrite.criu_plan import UNCHANGED

        with opened(name, quiet=True) as subject:
            store = criu_store(subject.image)
            if store is None:
                raise UsageError(f"{escape(name)}: is no directory of CRIU")
            if is_archive_file(name):
                write_new_archive(UNCHANGED, store, copy)
                return
            write_copy(UNCHANGED, store, copy)

    return fill


def _rewrite_directory(
    args: argparse.Namespace, copy: str, rules: Iterable[Rule | PathRule], edits: Mapping[int, bytes]
) -> None:
    """Rewrite the paths of a copy of a directory of CRIU. Raises ConflictError, UsageError, FormatError."""
    from crimg.cli.rewrite_criu import text_lines
    from crimg.reader import criu_store
    from crimg.rewrite.criu import plan
    from crimg.rewrite.criu_applying import apply
    from crimg.validate.soundness import check_sound

    with opened(copy, args.image, quiet=True) as subject:
        store = criu_store(subject.image)
        if store is not None:
            made = plan(subject.image, store, rules, edits=edits)
            _tell(text_lines(made) if args.verbose else ())
            check_sound(subject.image)
            say_unused(args, made.unused)
            check_strict(args, made.unused)
            if is_archive_file(copy):
                _replace_archive(made, store, copy)
            elif made.changes or made.conflicts:
                apply(made, store)


def _replace_archive(made: CriuPlan, store: CriuStore, copy: str) -> None:
    """Put a rewritten archive in the place of the private copy."""
    from crimg.cli.rewrite_criu import write_new_archive

    if made.changes or made.conflicts:
        write_new_archive(made, store, f"{copy}.new")
        os.rename(f"{copy}.new", copy)


def _rewrite(
    args: argparse.Namespace, copy: str, rules: Iterable[Rule | PathRule], edits: Mapping[int, bytes]
) -> None:
    """Rewrite the paths of the copy. Raises ConflictError, UsageError, FormatError."""
    from crimg.cli.rewrite_text import text_lines
    from crimg.rewrite.applying import apply
    from crimg.rewrite.planning import plan

    if is_of_criu(copy):
        _rewrite_directory(args, copy, rules, edits)
        return
    with opened(copy, args.image, quiet=True) as subject:
        made = plan(subject.image, rules, edits=edits)
        _tell(text_lines(subject, made, verbose=False) if args.verbose else ())
        if made.conflicts:
            raise ConflictError([conflict.text for conflict in made.conflicts])
        say_unused(args, made.unused_rules)
        check_strict(args, made.unused_rules)
        apply(made, copy, image=subject.image, command=(b"crimg", *map(os.fsencode, sys.argv[1:])))


def _relocated(args: argparse.Namespace, copy: str) -> tuple[PathRule, ...]:
    """The rules that lead the copy, rewritten so far, to its moved files.

    Raises ConflictError where a file is not found, or more than once; which ones is said.
    """
    from crimg.cli.counting import Counting
    from crimg.cli.relocate import text_lines
    from crimg.cli.streams import say
    from crimg.preflight import relocate
    from crimg.preflight.remedies import map_remedy

    with opened(copy, args.image, quiet=True) as subject:
        with Counting("directory entries", quiet=args.quiet) as counting:
            found = relocate(subject.image, args.directories, progress=counting.show)
        if not found.complete:
            _tell(text_lines(subject, found, verbose=args.verbose > 0))
            lost = len(found.ambiguous) + len(found.missing)
            raise ConflictError([f"{lost} files were not found, or more than once (--relocate)"])
        for rule in () if args.quiet else found.rules:
            say(f"note: found by --relocate: {map_remedy(rule).text}")
        return found.rules


def _is_fine(args: argparse.Namespace, copy: str) -> bool:
    """Whether a restart of the copy would find all files as they were; what it would not is said."""
    from crimg.cli.counting import Counting
    from crimg.cli.preflight_text import text_lines
    from crimg.preflight import check

    with opened(copy, args.image, quiet=True) as subject:
        with Counting("files", quiet=args.quiet) as counting:
            verdicts = check(subject.image, progress=counting.show)
        fine = all(verdict.fine for verdict in verdicts)
        if not fine:
            _tell(text_lines(subject, verdicts, verbose=args.verbose > 0))
        return fine


def _tell(lines: Iterable[str]) -> None:
    """Findings, on the standard error: the standard output is the command's."""
    try:
        for line in lines:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError as error:
        raise FileError(f"standard error: {error.strerror}") from error
