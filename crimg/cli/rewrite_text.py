"""What `crimg rewrite` prints: the plan as text, and as JSON."""

from __future__ import annotations

from crimg.cli.json_text import object_lines
from crimg.cli.output import shown_name
from crimg.escape import escape
from crimg.views.plan_words import dropped_words, side_words
from crimg.views.short import referrer_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.rewrite import Plan
    from crimg.rewrite.changes import Change
    from crimg.views.subject import Subject


def text_lines(subject: Subject, plan: Plan, *, verbose: bool) -> Iterator[str]:
    """The plan, rule by rule. verbose: with the paths that no rule matches."""
    name = shown_name(subject.name)
    paths = plan.path_changes
    others = len({(change.objref, change.kind) for change in plan.changes} - {one[:2] for one in paths})
    more = f" and {_count(others, 'other object')}" if others else ""
    yield f"{name}: {_count(len(paths), 'path')}{more} of revision {subject.image.revision} to change"
    groups: dict[str, list[Change]] = {}
    for change in plan.changes:
        groups.setdefault(change.rule, []).append(change)
    for rule, changes in groups.items():
        yield ""
        yield rule
        for change in changes:
            users = referrer_words(change.referrers)
            column = "" if change.column == "path" else f"{change.column} "
            sides = " -> ".join(side_words(change))
            yield f"  #{change.objref} {f'({users}) ' if users else ''}{column}{sides}"
    if left := list(dropped_words(plan.changes)):
        yield ""
        yield "given up"
        yield from (f"  {line}" for line in left)
    if plan.conflicts:
        yield ""
        yield "conflicts: nothing is written"
        for conflict in plan.conflicts:
            yield f"  {conflict.text}"
    if plan.unmatched:
        yield ""
        more = ":" if verbose else " (-v lists them)"
        yield f"no rule for {_count(len(plan.unmatched), 'path')}{more}"
        for one in plan.unmatched if verbose else ():
            yield f"  #{one.objref} {'' if one.column == 'path' else one.column + ' '}{escape(one.path)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def json_lines(plan: Plan) -> Iterator[str]:
    """The lines of the plan as one JSON object."""
    members = plan.to_json()
    return object_lines(members["kind"], list(members.items())[2:])  # "crimg" and "kind" come first
