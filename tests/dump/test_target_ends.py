"""A process that ends while it is dumped: a whole image, or one line that says so; nothing hangs."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import CrimgError, ProcessGoneError
from tests.dump import proc
from tests.dump.disturbed import clear, new_watch
from tests.dump.dumps import Dumper, duration, save
from tests.dump.programs import Agent, Program, eventually
from tests.dump.untouched import only

if TYPE_CHECKING:
    from pathlib import Path


def test_program_that_is_gone(tmp_path: Path, folder: Path) -> None:
    with Program(["true"], tmp_path / "target", ready=False) as program:
        program.finish()
        with pytest.raises(ProcessGoneError) as caught:
            save(program.pid, folder / "image")
    assert caught.value.pid == program.pid
    only(folder)


def test_zombie(tmp_path: Path, folder: Path) -> None:
    with Program(["true"], tmp_path / "target", ready=False) as program:
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(CrimgError) as caught:
            save(program.pid, folder / "image")
    assert isinstance(caught.value, ProcessGoneError)
    only(folder)


@pytest.mark.sweep
def test_target_is_killed_at_any_moment(tmp_path: Path, folder: Path) -> None:
    """A whole image, or one line that says that the process is gone."""
    with new_watch(tmp_path / "timed") as program:
        longest = duration(program.pid, folder)
    rounds = 25
    statuses = set()
    for turn in range(rounds):
        with new_watch(tmp_path / f"{turn}") as program:
            errors = tmp_path / "errors"
            dumper = Dumper(program.pid, folder / "image", "-q", errors=errors)
            time.sleep(longest * turn / rounds)
            program.signal(signal.SIGKILL)
            status = dumper.wait(timeout=15)
        statuses.add(status)
        if status:
            assert (status, errors.read_text()) == (4, f"crimg: error: process {program.pid} is gone\n")
            assert not (folder / "image").exists()
        clear(folder)
    assert 4 in statuses


@pytest.mark.sweep
def test_target_ends_by_itself_at_any_moment(tmp_path: Path, folder: Path) -> None:
    """Its threads run into exit_group(2) while they are being stopped."""
    code = """
import threading, time
for n in range(8):
    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    pass
os._exit(7)
"""
    with Agent(code.replace("float(sys.argv[2])", "99"), tmp_path / "timed", ready=False) as program:
        eventually(lambda: len(proc.threads(program.pid)) == 9)
        longest = duration(program.pid, folder)
    rounds = 25
    statuses = set()
    for turn in range(rounds):
        wait = f"{0.02 + longest * turn / rounds}"
        with Agent(code.replace("sys.argv[2]", wait), tmp_path / f"{turn}", ready=False) as program:
            eventually(lambda pid=program.pid: len(proc.threads(pid)) == 9)  # type: ignore[misc]
            errors = tmp_path / "errors"
            time.sleep(0.015)
            status = Dumper(program.pid, folder / "image", "-q", errors=errors).wait(timeout=15)
            assert program.finish() == 7
        statuses.add(status)
        if status:
            assert (status, errors.read_text()) == (4, f"crimg: error: process {program.pid} is gone\n")
        clear(folder)
    assert statuses == {0, 4}
