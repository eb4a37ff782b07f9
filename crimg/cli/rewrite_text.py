"""What `crimg rewrite` prints: the plan as text, and as JSON."""

from __future__ import annotations

from crimg.cli.json_text import object_lines
from crimg.cli.output import shown_name
from crimg.escape import escape
from crimg.views.short import referrer_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.rewrite import Plan
    from crimg.rewrite.changes import Change
    from crimg.views.subject import Subject


def text_lines(subject: Subject, plan: Plan, *, verbose: bool) -> Iterator[str]:
    """The plan, rule by rule. verbose: with the paths that no rule matches."""
    name = shown_name(subject.name)
    paths = plan.path_changes
    yield f"{name}: {_count(len(paths), 'path')} to change, in revision {subject.image.revision}"
    groups: dict[str, list[Change]] = {}
    for change in plan.changes:
        groups.setdefault(change.rule, []).append(change)
    for rule, changes in groups.items():
        yield ""
        yield rule
        for change in changes:
            users = referrer_words(change.referrers)
            column = "" if change.column == "path" else f"{change.column} "
            sides = f"{_shown(change.before)} -> {_shown(change.after)}"
            yield f"  #{change.objref} {f'({users}) ' if users else ''}{column}{sides}"
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


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return escape(value)
    return "none" if value is None else str(value)


def json_lines(plan: Plan) -> Iterator[str]:
    """The lines of the plan as one JSON object."""
    members = plan.to_json()
    return object_lines(members["kind"], list(members.items())[2:])  # "crimg" and "kind" come first
