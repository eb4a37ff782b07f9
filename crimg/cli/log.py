"""List the revisions of an image, the last one first: when, by which command, and what it changed.

Of each is said which columns of how many objects it changed, and by how many bytes the file grew; -v lists
every object with its columns before and after. Revisions from before a compaction are known from the history
alone: what they changed is not to be had any more. They are marked, since numbers begin at 1 again there.

Exit status: 0 if the image can be read, 3 if not.
"""

from __future__ import annotations

from crimg.errors import UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

    from crimg.compare.history import Revision

    Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help="image file")
    parser.add_argument("--json", action="store_true", help="JSON (specs/log.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg log`; the exit status."""
    from crimg.cli.inspect_json import document
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.compare.history import revisions

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


def revision_record(revision: Revision, name: bytes) -> Row:
    """What is to be said of one revision. name: of the image file."""
    from crimg.views import words
    from crimg.views.changes import object_change_records
    from crimg.views.subject import Subject

    entry = revision.entry
    changes = None
    if revision.difference is not None and revision.before is not None and revision.after is not None:
        before, after = Subject(revision.before, name), Subject(revision.after, name)
        changes = object_change_records(before, after, revision.difference)
    return {
        "revision": revision.number,
        "time": words.utc(entry.time) if entry is not None else None,
        "tool_version": entry.tool_version.encode() if entry is not None else None,
        "command": list(entry.command) if entry is not None else None,
        "rules": list(entry.rules) if entry is not None else None,
        "note": entry.note.encode() if entry is not None else None,
        "in_file": revision.after is not None,
        "added_bytes": revision.added,
        "changes": changes,
    }


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
            from crimg.cli.diff_text import object_lines

            yield f"  {kind.replace('_', ' ')}"
            for line in object_lines(group, every=True, verbose=True):
                yield f"  {line}"
        else:
            yield f"  changed: {_short(kind, group)}"


def _short(kind: str, rows: list[Row]) -> str:
    """ "2 file: path, position; 1 added": how many objects of a kind, and in which columns."""
    counts = {change: sum(row["change"] == change for row in rows) for change in ("changed", "added", "gone")}
    columns = dict.fromkeys(field["name"] for row in rows for field in row["fields"])
    parts = [f"{counts['changed']} ({', '.join(map(escape, columns))})"] if counts["changed"] else []
    parts += [f"{counts[change]} {change}" for change in ("added", "gone") if counts[change]]
    return f"{kind.replace('_', ' ')}: {', '.join(parts)}"
