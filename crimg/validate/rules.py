"""Rules: a rule is a generator function with an id, a severity and a docstring, which is its page.

The docstring has the form that `Rule` takes apart:

    What is wrong, in one sentence.

    Why it matters at a restart, in as many lines as it takes.

    Remedy: what to do.

`crimg validate --explain` prints it, and specs/validation.md is made from it.
"""

from __future__ import annotations

from crimg.errors import UsageError
from crimg.model.enums import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crimg.validate.checked import Checked
    from crimg.validate.finding import Hit

    Check = Callable[[Checked], Iterator[Hit]]

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

FAMILIES = {
    "C1": "the container: sections, checksums, index, trailers",
    "C2": "references: who defines, who refers, in which order",
    "C3": "memory: mappings, page maps, address spaces",
    "C4": "files: descriptors, open file descriptions, inodes, pipes, locks",
    "C5": "tasks: processes, threads, signals, credentials",
    "C6": "images of CRIU: the files of the directory, and what ties them together",
}
"""Prefix of the ids of a family: what it looks at."""

RULES: dict[str, Rule] = {}
"""Every rule by its id; filled when crimg.validate is imported."""


class Rule:
    """A rule.

    whole: it concludes from what is missing, and is therefore left out where tables or sections are lost.
    check: yields what it finds.
    """

    __slots__ = ("check", "id", "severity", "whole")

    def __init__(self, rule_id: str, severity: Severity, check: Check, *, whole: bool) -> None:
        self.id = rule_id
        self.severity = severity
        self.check = check
        self.whole = whole

    @property
    def of_criu(self) -> bool:
        """Whether it is about directories of CRIU, and nothing else."""
        return self.id.startswith("C6")

    @property
    def of_container(self) -> bool:
        """Whether it is about the file itself, and not about what the tables in it say (family C1)."""
        return self.id.startswith("C1")

    @property
    def title(self) -> str:
        """What is wrong, in one sentence."""
        return self._paragraphs()[0]

    @property
    def reasons(self) -> list[str]:
        """Why it matters at a restart: paragraphs, each one line."""
        return [text for text in self._paragraphs()[1:] if not text.startswith(_REMEDY)]

    @property
    def remedy(self) -> str:
        """What to do, one line."""
        return next((text[len(_REMEDY) :] for text in self._paragraphs() if text.startswith(_REMEDY)), "")

    def _paragraphs(self) -> list[str]:
        doc = self.check.__doc__ or self.id  # there are no docstrings under python -OO
        lines = [line.strip() for line in doc.strip().splitlines()]
        return " ".join(line or "\n" for line in lines).replace(" \n ", "\n").split("\n")


_REMEDY = "Remedy: "


def rule(rule_id: str, severity: Severity, *, whole: bool = False) -> Callable[[Check], Check]:
    """Make a rule of a function."""

    def register(check: Check) -> Check:
        if rule_id in RULES:
            raise ValueError(f"two rules {rule_id}")
        RULES[rule_id] = Rule(rule_id, severity, check, whole=whole)
        return check

    return register


def select(only: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Rule]:
    """The rules in the order of their ids: those named by `only` (all, where it is empty) but for `ignore`.

    A name is an id ("C301") or the beginning of ids ("C3"). Raises UsageError for one that names no rule,
    and where none is left.
    """
    for name in (*only, *ignore):
        if not any(rule_id.startswith(name) for rule_id in RULES) or not name:
            raise UsageError(f"no rule {name!a}{_suggestion(name)}")
    chosen = [
        RULES[rule_id]
        for rule_id in sorted(RULES)
        if (not only or rule_id.startswith(tuple(only))) and not rule_id.startswith(tuple(ignore))
    ]
    if not chosen:
        raise UsageError("no rule is left to apply: --ignore takes away all that --rule names")
    return chosen


def _suggestion(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name.upper(), [*RULES, *FAMILIES], n=1)
    return f"; did you mean {close[0]}?" if close else " (crimg validate --explain all lists them)"
