"""Is an image sound? Rules over the image alone; what they find is data, never an exception.

    with open_for_check("image.bin") as image:
        report = validate(image)
    for finding in report.findings: ...

A rule is a function in one of the modules that this package imports; `RULES` has them all.
"""

from __future__ import annotations

import os
import stat

from crimg.errors import FormatError, UnsupportedVersionError
from crimg.graph import owner, row_label
from crimg.model.enums import Severity
from crimg.reader import criu_store, open_image
from crimg.validate import (  # noqa: F401 - importing them is what fills RULES
    addresses,
    container,
    criu,
    criu_links,
    definitions,
    descriptors,
    epoll,
    keepers,
    kinds,
    left_out,
    memory,
    pagemaps,
    pipes,
    references,
    sections,
    signals,
    special,
    tasks,
    threads,
    tree,
)
from crimg.validate.checked import Checked
from crimg.validate.finding import Finding, Hit, Place
from crimg.validate.rules import FAMILIES, RULES, Rule, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model.image import Image
    from crimg.validate.checked import Progress

__all__ = [
    "FAMILIES",
    "RULES",
    "Finding",
    "Place",
    "Report",
    "Rule",
    "Severity",
    "open_for_check",
    "select",
    "validate",
]


class Report:
    """What a validation found.

    findings: the worst first, then by rule, then in the order of the image.  checked: the rules that were
    applied.  skipped: rules that could not be, because they need tables that are damaged.
    page_data: checksums of page data were looked at.
    """

    def __init__(
        self, findings: Sequence[Finding], checked: Sequence[str], skipped: Sequence[str], *, page_data: bool
    ) -> None:
        self.findings = tuple(findings)
        self.checked = tuple(checked)
        self.skipped = tuple(skipped)
        self.page_data = page_data

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def is_sound(self, *, strict: bool = False) -> bool:
        """No errors; strict: no warnings either."""
        return not (self.count(Severity.ERROR) or (strict and self.count(Severity.WARNING)))


def open_for_check(path: str) -> Image:
    """The image at `path` ("-": standard input), damaged or not; close it.

    Raises FormatError where nothing in the file can be read, FileError, UsageError.
    """
    if path == "-" or not _is_file(path):
        image = open_image(path, salvage=True)  # a pipe cannot be read twice
    else:
        try:
            return open_image(path)
        except UnsupportedVersionError:
            raise
        except FormatError as error:
            image = open_image(path, salvage=True)
            if not image.damage:
                image.damage = (error,)
    if image.damage and not image.store.sections:
        image.close()
        raise image.damage[0]
    return image


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return True  # the reader says what is wrong with it


def validate(
    image: Image,
    rules: Sequence[Rule] | None = None,
    *,
    page_data: bool = True,
    layout: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Apply rules (all of them by default) to an image, in one pass.

    page_data: look at the checksums of pages and of kept contents too, which reads the whole file.
    layout: look for what the index does not tell (family C1), which reads the header of every section;
    without it those rules are not applied.
    progress: called meanwhile with bytes done and bytes in all.  Raises FileError where the file cannot
    be read.
    """
    chosen = list(RULES.values()) if rules is None else list(rules)
    if criu_store(image) is None:
        chosen = [rule for rule in chosen if not rule.of_criu]
    else:
        chosen = [rule for rule in chosen if not rule.of_container]
    if not layout:
        chosen = [rule for rule in chosen if not rule.of_container]
    checked = Checked(image, page_data=page_data, layout=layout, progress=progress)
    findings: list[Finding] = []
    skipped = []
    for rule in sorted(chosen, key=lambda rule: rule.id):
        if rule.whole and not checked.complete:
            skipped.append(rule.id)
            continue
        hits = list(rule.check(checked))
        remedy = rule.remedy if hits else ""
        findings.extend(
            Finding(rule.id, rule.severity, _place(checked, hit), hit.text, remedy) for hit in hits
        )
    findings.sort(key=lambda finding: (-finding.severity, finding.rule))
    applied = [rule.id for rule in chosen if rule.id not in skipped]
    return Report(findings, sorted(applied), skipped, page_data=page_data)


def _place(checked: Checked, hit: Hit) -> Place:
    if hit.row is not None:
        entry = checked.section_of(hit.row)
        return Place(
            objref=owner(hit.row),
            kind=type(hit.row).noun,
            label=row_label(hit.row),
            field=hit.field,
            section=entry.id if entry else None,
            offset=entry.ofs_header if entry and hit.offset is None else hit.offset,
        )
    if hit.section is not None:
        offset = hit.section.ofs_header if hit.offset is None else hit.offset
        return Place(label=hit.section.label, section=hit.section.id, offset=offset)
    return Place(offset=hit.offset)
