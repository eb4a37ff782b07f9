"""What validate and preflight said of an image, as far as they have come. Filled from their children."""

from __future__ import annotations

from typing import Any, NamedTuple

from crimg.tui.packed import Packed

Message = dict[str, Any]
WORSE = ("error", "warning", "note")


class Verdict(NamedTuple):
    """What preflight said of one file object, in printable words (crimg.preflight.Verdict has the rest).

    objref: of the file.  verdict: a key of crimg.preflight.verdicts.MEANINGS.  fine: a restart goes right.
    path, found: escaped; `found` is empty for what is not elsewhere.  lines: label and text of all that there
    is to say.  remedies: action, text, and the rule of a MAP or "".
    """

    objref: int
    verdict: str
    fine: bool
    path: str
    found: str
    details: str
    lines: list[tuple[str, str]]
    remedies: list[tuple[str, str, str]]


class RuleWords(NamedTuple):
    """What all findings of one rule have in common, in printable words (crimg.validate.Rule)."""

    rule: str
    severity: str
    title: str
    remedy: str
    reasons: tuple[str, ...]


class Finding(NamedTuple):
    """What validate found, in printable words (crimg.validate.Finding); there may be very many."""

    words: RuleWords
    objref: int | None
    place: str
    field: str
    text: str

    @property
    def rule(self) -> str:
        """Id of the rule."""
        return self.words.rule

    @property
    def severity(self) -> str:
        """One of WORSE."""
        return self.words.severity


class Checks:
    """Findings and verdicts.

    state: of "validate" and "preflight": "waiting", "running", "done", "failed".  error: why one failed.
    progress: how far each is, done and total.  findings, verdicts: by their numbers, which stay as they are.
    left_out: rules that could not be looked at.  differing, fine: numbers of verdicts.  Lists that were
    handed out only grow.
    """

    def __init__(self) -> None:
        self.state = {"validate": "waiting", "preflight": "waiting"}
        self.error = {"validate": "", "preflight": ""}
        self.progress = {"validate": (0, 0), "preflight": (0, 0)}
        self.summary = {"validate": "", "preflight": ""}
        self._forget("validate")
        self._forget("preflight")

    def _forget(self, which: str) -> None:
        if which == "validate":
            self.left_out = ""
            rules: dict[str, RuleWords] = {}
            self.findings = Packed(lambda words: Finding(rules[words[0]], *words[1:]))
            self._rules = rules
            self._by_severity: dict[str, list[int]] = {name: [] for name in WORSE}
            self._by_objref: dict[int, list[int]] = {}
            self._worst: dict[int, int] = {}
        else:
            self.verdicts = Packed(Verdict._make)
            self.differing: list[int] = []
            self.fine: list[int] = []
            self._judged: dict[int, tuple[int, bool]] = {}

    def start(self, which: str) -> None:
        """Forget what `which` said before."""
        self._forget(which)
        self.state[which], self.error[which], self.summary[which] = "running", "", ""
        self.progress[which] = (0, 0)

    def take(self, which: str, message: Message) -> None:
        """Take one message of a child (crimg.tui.checking)."""
        if "progress" in message:
            done, total = message["progress"]
            self.progress[which] = (done, total)
        elif "rules" in message:
            for rule, severity, title, remedy, reasons in message["rules"]:
                self._rules[rule] = RuleWords(rule, severity, title, remedy, tuple(reasons))
        elif "findings" in message:
            first, heads = len(self.findings), message["findings"]["heads"]
            self.findings.add(message["findings"]["rows"], len(heads))
            for number, (rule, objref) in enumerate(heads, first):
                self._count(number, rule, objref)
        elif "withdrawn" in message:
            self._withdraw(set(message["withdrawn"]))
        elif "verdicts" in message:
            first, heads = len(self.verdicts), message["verdicts"]["heads"]
            self.verdicts.add(message["verdicts"]["rows"], len(heads))
            for number, (objref, fine) in enumerate(heads, first):
                self._judged[objref] = (number, fine)
                (self.fine if fine else self.differing).append(number)
        elif "summary" in message:
            self.summary[which] = message["summary"]
            self.left_out = message.get("left_out", self.left_out)
        elif "error" in message:
            self.error[which] = message["error"]

    def _count(self, number: int, rule: str, objref: int | None) -> None:
        """Note which finding this is."""
        severity = self._rules[rule].severity
        self._by_severity[severity].append(number)
        if objref is not None:
            self._by_objref.setdefault(objref, []).append(number)
            worst = WORSE.index(severity)
            self._worst[objref] = min(worst, self._worst.get(objref, worst))

    def _withdraw(self, numbers: set[int]) -> None:
        """Leave these findings out from now on."""
        for name, known in self._by_severity.items():
            self._by_severity[name] = [number for number in known if number not in numbers]
        for objref in {self.findings[number].objref for number in numbers}:
            if objref is None:
                continue
            left = [number for number in self._by_objref[objref] if number not in numbers]
            self._by_objref[objref] = left
            self._worst.pop(objref)
            if left:
                self._worst[objref] = min(WORSE.index(self.findings[number].severity) for number in left)

    def finish(self, which: str, error: str = "") -> None:
        """The child has ended; error: what it said on the way out."""
        self.error[which] = self.error[which] or error
        self.state[which] = "failed" if self.error[which] else "done"

    def of_object(self, objref: int) -> list[int]:
        """Numbers of the findings about an object or about parts of it."""
        return self._by_objref.get(objref, [])

    def of_severity(self, severity: str) -> list[int]:
        """Numbers of the findings of a severity."""
        return self._by_severity[severity]

    def counts(self) -> dict[str, int]:
        """How many findings have each severity."""
        return {name: len(numbers) for name, numbers in self._by_severity.items()}

    def mark(self, objref: int) -> str:
        """The role of the worst that is said of an object: "error", "warning", "note", "ok", or ""."""
        _, fine = self._judged.get(objref, (0, None))
        if fine is False:
            return "error"
        worst = self._worst.get(objref)
        if worst is not None:
            return WORSE[worst]
        return "ok" if fine else ""

    def verdict(self, objref: int) -> Verdict | None:
        """What preflight says of a file; None where it has said nothing."""
        known = self._judged.get(objref)
        return self.verdicts[known[0]] if known is not None else None
