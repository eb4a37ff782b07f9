"""A dumper that is interrupted: the program goes on as it was, and nothing is left of the image."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.dump.disturbed import KINDS, chosen, clear, last_step, steps_of
from tests.dump.dumps import Dumper, duration
from tests.dump.progress import Counts
from tests.dump.steps import Steps, sending
from tests.dump.untouched import Untouched, masks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.dump.programs import Program


def _disturbed(
    program: Program, groups: int, folder: Path, number: signal.Signals, rounds: int
) -> dict[int, int]:
    """Send a signal to many dumpers, each at another moment; how often each exit status came."""
    counts = Counts(program.folder / "count", groups)
    counts.check()
    longest = duration(program.pid, folder)
    untouched, blocked = Untouched(program.pid), masks(program.pid)
    statuses: dict[int, int] = {}
    for turn in range(rounds):
        dumper = Dumper(program.pid, folder / "image")
        time.sleep(longest * 1.1 * ((turn * 0.618034) % 1))  # spread evenly, in no order
        dumper.signal(number)
        status = dumper.wait()
        statuses[status] = statuses.get(status, 0) + 1
        clear(folder)
        assert program.process.poll() is None, f"it ended in turn {turn}: {program.process.returncode}"
        untouched.check()
        assert masks(program.pid) == blocked
    counts.check()
    return statuses


@pytest.mark.sweep
def test_interrupted_at_any_moment(counter: Program, folder: Path) -> None:
    """Ctrl-C: exit status 130, or 0 where it came too late."""
    statuses = _disturbed(counter, 1, folder, signal.SIGINT, 80)
    assert statuses.keys() == {0, 130}
    assert statuses[130] > 25


@pytest.mark.sweep
def test_interrupted_at_any_moment_with_threads(threads: Program, folder: Path) -> None:
    statuses = _disturbed(threads, len(KINDS), folder, signal.SIGINT, 40)
    assert statuses.keys() == {0, 130}
    assert statuses[130] > 5


@pytest.mark.sweep
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_at_any_step(number: signal.Signals, counter: Program, folder: Path, tmp_path: Path) -> None:
    """By a signal that ends a program: so it is for whoever waits, however far it was."""
    rows = chosen(steps_of(counter, tmp_path))
    untouched, blocked = Untouched(counter.pid), masks(counter.pid)
    statuses: dict[int, int] = {}
    for step in rows[:: max(1, len(rows) // 30)]:
        before = Steps(tmp_path / "log", step, sending(number))
        status = Dumper(counter.pid, folder / "image", before=before).wait()
        statuses[status] = statuses.get(status, 0) + 1
        clear(folder)
        untouched.check()
        assert masks(counter.pid) == blocked, last_step(tmp_path / "log")
    Counts(counter.folder / "count").check()
    assert statuses.keys() <= {0, 128 + number, -number}
    assert sum(statuses.values()) - statuses.get(0, 0) > 25


@pytest.mark.sweep
def test_interrupted_at_every_step(counter: Program, folder: Path, tmp_path: Path) -> None:
    """The same, without chance: before every other system call of the dumper, but for long rows of one kind.

    A call that fails in their place is tried at each (tests/dump/test_failures.py).
    """
    names = steps_of(counter, tmp_path)
    untouched, blocked = Untouched(counter.pid), masks(counter.pid)
    places = [(step, False) for step in chosen(names)[::2]]
    places += [
        (step, True) for step, name in enumerate(names) if name in ("open", "link", "rename", "unlink")
    ]
    for step, after in places:
        before = Steps(tmp_path / "log", step, sending(signal.SIGINT), after=after)
        status = Dumper(counter.pid, folder / "image", before=before).wait()
        assert status in (0, 130), last_step(tmp_path / "log")
        clear(folder)
        untouched.check()
        assert masks(counter.pid) == blocked, last_step(tmp_path / "log")
    Counts(counter.folder / "count").check()
