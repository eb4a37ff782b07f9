"""Small C programs as targets: compiled once per test run, started, talked to by lines, and always ended."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

SOURCES = Path(__file__).parent / "c"
_FLAGS = ("-O1", "-g", "-Wall", "-Werror", "-pthread", "-no-pie")
_built: dict[tuple[str, ...], Path] = {}
_folder: tempfile.TemporaryDirectory[str] | None = None


def compiled(name: str, *flags: str) -> Path:
    """The program from c/NAME.c; skips the test where there is no C compiler."""
    global _folder
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    if (name, *flags) not in _built:
        if _folder is None:
            _folder = tempfile.TemporaryDirectory(prefix="crimg-targets-")
        program = Path(_folder.name) / f"{name}-{len(_built)}"
        command = [compiler, *_FLAGS, *flags, "-o", str(program), str(SOURCES / f"{name}.c")]
        subprocess.run(command, check=True)
        _built[(name, *flags)] = program
    return _built[(name, *flags)]


class Target:
    """A child process that has printed its line "ready ..."; killed at the end of the `with` block."""

    def __init__(self, command: Sequence[str | Path], **options: object) -> None:
        self.process = subprocess.Popen(  # type: ignore[call-overload]  # options of the caller's
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            process_group=0,  # not an orphaned group, whose members the terminal's stop signals do not stop
            **options,
        )
        self.pid: int = self.process.pid
        self._rest = b""
        self.ready: list[str] = []

    def __enter__(self) -> Self:
        try:
            words = self.line().split()
            if words and words[0] == "unsupported":
                pytest.skip(f"this kernel or C library cannot do it: {self.process.args}")
            assert words and words[0] == "ready", words
            self.ready = words[1:]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()

    def line(self, timeout: float = 20.0) -> str:
        """The next line of its output, "" at the end; fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        stream = self.process.stdout.fileno()
        while b"\n" not in self._rest:
            readable, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
            assert readable, f"no line from {self.process.args} within {timeout} s; so far {self._rest!r}"
            data = os.read(stream, 4096)
            if not data:
                return ""
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def send(self, data: bytes) -> None:
        """Write to its standard input."""
        self.process.stdin.write(data)

    def kill(self) -> None:
        """SIGKILL, unless it has been waited for.

        Popen.kill() would ask for its end first, and take a stop of our own tracing for one.
        """
        if self.process.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def close_input(self) -> None:
        """Give it the end of its input."""
        self.process.stdin.close()

    def finish(self, timeout: float = 20.0) -> int:
        """Wait for its end; the exit status as subprocess has it."""
        return int(self.process.wait(timeout))


def start(name: str, *arguments: str, flags: tuple[str, ...] = ()) -> Target:
    """The C program NAME with `arguments`."""
    return Target([compiled(name, *flags), *arguments])


def start_python(program: str, *arguments: str) -> Target:
    """A Python program, given as text; it finds crimg as this one does."""
    path = os.pathsep.join(filter(None, sys.path))
    return Target([sys.executable, "-c", program, *arguments], env={**os.environ, "PYTHONPATH": path})


def states(pid: int) -> dict[int, str]:
    """Thread to state letter, of all threads of a process (proc_pid_stat(5))."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/task"):
        try:
            text = Path(f"/proc/{pid}/task/{name}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(name)] = text.rpartition(")")[2].split()[0]
    return found


def status_field(tid: int, name: str) -> str:
    """A line of /proc/TID/status."""
    for line in Path(f"/proc/{tid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    raise KeyError(name)


def eventually(what: Callable[[], bool], timeout: float = 10.0) -> None:
    """Wait until `what()` is true; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.005)


def asleep(pid: int) -> bool:
    """Whether every thread of the process sleeps in a system call."""
    return set(states(pid).values()) == {"S"}
