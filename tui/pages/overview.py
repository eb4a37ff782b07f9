"""The first screen: what the image is, its tasks, its memory."""

from __future__ import annotations

from collections import Counter

from crimg.errors import FormatError
from crimg.escape import escape
from crimg.model import Fd, File, Thread
from crimg.tui.pages.change import summary
from crimg.tui.pages.page import Page, mark, pair
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
    yield pair("image", session.shown_name)
    yield pair("", f"revision {record['revision']}, {record['size']:,} bytes, uuid {record['uuid']}")
    if session.read_only:
        yield pair("read-only", session.read_only, role="warning")
    if session.torn:
        yield pair("torn", session.torn, role="warning")
    for error in session.subject.damage:
        yield Row((mark("error"), ("error", f"damaged: {escape(str(error))}")))
    if record["stopped_at"] is not None:
        stopped = f", stopped for {words.duration(record['stopped_ns'])}" if record["stopped_ns"] else ""
        yield pair("taken", f"{record['stopped_at']}{stopped}")
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
    for task in session.tasks():
        target = Place("object", task.objref)
        shown = f"{task.pid:>7}  {escape(task.comm):<16} {words.state(task.state):<12}"
        yield Row((mark(session.checks.mark(task.objref)), ("link", shown), *_counts(session, task)), target)
    if not session.loaded:
        yield text_row("")
        yield text_row("The tables are being read ...", "dim")
        return
    yield text_row("")
    yield text_row("Memory", "head")
    yield from _memory(session)
    yield text_row("")
    count = len(session.subject.image.rows(File))
    gone = gone_files(session)
    yield Row((("head", "Files"), ("link", f"  {count:,}, {gone:,} of them not under their names")), FILES)


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
    return (("", f" {threads:,} threads, {fds:,} fds, {vmas:,} vmas"),)


def _memory(session: Session) -> Iterator[Row]:
    try:
        kinds = memory_kinds(session)
    except FormatError as error:
        yield text_row(escape(str(error)), "error")
        return
    mm = session.root_mm
    target = Place("memory", mm.objref) if mm else None
    yield text_row(f"  {'KIND':<18} {'MAPPINGS':>8} {'SIZE/KiB':>12} {'STORED/KiB':>12}", "dim")
    for kind in kinds:
        size, stored = kind["size"] >> 10, kind["stored"] >> 10
        yield Row((("", f"  {kind['kind']:<18} {kind['mappings']:>8,} {size:>12,} {stored:>12,}"),), target)


def _validate_row(session: Session) -> Row:
    """How validate stands."""
    checks = session.checks
    state = checks.state["validate"]
    counts = checks.counts()
    role = "error" if counts["error"] else "warning" if counts["warning"] else ""
    told = ", ".join(f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items() if count)
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
        told = f"{wrong} of {len(checks.verdicts)} files not as a restart needs them"
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
