"""List the revisions of an image, the last one first: when, by which command, and what it changed.

Of each is said which columns of how many objects it changed, and by how many bytes the file grew; -v lists
every object with its columns before and after. Revisions from before a compaction are known from the history
alone: what they changed is not to be had any more. They are marked, since numbers begin at 1 again there.

Exit status: 0 if the image can be read, 3 if not.
"""

from __future__ import annotations

from crimg.cli.parser import IMAGE
from crimg.errors import UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

    Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=IMAGE)
    parser.add_argument("--json", action="store_true", help="JSON (specs/log.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg log`; the exit status."""
    from crimg.cli.inspect_json import document
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.compare.history import revisions
    from crimg.views.revisions import revision_record

    if args.image == "-":
        raise UsageError("the standard input can be read once only; give a file")
    with opened(args.image, quiet=args.quiet) as last:
        found = revisions(args.image, escape(args.image))
        records = (revision_record(revision, last.name) for revision in found)
        if args.json:
            write_lines(document("log", last, [("revisions", list(records))]))
        else:
            write_lines(_text_lines(records, verbose=args.verbose > 0))
    return 0


def _text_lines(records: Iterator[Row], *, verbose: bool) -> Iterator[str]:
    for number, record in enumerate(records):
        if number:
            yield ""
        when = record["time"] or "no entry in the history"
        version = f"  crimg {escape(record['tool_version'])}" if record["tool_version"] else ""
        added = f"  {record['added_bytes']:,} bytes" if record["added_bytes"] is not None else ""
        mark = "" if record["in_file"] else " (before a compaction)"
        yield f"revision {record['revision']}{mark}  {when}{version}{added}"
        if record["command"]:
            yield f"  command: {' '.join(map(escape, record['command']))}"
        for rule in record["rules"] or ():
            yield f"  rule:    {escape(rule)}"
        if record["note"]:
            yield f"  note:    {escape(record['note'])}"
        yield from _change_lines(record, verbose=verbose)


def _change_lines(record: Row, *, verbose: bool) -> Iterator[str]:
    from itertools import groupby
    from operator import itemgetter

    from crimg.views.revisions import change_words

    if not record["in_file"]:
        yield "  changed: not to be had any more, the image was compacted since"
        return
    changes = record["changes"]
    if changes is None:
        return
    if not changes:
        yield "  changed: nothing"
    for kind, rows in groupby(changes, key=itemgetter("kind")):
        group = list(rows)
        if verbose:
            from crimg.views.change_words import object_lines

            yield f"  {kind.replace('_', ' ')}"
            for line in object_lines(group, every=True, verbose=True):
                yield f"  {line}"
        else:
            yield f"  changed: {change_words(kind, group)}"
