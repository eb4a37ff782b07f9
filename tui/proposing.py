"""What was found, taken into the draft or out of it: proposals of a search, remedies of a verdict."""

from __future__ import annotations

from crimg.rewrite.rules import parse_rule
from crimg.tui.draft import rule_table
from crimg.tui.pages.proposals import rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.answers import Unsettled
    from crimg.tui.draft import Draft
    from crimg.tui.places import Place
    from crimg.tui.session import Session


def toggle(session: Session, place: Place) -> None:
    """Take a proposal into the plan, or out of it; what was forgotten meanwhile is none any more."""
    draft, found = session.draft, session.proposals
    verdict = session.checks.verdict(place.number)
    if place.page == "candidate" and place.number < len(found.unsettled):
        if place.at:
            _toggle_edits(draft, found.unsettled[place.number], place.at - 1)
        return
    if place.page == "remedy" and verdict is not None:
        table = rule_table(parse_rule(verdict.remedies[place.at][2]))
    elif place.page == "proposal" and place.number < len(found.rules):
        table = rule_of(found.rules[place.number])
    else:
        return
    if table in draft.rules:
        draft.rules.remove(table)
    else:
        draft.rules.append(table)


def _toggle_edits(draft: Draft, one: Unsettled, index: int) -> None:
    """Take one of several files for the one that is looked for, or take that back."""
    edits = draft.edits
    if index >= len(one.candidates):
        return
    path = one.candidates[index]
    taken = all(edits.get(each) == path for each in one.objrefs)
    for objref in one.objrefs:
        if taken:
            del edits[objref]
        else:
            edits[objref] = path
