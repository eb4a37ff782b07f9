"""`crimg rewrite` and `crimg undo` of a directory or archive of CRIU."""

from __future__ import annotations

import os
import sys

from crimg.errors import ConflictError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.criu.store import CriuStore
    from crimg.rewrite.criu import CriuPlan

_NOT_HERE = ("edits", "drop_keeper", "restamp", "save_plan", "plan", "json")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg rewrite DIRECTORY`; the exit status."""
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.cli.rewrite import check_strict, is_archive_file, rules_of, say_unused
    from crimg.cli.streams import say
    from crimg.reader import criu_store
    from crimg.rewrite.criu import apply, plan, write_copy

    for name in _NOT_HERE:
        if getattr(args, name):
            option = {"edits": "--set"}.get(name, "--" + name.replace("_", "-"))
            raise UsageError(f"{option} does not go with images of CRIU")
    if is_archive_file(args.image) and not (args.output or args.dry_run):
        raise UsageError(f"{escape(args.image)}: an archive is not rewritten in place: give -o FILE")
    rules = rules_of(args)
    if not rules:
        raise UsageError("nothing to do: give --map OLD=NEW or --rules FILE (see crimg rewrite --help)")
    with opened(args.image, quiet=args.quiet) as subject:
        store = criu_store(subject.image)
        if store is None:
            raise UsageError(f"{escape(args.image)}: is no directory of CRIU")
        made = plan(subject.image, store, rules)
        write_lines(_lines(made))
        say_unused(args, made.unused)
        if made.conflicts:
            raise ConflictError(made.conflicts)
        check_strict(args, made.unused, changes=bool(made.changes))
        if args.dry_run or not (made.changes or args.output):
            return 0
        command = (b"crimg", *map(os.fsencode, sys.argv[1:]))
        if args.output:
            if is_archive_file(args.image):
                write_new_archive(made, store, args.output)
            else:
                write_copy(made, store, args.output)
            done = "is written"
        else:
            done = f"rewrite {apply(made, store, command=command)} is done; crimg undo takes it back"
        if not args.quiet:
            say(f"{escape(args.output or args.image)}: {done}")
    return 0


def write_new_archive(made: CriuPlan, store: CriuStore, output: str) -> None:
    """Write a rewritten container checkpoint to a file that appears whole or not at all."""
    from crimg.cli.atomic import AtomicOutput
    from crimg.rewrite.criu import write_archive

    with AtomicOutput(output, sync=True, advice="give another name, or remove it first") as file:
        write_archive(made, store, file.fd)
        file.commit()


def _lines(made: CriuPlan) -> Iterator[str]:
    """Every path that changes, with the rule that says so."""
    count = len(made.changes)
    files = ", ".join(map(escape, made.contents))
    where = f" in {files}" if files else ""
    yield f"{count} path{'s' if count != 1 else ''} to change{where}"
    for change in made.changes:
        number = f" {change.criu_id}" if change.criu_id else ""
        yield f"  {change.place}{number}: {escape(change.before)} -> {escape(change.after)}  ({change.rule})"
    if made.changes:
        yield "  what is in the memory of the tasks (arguments, environment, strings) stays as it is"


def run_undo(args: argparse.Namespace) -> int:
    """Carry out `crimg undo DIRECTORY`; the exit status."""
    from crimg.cli.output import write_lines
    from crimg.cli.rewrite import is_archive_file
    from crimg.rewrite.criu import undo

    if is_archive_file(args.image):
        raise UsageError(f"{escape(args.image)}: an archive is not rewritten in place: nothing to take back")
    count = int(args.count)
    lines = [f"took back rewrite {undo(args.image)}" for _ in range(count)]
    write_lines([*lines, f"{escape(args.image)}: as it was before"])
    return 0
