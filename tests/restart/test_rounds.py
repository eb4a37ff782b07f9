"""Again and again: a busy program with threads that checks its own results."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.dump.cases import EIGHT
from tests.dump.programs import Program, compiled
from tests.dump.progress import Counts
from tests.restart.comeback import there_and_back

if TYPE_CHECKING:
    from pathlib import Path


def _rounds(count: int, tmp_path: Path) -> None:
    with Program([compiled("watch"), "count", *EIGHT], tmp_path / "target") as program:
        for _ in range(count):
            there_and_back(program, tmp_path / "image")
            os.unlink(tmp_path / "image")
            Counts(program.folder / "count", len(EIGHT)).check()


def test_some_rounds(tmp_path: Path) -> None:
    _rounds(5, tmp_path)


@pytest.mark.sweep
def test_many_rounds(tmp_path: Path) -> None:
    """As many as CRIMG_ROUNDS says: a release wants 1,000, which take some minutes."""
    _rounds(int(os.environ.get("CRIMG_ROUNDS", "20")), tmp_path)
