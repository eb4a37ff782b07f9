"""A child of the application that validates, or compares with this machine: `python -m crimg.tui.checking`.

In a process of its own it takes no time from the keys (one of the interpreter's threads would hold them up).
It writes one JSON object a line to its standard output, as soon as there is something to say; every text in
it is printable. Its words: "validate" or "preflight", and a descriptor of the image.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time

from crimg.errors import CrimgError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crimg.preflight import Verdict
    from crimg.validate import Finding, Report

_EVERY = 0.1
"""Seconds between two messages about progress."""


def send(**message: object) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


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


def validate(path: str) -> None:
    """Send what the tables show at once, then what the checksums of all memory show."""
    from crimg import validate as validation

    with validation.open_for_check(path) as image:
        for page_data in (False, True):
            report = validation.validate(image, page_data=page_data, progress=progress())
            send(stage="whole" if page_data else "tables")
            for finding in report.findings:
                send(finding=_finding(finding))
    send(summary=_summary(report))


def _finding(finding: Finding) -> dict[str, object]:
    from crimg.validate import RULES

    rule, place = RULES[finding.rule], finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "title": rule.title,
        "objref": place.objref,
        "place": place.label or (f"at {place.offset:#x}" if place.offset is not None else ""),
        "field": place.field or "",
        "text": finding.text,
        "remedy": finding.remedy,
        "reasons": list(rule.reasons),
    }


def _summary(report: Report) -> str:
    return f"{len(report.checked)} rules" + (f", {len(report.skipped)} left out" if report.skipped else "")


def preflight(path: str) -> None:
    """Send the verdict on every file."""
    from crimg.preflight import check, same_boot
    from crimg.reader import open_image

    with open_image(path) as image:
        for verdict in check(image, progress=progress()):
            send(verdict=_verdict(verdict))
        send(summary="dumped in this boot" if same_boot(image) else "dumped in another boot")


def _verdict(verdict: Verdict) -> dict[str, object]:
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
    return {
        "objref": verdict.objref,
        "verdict": verdict.verdict,
        "fine": verdict.fine,
        "path": escape(verdict.path),
        "found": escape(verdict.found or b""),
        "details": ", ".join(verdict.details),
        "lines": [pair for pair in lines if pair[1]],
        "remedies": [
            (remedy.action, escape(remedy.text), format_rule(remedy.rule) if remedy.rule else "")
            for remedy in verdict.remedies
        ],
    }


def main(words: Sequence[str]) -> int:
    """Do it; the exit status. What goes wrong is the last message."""
    which, fd = words
    path = f"/proc/self/fd/{fd}"
    gc.disable()
    try:
        if which == "validate":
            validate(path)
        else:
            preflight(path)
    except CrimgError as error:
        send(error=escape(str(error).replace(path, "the image")))
        return error.exit_status
    except BrokenPipeError:  # the application has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
