"""Check whether an image is sound, without restarting it.

Every rule is applied in one pass: to the file (checksums, index, revisions), to the references between
objects, to memory, files and tasks. What is found is listed rule by rule, the worst first.

Errors are what a restart would refuse or do wrong; warnings may be as they were; notes are for information.
Exit status: 0 no errors (with --strict: no warnings either), 1 findings, 3 nothing of the file can be read.

A RULE is an id (C301) or the beginning of some (C3, all rules about memory).
"""

from __future__ import annotations

import os
import sys

from crimg.cli.output import shown_name
from crimg.cli.parser import READ
from crimg.collecting import no_collection
from crimg.errors import BadMagicError, FormatError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from crimg.model.image import Image
    from crimg.validate import Finding, Report, Rule

_SHOWN_AT_ONCE = 20
_WORTH_PROGRESS = 256 << 20
_SEVERITIES = ("error", "warning", "note")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", nargs="?", help=READ)
    group = parser.add_argument_group("rules")
    group.add_argument("--rule", metavar="RULE", action="append", default=[], help="apply only these")
    group.add_argument("--ignore", metavar="RULE", action="append", default=[], help="leave these out")
    group.add_argument("--explain", metavar="RULE", help="print the page of a rule; all: list the rules")
    group.add_argument("--strict", action="store_true", help="warnings make exit status 1 too")
    group.add_argument(
        "--no-page-data",
        dest="page_data",
        action="store_false",
        help="leave the checksums of memory and of kept files out: only tables are read",
    )
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="JSON (specs/validate.schema.json)")
    group.add_argument(
        "--all", action="store_true", help=f"on a terminal, more than {_SHOWN_AT_ONCE} findings of a rule"
    )


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg validate`; the exit status."""
    from crimg.cli.output import write_lines
    from crimg.validate import select

    if args.explain is not None:
        if args.image is not None:
            raise UsageError("--explain takes a rule, and no image")
        write_lines(_rule_list() if args.explain == "all" else _pages(select([args.explain])))
        return 0
    if args.image is None:
        raise UsageError("which IMAGE? (see crimg validate --help)")
    rules = select(args.rule, args.ignore)
    with no_collection():
        return _validate(args, rules)


def _validate(args: argparse.Namespace, rules: list[Rule]) -> int:
    from crimg.cli.output import write_lines
    from crimg.cli.streams import say
    from crimg.cli.torn import note_torn
    from crimg.validate import open_for_check, validate

    try:
        image = open_for_check(args.image)
    except FormatError as error:
        hint = "; this is no image of crimg" if isinstance(error, BadMagicError) and not error.offset else ""
        raise FormatError(f"{shown_name(args.image)}: {error}{hint}") from error
    with image:
        note_torn(image, args.image, quiet=args.quiet)
        report = validate(image, rules, page_data=args.page_data, progress=_progress(args, image))
        lines = _json_lines if args.json else _text_lines
        write_lines(lines(args, image, report))
        unnamed = image.damage and not any(
            finding.rule.startswith(("C1", "C6")) for finding in report.findings
        )
        for damage in image.damage if unnamed else ():
            say(f"damaged: {damage}")
        return 0 if report.is_sound(strict=args.strict) and not image.damage else 1


def _rule_list() -> Iterator[str]:
    """Every rule in one line."""
    from crimg.cli.output import folded
    from crimg.validate import FAMILIES, RULES

    for family, what in FAMILIES.items():
        yield f"{family}xx  {what}"
        for rule_id, rule in sorted(RULES.items()):
            if rule_id.startswith(family):
                yield from folded(f"  {rule_id}  {rule.severity.name.lower():<7}  ", rule.title)


def _pages(rules: list[Rule]) -> Iterator[str]:
    """What there is to know of these rules."""
    from crimg.cli.output import folded

    for number, rule in enumerate(rules):
        if number:
            yield ""
        yield from folded(f"{rule.id}  {rule.severity.name.lower()}  ", rule.title)
        for text in [*rule.reasons, f"Remedy: {rule.remedy}"]:
            yield ""
            yield from folded("  ", text)


def _text_lines(args: argparse.Namespace, image: Image, report: Report) -> Iterator[str]:
    """The findings, rule by rule, and a line that counts them."""
    from crimg.cli.output import folded, terminal_columns

    limit = _SHOWN_AT_ONCE if terminal_columns() is not None and not args.all else len(report.findings)
    groups: dict[str, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.rule, []).append(finding)
    for found in groups.values():
        yield from _group(args, image, found, limit)
        yield ""
    if report.skipped:
        yield "Not checked, since parts of the image are lost:"
        yield from folded("  ", " ".join(report.skipped))
    yield _summary(args, report)


def _group(args: argparse.Namespace, image: Image, found: list[Finding], limit: int) -> Iterator[str]:
    from crimg.validate import RULES

    rule = RULES[found[0].rule]
    yield f"{rule.severity.name.lower()} {rule.id}  {rule.title}"
    for finding in found[:limit]:
        yield f"  {_where(finding, args.verbose)}{finding.text}"
    if len(found) > limit:
        yield f"  ... and {len(found) - limit} more (--all shows them)"
    yield f"  look:   {' '.join(map(_quoted, _look(args, image, found[0])))}"
    yield f"  remedy: {rule.remedy}"


def _where(finding: Finding, verbose: int) -> str:
    place = finding.place
    words = [f"#{place.objref}"] if place.objref is not None else []
    words += [place.label] if place.label else []
    if place.offset is not None and (verbose or place.objref is None):
        inside = f"section {place.section}, " if place.section is not None and place.kind else ""
        words.append(f"at {place.offset:#x}" if not inside else f"({inside}{place.offset:#x})")
    return " ".join(words) + ": " if words else ""


def _look(args: argparse.Namespace, image: Image, finding: Finding) -> list[str]:
    """The command that shows what a finding is about."""
    words = ["crimg", "inspect", args.image]
    if finding.place.objref is not None:
        words += ["--object", str(finding.place.objref)]
    elif finding.place.offset is not None:
        words.append("--sections")
    return words + (["--salvage"] if image.damage else [])


def _quoted(word: str) -> str:
    """A word for a shell, fit for a terminal."""
    from crimg.escape import escape

    if word.isascii() and word.replace("/", "").replace(".", "").replace("-", "").replace("_", "").isalnum():
        return word
    import shlex

    return escape(shlex.quote(word))


def _summary(args: argparse.Namespace, report: Report) -> str:
    from crimg.validate import Severity

    counts = [(report.count(Severity[name.upper()]), name) for name in _SEVERITIES]
    told = [f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count]
    verdict = ", ".join(told) or "sound"
    pages = "" if report.page_data else "; checksums of page data were not looked at"
    more = f"; crimg validate --explain {report.findings[0].rule} tells more" if report.findings else ""
    rules = f"{len(report.checked)} rule{'s' if len(report.checked) != 1 else ''}"
    return f"{shown_name(args.image)}: {verdict} ({rules}{pages}){more}"


def _json_lines(args: argparse.Namespace, image: Image, report: Report) -> Iterator[str]:
    from crimg.cli.inspect_json import document
    from crimg.validate import Severity
    from crimg.views.subject import Subject

    counts = {name: report.count(Severity[name.upper()]) for name in _SEVERITIES}
    findings = [{**each.as_dict(), "look": _look(args, image, each)} for each in report.findings]
    members = [
        ("sound", report.is_sound() and not image.damage),
        ("counts", counts),
        ("rules", {"checked": list(report.checked), "skipped": list(report.skipped)}),
        ("page_data", report.page_data),
        ("findings", findings),
    ]
    return document("validate", Subject(image, os.fsencode(args.image), salvage=True), members)


def _progress(args: argparse.Namespace, image: Image) -> Callable[[int, int], None] | None:
    """A line that tells how far the checksums are, on a terminal and for long work only."""
    if args.quiet or sys.stderr is None or not sys.stderr.isatty() or image.size < _WORTH_PROGRESS:
        return None

    def show(done: int, total: int) -> None:
        end = "\r\x1b[K" if done == total else ""
        sys.stderr.write(f"\rchecksums: {100 * done // max(total, 1)} %{end}")
        sys.stderr.flush()

    return show
