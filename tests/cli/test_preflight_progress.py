"""Progress: on a terminal only, not at once, and nothing of it stays."""

from __future__ import annotations

import io
import sys
import time

import pytest

from crimg.cli.counting import Counting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Counting("files") as shown:
        shown.show(1, 5000)
        clock[0] += 0.6
        shown.show(2000, 5000)
        shown.show(2001, 5000)
        clock[0] += 0.2
        shown.show(3000)
    assert isinstance(sys.stderr, Terminal)
    parts = sys.stderr.getvalue().split("\r\x1b[K")
    assert parts == ["", "2,000 of 5,000 files", "3,000 files", ""]


@pytest.mark.parametrize("quiet", [False, True])
def test_nowhere_else(monkeypatch: pytest.MonkeyPatch, clock: list[float], quiet: bool) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal() if quiet else io.StringIO())
    with Counting("files", quiet=quiet) as shown:
        clock[0] += 10
        shown.show(1, 2)
    assert isinstance(sys.stderr, io.StringIO)
    assert sys.stderr.getvalue() == ""


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Counting("files") as shown:
        shown.show(1, 1)
    assert isinstance(sys.stderr, Terminal)
    assert sys.stderr.getvalue() == ""
