"""A child of the application that compares two images: `python -m crimg.tui.comparing`.

Its words are those of crimg.tui.pinned, twice. It says, as crimg.tui.sending has it: progress (bytes of
memory), changes (kind, change, place in either image or null, what, columns), memory (title, runs), and in
the end a summary.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from operator import itemgetter

from crimg.collecting import no_collection
from crimg.compare import Side, compare
from crimg.errors import CrimgError
from crimg.escape import escape
from crimg.tui.pinned import open_pinned
from crimg.tui.places import place_of
from crimg.tui.sending import send, send_packed
from crimg.views.change_words import count_words, field_text, pages_text, summary
from crimg.views.changes import memory_change_records, object_change_records
from crimg.views.subject import Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.compare import Difference
    from crimg.model.record import Record

_NICE = 5


def _pairs(found: Difference) -> Iterator[tuple[Record | None, Record | None]]:
    """The rows that differ, as each image has them, in the order of `object_change_records`."""
    for kind in found.kinds:
        yield from ((row, None) for row in kind.gone)
        yield from ((each.before, each.after) for each in kind.changed)
        yield from ((None, row) for row in kind.added)


def _changes(before: Subject, after: Subject, found: Difference) -> Iterator[tuple[object, ...]]:
    records = object_change_records(before, after, found)
    for record, (one, other) in zip(records, _pairs(found), strict=True):
        fields = [field_text(field, verbose=False) for field in record["fields"]]
        places = (place_of(row) if row is not None else None for row in (one, other))
        yield record["kind"], record["change"], *places, escape(record["what"]), fields


def _memory(record: dict[str, Any]) -> dict[str, object]:
    whose = ", ".join(map(str, record["pids"]))
    runs = [
        (
            run["change"],
            int(run["start"], 16),
            f"{run['start'][2:]}-{run['end'][2:]} {count_words(run['pages'], 'page'):<12}",
            escape(run["mapping"]) if run["mapping"] is not None else "not mapped",
        )
        for run in record["runs"]
    ]
    left_out = record["runs_left_out"]
    return {
        "title": f"memory of process {whose}: {pages_text(record)}"
        if whose
        else f"memory: {pages_text(record)}",
        "spaces": (record["before"], record["after"]),
        "runs": runs,
        "rest": f"and {count_words(left_out, 'more run')} of pages" if left_out else "",
    }


def work(words: Sequence[str]) -> None:
    """Compare, and tell."""
    with ExitStack() as stack:
        images = [stack.enter_context(open_pinned(*words[at : at + 3])) for at in (0, 3)]
        sides = [
            Side(image, name) for image, name in zip(images, ("the first image", "the second"), strict=True)
        ]
        found = compare(*sides, progress=lambda done: send(progress=done))
        before, after = (Subject(image, b"") for image in images)
        send_packed("changes", _changes(before, after, found), itemgetter(0))
        for record in memory_change_records(before, after, found):
            send(memory=_memory(record))
        send(summary=summary(found))


def main(words: Sequence[str]) -> int:
    """Do it; the exit status. What goes wrong is the last message."""
    paths = [f"/proc/self/fd/{word}" for word in words[::3]]
    os.nice(_NICE)
    try:
        with no_collection():
            work(words)
    except CrimgError as error:
        text = str(error)
        for path, name in zip(paths, ("the first image", "the second image"), strict=True):
            text = text.replace(path, name)
        send(error=escape(text))
        return error.exit_status
    except BrokenPipeError:  # the application has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
