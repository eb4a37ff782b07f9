"""Rewrite the paths of an image, so that it comes back right where its files are now.

The plan is printed: every path that changes, who refers to it, and the rule that says so. What it changes
is then written behind the image as a new revision. Nothing is written where something speaks against it: two
files at one path, a path that another file has, a path that can be none.

Rules match whole components; what reaches furthest wins, so their order means nothing; a path that was
rewritten is not rewritten again.

Exit status: 0 done, or nothing to be done; 1 conflicts, or the image is not the one the plan was made from; 2
usage; 3 not a sound image.
"""

from __future__ import annotations

import json
import os
import stat
import sys

from crimg.cli.parser import IMAGE
from crimg.errors import ConflictError, UnsoundError, UsageError
from crimg.escape import escape, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any

    from crimg.model.image import Image
    from crimg.rewrite import Plan, Rule


_LONGEST_PLAN = 1 << 30
_ADVICE = "give another name, or remove it first"
"""What to do about an output that is there: --force has another meaning here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=IMAGE)
    group = parser.add_argument_group("rules")
    add_rules(group)
    add_edits(group)
    group.add_argument("--drop-keeper", metavar="N", action="append", default=[],
                       help="give up the kept contents of deleted file N; all: of all")  # fmt: skip
    group.add_argument("--restamp", action="store_true",
                       help="take the evidence of the files now at the new paths")  # fmt: skip
    group.add_argument("--root", metavar="DIR", default="/", help='with --restamp: take DIR for "/"')
    group.add_argument("--timeout", metavar="SECONDS", default="5",
                       help="with --restamp: time a file system has for an answer (default 5)")  # fmt: skip
    group = parser.add_argument_group("plan")
    group.add_argument("-o", "--output", metavar="FILE", help="leave the image alone, and write a new one")
    group.add_argument("-n", "--dry-run", action="store_true", help="print the plan, and write nothing")
    group.add_argument(
        "--save-plan", metavar="FILE", help="write the plan to FILE, and leave the image alone"
    )
    group.add_argument("--plan", metavar="FILE", help="carry out the plan in FILE")
    group.add_argument("--strict", action="store_true", help="refuse rules that decide nothing")
    group.add_argument("--force", action="store_true", help="rewrite an image that is not sound, too")
    group.add_argument("--json", action="store_true", help="JSON (specs/rewrite.schema.json)")


def add_rules(group: argparse._ActionsContainer) -> None:
    """Declare the options that are rules."""
    group.add_argument("--map", dest="maps", metavar="OLD=NEW", action="append", default=[],
                       help=r"what is below OLD is below NEW (repeatable; = in a path is \=)")  # fmt: skip
    group.add_argument(
        "--only",
        metavar="PLACE[,PLACE]",
        help="limit --map to fd, vma, exe, cwd, root, socket, keeper, mount",
    )
    group.add_argument("--exact", metavar="OLD=NEW", action="append", default=[], help="this path alone")
    group.add_argument("--keeper-area", dest="areas", metavar="OLD=NEW", action="append", default=[],
                       help="what keeps deleted files below OLD is below NEW")  # fmt: skip
    group.add_argument("--rules", dest="files", metavar="FILE", action="append", default=[],
                       help="rules in TOML (specs/rewriting.md)")  # fmt: skip


def add_edits(group: argparse._ActionsContainer) -> None:
    """Declare the option for single objects."""
    group.add_argument("--set", dest="edits", metavar="N=PATH", action="append", default=[],
                       help="object N gets this path")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg rewrite`; the exit status."""
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.cli.rewrite_text import json_lines, text_lines
    from crimg.cli.streams import say
    from crimg.rewrite.applying import check_applicable

    _check_options(args)
    if is_of_criu(args.image):
        from crimg.cli.rewrite_criu import run as run_on_directory

        return run_on_directory(args)
    with opened(args.image, quiet=args.quiet) as subject:
        image = subject.image
        plan = _load(args) if args.plan else _plan(args, image)
        lines = json_lines(plan) if args.json else text_lines(subject, plan, verbose=args.verbose > 0)
        write_lines(lines)
        say_unused(args, plan.unused_rules)
        if plan.conflicts:
            raise ConflictError([conflict.text for conflict in plan.conflicts])
        check_strict(args, plan.unused_rules, changes=bool(plan.changes))
        try:
            if (plan.changes or args.output) and not (args.dry_run or args.save_plan):
                revision = _write(args, plan, image)
                if not args.quiet:
                    what = f"revision {revision} is written" if plan.changes else "a copy, nothing is changed"
                    say(f"{escape(args.output or args.image)}: {what}")
                return 0
            check_applicable(plan, image, force=args.force)
        except UnsoundError as error:
            raise UnsoundError(f"{error}; --force rewrites it all the same") from error
        if args.save_plan:
            save_plan(args.save_plan, json_lines(plan))
    return 0


def say_unused(args: argparse.Namespace, rules: Iterable[str]) -> None:
    """Say which rules decide no path."""
    from crimg.cli.streams import say

    for text in () if args.quiet else rules:
        say(f"note: {text}: decides no path of the image")


def check_strict(args: argparse.Namespace, rules: Collection[str], *, changes: bool = True) -> None:
    """With --strict, raise ConflictError for rules that decide no path, and where nothing changes."""
    if args.strict and (rules or not changes):
        raise ConflictError(["a rule decides no path (--strict)" if rules else "no change"])


def is_of_criu(name: str) -> bool:
    """Whether an image is a directory, or an archive: of CRIU then."""
    try:
        return os.path.isdir(name) or is_archive_file(name)
    except ValueError:
        return False


def is_archive_file(name: str) -> bool:
    """Whether an image is a container checkpoint. What cannot be read is said where it is opened."""
    from crimg.reader import HEAD, is_archive

    try:
        with open(name, "rb", opener=_without_waiting) as file:
            return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and is_archive(file.read(HEAD))
    except OSError:
        return False


def _without_waiting(name: str, flags: int) -> int:
    """Open a file; a FIFO does not block that."""
    return os.open(name, flags | os.O_NONBLOCK)


def _check_options(args: argparse.Namespace) -> None:
    """Raise UsageError for options of which one would silently be left out."""
    if args.image == "-" and not (args.dry_run or args.save_plan):
        raise UsageError("the standard input cannot be rewritten: give a file")
    if args.save_plan and (args.dry_run or args.output):
        other = "-n" if args.dry_run else "-o"
        raise UsageError(f"{other} does not go with --save-plan, which writes the plan and nothing else")
    if args.output == "-" or args.save_plan == "-":
        raise UsageError("the standard output cannot be taken here: give a file (--json prints the plan)")
    if args.root != "/" and not args.restamp:
        raise UsageError("--root goes with --restamp")


def _write(args: argparse.Namespace, plan: Plan, image: Image) -> int:
    """Carry the plan out on the image, or on a copy of it; the revision."""
    from crimg.cli.atomic import AtomicOutput, remove_leftovers
    from crimg.cli.counting import Counting
    from crimg.rewrite.applying import apply
    from crimg.writer.copying import copy_image

    command = (b"crimg", *map(os.fsencode, sys.argv[1:]))
    if not args.output:
        remove_leftovers(os.path.realpath(args.image), quiet=args.quiet)
        return apply(plan, args.image, image=image, force=args.force, command=command)
    with AtomicOutput(args.output, sync=True, advice=_ADVICE, quiet=args.quiet) as output:
        with Counting("bytes copied", quiet=args.quiet) as counting:
            copy_image(args.image, output.fd, counting.show)
        copy = f"/proc/self/fd/{output.fd}"
        revision = apply(plan, copy, image=image, force=args.force, command=command, name=args.output)
        output.commit()
    return revision


def rules_of(args: argparse.Namespace) -> list[Rule]:
    """The rules of the options of `add_rules`. Raises UsageError, FileError."""
    from crimg.rewrite.matching import EXACT, PREFIX
    from crimg.rewrite.rulefile import read_rules

    if args.only is not None and not args.maps:
        raise UsageError("--only limits --map, and there is none")
    only = args.only.split(",") if args.only is not None else []
    rules = [_rule("--map", PREFIX, text, only) for text in args.maps]
    rules += [_rule("--exact", EXACT, text, []) for text in args.exact]
    rules += [_rule("--keeper-area", PREFIX, text, ["keeper"]) for text in args.areas]
    for name in args.files:
        rules += read_rules(name)
    return rules


def _rule(option: str, kind: str, text: str, places: list[str]) -> Rule:
    from crimg.rewrite.matching import Rule
    from crimg.rewrite.rules import parse_sides

    try:
        return Rule(kind, *parse_sides(text), places=places)
    except UsageError as error:
        raise UsageError(f"{option} {escape(text)}: {error}") from error


def is_number(text: str) -> bool:
    """Whether this can be the number of an object."""
    return text.isascii() and text.isdecimal() and len(text) < 20  # int() refuses very many digits


def edits_of(args: argparse.Namespace) -> dict[int, bytes]:
    """The paths of the options of `add_edits`, by objref. Raises UsageError."""
    edits: dict[int, bytes] = {}
    for text in args.edits:
        number, equals, path = text.partition("=")
        if not equals or not is_number(number):
            raise UsageError(f"--set {escape(text)}: is not N=PATH")
        if int(number) in edits:
            raise UsageError(f"--set {escape(text)}: object {int(number)} has another path by --set already")
        edits[int(number)] = unescape(path)
    return edits


def _plan(args: argparse.Namespace, image: Image) -> Plan:
    from crimg.cli.preflight import seconds
    from crimg.rewrite.planning import inodes_with_keepers, plan
    from crimg.rewrite.restamp import Restamp

    rules = rules_of(args)
    edits = edits_of(args)
    if not (rules or edits or args.drop_keeper or args.restamp):
        raise UsageError(
            "nothing to do: give --map OLD=NEW, --rules FILE or others (see crimg rewrite --help)"
        )
    objrefs = None if "all" in args.drop_keeper else [_number(text) for text in args.drop_keeper]
    return plan(
        image,
        rules,
        edits=edits,
        drop_keepers=inodes_with_keepers(image, objrefs),
        restamp=Restamp(args.root, seconds(args.timeout)) if args.restamp else None,
    )


def _number(text: str) -> int:
    if not is_number(text):
        raise UsageError(f"--drop-keeper {escape(text)}: is no number of an object, nor all")
    return int(text)


def _load(args: argparse.Namespace) -> Plan:
    from crimg.rewrite.changes import Plan

    return Plan.from_json(saved_plan(args))


def saved_plan(args: argparse.Namespace) -> Any:
    """What is in the file of --plan. Raises UsageError, FileError."""
    from crimg.rewrite.rulefile import read_whole

    given = [args.maps, args.exact, args.areas, args.files, args.edits, args.drop_keeper, args.restamp]
    if any(given) or args.only is not None:
        raise UsageError("--plan takes no further rules: they are in the plan")
    try:
        return json.loads(read_whole(args.plan, _LONGEST_PLAN))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{escape(args.plan)}: is no JSON: {error}") from error


def save_plan(name: str, lines: Iterator[str]) -> None:
    """Write the lines of a plan to a new file."""
    from crimg.cli.atomic import AtomicOutput

    with AtomicOutput(name, advice=_ADVICE) as output:
        output.write(_encoded(lines))
        output.commit()


def _encoded(lines: Iterator[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
