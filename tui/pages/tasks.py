"""Threads, signals, limits of a task."""

from __future__ import annotations

from bisect import bisect_right

from crimg.escape import escape
from crimg.model import Sigaction, Signal, Task, Thread
from crimg.tui.pages.page import Page, count, object_words, pair
from crimg.tui.places import Place
from crimg.tui.rows import Fixed, Made, Row, lines_of, text_row
from crimg.views import details
from crimg.views.objects import field_records
from crimg.views.values import value_words
from crimg.views.words import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.tui.session import Session


def threads(session: Session, place: Place) -> Page:
    """The threads of a task."""

    def make(thread: Thread) -> Row:
        registers = details.registers(thread.registers) or {}
        spans = (
            ("key", f"{thread.tid:>8} "),
            ("", f"{escape(thread.comm):<16} {state(thread.state):<12} "),
            ("number", f"rip {registers.get('rip', '?')}"),
        )
        return Row(spans, Place("thread", place.number, thread.tid))

    rows = session.parts(Thread, place.number)
    header = f"{'TID':>8} {'NAME':<16} {'STATE':<12} WHERE"
    title = f"Threads of {object_words(session, place.number)} ({len(rows):,})"
    return Page(title, Made(rows, make, header), True)


def thread(session: Session, place: Place) -> Page:
    """One thread: its columns, its registers (those that point into memory lead there)."""
    found = [row for row in session.parts(Thread, place.number) if row.tid == place.at]
    if not found:
        return Page("Thread", Fixed([text_row("the image has no such thread", "error")]))
    row = found[0]
    rows = [pair("task", object_words(session, row.task), 18, target=Place("object", row.task))]
    for field in field_records(row):
        if field["name"] in ("registers", "xsave", "task"):
            continue
        target = Place("object", row.cred) if field["name"] == "cred" else None
        rows.append(pair(field["name"], value_words(field), 18, target=target))
    rows += [text_row(""), text_row("Registers", "head"), *_registers(session, row)]
    return Page(f"Thread {row.tid} {escape(row.comm)}", Fixed(rows))


def _registers(session: Session, row: Thread) -> Iterator[Row]:
    task = session.subject.image.find(Task, row.task)
    mm = task.mm if task is not None else None
    vmas = session.subject.vmas(mm) if mm is not None else ()
    starts = [vma.start for vma in vmas]
    for name, value in (details.registers(row.registers) or {}).items():
        number = int(value, 16)
        index = bisect_right(starts, number) - 1
        mapped = index >= 0 and number < vmas[index].end
        yield pair(name, value, 18, target=Place("hex", mm, number) if mapped and mm is not None else None)


def signals(session: Session, place: Place) -> Page:
    """Actions, pending signals and timers of a task."""
    task = session.subject.image.find(Task, place.number)
    rows: list[Row] = []
    if task is not None:
        own = {action.signal for action in session.parts(Sigaction, task.sighand or 0)}
        rows += _section(
            "Actions that are not the default", details.action_records, session, "sighand", task.sighand
        )
        rows += _section("Pending", details.pending_records, session, "signal_struct", task.signal)
        rows += _section("Timers", details.timer_records, session, "signal_struct", task.signal)
        have = "has" if len(own) == 1 else "have"
        rows.insert(0, text_row(f"{count(len(own), 'signal')} {have} an action of their own", "dim"))
    return Page(f"Signals of {object_words(session, place.number)}", Fixed(rows))


def _section(title: str, records: object, session: Session, key: str, owner: int | None) -> Iterator[Row]:
    yield text_row("")
    yield text_row(title, "head")
    found = [one for one in records(session.subject) if one[key] == owner]  # type: ignore[operator]  # a view
    for record in found:
        told = [
            f"{name} {_told(value)}"
            for name, value in record.items()
            if name != key and value not in (None, [])
        ]
        for at, line in enumerate(lines_of(", ".join(told), max(session.room - 4, 20))):
            yield text_row(("    " if at else "  ") + line)
    if not found:
        yield text_row("  none", "dim")


def _told(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else escape(str(value))


def limits(session: Session, place: Place) -> Page:
    """The resource limits of a task."""
    task = session.subject.image.find(Task, place.number)
    signal = session.subject.image.find(Signal, task.signal) if task is not None else None
    rows = []
    for record in details.limit_records(session.subject):
        if signal is not None and record["signal_struct"] == signal.objref:
            soft, hard = (
                "unlimited" if record[name] is None else f"{record[name]:,}" for name in ("soft", "hard")
            )
            rows.append(Row((("", f"{record['resource']:<18} {soft:>24} {hard:>24}"),)))
    header = f"{'RESOURCE':<18} {'SOFT':>24} {'HARD':>24}"
    return Page(f"Limits of {object_words(session, place.number)}", Fixed(rows, header))
