"""Differences as text: objects by kind, then memory; `+` added, `-` gone, `~` changed."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from crimg.cli.output import shown_name
from crimg.escape import escape
from crimg.views import words
from crimg.views.change_words import MARKS, object_lines
from crimg.views.changes import count_records, memory_change_records, object_change_records

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
    yield f"memory of process {whose}: {_pages_text(memory)}" if whose else f"memory: {_pages_text(memory)}"
    runs = memory["runs"]
    shown = runs if every else runs[:_SHOWN_RUNS]
    for run in shown:
        mapping = escape(run["mapping"]) if run["mapping"] is not None else "not mapped"
        text = f"  {MARKS[run['change']]} {run['start'][2:]}-{run['end'][2:]} {_count(run['pages'], 'page')}"
        yield f"{text}  {mapping}".rstrip()
    left_out = len(runs) - len(shown) + memory["runs_left_out"]
    if left_out:
        yield f"  ... and {left_out} more runs of pages"


def _pages_text(memory: Row) -> str:
    return ", ".join(
        f"{_count(memory[change]['pages'], 'page')} {change}" for change in MARKS if memory[change]["pages"]
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def summary(found: Difference) -> str:
    """One line that counts what differs."""
    counts = count_records(found)
    objects = [f"{counts[change]:,} {change}" for change in MARKS if counts[change]]
    pages = [f"{counts[f'pages_{change}']:,} {change}" for change in MARKS if counts[f"pages_{change}"]]
    parts = [f"objects: {', '.join(objects)}"] if objects else []
    parts += [f"pages: {', '.join(pages)}"] if pages else []
    told = "; ".join(parts) or "no differences"
    return told if found.contents else f"{told} (memory was not compared)"
