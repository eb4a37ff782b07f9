"""The bench works, and its arithmetic is right; what comes out is not judged here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import MODULES
from tests.bench.measure import CommandError, Series, alternate, peak_memory, usage, wall
from tests.bench.table import Row, lines

_ROOT = Path(__file__).parents[2]
_COLUMNS = 8


@pytest.mark.sweep
def test_every_row_has_figures(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--folder", str(tmp_path)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    tables = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("|")]
    rows = [
        [cell.strip() for cell in cells] for cells in tables if cells[0].strip() not in ("measured", "---")
    ]
    assert all(len(cells) == _COLUMNS for cells in rows)
    if shutil.which("gcore") and shutil.which("gcc"):
        assert "left out" not in done.stdout
        titles = [line for line in done.stdout.splitlines() if line.startswith("## ")]
        assert len(titles) == len(MODULES)
        assert len(rows) >= 3 * len(MODULES)
        assert all(cells[1] for cells in rows)
    for cells in rows:
        for cell in (cells[1], cells[3], cells[4]):
            if cell:
                middle, _, limits = cell.partition(" ")
                low, high = limits.strip("()").split("-") if limits else (middle, middle)
                assert (
                    float(low.replace(",", ""))
                    <= float(middle.replace(",", ""))
                    <= float(high.replace(",", ""))
                )
        assert bool(cells[5]) == bool(cells[6])
    assert list(tmp_path.iterdir()) == []


def test_modules_can_be_chosen(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--folder", str(tmp_path), "loading"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("## ")] == ["## Reading"]


def test_series() -> None:
    series = Series((3.0, 1.0, 2.0))
    assert series.median == 2
    assert str(series) == "2.00 (1.00-3.00)"
    assert series.times(1000) == (3000, 1000, 2000)
    assert series.per(Series((1.0, 2.0, 4.0))) == (3.0, 0.5, 0.5)
    assert str(Series((1234.5,))) == "1,234"
    assert str(Series((0.0125,))) == "0.013"
    with pytest.raises(ValueError, match="shorter"):
        series.per(Series((1.0,)))


def test_rows_are_judged_by_their_ratio_and_else_by_their_figures() -> None:
    two, four = Series((2.0,)), Series((4.0,))
    assert Row("a", two, at_most=2).cells()[5:7] == ["≤ 2", "yes"]
    assert Row("a", two, at_most=1.9).cells()[5:7] == ["≤ 1.9", "**no**"]
    assert Row("a", two, "b", four, at_most=0.5).cells()[4:7] == ["0.500", "≤ 0.5", "yes"]
    assert Row("a", two, "b", four, at_least=0.7).cells()[4:7] == ["0.500", "≥ 0.7", "**no**"]
    assert Row("a", two, "b", four).cells()[4:7] == ["0.500", "", ""]
    assert Row("a", None, note="left out").cells() == ["a", "", "", "", "", "", "", "left out"]
    table = list(lines("Title", [Row("a", two)]))
    assert table[0] == "## Title"
    assert {line.count("|") for line in table[2:5]} == {_COLUMNS + 1}


def test_work_is_done_in_turn_and_the_first_round_does_not_count() -> None:
    done: list[str] = []

    def work(name: str) -> float:
        done.append(name)
        return float(len(done))

    first, second = alternate(2, lambda: work("a"), lambda: work("b"))
    assert done == ["a", "b"] * 3
    assert (first, second) == ((3.0, 5.0), (4.0, 6.0))


def test_commands_are_measured() -> None:
    busy = usage([sys.executable, "-c", "sum(range(2_000_000))"])
    idle = usage([sys.executable, "-c", "import time; time.sleep(0.3)"])
    assert 0 < idle.cpu < 0.3 < idle.wall
    assert busy.cpu > 0.01
    assert wall(lambda: usage(["true"])) > 0
    with pytest.raises(CommandError, match="status 3"):
        usage([sys.executable, "-c", "raise SystemExit(3)"])


def test_memory_of_a_command_is_not_that_of_the_bench() -> None:
    ballast = bytearray(80 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    small = peak_memory([sys.executable, "-I", "-S", "-c", "pass"])
    large = peak_memory([sys.executable, "-I", "-S", "-c", "x = b'x' * (50 << 20)"])
    assert small < 30 << 20
    assert 50 << 20 < large < 80 << 20
    with pytest.raises(CommandError):
        peak_memory([sys.executable, "-c", "raise SystemExit(3)"])
