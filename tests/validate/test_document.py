"""specs/validation.md is what the rules say of themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crimg.validate import RULES
from crimg.validate.document import document

PAGE = Path(__file__).parents[2] / "specs/validation.md"


def test_the_page_is_made_from_the_rules() -> None:
    if os.environ.get("CRIMG_UPDATE_GOLDEN") == "1":
        PAGE.write_text(document(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == document(), "CRIMG_UPDATE_GOLDEN=1 writes it anew"


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_every_rule_has_its_line_and_its_part(rule_id: str) -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    rule = RULES[rule_id]
    assert f"| [{rule_id}](#{rule_id.lower()}) | {rule.severity.name.lower()}" in text
    assert f"### {rule_id} **{rule.title}**" in text
    assert all(reason in text for reason in rule.reasons)
    assert f"Remedy: {rule.remedy}" in text
