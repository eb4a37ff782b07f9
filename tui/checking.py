"""A child of the application that validates, or compares with this machine: `python -m crimg.tui.checking`.

In a process of its own it takes no time from the keys (one of the interpreter's threads would hold them up).
It writes one JSON object a line to its standard output, as soon as there is something to say; every text in
it is printable, and no line is longer than crimg.tui.children.LONGEST.

Its words: "validate" or "preflight", then those of crimg.tui.pinned.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time

from crimg.errors import CrimgError
from crimg.escape import escape
from crimg.tui.pinned import open_pinned
from crimg.tui.sending import Packer, send, send_packed, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crimg.model.image import Image
    from crimg.preflight import Verdict
    from crimg.validate import Finding

_EVERY = 0.1
"""Seconds between two messages about progress."""
_MOST = 8 << 10
"""Numbers in a message."""
_NICE = 5


class Findings:
    """What was sent of the findings. Each has a number, from 0 in the order in which they were sent."""

    def __init__(self) -> None:
        self._rules: set[str] = set()
        self._numbers: dict[str, list[int]] = {}
        self._count = 0
        self._packer = Packer("findings")

    def send(self, findings: Sequence[Finding]) -> None:
        """Tell that these are the findings: send those that are new, withdraw those that are gone."""
        before, self._numbers = self._numbers, {}
        for finding in findings:
            words = _words(finding)
            known = before.get(words)
            if known:
                self._numbers.setdefault(words, []).append(known.pop())
                continue
            self._send_rule(finding.rule)
            self._numbers.setdefault(words, []).append(self._count)
            self._count += 1
            self._packer.add(words, (finding.rule, finding.place.objref))
        self._packer.flush()
        gone = sorted(number for numbers in before.values() for number in numbers)
        for start in range(0, len(gone), _MOST):
            send(withdrawn=gone[start : start + _MOST])

    def _send_rule(self, rule_id: str) -> None:
        from crimg.validate import RULES

        if rule_id not in self._rules:
            self._rules.add(rule_id)
            rule = RULES[rule_id]
            send(rules=[(rule_id, rule.severity.name.lower(), rule.title, rule.remedy, rule.reasons)])


def _words(finding: Finding) -> str:
    """A finding as JSON: rule, object, place, column, text."""
    place = finding.place
    where = place.label or (f"at {place.offset:#x}" if place.offset is not None else "")
    return json.dumps((finding.rule, place.objref, short(where), place.field or "", short(finding.text)))


def progress() -> Callable[[int, int | None], None]:
    """What tells how far the work is, at most ten times a second."""
    following = 0.0

    def show(done: int, total: int | None = None) -> None:
        nonlocal following
        now = time.monotonic()
        if now >= following or done == total:
            following = now + _EVERY
            send(progress=(done, total or 0))

    return show


def validate(image: Image) -> None:
    """Send what the tables show at once, then what the checksums of all memory show."""
    from crimg import validate as validation

    sent = Findings()
    for page_data in (False, True):
        report = validation.validate(image, page_data=page_data, progress=progress())
        sent.send(report.findings)
    send(summary=f"{len(report.checked)} rules", left_out=", ".join(sorted(report.skipped)))


def preflight(image: Image) -> None:
    """Send the verdict on every file."""
    from crimg.preflight import check, same_boot

    verdicts = check(image, progress=progress())
    send_packed("verdicts", map(_verdict, verdicts), lambda words: (words[0], words[2]))
    send(summary=f"dumped in {'this' if same_boot(image) else 'another'} boot")


def _verdict(verdict: Verdict) -> tuple[object, ...]:
    """A verdict as crimg.tui.checks.Verdict has it."""
    from crimg.preflight.evidence_words import difference, shown_name
    from crimg.preflight.verdicts import MEANINGS
    from crimg.rewrite.rules import format_rule

    evidence = {
        agrees: [one for one in verdict.evidence if one.agrees is agrees] for agrees in (True, False, None)
    }
    lines = [
        ("verdict", f"{verdict.verdict}: {MEANINGS[verdict.verdict]}"),
        ("details", ", ".join(verdict.details)),
        ("known by", verdict.basis),
        ("looked at", escape(verdict.looked_at) if verdict.looked_at != verdict.path else ""),
        ("found", escape(verdict.found or b"")),
        ("differ", "; ".join(map(difference, evidence[False]))),
        ("agree", ", ".join(shown_name(one.name) for one in evidence[True])),
        ("unknown", ", ".join(shown_name(one.name) for one in evidence[None])),
        ("restart", verdict.restart),
    ]
    remedies = [
        (remedy.action, short(escape(remedy.text)), format_rule(remedy.rule) if remedy.rule else "")
        for remedy in verdict.remedies
    ]
    return (
        verdict.objref,
        verdict.verdict,
        verdict.fine,
        escape(verdict.path),
        escape(verdict.found or b""),
        ", ".join(verdict.details),
        [(label, short(text)) for label, text in lines if text],
        remedies,
    )


def main(words: Sequence[str]) -> int:
    """Do it; the exit status. What goes wrong is the last message."""
    which, fd, revision, fingerprint = words
    gc.disable()
    os.nice(_NICE)
    try:
        with open_pinned(fd, revision, fingerprint) as image:
            (validate if which == "validate" else preflight)(image)
    except CrimgError as error:
        send(error=escape(str(error).replace(f"/proc/self/fd/{fd}", "the image")))
        return error.exit_status
    except BrokenPipeError:  # the application has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
