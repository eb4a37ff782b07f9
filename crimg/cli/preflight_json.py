"""`--json` of `crimg preflight` and `crimg relocate`; the schemas stand in specs/."""

from __future__ import annotations

import os

from crimg.cli.inspect_json import document
from crimg.preflight import same_boot, verdicts
from crimg.preflight.candidates import WEAK
from crimg.preflight.evidence_words import plain_value
from crimg.rewrite.rules import format_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from crimg.preflight import Relocation, Unsettled, Verdict
    from crimg.rewrite.rules import PathRule, PathRules
    from crimg.views.subject import Subject

    Row = dict[str, Any]


def preflight_lines(subject: Subject, found: Sequence[Verdict], rules: PathRules, root: str) -> Iterator[str]:
    """The lines of the JSON object of `crimg preflight`."""
    counts = {kind: sum(verdict.verdict == kind for verdict in found) for kind in verdicts.MEANINGS}
    return document(
        "preflight",
        subject,
        [
            ("fine", all(verdict.fine for verdict in found)),
            ("same_boot", same_boot(subject.image)),
            ("root", os.fsencode(root)),
            ("rules", _rules(rules)),
            ("counts", counts),
            ("known_by", [_basis(*one) for one in verdicts.by_basis(found).items()]),
            ("weak", sum(verdict.weak for verdict in found)),
            ("files", [_file(verdict) for verdict in found]),
        ],
    )


def relocate_lines(subject: Subject, relocation: Relocation, root: str) -> Iterator[str]:
    """The lines of the JSON object of `crimg relocate`."""
    return document(
        "relocate",
        subject,
        [
            ("complete", relocation.complete),
            ("root", os.fsencode(root)),
            ("entries", relocation.entries),
            ("rules", _rules(relocation.rules)),
            (
                "moves",
                [
                    {
                        "objrefs": list(move.objrefs),
                        "path": move.old,
                        "found": move.new,
                        "basis": move.basis,
                        "weak": move.basis in WEAK,
                    }
                    for move in relocation.moves
                ],
            ),
            ("ambiguous", [_unsettled(one) for one in relocation.ambiguous]),
            ("missing", [_unsettled(one) for one in relocation.missing]),
            (
                "skipped",
                [{"path": path, "reason": reason} for path, reason in sorted(relocation.skipped.items())],
            ),
            ("unreadable", [{"path": path} for path in relocation.unreadable]),
        ],
    )


def _rules(rules: Iterable[PathRule]) -> list[Row]:
    return [{"old": rule.old, "new": rule.new, "text": format_rule(rule)} for rule in rules]


def _basis(basis: str, count: int) -> Row:
    return {"basis": basis, "count": count, "weak": basis in verdicts.WEAK}


def _file(verdict: Verdict) -> Row:
    users = verdict.users
    return {
        "objref": verdict.objref,
        "path": verdict.path or None,
        "looked_at": verdict.looked_at or None,
        "verdict": verdict.verdict,
        "details": list(verdict.details),
        "basis": verdict.basis or None,
        "weak": verdict.weak,
        "found": verdict.found,
        "used_by": {
            "fds": list(users.fds),
            "private_mappings": users.private,
            "shared_mappings": users.shared,
            "executable_mappings": users.executable,
            "roles": list(users.roles),
        },
        "evidence": [
            {
                "name": one.name,
                "then": plain_value(one.name, one.then),
                "now": plain_value(one.name, one.now),
                "agrees": one.agrees,
            }
            for one in verdict.evidence
        ],
        "restart": verdict.restart or None,
        "remedies": [
            {
                "action": remedy.action,
                "text": remedy.text,
                "rule": format_rule(remedy.rule) if remedy.rule is not None else None,
            }
            for remedy in verdict.remedies
        ],
    }


def _unsettled(one: Unsettled) -> Row:
    return {
        "objrefs": list(one.objrefs),
        "path": one.old,
        "candidates": list(one.candidates),
        "basis": one.basis or None,
        "led_to": one.led_to,
        "fits": one.fits,
        "reason": one.reason or None,
    }
