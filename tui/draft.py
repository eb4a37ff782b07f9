"""What is to be changed and not written yet: rules and single paths, and the plan that was made of them.

The plan comes from a child (crimg.tui.changing), in printable words; nothing here knows what a rule means.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from crimg.escape import escape
from crimg.rewrite.matching import REGEX
from crimg.tui.packed import Packed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.rewrite.matching import Rule
    from crimg.rewrite.rules import PathRule

Message = dict[str, Any]
_MOST_CLASHES = 5
"""Conflicts of one object that are remembered for it."""
RuleTable = dict[str, Any]
"""A rule as in a file of rules: kind, old, new, places."""


def rule_table(rule: PathRule) -> RuleTable:
    """A rule of a remedy as the draft has it."""
    return {"kind": "prefix", "old": escape(rule.old), "new": escape(rule.new)}


def table_of(rule: Rule) -> RuleTable:
    """A rule of a file of rules as the draft has it."""
    old = rule.old.decode() if rule.kind == REGEX else escape(rule.old)
    table: RuleTable = {"kind": rule.kind, "old": old, "new": escape(rule.new)}
    limits = {"places": sorted(rule.places), "objects": sorted(rule.objects)}
    return table | {name: words for name, words in limits.items() if words}


class Planned(NamedTuple):
    """One path that changes. before, after: escaped.  users: who refers to it."""

    objref: int
    kind: str
    column: str
    before: str
    after: str
    rule: str
    users: str


class Clash(NamedTuple):
    """A conflict (crimg.rewrite.changes.Conflict)."""

    objref: int
    others: list[int]
    text: str


class RuleUse(NamedTuple):
    """A rule of the plan. text: as the history will have it.  unused: it decides no path.
    changes: that come of it.
    """

    text: str
    unused: bool
    changes: int


class Draft:
    """Rules and edits, and their plan.

    dropped: files and inodes whose kept contents are given up.  restamp: the evidence of the files at the new
    paths is taken.  paths: how many of the changes are of paths.
    edits: objref to the path it is to have, escaped.  typed: a rule, or objref and path, that is being typed.
    number: of the last request.  state: of its plan: "none", "running", "done" or "failed".  error: why.
    refused: why it was not written.  uses: one for each rule, the typed one last.  clashing: objref to the
    numbers of conflicts that it is in.
    """

    def __init__(self) -> None:
        self.rules: list[RuleTable] = []
        self.edits: dict[int, str] = {}
        self.dropped: list[int] = []
        self.restamp = False
        self.typed: RuleTable | tuple[int, str] | None = None
        self.number = 0
        self.refused = ""
        self._forget("none")

    def _forget(self, state: str) -> None:
        self.state = state
        self.error = ""
        self.changes = Packed(Planned._make)
        self.paths = 0
        self.clashes = Packed(Clash._make)
        self.uses: list[RuleUse] = []
        self.clashing: dict[int, tuple[int, ...]] = {}
        self._by_objref: dict[int, int] = {}

    @property
    def pending(self) -> bool:
        """Whether there is anything that was not written."""
        return bool(self.rules or self.edits or self.dropped or self.restamp)

    @property
    def amount(self) -> str:
        """What changes, in few words."""
        others = len(self.changes) - self.paths
        told = [f"{self.paths:,} path{'s' if self.paths != 1 else ''}"] if self.paths or not others else []
        told += [f"{others:,} other value{'s' if others != 1 else ''}"] if others else []
        return ", ".join(told)

    def clear(self) -> None:
        """Nothing is to be changed any more."""
        self.rules.clear()
        self.edits.clear()
        self.dropped.clear()
        self.restamp = False
        self.refused = ""

    def request(self) -> Message | None:
        """What to ask the child for: the plan of this draft; None where there is nothing to plan."""
        rules, edits = list(self.rules), dict(self.edits)
        if isinstance(self.typed, dict):
            rules.append(self.typed)
        elif self.typed is not None:
            edits[self.typed[0]] = self.typed[1]
        self.number += 1
        if not rules and not edits and not self.dropped and not self.restamp:
            self._forget("none")
            return None
        self.state = "running"
        more = {"dropped": self.dropped, "restamp": self.restamp}
        return {"plan": self.number, "rules": rules, "edits": list(edits.items()), **more}

    def take(self, message: Message) -> None:
        """Take a part of a plan; those of earlier requests mean nothing any more."""
        if message["number"] != self.number:
            return
        if "rules" in message:
            self._forget("running")
            self.uses = [RuleUse(*use) for use in message["rules"]]
        if "clashes" in message:
            first, heads = len(self.clashes), message["clashes"]["heads"]
            self.clashes.add(message["clashes"]["rows"], len(heads))
            for number, objrefs in enumerate(heads, first):
                for each in objrefs:
                    self.clashing[each] = (*self.clashing.get(each, ()), number)[:_MOST_CLASHES]
        if "changes" in message:
            first, heads = len(self.changes), message["changes"]["heads"]
            self.changes.add(message["changes"]["rows"], len(heads))
            for number, (objref, is_path) in enumerate(heads, first):
                if is_path:
                    self.paths += 1
                    self._by_objref.setdefault(objref, number)
        if "done" in message:
            self.state = "done"
        elif "error" in message:
            self.fail(message["error"])

    def fail(self, error: str) -> None:
        """There is no plan."""
        self._forget("failed")
        self.error = error

    def planned(self, objref: int) -> Planned | None:
        """What the plan makes of the path of an object; None where it stays."""
        index = self._by_objref.get(objref)
        return None if index is None else self.changes[index]
