"""What validate and preflight said of an image, as far as they have come. Filled from their children."""

from __future__ import annotations

from typing import Any, NamedTuple

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
    lines: tuple[tuple[str, str], ...]
    remedies: tuple[tuple[str, str, str], ...]


class Finding(NamedTuple):
    """What validate found, in printable words (crimg.validate.Finding)."""

    rule: str
    severity: str
    title: str
    objref: int | None
    place: str
    field: str
    text: str
    remedy: str
    reasons: tuple[str, ...]


class Checks:
    """Findings and verdicts.

    state: of "validate" and "preflight": "waiting", "running", "done", "failed".  error: why one failed.
    done, total: how far each is.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.verdicts: dict[int, Verdict] = {}
        self.state = {"validate": "waiting", "preflight": "waiting"}
        self.error = {"validate": "", "preflight": ""}
        self.progress = {"validate": (0, 0), "preflight": (0, 0)}
        self.summary = {"validate": "", "preflight": ""}
        self._by_objref: dict[int, list[int]] = {}

    def start(self, which: str) -> None:
        """Forget what `which` said before."""
        if which == "validate":
            self.findings.clear()
            self._by_objref.clear()
        else:
            self.verdicts.clear()
        self.state[which], self.error[which], self.summary[which] = "running", "", ""
        self.progress[which] = (0, 0)

    def take(self, which: str, message: Message) -> None:
        """Take one message of a child (crimg.tui.checking)."""
        if "progress" in message:
            done, total = message["progress"]
            self.progress[which] = (done, total)
        elif "finding" in message:
            values = message["finding"]
            finding = Finding(**{**values, "reasons": tuple(values["reasons"])})
            if finding.objref is not None:
                self._by_objref.setdefault(finding.objref, []).append(len(self.findings))
            self.findings.append(finding)
        elif "verdict" in message:
            values = message["verdict"]
            pairs = {name: tuple(map(tuple, values[name])) for name in ("lines", "remedies")}
            verdict = Verdict(**{**values, **pairs})
            self.verdicts[verdict.objref] = verdict
        elif "summary" in message:
            self.summary[which] = message["summary"]
        elif "stage" in message:
            self.findings.clear()
            self._by_objref.clear()
        elif "error" in message:
            self.error[which] = message["error"]

    def finish(self, which: str, error: str = "") -> None:
        """The child has ended; error: what it said on the way out."""
        self.error[which] = self.error[which] or error
        self.state[which] = "failed" if self.error[which] else "done"

    def of_object(self, objref: int) -> list[int]:
        """Numbers of the findings about an object or about parts of it."""
        return self._by_objref.get(objref, [])

    def counts(self) -> dict[str, int]:
        """How many findings have each severity."""
        return {name: sum(one.severity == name for one in self.findings) for name in WORSE}

    def mark(self, objref: int) -> str:
        """The role of the worst that is said of an object: "error", "warning", "note", "ok", or ""."""
        roles = [self.findings[number].severity for number in self.of_object(objref)]
        if (verdict := self.verdicts.get(objref)) is not None:
            roles.append("ok" if verdict.fine else "error")
        return next((role for role in (*WORSE, "ok") if role in roles), "")
