"""`crimg rewrite` and `crimg undo` of a directory of CRIU."""

from __future__ import annotations

import os
import sys

from crimg.errors import ConflictError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.rewrite.criu import CriuPlan

_NOT_HERE = ("edits", "drop_keeper", "restamp", "save_plan", "plan", "json")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg rewrite DIRECTORY`; the exit status."""
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.cli.rewrite import rules_of
    from crimg.cli.streams import say
    from crimg.reader import criu_store
    from crimg.rewrite.criu import apply, plan, write_copy

    for name in _NOT_HERE:
        if getattr(args, name):
            option = {"edits": "--set"}.get(name, "--" + name.replace("_", "-"))
            raise UsageError(f"{option} does not go with a directory of CRIU")
    rules = rules_of(args)
    if not rules:
        raise UsageError("nothing to do: give --map OLD=NEW or --rules FILE (see crimg rewrite --help)")
    with opened(args.image, quiet=args.quiet) as subject:
        store = criu_store(subject.image)
        if store is None:
            raise UsageError(f"{escape(args.image)}: is no directory of CRIU")
        made = plan(subject.image, store, rules)
        write_lines(_lines(made))
        for text in () if args.quiet else made.unused:
            say(f"note: {text}: decides no path of the image")
        if made.conflicts:
            raise ConflictError(made.conflicts)
        if args.strict and (made.unused or not made.changes):
            raise ConflictError(["a rule decides no path (--strict)" if made.unused else "no change"])
        if args.dry_run or not (made.changes or args.output):
            return 0
        command = (b"crimg", *map(os.fsencode, sys.argv[1:]))
        if args.output:
            write_copy(made, store, args.output)
            done = "is written"
        else:
            done = f"rewrite {apply(made, store, command=command)} is done; crimg undo takes it back"
        if not args.quiet:
            say(f"{escape(args.output or args.image)}: {done}")
    return 0


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
    from crimg.rewrite.criu import undo

    count = int(args.count)
    lines = [f"took back rewrite {undo(args.image)}" for _ in range(count)]
    write_lines([*lines, f"{escape(args.image)}: as it was before"])
    return 0
