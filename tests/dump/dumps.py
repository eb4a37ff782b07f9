"""Dumping: in this process, by the command, and by a forked process that can be disturbed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import crimg
from crimg.cli import main
from crimg.cli.atomic import AtomicOutput
from crimg.dump import DumpOptions, DumpReport, dump
from crimg.errors import UnsupportedResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from crimg.model.image import Image

TIMEOUT = 30.0


def save(pid: int, path: Path, **options: Any) -> DumpReport:
    """Dump a process to a file."""
    with AtomicOutput(str(path)) as output:
        try:
            return dump(pid, output, DumpOptions(**options))
        except UnsupportedResourceError as error:  # what pytest shows has the lines, too
            for problem in error.problems:
                error.add_note(problem)
            raise


def image_of(pid: int, path: Path, **options: Any) -> Image:
    """Dump a process to a file, and open that. options: those of DumpOptions."""
    save(pid, path, **options)
    return crimg.open(path)


def command(*words: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """`crimg WORDS` in an interpreter of its own."""
    program = [sys.executable, "-m", "crimg", *map(str, words)]
    return subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, **options)


class Dumper:
    """`crimg dump` in a forked process: no start of an interpreter, so that most moments are in the dump.

    errors: file that gets its standard error.  before: called in that process first.
    """

    def __init__(
        self,
        pid: int,
        image: Path,
        *words: str,
        errors: Path | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.target = pid
        arguments = ["dump", str(pid), "-o", str(image), *words]
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        self.pid = os.fork()
        if self.pid == 0:  # nothing may leave this block: the test run would go on twice
            status = 1
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                status = _dump(arguments, errors, before)
            except KeyboardInterrupt:  # before or behind the command itself
                status = 130
            except SystemExit as stop:
                status = int(stop.code or 0)
            finally:
                os._exit(status)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the dumper, which was not waited for yet."""
        os.kill(self.pid, number)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Its exit status, minus the signal that killed it; fails where it does not end."""
        deadline = time.monotonic() + timeout
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"the dump did not end within {timeout} s")
            time.sleep(0.0005)


def _dump(arguments: Sequence[str], errors: Path | None, before: Callable[[], None] | None) -> int:
    null = os.open(os.devnull, os.O_RDWR)
    err = null if errors is None else os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for fd, number in ((null, 0), (null, 1), (err, 2)):
        os.dup2(fd, number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, closefd=False),  # noqa: SIM115 - they live as long as the process
        open(1, "w", closefd=False),  # noqa: SIM115
        open(2, "w", closefd=False),  # noqa: SIM115
    )
    try:
        if before is not None:
            before()
        return main(arguments)
    finally:
        sys.stderr.flush()


def duration(pid: int, folder: Path, rounds: int = 3) -> float:
    """Seconds that a forked dumper takes, the longest of some."""
    longest = 0.0
    for _ in range(rounds):
        started = time.monotonic()
        status = Dumper(pid, folder / "timed.img", "--force").wait()
        longest = max(longest, time.monotonic() - started)
        assert status == 0, status
    (folder / "timed.img").unlink()
    return longest
