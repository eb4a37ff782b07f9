"""Differences as text: objects by kind, then memory; `+` added, `-` gone, `~` changed."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from crimg.cli.output import shown_name
from crimg.escape import escape
from crimg.views import words
from crimg.views.change_words import MARKS, count_words, object_lines, pages_text, summary
from crimg.views.changes import memory_change_records, object_change_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.compare import Difference
    from crimg.views.subject import Subject

    Row = dict[str, Any]

_SHOWN_RUNS = 5


def text_lines(
    before: Subject, after: Subject, found: Difference, *, every: bool, verbose: bool
) -> Iterator[str]:
    """The report. every: all objects and runs, else the first of each kind.  verbose: long values whole."""
    yield f"--- {_image_line(before)}"
    yield f"+++ {_image_line(after)}"
    for kind, rows in groupby(object_change_records(before, after, found), key=itemgetter("kind")):
        yield ""
        yield kind.replace("_", " ")
        yield from object_lines(list(rows), every=every, verbose=verbose)
    for memory in memory_change_records(before, after, found):
        yield ""
        yield from _memory_lines(memory, every=every)
    yield ""
    yield summary(found)


def _image_line(subject: Subject) -> str:
    name = shown_name(subject.name)
    task, info = subject.root_task, subject.info
    what = f", process {task.pid} {escape(task.comm)}" if task is not None else ""
    when = f", dumped {words.utc(info.realtime)}" if info is not None else ""
    return f"{name}, revision {subject.image.revision}{what}{when}"


def _memory_lines(memory: Row, *, every: bool) -> Iterator[str]:
    """The pages of one address space that differ."""
    whose = ", ".join(map(str, memory["pids"]))
    yield f"memory of process {whose}: {pages_text(memory)}" if whose else f"memory: {pages_text(memory)}"
    runs = memory["runs"]
    shown = runs if every else runs[:_SHOWN_RUNS]
    for run in shown:
        mapping = escape(run["mapping"]) if run["mapping"] is not None else "not mapped"
        pages = count_words(run["pages"], "page")
        text = f"  {MARKS[run['change']]} {run['start'][2:]}-{run['end'][2:]} {pages}"
        yield f"{text}  {mapping}".rstrip()
    left_out = len(runs) - len(shown) + memory["runs_left_out"]
    if left_out:
        yield f"  ... and {left_out} more runs of pages"
