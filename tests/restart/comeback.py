"""Programs that are dumped, killed and brought back, and then go on under the same object."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import crimg
from crimg import restart
from crimg.kernel.subreaper import Subreaper
from crimg.model import Task
from crimg.preflight import check
from tests.dump.dumps import save
from tests.dump.programs import eventually

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from crimg.restart import Restarted
    from tests.dump.programs import Program


class Child:
    """A child of the test run, with the calls of subprocess.Popen that `Program` makes."""

    args = "restarted"

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float = 20.0) -> int:
        """Its exit status; fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            assert time.monotonic() < deadline, f"{self.pid} does not end"
            time.sleep(0.002)
        return status

    def send_signal(self, number: int) -> None:
        """kill(2), unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Stranger(Child):
    """A process that is nobody's child here, and cannot be waited for."""

    def poll(self) -> int | None:
        """None while it is there."""
        return None if os.path.exists(f"/proc/{self.pid}") else 0

    def wait(self, timeout: float = 20.0) -> int:
        """0, once it has gone."""
        eventually(lambda: self.poll() is not None, timeout)
        return 0


def put_away(program: Program, image: Path, **options: Any) -> None:
    """Dump the program and kill it. options: of DumpOptions."""
    with Subreaper():  # init would take its time, and the ids be in use until then
        save(program.pid, image, leave="killed", **options)
        with crimg.open(image) as opened:
            tree = [task.pid for task in opened.rows(Task)]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.process.wait()
        eventually(lambda: not any(_is_there(pid) for pid in tree))


def _is_there(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):  # not yet an orphan, or that of somebody else
        os.waitpid(pid, os.WNOHANG)
    return os.path.exists(f"/proc/{pid}")


def bring_back(program: Program, image: Path, *, accept: bytes = b"", **options: Any) -> Restarted:
    """Restart it from the image, as a child of the test run.

    accept: end of the paths for which any verdict will do.  options: of `restart.plan`.
    """
    with crimg.open(image) as opened:
        verdicts = check(opened)
        if accept:
            options["accept"] = {one.objref: one.verdict for one in verdicts if one.path.endswith(accept)}
        plan = restart.plan(opened, verdicts, **options)
        done = restart.restart(opened, plan)
    program.pid = done.pid
    program.process = Child(done.pid)  # type: ignore[assignment]  # all that Program asks of it
    return done


def there_and_back(program: Program, image: Path, **options: Any) -> Restarted:
    """Both. options: of `restart.plan`."""
    put_away(program, image)
    return bring_back(program, image, **options)
