"""specs/validation.md, made from the rules themselves (a test holds the file to it)."""

from __future__ import annotations

from crimg.validate.rules import FAMILIES, RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.rules import Rule

_COLUMNS = 110
_PREFACE = """\
# Validation rules

`crimg validate IMAGE` applies these rules to an image alone: nothing of the machine it runs on is looked at.
This page is made from the rules (`make golden` writes it anew); `crimg validate --explain C301` prints a
rule's part.

Ids are stable: a rule keeps its id, and an id that is given up is not used again. Severities:

- **error**: a restart would refuse the image, or restart something else than what was saved;
- **warning**: it can be right, and would then come back as it was; or it can be a sign that something was
  lost;
- **note**: nothing is wrong.

A rule that concludes from what is missing (marked *whole*) is left out where sections are lost or damaged: it
would repeat the damage. Which columns are references, and to which kinds, is said once, in the model
(`crimg/model`); the rules about references derive from it.

Not covered: whether a kept file lies in the area that the dump was told to use (the image does not
record it)."""


def document() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _PREFACE
    for family, what in FAMILIES.items():
        rules = [rule for rule_id, rule in sorted(RULES.items()) if rule_id.startswith(family)]
        yield f"\n## {family}xx: {what}\n"
        yield "| rule | severity | what |"
        yield "| --- | --- | --- |"
        for rule in rules:
            severity = rule.severity.name.lower() + (", whole" if rule.whole else "")
            yield f"| [{rule.id}](#{rule.id.lower()}) | {severity} | {rule.title} |"
        for rule in rules:
            yield from _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    yield f"\n### {rule.id}\n"
    yield from _wrapped(f"**{rule.title}** ({rule.severity.name.lower()})")
    for text in rule.reasons:
        yield ""
        yield from _wrapped(text)
    yield ""
    yield from _wrapped(f"Remedy: {rule.remedy}")


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > _COLUMNS:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
