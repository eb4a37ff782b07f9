"""Objects: all of them, and one with its columns and its references in both directions."""

from __future__ import annotations

from crimg.escape import escape
from crimg.graph import objref_column, references
from crimg.model import Fd, FdTable, File, Mm, Task, Thread
from crimg.rewrite.places import REWRITTEN
from crimg.tui.pages.page import Page, mark, object_words, planned_words
from crimg.tui.places import Place, place_of
from crimg.tui.rows import Fixed, Joined, Made, Row, text_row
from crimg.views.objects import describe, field_records
from crimg.views.values import value_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.record import Record
    from crimg.tui.session import Session

_WIDE = 18
_EDITED = frozenset(column for _, column, _ in REWRITTEN)


def objects(session: Session, place: Place) -> Page:
    """All shared objects; of one kind where the place has its number."""
    classes = [cls for cls in session.subject.image.kinds() if objref_column(cls) is not None]
    if place.number:
        classes = [cls for cls in classes if cls.row_kind == place.number]

    def make(row: Record) -> Row:
        objref = row.key[0]
        spans = (
            mark(session.checks.mark(objref)),
            ("number", f"#{objref:<6} "),
            ("key", f"{type(row).noun:<12} "),
            ("", escape(describe(session.subject, row))),
        )
        return Row(spans, Place("object", objref), subject=objref)

    parts = [Made(session.subject.image.rows(cls), make) for cls in classes]
    rows = Joined(parts, f"  {'OBJ':<7} {'KIND':<12} WHAT")
    return Page(f"Objects ({len(rows):,})", rows, True)


def object(session: Session, place: Place) -> Page:
    """One object: findings, columns, what it refers to, what refers to it; every reference is a link."""
    row = session.subject.image.lookup(place.number)
    if row is None:
        missing = text_row(f"#{place.number} is not in the image", "error")
        return Page(f"#{place.number}", Joined([Fixed([missing]), _referrers(session, place.number)]))
    parts = [
        _findings(session, place.number),
        Fixed(_verdict(session, place.number)),
        Fixed(_more(row)),
        Fixed(_fields(session, row)),
        Fixed([text_row(""), text_row(f"Referred to by ({_count(session, place.number):,})", "head")]),
        _referrers(session, place.number),
    ]
    keys = (("e", "Edit path"), ("p", "Path in memory")) if isinstance(row, File) else ()
    return Page(object_words(session, place.number), Joined(parts), False, keys)


def _findings(session: Session, objref: int) -> Made:
    """What validate says of it: a table of descriptors may have a finding for each."""
    known = session.checks.findings

    def make(number: int) -> Row:
        finding = known[number]
        text = f"{finding.rule} {finding.place}: {finding.text}"
        return Row((mark(finding.severity), (finding.severity, text)), Place("finding", number))

    return Made(session.checks.of_object(objref), make)


def _verdict(session: Session, objref: int) -> Iterator[Row]:
    """What preflight says of it."""
    verdict = session.checks.verdict(objref)
    if verdict is not None:
        role = "ok" if verdict.fine else "error"
        text = f"here: {verdict.verdict}" + (f" ({verdict.details})" if verdict.details else "")
        yield Row((mark(role), (role, text)), Place("verdict", objref))


def _more(row: Record) -> Iterator[Row]:
    """Lists that belong to it."""
    links: list[tuple[str, Place]] = []
    if isinstance(row, Task):
        links = [
            ("threads", Place("threads", row.objref)),
            ("signals", Place("signals", row.objref)),
            ("limits", Place("limits", row.objref)),
        ]
        links += [("fds", Place("fds", row.fd_table))] if row.fd_table is not None else []
        links += [("memory", Place("memory", row.mm))] if row.mm is not None else []
    elif isinstance(row, FdTable):
        links = [("fds", Place("fds", row.objref))]
    elif isinstance(row, Mm):
        links = [("mappings", Place("memory", row.objref)), ("to scale", Place("space", row.objref))]
    for words, target in links:
        yield Row((("dim", "see "), ("link", words)), target)


def _fields(session: Session, row: Record) -> Iterator[Row]:
    """The columns; those that refer are links."""
    cls = type(row)
    targets: dict[str, list[int]] = {}
    for name, target in references(row):
        targets.setdefault(name, []).append(target)
    for field in field_records(row):
        name = field["name"]
        if name in targets:
            for target in targets[name]:
                words = object_words(session, target)
                yield Row(
                    (("dim", f"{name:<{_WIDE}} "), ("link", words)), Place("object", target), subject=target
                )
            continue
        role = "path" if cls.columns[cls.fields.index(name)].path else ""
        value = value_words(field)
        own = row.key[0] if role and cls.shared else None
        planned = planned_words(session, own) if name in _EDITED else ()
        yield Row((("dim", f"{name:<{_WIDE}} "), (role, value), *planned), copy=value, subject=own)


def _count(session: Session, objref: int) -> int:
    return len(session.graph.referrers(objref))


def _referrers(session: Session, objref: int) -> Made:
    """Who refers to it: rows made on demand, a table of descriptors may have 100,000."""

    def make(pair: tuple[Record, str]) -> Row:
        row, column = pair
        cls = type(row)
        own = f"#{row.key[0]} " if cls.shared else ""
        whose = f" of #{row.key[0]}" if isinstance(row, Fd | Thread) else ""
        words = escape(describe(session.subject, row))
        words = f"{own}{words if words.startswith(f'{cls.noun} ') else f'{cls.noun} {words}'}{whose}"
        return Row((("dim", f"{column:<{_WIDE}} "), ("link", words)), place_of(row))

    return Made(session.graph.referrers(objref), make)
