"""Rewriting images: rules that say which paths become which, plans, and what applies them.

    from crimg.rewrite import Rule, apply, plan

    with crimg.open("image.bin") as image:
        made = plan(image, [Rule("prefix", b"/old", b"/new")])
    if not made.conflicts:
        apply(made, "image.bin")

specs/rewriting.md says what the rules mean. What is named here is imported when it is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.rewrite.applying import apply
    from crimg.rewrite.changes import Change, Conflict, Plan
    from crimg.rewrite.matching import Rule, RuleSet
    from crimg.rewrite.planning import plan
    from crimg.rewrite.restamp import Restamp
    from crimg.rewrite.rulefile import parse_rules, read_rules

__all__ = [
    "Change",
    "Conflict",
    "Plan",
    "Restamp",
    "Rule",
    "RuleSet",
    "apply",
    "parse_rules",
    "plan",
    "read_rules",
]

_HOMES = {
    "Change": "changes",
    "Conflict": "changes",
    "Plan": "changes",
    "Restamp": "restamp",
    "Rule": "matching",
    "RuleSet": "matching",
    "apply": "applying",
    "parse_rules": "rulefile",
    "plan": "planning",
    "read_rules": "rulefile",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'crimg.rewrite' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"crimg.rewrite.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
