"""The first screen: what the image is, its tasks, its memory."""

from __future__ import annotations

from collections import Counter

from crimg.errors import FormatError
from crimg.escape import escape
from crimg.model import Fd, File, Thread
from crimg.tui.looks import MARKS
from crimg.tui.pages.change import summary
from crimg.tui.pages.page import Page, count, differing, mark, pair, pairs
from crimg.tui.places import CHANGE, FILES, FINDINGS, PREFLIGHT, Place
from crimg.tui.rows import Fixed, Row, text_row
from crimg.views import memory, overview, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.tui.session import Session


def image(session: Session, _place: Place) -> Page:
    """What the image is. What needs all tables comes when these have been read."""
    return Page("Image", Fixed(_rows(session)))


def _rows(session: Session) -> Iterator[Row]:
    record = overview.image_record(session.subject)
    yield from pairs(session, "image", session.shown_name)
    yield pair("", f"revision {record['revision']}, {record['size']:,} bytes")
    yield pair("uuid", str(record["uuid"]))
    if session.read_only:
        yield from pairs(session, "read-only", session.read_only, role="warning")
    if session.torn:
        yield from pairs(session, "torn", session.torn, role="warning")
    for error in session.subject.damage:
        yield from pairs(session, f"{MARKS['error']} damaged", escape(str(error)), role="error")
    if record["stopped_at"] is not None:
        yield pair("taken", str(record["stopped_at"]))
        if record["stopped_ns"]:
            yield pair("stopped for", words.duration(record["stopped_ns"]))
        where = [escape(record["hostname"])] if record["hostname"] is not None else []
        if record["kernel_release"] is not None:
            where.append(f"Linux {escape(record['kernel_release'])}")
        if where:
            yield pair("on", ", ".join(where))
        yield pair("by", escape(b" ".join(filter(None, (record["tool"], record["tool_version"])))))
    yield text_row("")
    yield text_row("Will it come back?", "head")
    yield _validate_row(session)
    yield _preflight_row(session)
    yield _change_row(session)
    yield text_row("")
    yield text_row("Tasks", "head")
    yield from _tasks(session)
    if not session.loaded:
        yield text_row("")
        yield text_row("The tables are being read ...", "dim")
        return
    yield text_row("")
    yield text_row("Memory", "head")
    yield from _memory(session)
    yield text_row("")
    files, gone = len(session.subject.image.rows(File)), gone_files(session)
    yield Row((("head", "Files"), ("link", f"  {files:,}, {gone:,} of them not under their names")), FILES)


def _tasks(session: Session) -> Iterator[Row]:
    told = [(str(one.pid), escape(one.comm)) for one in session.tasks()]
    pid_width, name_width = (max(map(len, column)) for column in zip(*told, strict=True)) if told else (0, 0)
    for task, (pid, name) in zip(session.tasks(), told, strict=True):
        shown = f"{pid:>{pid_width}} {name:<{name_width}}"
        state = words.state(task.state)[: 1 if session.narrow else None]
        spans = (mark(session.checks.mark(task.objref)), ("link", shown), *_counts(session, task))
        yield Row((*spans, ("dim", f"  {state}")), Place("object", task.objref))


def gone_files(session: Session) -> int:
    """How many files are not under their names."""

    def counted() -> int:
        states = Counter(file.name_state for file in session.subject.image.rows(File))
        return sum(states[state] for state in states if words.name_state(state) not in ("linked", "none"))

    return session.kept("gone", counted)


def memory_kinds(session: Session) -> list[dict[str, Any]]:
    """How much memory of each kind there is. Raises FormatError."""
    return session.kept("kinds", lambda: memory.memory_kind_records(session.subject))


def _counts(session: Session, task: object) -> tuple[tuple[str, str], ...]:
    if not session.loaded:
        return (("dim", " ..."),)
    objref, mm, table = task.objref, task.mm, task.fd_table  # type: ignore[attr-defined]  # a Task
    threads, fds = len(session.parts(Thread, objref)), len(session.parts(Fd, table)) if table else 0
    vmas = len(session.subject.vmas(mm)) if mm is not None else 0
    told = ((threads, "thread"), (fds, "fd"), (vmas, "vma"))
    return (("", " " + ", ".join(count(number, noun) for number, noun in told)),)


def _memory(session: Session) -> Iterator[Row]:
    try:
        kinds = memory_kinds(session)
    except FormatError as error:
        yield text_row(escape(str(error)), "error")
        return
    mm = session.root_mm
    target = Place("memory", mm.objref) if mm else None
    yield text_row(f"  {'KIND':<16} {'MAPPINGS':>8} {'SIZE/KiB':>11} {'STORED/KiB':>11}", "dim")
    for kind in kinds:
        size, stored = kind["size"] >> 10, kind["stored"] >> 10
        yield Row((("", f"  {kind['kind']:<16} {kind['mappings']:>8,} {size:>11,} {stored:>11,}"),), target)


def _validate_row(session: Session) -> Row:
    """How validate stands."""
    checks = session.checks
    state = checks.state["validate"]
    counts = checks.counts()
    role = "error" if counts["error"] else "warning" if counts["warning"] else ""
    told = ", ".join(count(number, name) for name, number in counts.items() if number)
    if state == "done":
        role = role or "ok"
        told = told or "sound"
    return Row(
        (mark(role), ("", "validate   "), (role, f"{told or ''}{_how_far(session, 'validate')}")), FINDINGS
    )


def _preflight_row(session: Session) -> Row:
    """How preflight stands."""
    checks = session.checks
    wrong = len(checks.differing)
    role, told = "", ""
    if checks.state["preflight"] == "done":
        role = "error" if wrong else "ok"
        told = differing(session)
    told += _how_far(session, "preflight")
    return Row((mark(role), ("", "preflight  "), (role, told)), PREFLIGHT)


def _change_row(session: Session) -> Row:
    """What can be changed, or why nothing can."""
    draft = session.draft
    role = "edited" if draft.pending else "warning" if session.read_only else ""
    words = "read-only" if session.read_only else "8, or e on a file: change paths"
    told = summary(draft) if draft.pending else words
    return Row((mark(role), ("", "change     "), (role, told)), CHANGE)


def _how_far(session: Session, which: str) -> str:
    """The rest of the line: what is still to be done, or why it failed."""
    checks = session.checks
    state, (done, total) = checks.state[which], checks.progress[which]
    if state == "running":
        return f" {100 * done // total} %" if total else " ..."
    return f" {checks.error[which]}" if state == "failed" else " ..." if state == "waiting" else ""
