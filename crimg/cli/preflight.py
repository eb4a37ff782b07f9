"""Compare an image with the files of this machine: would it come back right here?

Every file that the image refers to is looked at, and gets a verdict: replaced, missing, unreachable, changed,
moved, kept or same, with the evidence, what a restart would do, and what would mend it. Nothing is modified:
--map asks what would be if paths were rewritten.

Exit status: 0 if all files are as they were, 1 if some are not, 3 if the image cannot be read.
"""

from __future__ import annotations

from crimg.cli.opening import opened
from crimg.cli.parser import READ
from crimg.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from crimg.preflight import Verdict
    from crimg.rewrite.rules import PathRules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=READ)
    parser.add_argument(
        "--map",
        dest="rules",
        metavar="OLD=NEW",
        action="append",
        default=[],
        help=r"look below NEW for what was below OLD (repeatable; = in a path is \=)",
    )
    parser.add_argument(
        "--digest",
        action="store_true",
        help="read every file whose digest was recorded, also where its inode shows no change",
    )
    add_looking(parser)
    parser.add_argument("--json", action="store_true", help="JSON (specs/preflight.schema.json)")


def add_looking(parser: argparse._ActionsContainer) -> None:
    """Declare the options about where and how files are looked at."""
    parser.add_argument("--root", metavar="DIR", default="/", help='take DIR for "/"')
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        default="5",
        help="give a file system so long for an answer (default 5)",
    )


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg preflight`; the exit status."""
    from crimg.cli.counting import Counting
    from crimg.cli.output import write_lines
    from crimg.preflight import check

    rules = path_rules(args.rules)
    timeout = seconds(args.timeout)
    with opened(args.image, quiet=args.quiet) as subject:
        with Counting("files", quiet=args.quiet) as counting:
            verdicts = check(
                subject.image,
                root=args.root,
                rules=rules,
                timeout=timeout,
                digests=args.digest,
                progress=counting.show,
            )
        if args.json:
            from crimg.cli.preflight_json import preflight_lines

            write_lines(preflight_lines(subject, verdicts, rules, args.root))
        else:
            from crimg.cli.preflight_text import text_lines

            write_lines(text_lines(subject, verdicts, verbose=args.verbose > 0))
        if not args.quiet:
            _say_unused(rules, verdicts)
    return 0 if all(verdict.fine for verdict in verdicts) else 1


def path_rules(texts: Sequence[str]) -> PathRules:
    """The rules of `--map` options. Raises UsageError."""
    from crimg.rewrite.rules import PathRules, parse_rule

    return PathRules(parse_rule(text) for text in texts)


def seconds(text: str) -> float:
    """A time limit. Raises UsageError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:
        raise UsageError(f"--timeout {text}: is no number of seconds above 0, at most a day")
    return value


def _say_unused(rules: PathRules, verdicts: Sequence[Verdict]) -> None:
    from crimg.cli.streams import say
    from crimg.rewrite.rules import format_rule

    used = {rules.find(verdict.path) for verdict in verdicts}
    for rule in rules:
        if rule not in used:
            say(f"note: --map {format_rule(rule)} matches no path of the image")
