"""Whether a process is as it was: running, traced by nobody, with its mappings, signal actions and masks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.dump import proc
from tests.dump.programs import eventually

if TYPE_CHECKING:
    from pathlib import Path

_PROCESS = ("SigIgn", "SigCgt", "Umask", "Seccomp", "NoNewPrivs", "Threads")


class Untouched:
    """The state of a process at the time this is made; `check` compares."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._before = self._state()
        self._maps = proc.maps(pid)

    def _state(self) -> dict[str, object]:
        status = proc.fields(f"/proc/{self.pid}/status")
        state: dict[str, object] = {name: status.get(name) for name in _PROCESS}
        state["fds"] = sorted(
            (number, os.readlink(f"/proc/{self.pid}/fd/{number}".encode()))
            for number in os.listdir(f"/proc/{self.pid}/fd")
        )
        state["threads"] = proc.threads(self.pid)
        return state

    def _running(self) -> bool:
        """No thread is stopped or traced. The mask is only what the program set while it is in no such call
        as sigtimedwait(2), which changes it for the time being."""
        for tid in proc.threads(self.pid):
            status = proc.fields(f"/proc/{self.pid}/task/{tid}/status")
            if status["State"][0] not in "RSD" or status["TracerPid"] != "0":
                return False
        return True

    def check(self) -> None:
        """Fail unless the process is as it was."""
        eventually(self._running)
        assert self._state() == self._before
        assert proc.maps(self.pid) == self._maps


def masks(pid: int) -> dict[int, int]:
    """The signal mask of each thread."""
    return {
        tid: int(proc.fields(f"/proc/{pid}/task/{tid}/status")["SigBlk"], 16) for tid in proc.threads(pid)
    }


def only(folder: Path, *names: str) -> None:
    """Fail unless these, and nothing else, hidden or not, are in the folder."""
    assert sorted(os.listdir(folder)) == sorted(names)
