"""Programs that share nothing with the test: each holds both ends of its FIFO, and writes to a file.

A descriptor of a pipe that the test held the other end of would make them impossible to save.
"""

from __future__ import annotations

import ast
import contextlib
import os
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
    from typing import Any, Self

TARGETS = Path(__file__).parent.parent / "targets"
_FLAGS = ("-O1", "-g", "-Wall", "-Werror", "-pthread")
_built: dict[tuple[str, ...], Path] = {}
_folder: tempfile.TemporaryDirectory[str] | None = None

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="this takes root")


def compiled(name: str, *flags: str) -> Path:
    """The program from targets/NAME.c, compiled once per test run; skips where there is no compiler."""
    global _folder
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    key = (name, *flags)
    if key not in _built:
        if _folder is None:
            _folder = tempfile.TemporaryDirectory(prefix="crimg-dump-")
        program = Path(_folder.name) / f"{name}-{len(_built)}"
        subprocess.run(
            [compiler, *_FLAGS, *flags, "-o", str(program), str(TARGETS / f"{name}.c")], check=True
        )
        _built[key] = program
    return _built[key]


class Program:
    """A program in a session of its own, ended at the end of the `with` block.

    folder: made if need be; holds `in`, the FIFO that is its standard input, `out` and `err`.
    ready: wait for its first line, "ready ...", whose other words are kept in `words`.
    """

    def __init__(
        self,
        command: Sequence[str | bytes | Path],
        folder: Path,
        *,
        ready: bool = True,
        user: int | None = None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.fifo = folder / "in"
        os.mkfifo(self.fifo)
        if user is not None:
            os.chown(folder, user, user)
            os.chown(self.fifo, user, user)
        reader = os.open(self.fifo, os.O_RDWR)
        out = os.open(folder / "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        err = os.open(folder / "err", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            self.process = subprocess.Popen(
                [os.fspath(word) for word in command],
                stdin=reader,
                stdout=out,
                stderr=err,
                cwd=cwd or folder,
                env=env,
                user=user,
                group=user,
                extra_groups=[] if user is not None else None,
                start_new_session=True,
                preexec_fn=before,
            )
        finally:
            for fd in (reader, out, err):
                os.close(fd)
        self.pid = self.process.pid
        self.words: list[str] = []
        self._read = 0
        self._ready = ready

    def __enter__(self) -> Self:
        try:
            if self._ready:
                first, *self.words = self.line().split()
                if first == "unsupported":
                    pytest.skip(f"this kernel or C library cannot do it: {self.process.args!r}")
                assert first == "ready", first
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """SIGKILL, and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def line(self, timeout: float = 20.0) -> str:
        """The next line of its output; fails after `timeout` seconds, or when it has ended without one."""
        deadline = time.monotonic() + timeout
        while True:
            ended = self.process.poll() is not None
            with open(self.folder / "out", "rb") as file:
                file.seek(self._read)
                line = file.readline()
            if line.endswith(b"\n"):
                self._read += len(line)
                return line[:-1].decode()
            assert not ended, f"it ended ({self.process.returncode}): {self.errors()}"
            assert time.monotonic() < deadline, f"no line within {timeout} s: {self.errors()}"
            time.sleep(0.001)

    def errors(self) -> str:
        """What it has written to its standard error."""
        return (self.folder / "err").read_text(errors="replace")

    def send(self, text: str) -> None:
        """Write to its standard input; nobody but it holds the FIFO afterwards."""
        fd = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    def signal(self, number: signal.Signals) -> None:
        """kill(2)."""
        self.process.send_signal(number)

    def finish(self, timeout: float = 20.0) -> int:
        """Wait for its end; the exit status as subprocess has it."""
        return self.process.wait(timeout)


class Agent(Program):
    """A Python program that has run `code` and evaluates expressions on demand."""

    def __init__(
        self,
        code: str,
        folder: Path,
        *,
        ready: bool = True,
        user: int | None = None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        python = sys.executable if user is None else public_python()
        command = [python, "-I", "-S", str(TARGETS / "agent.py"), code]
        if user is not None:  # the folder of the tests may be closed to others
            command[3:5] = ["-c", (TARGETS / "agent.py").read_text(), code]
        super().__init__(command, folder, ready=ready, user=user, cwd=cwd, env=env, before=before)

    def ask(self, expression: str) -> Any:
        """The value of an expression, seen from inside the program."""
        self.send(expression + "\n")
        answer = self.line()
        assert not answer.startswith("! "), answer
        return ast.literal_eval(answer)


def public_python() -> str:
    """A Python of this version that another user can run, with the packages of this one; skips without."""
    own = sys.executable, os.path.realpath(sys.executable)
    for python in (*own, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        command = [python, "-c", "import crimg.dump, crimg.cli"]
        try:
            ran = subprocess.run(
                command, user=65534, group=65534, extra_groups=[], cwd="/", env=public_environment(),
                stdin=subprocess.DEVNULL, capture_output=True,
            )  # fmt: skip
        except OSError:
            continue
        if ran.returncode == 0:
            return python
    pytest.skip("no Python of this version here that another user can run with these packages")


def public_environment() -> dict[str, str]:
    """The environment in which that Python finds crimg and what it needs."""
    paths = [path for path in sys.path if "site-packages" in path or Path(path, "crimg").is_dir()]
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def eventually(what: Callable[[], object], timeout: float = 10.0) -> None:
    """Wait until `what()` is true; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.002)
