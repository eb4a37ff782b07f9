"""specs/preflight.md names every verdict and every fixed word of a detail."""

from __future__ import annotations

from pathlib import Path

from crimg.preflight import judge
from crimg.preflight.finding import STILL_OPEN
from crimg.preflight.verdicts import MEANINGS

PAGE = (Path(__file__).parents[2] / "specs/preflight.md").read_text()


def test_every_verdict_has_its_line() -> None:
    rows = [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ")]
    assert rows[2:] == list(MEANINGS), "worst first"


def test_every_detail_is_explained() -> None:
    text = " ".join(PAGE.split())
    for word in (judge.GROWN, judge.SHRUNK, judge.REWRITTEN, judge.PERMISSIONS, judge.OWNER, judge.TOUCHED):
        assert f"*{word}*" in text
    assert f"*{judge.CTIME_ALONE}*" in text
    assert f"*{judge.INTACT}*" in text
    for word in (judge.UNVERIFIED, judge.RENAMED, judge.MAPPED):
        assert f"*{word}*" in text
    assert f"*{STILL_OPEN}*" in text
