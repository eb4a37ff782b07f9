"""Bring the process of an image back.

The image is checked first (as by `crimg validate`), then its files (as by `crimg preflight`). Files are
opened before anything else, and each is held once more against what was seen, now on the open descriptor; the
process gets these very descriptors, and its mappings are made of them. Nothing runs until all is in place:
whatever fails leaves no process and no file behind.

With --lazy it runs before all its memory is in: another process brings in what it touches, and meanwhile the
rest, and ends when all is in. This takes CAP_SYS_PTRACE, and Linux 6.6 (userfaultfd).

The process id is printed. The process is in the background; --wait stays until it ends, and
passes signals, Ctrl-C among them, on to it. With --tty the process gets this terminal, with the settings that
it had made, and is in its foreground; where it is stopped (Ctrl-Z), so is this command.

Exit status: 0 it runs; with --wait its own, 128 + N where signal N ended it; 1 files are not as they were;
2 usage; 3 not a sound image; 4 the kernel refused; 5 it cannot be brought back faithfully.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal

from crimg.cli.opening import opened
from crimg.cli.preflight import add_looking, path_rules, seconds
from crimg.errors import UnsupportedResourceError, UsageError
from crimg.escape import escape, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from crimg.preflight import Verdict
    from crimg.restart.steps import Plan
    from crimg.rewrite.rules import PathRules


_PASSED_ON = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGCONT),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help="image file")
    parser.add_argument("-n", "--dry-run", action="store_true", help="print the steps, and do nothing")
    parser.add_argument("--json", action="store_true", help="with -n: JSON (specs/restart.schema.json)")
    leave = parser.add_mutually_exclusive_group()
    leave.add_argument("--detach", action="store_true", help="end when it runs (default)")
    leave.add_argument("--wait", action="store_true", help="stay until the process ends, and end as it does")
    parser.add_argument("--tty", action="store_true",
                        help="give it this terminal in place of its own; implies --wait")  # fmt: skip
    parser.add_argument("--lazy", action="store_true",
                        help="let it run before all memory is in; it comes as it is touched")  # fmt: skip
    parser.add_argument("--new-pids", action="store_true",
                        help="take any process and thread ids, instead of those of the image")  # fmt: skip
    group = parser.add_argument_group("files")
    group.add_argument("--map", dest="rules", metavar="OLD=NEW", action="append", default=[],
                       help=r"take what is below NEW for what was below OLD (repeatable)")  # fmt: skip
    group.add_argument("--rules", dest="rule_files", metavar="FILE", action="append", default=[],
                       help="such rules in TOML (specs/rewriting.md)")  # fmt: skip
    group.add_argument("--accept", metavar="FILE=VERDICT", action="append", default=[],
                       help="go on although the verdict on FILE (a path, or #N) is this one")  # fmt: skip
    group.add_argument("--deleted-in", metavar="DIR",
                       help="make deleted files in DIR, instead of the directories they were in")  # fmt: skip
    group.add_argument("--digest", action="store_true",
                       help="read every file whose digest was recorded")  # fmt: skip
    add_looking(group)


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg restart`; the exit status."""
    from crimg import restart
    from crimg.cli.output import write_lines
    from crimg.cli.streams import say
    from crimg.cli.terminal import wait_in_foreground
    from crimg.preflight import check
    from crimg.reader import criu_store
    from crimg.restart.terminal import TerminalState, own_terminal
    from crimg.validate.soundness import check_sound

    if args.json and not args.dry_run:
        raise UsageError("--json goes with --dry-run")
    if args.detach and args.tty:
        raise UsageError("--tty stays until the process ends: it does not go with --detach")
    timeout, rules = seconds(args.timeout), _rules(args.rules, args.rule_files)
    terminal = own_terminal() if args.tty else None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # every open file takes a descriptor here, too
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with opened(args.image, quiet=args.quiet) as subject, contextlib.ExitStack() as stack:
        image = subject.image
        if criu_store(image) is not None:
            raise UsageError(
                f"{escape(args.image)}: is of CRIU: criu restore restarts it; crimg preflight tells what that"
                " would refuse"
            )
        pages = stack.enter_context(restart.page_server(image)) if args.lazy and not args.dry_run else None
        check_sound(image, thorough=True)
        verdicts = check(image, root=args.root, rules=rules, timeout=timeout, digests=args.digest)
        try:
            plan = restart.plan(
                image,
                verdicts,
                new_pids=args.new_pids,
                accept=_accepted(args.accept, verdicts),
                terminal=terminal,
                lazy=args.lazy,
            )
        except UnsupportedResourceError as error:
            for problem in error.problems:
                say(problem)
            raise
        if args.dry_run:
            write_lines(_json_lines(plan) if args.json else _text_lines(plan))
            return 0
        for note in () if args.quiet else plan.notes:
            say(f"note: {note}")
        before = TerminalState(terminal) if terminal is not None else None
        done = restart.restart(image, plan, root=args.root, deleted_in=args.deleted_in, pages=pages)
    if done.server and not args.quiet:
        say(f"note: process {done.server} brings the rest of its memory in, and ends then")
    for path in done.left:
        say(f"warning: {escape(path)}: kept a deleted file, and could not be deleted; it is needed no more")
    if before is not None:
        return _end_of(done.pid, lambda: wait_in_foreground(done.pid, before))
    if not args.wait:
        write_lines([str(done.pid)])
        return 0
    return _wait(done.pid)


def _rules(texts: Sequence[str], files: Sequence[str]) -> PathRules:
    """The rules of `--map` and `--rules`. Raises UsageError, FileError."""
    from crimg.rewrite.matching import PREFIX
    from crimg.rewrite.rulefile import read_rules
    from crimg.rewrite.rules import PathRules

    rules = list(path_rules(texts))
    for name in files:
        for rule in read_rules(name):
            if rule.kind != PREFIX or rule.path_rule is None or rule.places or rule.objects:
                text = "has rules that are not for all that is below a path: rewrite a copy of the image"
                raise UsageError(f"{name}: {text} (crimg wrap IMAGE --rules FILE -- crimg restart {{image}})")
            rules.append(rule.path_rule)
    return PathRules(rules)


def _wait(pid: int) -> int:
    """Print the number of process `pid`, wait for its end; its exit status."""
    from crimg.cli.output import write_lines

    def wait() -> None:
        write_lines([str(pid)])
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    return _end_of(pid, wait)


def _end_of(pid: int, wait: Callable[[], None]) -> int:
    """The exit status of process `pid`, for which `wait` waits; signals are passed on to it meanwhile."""

    def pass_on(number: int, _frame: object) -> None:
        os.kill(pid, number)  # not reaped yet: nobody else can have this number

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _accepted(texts: Sequence[str], verdicts: Sequence[Verdict]) -> dict[int, str]:
    """Objref of a file to the verdict that is accepted. Raises UsageError."""
    from crimg.preflight.verdicts import MEANINGS

    found = {}
    for text in texts:
        name, equals, verdict = text.rpartition("=")
        if not equals or verdict not in MEANINGS:
            raise UsageError(f"--accept {escape(text)}: is not FILE=VERDICT ({', '.join(MEANINGS)})")
        number = name[1:] if name.startswith("#") else ""
        objrefs = [
            one.objref
            for one in verdicts
            if (number and str(one.objref) == number) or one.path == unescape(name)
        ]
        if not objrefs:
            raise UsageError(f"--accept {escape(text)}: the image has no such file")
        found.update(dict.fromkeys(objrefs, verdict))
    return found


def _text_lines(plan: Plan) -> list[str]:
    width = len(str(len(plan.steps)))
    lines = [f"{number:{width}d} {step.describe()}" for number, step in enumerate(plan.steps, 1)]
    return lines + [f"note: {note}" for note in plan.notes]


def _json_lines(plan: Plan) -> list[str]:
    import json

    steps = [
        {"step": type(step).__name__, "objects": list(step.objects), "text": step.describe()}
        for step in plan.steps
    ]
    return json.dumps({"steps": steps, "notes": list(plan.notes)}, indent=2).splitlines()
