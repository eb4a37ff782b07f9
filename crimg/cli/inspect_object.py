"""`crimg inspect --object` and `--hex`: one object with its references, one stretch of memory."""

from __future__ import annotations

from crimg.cli.output import folded, table, terminal_columns
from crimg.errors import UsageError
from crimg.escape import escape
from crimg.model import Mm
from crimg.views.hexdump import dump_lines, hex_record, reason, stretches
from crimg.views.objects import object_record
from crimg.views.special import STATE_KINDS
from crimg.views.values import value_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]

_TOLD_WHOLE = frozenset(cls.noun for cls in STATE_KINDS)
"""Kinds of rows that the few words about them tell all of."""


def object_lines(subject: Subject, objref: int, *, as_json: bool) -> Iterator[str]:
    """The lines of an object; raises UsageError where the image has none with this number."""
    record = object_record(subject, objref)
    if record is None:
        raise UsageError(f"no object #{objref} in this image; the tables of crimg inspect show the numbers")
    if as_json:
        from crimg.cli.inspect_json import document

        yield from document("object", subject, [("object", record)])
        return
    what = escape(record["what"])
    yield f"#{objref}  {record['kind']}" + (f"  {what}" if what else "")
    widest = max(len(field["name"]) for field in record["fields"])
    for field in record["fields"]:
        lead, text = f"  {field['name']:<{widest}}  ", value_words(field)
        yield from folded(lead, text) if isinstance(field["meaning"], list) else [lead + text]
    columns = terminal_columns()
    refers_to = [
        (row["column"], row["kind"] or "?", f"--object {row['objref']}", escape(row["what"]))
        for row in record["refers_to"]
    ]
    yield from _references("Refers to", "COLUMN", refers_to, columns)
    referred_by = [
        (row["kind"], row["column"], _how_to_look(row), escape(row["what"])) for row in record["referred_by"]
    ]
    yield from _references("Referred to by", "KIND", referred_by, columns)


def _references(title: str, first: str, rows: Sequence[Sequence[str]], columns: int | None) -> Iterator[str]:
    yield ""
    if not rows:
        yield f"{title}: nothing"
        return
    yield title
    header = (first, "KIND" if first == "COLUMN" else "COLUMN", "SEE", "WHAT")
    yield from table(header, rows, "<<<", columns=columns)


def _how_to_look(row: Row) -> str:
    if row["kind"] == "epoll_watch":
        return f"--object {row['place']['epoll']}"
    if row["objref"] is not None:
        return f"--object {row['objref']}"
    if row["kind"] in _TOLD_WHOLE:
        return ""
    if row["kind"] == "vma":
        return f"--hex {row['place']['start'][2:]}"
    return {"fd": "--fds", "thread": "--threads", "lock": "--locks"}.get(row["kind"], "--signals")


def hex_lines(subject: Subject, start: int, end: int, *, as_json: bool) -> Iterator[str]:
    """The memory of the root task from `start` to `end`; raises UsageError where it has none."""
    task = subject.root_task
    mm = subject.image.find(Mm, task.mm) if task else None
    if mm is None:
        raise UsageError("the image has no address space to look into")
    if as_json:
        from crimg.cli.inspect_json import document

        yield from document("hex", subject, [("memory", hex_record(subject, mm, start, end))])
        return
    for part in stretches(subject, mm, start, end):
        if part.origin == "saved":
            yield from dump_lines(part.start, part.data)
        else:
            yield f"{part.start:012x}  ({part.end - part.start} bytes {reason(part)})"
