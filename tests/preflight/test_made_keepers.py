"""Keepers as `crimg dump --deleted copy|relink` makes them: kept, lost, another file, moved elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.preflight import check
from crimg.rewrite.rules import PathRule, PathRules
from tests.dump.dumps import command
from tests.dump.programs import Agent

if TYPE_CHECKING:
    from pathlib import Path

TWO_NAMES = """
import os
file = open("file", "w+")
file.write("contents")
file.flush()
os.link("file", "other")
os.unlink("file")
"""


@pytest.mark.parametrize(("way", "words"), [("copy", "in a copy"), ("relink", "re-linked")])
def test_verdicts_on_what_keeps_a_deleted_file(tmp_path: Path, way: str, words: str) -> None:
    area, image, work = tmp_path / "area", tmp_path / "image", tmp_path / "work"
    area.mkdir()
    work.mkdir()
    with Agent(TWO_NAMES, tmp_path / "agent", cwd=work) as agent:
        options = ("--digest", "--deleted", way, "--keep-dir", area)
        ran = command("dump", agent.pid, "-o", image, *options)
        assert ran.returncode == 0, ran.stderr
    (keeper,) = area.iterdir()
    name = bytes(work / "file")

    def now(rules: PathRules | None = None) -> tuple[str, tuple[str, ...]]:
        with crimg.open(image) as opened:
            return next((one.verdict, one.details) for one in check(opened, rules=rules) if one.path == name)

    assert now() == ("kept", (words,))
    moved = area.rename(tmp_path / "moved")
    assert now() == ("missing", ("its keeper is not there",))
    rules = PathRules([PathRule(bytes(area), bytes(moved))])
    assert now(rules) == ("kept", (words,))
    (moved / "new").write_text("CONTENTS")
    (moved / "new").rename(moved / keeper.name)
    assert now(rules)[0] == {"copy": "changed", "relink": "replaced"}[way]
