"""What validate and preflight found."""

from __future__ import annotations

from crimg.rewrite.rules import parse_rule
from crimg.tui.checks import WORSE
from crimg.tui.draft import rule_table
from crimg.tui.looks import MARKS
from crimg.tui.pages.page import Page, count, differing, mark, object_words, pair, pairs, planned_words
from crimg.tui.places import Place
from crimg.tui.rows import Fixed, Joined, Made, Row, text_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.checks import Finding
    from crimg.tui.rows import Rows
    from crimg.tui.session import Session

_AGAIN = (("v", "check again"),)


def findings(session: Session, _place: Place) -> Page:
    """The findings of validate, the worst first; Enter leads to the object."""
    checks = session.checks
    known = checks.findings

    def make(number: int) -> Row:
        finding = known[number]
        spans = (
            mark(finding.severity),
            (finding.severity, f"{finding.rule} "),
            ("number", f"{f'#{finding.objref}' if finding.objref is not None else '':<6} "),
            ("key", f"{finding.place}: "),
            ("", finding.text),
        )
        own = Place("finding", number)
        target = Place("object", finding.objref) if finding.objref is not None else own
        return Row(spans, target, own, copy=finding.words.remedy)

    parts: list[Rows] = [Made(checks.of_severity(severity), make) for severity in WORSE]
    if not any(map(len, parts)):
        parts = [Fixed([_nothing(session, "validate", "sound: no rule is broken")])]
    if checks.left_out:
        parts.append(Fixed([text_row(f"left out: {checks.left_out}", "dim")]))
    rows = Joined(parts)
    counts = ", ".join(count(number, name) for name, number in checks.counts().items() if number)
    return Page(f"Findings: {counts or 'none'}{state(session, 'validate')}", rows, True, _AGAIN)


def finding(session: Session, place: Place) -> Page:
    """One finding: what, why it matters, what to do."""
    if place.number >= len(session.checks.findings):
        return Page("Finding", Fixed([text_row("the check runs again", "dim")]))
    one = session.checks.findings[place.number]
    return Page(f"{one.rule} {one.words.title}", Fixed(_finding_rows(session, one)))


def _finding_rows(session: Session, one: Finding) -> list[Row]:
    rows = list(pairs(session, f"{MARKS[one.severity]} {one.rule}", one.words.title, role=one.severity))
    if one.objref is not None:
        target = Place("object", one.objref)
        rows += pairs(session, "object", object_words_or(session, one.objref), target=target)
    told = [("at", f"{one.place}{', ' + one.field if one.field else ''}"), ("found", one.text)]
    told += [("why", reason) for reason in one.words.reasons]
    for label, text in (*told, ("remedy", one.words.remedy)):
        rows += pairs(session, label, text)
    return rows


def object_words_or(session: Session, objref: int) -> str:
    """The object in a line; only its number before the tables are there."""
    return object_words(session, objref) if session.loaded else f"#{objref}"


def state(session: Session, which: str) -> str:
    """How far a check is, for a title."""
    checks = session.checks
    done, total = checks.progress[which]
    if checks.state[which] == "running":
        return f" - running, {100 * done // total} %" if total else " - running"
    if checks.state[which] == "failed":
        return f" - failed: {checks.error[which]}"
    return f" - {checks.summary[which]}" if checks.summary[which] else ""


def _nothing(session: Session, which: str, sound: str) -> Row:
    how = session.checks.state[which]
    if how == "done":
        return Row((mark("ok"), ("ok", sound)))
    if how == "failed":
        return Row((mark("error"), ("error", session.checks.error[which])))
    return text_row("nothing so far: it is still running", "dim")


def preflight(session: Session, _place: Place) -> Page:
    """Every file against this machine: those that are not as a restart needs them come first."""
    checks = session.checks

    verdicts = checks.verdicts

    def make(number: int) -> Row:
        verdict = verdicts[number]
        role = "ok" if verdict.fine else "error"
        spans = (
            mark(role),
            (role, f"{verdict.verdict:<11} "),
            ("number", f"#{verdict.objref:<6} "),
            ("path", verdict.path or "(no name)"),
            ("key", f" -> {verdict.found}" if verdict.found else ""),
            *planned_words(session, verdict.objref),
            ("dim", f" ({verdict.details})" if verdict.details else ""),
        )
        target, own = Place("object", verdict.objref), Place("verdict", verdict.objref)
        return Row(spans, target, own, copy=verdict.path, subject=verdict.objref)

    rows: Rows = Joined([Made(checks.differing, make), Made(checks.fine, make)])
    if not len(rows):
        rows = Fixed([_nothing(session, "preflight", "no files")])
    title = f"Preflight: {differing(session)}{state(session, 'preflight')}"
    return Page(title, rows, True, (*_AGAIN, ("e", "Edit path"), ("R", "Moved files")))


def verdict(session: Session, place: Place) -> Page:
    """The verdict on one file, with the evidence and what would mend it."""
    one = session.checks.verdict(place.number)
    if one is None:
        return Page("Verdict", Fixed([text_row("not known yet", "dim")]))
    target = Place("object", one.objref)
    rows = list(pairs(session, "file", object_words_or(session, one.objref), target=target))
    for label, text in one.lines:
        rows += pairs(session, label, text)
    for number, (action, text, rule) in enumerate(one.remedies):
        mend = list(pairs(session, "mend" if action != "accept" else "or accept", text))
        if rule:
            taken = rule_table(parse_rule(rule)) in session.draft.rules
            words = "in the plan; Enter takes it out" if taken else "Enter takes this rule into the plan"
            mend.append(pair("", words, role="edited" if taken else "link"))
            mend = [row._replace(detail=Place("remedy", one.objref, number), copy=text) for row in mend]
        rows += mend
    return Page(f"#{one.objref}: {one.verdict}", Fixed(rows), False, (("e", "Edit path"),))
