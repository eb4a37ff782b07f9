"""A dumper that is killed (SIGKILL) cannot put anything back: the process heals itself."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.dump import proc
from tests.dump.disturbed import chosen, clear, last_step, new_counter, steps_of
from tests.dump.dumps import Dumper
from tests.dump.programs import Program, eventually
from tests.dump.progress import Counts
from tests.dump.steps import Steps, sending
from tests.dump.untouched import masks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.sweep
@pytest.mark.parametrize("pause", [0.0, 0.001], ids=["at once", "when the target has moved on"])
def test_killed_at_every_step(pause: float, folder: Path, tmp_path: Path) -> None:
    """The program is as before, except while memory is mapped into it and unmapped (crimg.kernel.inject).

    Those calls are the first and the last for which all signals are blocked in the target.
    """
    program = new_counter(tmp_path / "0").__enter__()
    damaged = []
    try:
        names = steps_of(program, tmp_path)
        turns = names.count("PTRACE_SETSIGMASK")
        worthwhile = set(chosen(names))
        blocked = masks(program.pid)
        for step, name in enumerate(names):
            if not name.startswith("PTRACE") and name != "pwrite":
                continue
            if name == "PTRACE_SYSCALL" and step not in worthwhile:
                continue
            before = Steps(tmp_path / "log", step, sending(signal.SIGKILL, pause))
            assert Dumper(program.pid, folder / "image", before=before).wait() in (-signal.SIGKILL, 0)
            clear(folder)
            damage = _damage(program, blocked)
            if damage:
                done = (tmp_path / "log").read_text().splitlines()
                if 2 < done[:-1].count("PTRACE_SETSIGMASK") <= turns - 2:
                    damaged.append(f"{last_step(tmp_path / 'log')}: {damage.splitlines()[0]}")
                program.end()
                program = new_counter(tmp_path / f"{step + 1}").__enter__()
                blocked = masks(program.pid)
    finally:
        program.end()
    assert not damaged, "\n".join(damaged)


def _damage(program: Program, blocked: dict[int, int]) -> str:
    """What is wrong with the program, "" for nothing."""
    try:
        eventually(lambda: proc.fields(f"/proc/{program.pid}/status")["TracerPid"] == "0")
        Counts(program.folder / "count").check(timeout=5)
    except (AssertionError, OSError) as error:
        return str(error)
    return "" if masks(program.pid) == blocked else "its signal mask is another"
