"""Look for the files of an image in directories, and print the rules that lead to them.

Files that are not as they were under their names are looked for by identity: device and inode, file handle;
on another file system by size and digest, size and build-id, or size and time of change, which is weak and
said to be. Printed is the shortest set of rules OLD=NEW that explains all moves and touches no file that did
not move. What could be several files is listed, and none of them chosen. Nothing is modified.

Exit status: 0 if the rules lead to every file, 1 if some are not found, or more than once, 3 if the image
cannot be read.
"""

from __future__ import annotations

from crimg.cli.opening import opened
from crimg.cli.output import shown_name
from crimg.cli.parser import READ
from crimg.cli.preflight import add_looking, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from crimg.preflight import Relocation, Unsettled
    from crimg.views.subject import Subject

_SHOWN_CANDIDATES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=READ)
    parser.add_argument(
        "directories", metavar="DIR", nargs="+", help="directory to search, with all below it"
    )
    add_looking(parser)
    parser.add_argument("--json", action="store_true", help="JSON (specs/relocate.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg relocate`; the exit status."""
    from crimg.cli.counting import Counting
    from crimg.cli.output import write_lines
    from crimg.preflight import relocate

    timeout = seconds(args.timeout)
    with opened(args.image, quiet=args.quiet) as subject:
        with Counting("directory entries", quiet=args.quiet) as counting:
            found = relocate(
                subject.image, args.directories, root=args.root, timeout=timeout, progress=counting.show
            )
        if args.json:
            from crimg.cli.preflight_json import relocate_lines

            write_lines(relocate_lines(subject, found, args.root))
        else:
            write_lines(text_lines(subject, found, verbose=args.verbose > 0))
    return 0 if found.complete else 1


def text_lines(subject: Subject, found: Relocation, *, verbose: bool) -> Iterator[str]:
    """The report. verbose: with every move, and every candidate."""
    from crimg.escape import escape

    name = shown_name(subject.name)
    lost = len(found.moves) + len(found.ambiguous) + len(found.missing)
    if not lost:
        yield f"{name}: no file has to be looked for"
    else:
        text = f"{len(found.moves)} of {_files(lost)} found, among {found.entries:,} directory entries"
        yield f"{name}: {text}"
    if found.rules:
        yield ""
        yield f"rules: {len(found.rules)}, the fewest that explain this"
        yield from _rule_lines(found)
    if verbose and found.moves:
        yield ""
        yield "found:"
        for move in found.moves:
            yield f"  {_refs(move.objrefs)} {escape(move.old)} -> {escape(move.new)} (by {move.basis})"
    yield from _unsettled_lines(
        "ambiguous: what could be it is listed, none is chosen", found.ambiguous, verbose
    )
    yield from _unsettled_lines("not found:", found.missing, verbose)
    if found.skipped or found.unreadable:
        yield ""
        yield "not searched:"
        for path, reason in sorted(found.skipped.items()):
            yield f"  {escape(path)}: {reason}"
        for path in found.unreadable:
            yield f"  {escape(path)}: could not be read"


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def _refs(objrefs: Sequence[int]) -> str:
    return " ".join(f"#{objref}" for objref in objrefs)


def _rule_lines(found: Relocation) -> Iterator[str]:
    """The rules to paste, and by what the files are known that each is for."""
    from crimg.preflight.remedies import map_remedy
    from crimg.views.moves import basis_words

    for rule, moves in found.by_rule().items():
        yield f"  {map_remedy(rule).text}"
        known = f"files: {basis_words(moves)}" if rule.old != rule.new else "stays out of the rule above it"
        yield f"      {known}"


def _unsettled_lines(title: str, found: Sequence[Unsettled], verbose: bool) -> Iterator[str]:
    from crimg.escape import escape

    if not found:
        return
    yield ""
    yield title
    for one in found:
        what = one.reason or f"{_files(len(one.candidates))} with its {one.basis}"
        yield f"  {_refs(one.objrefs)} {escape(one.old)} ({what})"
        shown = one.candidates if verbose else one.candidates[:_SHOWN_CANDIDATES]
        for path in shown:
            yield f"      {escape(path)}"
        if len(shown) < len(one.candidates):
            yield f"      ... and {len(one.candidates) - len(shown)} more (-v shows them)"
        if one.led_to is not None:
            there = "which is one of them" if one.candidates else "and a directory is there"
            fit = there if one.fits else "which does not fit"
            yield f"      the rules lead it to {escape(one.led_to)}, {fit}"
