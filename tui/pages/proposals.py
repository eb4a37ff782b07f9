"""Moved files that a search found, and the rules that lead to them, to be taken into the plan one by one."""

from __future__ import annotations

from crimg.tui.pages.page import Page, mark, pair, pairs
from crimg.tui.places import CHANGE, Place
from crimg.tui.rows import Fixed, Joined, Made, Row, text_row, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.tui.answers import Move, Proposal, Proposals
    from crimg.tui.draft import RuleTable
    from crimg.tui.rows import Rows
    from crimg.tui.session import Session

_KEYS = (
    ("Enter", "Into the plan, or out"),
    ("R", "Search again"),
    ("8", "Plan"),
)


def rule_of(proposal: Proposal) -> RuleTable:
    """A proposal as a rule of the draft."""
    return {"kind": "prefix", "old": proposal.old, "new": proposal.new}


def proposals(session: Session, _place: Place) -> Page:
    """The rules, then the files that they do not explain."""
    found = session.proposals
    keys = _KEYS if found.rules or len(found.unsettled) else _KEYS[1:]
    unsettled, edits = found.unsettled, session.draft.edits

    def line(which: tuple[int, int]) -> Row:
        number, at = which
        one = unsettled[number]
        place = Place("candidate", number, at)
        if at == 0:
            spans = (mark("error"), ("number", f"#{one.objrefs[0]} "), ("path", one.old))
            return Row(spans, Place("object", one.objrefs[0]), place, copy=one.old, subject=one.objrefs[0])
        path = one.candidates[at - 1]
        taken = all(edits.get(each) == path for each in one.objrefs)
        role = "edited" if taken else ""
        return Row((("", "    "), mark(role), (role or "path", path)), None, place)

    parts: list[Rows] = [Fixed(_rows(session)), Made(found.lines, line)]
    notes = [text_row(note, "dim") for note in found.notes]
    parts.append(Fixed([*notes, text_row(""), Row((("link", "the plan"),), CHANGE)]))
    return Page(f"Moved files: {how_far(found)}", Joined(parts), True, keys)


def how_far(found: Proposals) -> str:
    """What there is to say of a search, in few words."""
    entries = f"{found.entries:,} names"
    if found.state == "running":
        return f"{entries} so far ..."
    if found.state == "failed":
        return "the search failed"
    if found.state == "none":
        return "no search yet"
    if not found.rules and not len(found.unsettled):
        return "none to look for"
    files = sum(len(rule.moves) for rule in found.rules)
    return f"{files:,} found, {len(found.unsettled):,} not, among {entries}"


def _rows(session: Session) -> Iterator[Row]:
    found = session.proposals
    if found.error:
        yield from wrapped(found.error, "error", mark("error"), room=session.room)
    if found.state == "none":
        yield from wrapped(
            "R asks for directories, and searches them for the files that are not where they were",
            "dim",
            room=session.room,
        )
    if found.state == "done" and not found.rules and not len(found.unsettled):
        yield Row((mark("ok"), ("ok", "no file has to be looked for")))
    if found.rules:
        yield text_row("Rules that explain the moves; Enter: into the plan", "head")
    for number, rule in enumerate(found.rules):
        yield from _rule_rows(session, rule, number)
    if len(found.unsettled):
        yield text_row("")
        yield text_row("Not found, or more than once; Enter takes a path", "head")


def _rule_rows(session: Session, proposal: Proposal, number: int) -> Iterator[Row]:
    taken = rule_of(proposal) in session.draft.rules
    spans = (
        mark("edited" if taken else ""),
        ("dim", f"{proposal.known}: "),
        ("path", proposal.old),
        ("key", " -> "),
        ("edited" if taken else "path", proposal.new),
    )
    yield Row(spans, None, Place("proposal", number), copy=f"{proposal.old} -> {proposal.new}")


def _again() -> Row:
    return text_row("the search runs again", "dim")


def proposal(session: Session, place: Place) -> Page:
    """One rule that a search proposes, and the files that it is for."""
    if place.number >= len(session.proposals.rules):
        return Page("Proposal", Fixed([_again()]))
    one = session.proposals.rules[place.number]
    taken = "is in the plan" if rule_of(one) in session.draft.rules else "Enter takes it into the plan"
    rows = [*pairs(session, "from", one.old), *pairs(session, "to", one.new)]
    rows += [pair("files", one.known), pair("", taken)]
    moves = one.moves

    def line(number: int) -> Row:
        move: Move = moves[number // 2]
        if number % 2:
            return pair("", f"{move.new} (by {move.basis})")
        return pair(f"#{move.objrefs[0]}", move.old, target=Place("object", move.objrefs[0]))

    return Page("Proposal", Joined([Fixed(rows), Made(range(2 * len(moves)), line)]))


def candidate(session: Session, place: Place) -> Page:
    """A file that was not found, or one of the files that could be it."""
    if place.number >= len(session.proposals.unsettled):
        return Page("Not found", Fixed([_again()]))
    one = session.proposals.unsettled[place.number]
    rows = list(pairs(session, "file", one.old, target=Place("object", one.objrefs[0])))
    if place.at:
        rows += pairs(session, "could be", one.candidates[place.at - 1])
    return Page("Not found", Fixed([*rows, *pairs(session, "why", one.why)]))
