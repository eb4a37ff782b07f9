"""Every rule has an image that breaks it and no other, and its line in specs/validation.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.errors import UsageError
from crimg.model.enums import Severity
from crimg.validate import FAMILIES, RULES, open_for_check, select, validate
from tests.validate import (  # noqa: F401 - they fill CASES
    broken_container,
    broken_epoll,
    broken_files,
    broken_memory,
    broken_references,
    broken_special,
    broken_tasks,
)
from tests.validate.cases import CASES
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.validate import Report
    from tests.validate.cases import Maker


def report_of(data: bytes, tmp_path: Path) -> Report:
    path = tmp_path / "case.crimg"
    path.write_bytes(data)
    with open_for_check(str(path)) as image:
        return validate(image)


def test_the_sound_image_has_no_findings(tmp_path: Path) -> None:
    report = report_of(Draft().bytes(), tmp_path)
    assert not report.findings
    own = tuple(sorted(rule_id for rule_id in RULES if not rule_id.startswith("C6")))
    assert report.checked == own and not report.skipped  # C6 is about images of CRIU


def test_five_epoll_instances_may_watch_one_another(tmp_path: Path) -> None:
    assert not report_of(broken_epoll.nested(5), tmp_path).findings


@pytest.mark.parametrize(
    ("rule_id", "maker"),
    [(rule, maker) for rule, _, maker in CASES],
    ids=[f"{rule}-{name}" for rule, name, _ in CASES],
)
def test_an_image_that_breaks_one_rule(rule_id: str, maker: Maker, tmp_path: Path) -> None:
    report = report_of(maker(), tmp_path)
    assert {finding.rule for finding in report.findings} == {rule_id}, report.findings
    rule = RULES[rule_id]
    for finding in report.findings:
        assert finding.severity == rule.severity
        assert finding.remedy == rule.remedy
        assert finding.text.isprintable() and finding.text
        assert finding.place.label.isprintable()


def test_every_rule_has_such_an_image() -> None:
    left = RULES.keys() - {rule for rule, _, _ in CASES}
    assert {rule_id for rule_id in left if not rule_id.startswith("C6")} == set()  # tests/criu/test_rules.py
    assert {rule for rule, _, _ in CASES} <= RULES.keys()


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_every_rule_has_a_page(rule_id: str) -> None:
    rule = RULES[rule_id]
    assert rule.title.endswith(".") and len(rule.title) <= 110
    assert rule.reasons and all(text.endswith(".") for text in rule.reasons)
    assert rule.remedy.endswith(".")
    assert rule_id[:2] in FAMILIES and rule_id[1:].isdecimal() and len(rule_id) == 4
    assert rule.severity in Severity


def test_rules_can_be_chosen() -> None:
    assert [rule.id for rule in select(["C30"], ["C305", "C302"])] == [
        "C301",
        "C303",
        "C304",
        "C306",
        "C307",
        "C308",
        "C309",
    ]
    assert len(select()) == len(RULES)


def test_an_image_is_not_called_sound_by_no_rule() -> None:
    with pytest.raises(UsageError, match="no rule is left"):
        select(["C30"], ["C3"])


def test_rules_about_the_file_itself_are_those_of_family_c1() -> None:
    assert sorted(rule.id for rule in RULES.values() if rule.of_container) == [
        f"C{number}" for number in range(101, 116)
    ]
