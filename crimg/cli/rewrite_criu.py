"""`crimg rewrite` and `crimg undo` of a directory or archive of CRIU."""

from __future__ import annotations

import os
import sys

from crimg.errors import ConflictError, UnsoundError, UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.criu.store import CriuStore
    from crimg.model.image import Image
    from crimg.rewrite.criu_plan import CriuPlan


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg rewrite DIRECTORY`; the exit status."""
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.cli.rewrite import check_strict, save_plan, say_unused
    from crimg.reader import criu_store
    from crimg.validate.soundness import check_sound

    _check_options(args)
    with opened(args.image, quiet=args.quiet) as subject:
        image, store = subject.image, criu_store(subject.image)
        if store is None:
            raise UsageError(f"{escape(args.image)}: is no directory of CRIU")
        made = _load(args, image, store) if args.plan else _plan(args, image, store)
        lines = list(_json_lines(made, image) if args.json else text_lines(made))
        write_lines(lines)
        say_unused(args, made.unused)
        if made.conflicts:
            raise ConflictError(made.conflicts)
        check_strict(args, made.unused, changes=bool(made.changes))
        try:
            if not args.force:
                check_sound(image)
        except UnsoundError as error:
            raise UnsoundError(f"{error}; --force rewrites it all the same") from error
        if args.save_plan:
            save_plan(args.save_plan, _json_lines(made, image))
        elif not args.dry_run and (made.changes or args.output):
            _write(args, made, store)
    return 0


def _check_options(args: argparse.Namespace) -> None:
    from crimg.cli.rewrite import is_archive_file

    if args.drop_keeper:
        raise UsageError(
            "--drop-keeper does not go with images of CRIU, which have no way to say so: crimg redact"
            " --contents-of N takes the contents out"
        )
    if is_archive_file(args.image) and not (args.output or args.dry_run or args.save_plan):
        raise UsageError(f"{escape(args.image)}: an archive is not rewritten in place: give -o FILE")


def _plan(args: argparse.Namespace, image: Image, store: CriuStore) -> CriuPlan:
    from crimg.cli.preflight import seconds
    from crimg.cli.rewrite import edits_of, rules_of
    from crimg.rewrite.criu import plan
    from crimg.rewrite.criu_restamp import CriuRestamp

    rules, edits = rules_of(args), edits_of(args)
    if not (rules or edits or args.restamp):
        raise UsageError("nothing to do: give --map OLD=NEW or --rules FILE (see crimg rewrite --help)")
    restamp = CriuRestamp(args.root, seconds(args.timeout)) if args.restamp else None
    return plan(image, store, rules, edits=edits, restamp=restamp)


def _load(args: argparse.Namespace, image: Image, store: CriuStore) -> CriuPlan:
    from crimg.cli.rewrite import saved_plan
    from crimg.rewrite.criu import plan_again
    from crimg.rewrite.criu_json import load_plan

    return plan_again(image, store, load_plan(saved_plan(args)))


def _write(args: argparse.Namespace, made: CriuPlan, store: CriuStore) -> None:
    """Carry the plan out, and say where."""
    from crimg.cli.rewrite import is_archive_file
    from crimg.cli.streams import say
    from crimg.rewrite.criu_applying import apply, write_copy

    if args.output:
        if is_archive_file(args.image):
            write_new_archive(made, store, args.output)
        else:
            write_copy(made, store, args.output)
        done = "is written"
    else:
        command = (b"crimg", *map(os.fsencode, sys.argv[1:]))
        done = f"rewrite {apply(made, store, command=command)} is done; crimg undo takes it back"
    if not args.quiet:
        say(f"{escape(args.output or args.image)}: {done}")


def write_new_archive(made: CriuPlan, store: CriuStore, output: str) -> None:
    """Write a rewritten container checkpoint to a file that appears whole or not at all."""
    from crimg.cli.atomic import AtomicOutput
    from crimg.rewrite.criu_applying import write_archive

    with AtomicOutput(output, sync=True, advice="give another name, or remove it first") as file:
        write_archive(made, store, file.fd)
        file.commit()


def text_lines(made: CriuPlan) -> Iterator[str]:
    """Every value that changes, with the rule that says so."""
    count = sum(change.is_path for change in made.changes)
    files = ", ".join(map(escape, made.contents))
    where = f" in {files}" if files else ""
    yield f"{count} path{'s' if count != 1 else ''} to change{where}"
    for change in made.changes:
        number = f" {change.criu_id}" if change.criu_id else ""
        sides = f"{_shown(change.place, change.before)} -> {_shown(change.place, change.after)}"
        yield f"  {change.place}{number}: {sides}  ({change.rule})"
    if count:
        yield "  what is in the memory of the tasks (arguments, environment, strings) stays as it is"
    yield from (f"note: {note}" for note in made.notes)
    if made.conflicts:
        yield "conflicts: nothing is written"
        yield from (f"  {conflict}" for conflict in made.conflicts)


def _shown(place: str, value: bytes | int | None) -> str:
    if place == "build_id" and isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bytes):
        return escape(value)
    return "none" if value is None else f"0{value:o}" if place == "mode" else str(value)


def _json_lines(made: CriuPlan, image: Image) -> Iterator[str]:
    from crimg.cli.json_text import object_lines
    from crimg.rewrite.criu_json import dump_plan

    members = dump_plan(made, image)
    return object_lines(members["kind"], list(members.items())[2:])  # "crimg" and "kind" come first


def run_undo(args: argparse.Namespace) -> int:
    """Carry out `crimg undo DIRECTORY`; the exit status."""
    from crimg.cli.output import write_lines
    from crimg.cli.rewrite import is_archive_file
    from crimg.rewrite.criu_applying import undo

    if is_archive_file(args.image):
        raise UsageError(f"{escape(args.image)}: an archive is not rewritten in place: nothing to take back")
    count = int(args.count)
    lines = [f"took back rewrite {undo(args.image)}" for _ in range(count)]
    write_lines([*lines, f"{escape(args.image)}: as it was before"])
    return 0
