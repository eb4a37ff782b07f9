"""What the child (crimg.tui.changing) says of moved files, and of the revisions of an image."""

from __future__ import annotations

import os
import time
from itertools import groupby, islice
from operator import itemgetter

from crimg.compare.history import revisions
from crimg.escape import escape, unescape
from crimg.preflight import relocate
from crimg.tui.sending import batches, send, send_packed
from crimg.views.change_words import object_lines
from crimg.views.moves import basis_words
from crimg.views.revisions import change_words, revision_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.model.image import Image
    from crimg.preflight import Relocation, Unsettled

_EVERY = 0.1
"""Seconds between two messages about progress."""
_MOST_CANDIDATES = 100
"""Paths that are shown for one file."""
_MOST_LINES = 2000
"""Lines about one revision."""


def relocation(image: Image, directories: Sequence[str]) -> None:
    """Look for moved files in these directories (escaped). Raises what `crimg.preflight.relocate` does."""
    following = 0.0

    def progress(entries: int) -> None:
        nonlocal following
        now = time.monotonic()
        if now >= following:
            following = now + _EVERY
            send(entries=entries)

    places = [os.path.expanduser(unescape(text)) for text in directories]
    found = relocate(image, places, progress=progress)
    send(entries=found.entries)
    for rule, moves in found.by_rule().items():
        send(
            rule=(escape(rule.old), escape(rule.new), basis_words(moves) or "stays out of the rule above it")
        )
        rows = ((list(move.objrefs), escape(move.old), escape(move.new), move.basis) for move in moves)
        send_packed("moves", rows, lambda _: None)
    send_packed("unsettled", map(_unsettled, (*found.ambiguous, *found.missing)), lambda row: len(row[3]))
    for batch in batches(_notes(found)):
        send(notes=batch)


def _unsettled(one: Unsettled) -> tuple[list[int], str, str, list[str]]:
    shown = [escape(path) for path in one.candidates[:_MOST_CANDIDATES]]
    return list(one.objrefs), escape(one.old), _why(one), shown


def _why(one: Unsettled) -> str:
    count = len(one.candidates)
    why = one.reason or f"{count} file{'s' if count != 1 else ''} with its {one.basis}"
    return f"{why}; the rules lead it to {escape(one.led_to)}" if one.led_to is not None else why


def _notes(found: Relocation) -> Iterator[str]:
    for path, reason in sorted(found.skipped.items()):
        yield f"not searched: {escape(path)}: {reason}"
    for path in found.unreadable:
        yield f"not searched: {escape(path)}: could not be read"


def past(path: str, name: str) -> None:
    """Send every revision, the last one first. path: that it is read from.  name: of the user's."""
    for revision in revisions(path, escape(name)):
        record = revision_record(revision, os.fsencode(name))
        groups = [(kind, list(rows)) for kind, rows in groupby(record["changes"] or (), itemgetter("kind"))]
        send(
            revision={
                "number": record["revision"],
                "time": record["time"] or "",
                "version": escape(record["tool_version"] or b""),
                "command": " ".join(map(escape, record["command"] or ())),
                "rules": list(map(escape, record["rules"] or ())),
                "note": escape(record["note"] or b""),
                "in_file": record["in_file"],
                "added": record["added_bytes"],
                "summary": [change_words(kind, rows) for kind, rows in groups],
            }
        )
        for batch in batches(_lines(groups)):
            send(lines=batch)


def _lines(groups: list[tuple[str, list[Any]]]) -> Iterator[str]:
    """Every object that a revision changed, with its columns before and after."""
    lines = (line for _, rows in groups for line in object_lines(rows, every=True, verbose=False))
    yield from islice(lines, _MOST_LINES)
    if next(lines, None) is not None:
        yield "  ... and more (crimg log -v lists all)"
