"""What `crimg rewrite` prints: the plan as text, and as JSON."""

from __future__ import annotations

import json

from crimg.cli.output import shown_name
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.rewrite import Plan
    from crimg.rewrite.changes import Change
    from crimg.views.subject import Subject

_SHOWN_REFERRERS = 3


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
            column = "" if change.column == "path" else f"{change.column} "
            sides = f"{_shown(change.before)} -> {_shown(change.after)}"
            yield f"  #{change.objref} {_users(change)}{column}{sides}"
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


def _users(change: Change) -> str:
    """Who refers to the object: "fd 3, vma 7f00-7f10 and 2 more  "."""
    labels = [each.label for each in change.referrers]
    rest = len(labels) - _SHOWN_REFERRERS
    text = ", ".join(labels[:_SHOWN_REFERRERS]) + (f" and {rest} more" if rest > 0 else "")
    return f"({text}) " if text else ""


def json_lines(plan: Plan) -> Iterator[str]:
    """The lines of the plan as one JSON object; each element of a list on its line."""
    members = list(plan.to_json().items())
    for number, (key, value) in enumerate(members):
        start, end = "{" if not number else " ", "}" if number == len(members) - 1 else ","
        if not isinstance(value, list):
            yield f'{start}"{key}": {_dump(value)}{end}'
            continue
        yield f'{start}"{key}": ['
        for place, row in enumerate(value, 1):
            yield f"  {_dump(row)}{',' if place < len(value) else ''}"
        yield f" ]{end}"


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False).replace("\x7f", "\\u007f")
