"""A program on a terminal comes back on another one: `crimg restart --tty`."""

from __future__ import annotations

import ast
import os
import pty
import select
import shutil
import signal
import sys
import termios
import time
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.preflight import check
from tests.dump import proc
from tests.dump.dumps import command, save
from tests.dump.programs import eventually, needs_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

PROGRAM = """
import os, signal, sys, termios
os.closerange(3, 1000)
settings = termios.tcgetattr(0)
settings[3] &= ~(termios.ECHO | termios.ICANON)
termios.tcsetattr(0, termios.TCSANOW, settings)
drawn = 0
def draw(*_):
    global drawn
    drawn += 1
signal.signal(signal.SIGWINCH, draw)
again = os.open("/dev/tty", os.O_RDWR)
os.write(1, b"ready\\n")
while True:
    word = os.read(0, 1)
    if word == b"q":
        sys.exit(7)
    front = os.tcgetpgrp(again) == os.getpgrp()
    names = os.ttyname(0), os.getpid(), front, tuple(os.get_terminal_size(again))
    raw = not termios.tcgetattr(again)[3] & (termios.ECHO | termios.ICANON)
    os.write(1, repr((*names, raw, drawn > 0)).encode() + b"\\n")
"""


class Terminal:
    """A program that leads a session on a terminal of its own; the other side of which is here."""

    def __init__(self, words: Sequence[str], size: tuple[int, int]) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.closerange(3, 1000)
                termios.tcsetwinsize(0, size)
                os.execv(words[0], list(words))
            finally:
                os._exit(127)
        self.seen = b""

    def line(self, timeout: float = 20.0) -> str:
        """The next line that it writes."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, self.seen
            if select.select([self.fd], [], [], left)[0]:
                self.seen += os.read(self.fd, 4096)
        line, _, self.seen = self.seen.partition(b"\n")
        return line.decode().rstrip("\r")

    def put_away(self, image: Path) -> None:
        """Dump the program, and end it."""
        tree = proc.descendants(self.pid)
        save(self.pid, image, leave="killed")
        self.status()
        os.close(self.fd)
        eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in tree))

    def until(self, words: str) -> None:
        """Read lines up to one with these words."""
        while words not in self.line():
            pass

    def ask(self) -> tuple[Any, ...]:
        """What the program says of itself."""
        os.write(self.fd, b"?")
        said: tuple[Any, ...] = ast.literal_eval(self.line())
        return said

    def raw(self) -> bool:
        """Whether the terminal echoes nothing."""
        return not termios.tcgetattr(self.fd)[3] & termios.ECHO

    def status(self, options: int = 0) -> int:
        """That of wait(2)."""
        return os.waitpid(self.pid, options)[1]


@needs_root
def test_another_terminal(tmp_path: Path) -> None:
    first = Terminal([sys.executable, "-c", PROGRAM], (24, 80))
    assert first.line() == "ready"
    name, pid, *rest = first.ask()
    assert rest == [True, (80, 24), True, False]
    first.put_away(tmp_path / "image")
    with crimg.open(tmp_path / "image") as image:
        plan = restart.plan(image, check(image), terminal=b"/dev/pts/99")
        lines = [step.describe() for step in plan.steps]
        assert sum("open terminal /dev/pts/99 as" in line and name in line for line in lines) == 1
        assert any("open terminal /dev/tty as" in line for line in lines)
        assert lines[-2].startswith(f"put process group {pid} into the foreground of /dev/pts/99 and set it")
        assert not any("begins a session" in line for line in lines)
    words = [sys.executable, "-m", "crimg", "restart", "-q", "--tty", str(tmp_path / "image")]
    second = Terminal(words, (30, 90))
    try:
        for _ in range(2):
            eventually(second.raw, 20)
            eventually(lambda: second.ask()[-1])  # told to draw anew
            assert second.ask()[1:] == (pid, True, (90, 30), True, True)
            os.write(second.fd, b"\x1a")  # Ctrl-Z
            assert os.WIFSTOPPED(second.status(os.WUNTRACED))
            assert not second.raw(), "the terminal is as it was for the shell"
            os.kill(second.pid, signal.SIGCONT)
        os.write(second.fd, b"q")
        assert os.waitstatus_to_exitcode(second.status()) == 7
    finally:
        os.close(second.fd)


def test_without_a_terminal(tmp_path: Path) -> None:
    done = command("restart", "--tty", tmp_path / "image", start_new_session=True)
    assert done.returncode == 2
    assert b"--tty: this command has no controlling terminal" in done.stderr


@needs_root
def test_shell_with_jobs(tmp_path: Path) -> None:
    """An interactive one goes on with its job control: it gives the terminal away, and takes it back."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    first = Terminal([bash, "--norc", "--noprofile", "-i"], (24, 80))
    os.write(first.fd, b"bind 'set enable-bracketed-paste off'; PS1=; kept=6; echo re''ady\n")
    first.until("ready")
    os.write(first.fd, b"sleep 1000\n")
    eventually(lambda: os.tcgetpgrp(first.fd) != first.pid)
    os.write(first.fd, b"\x1a")
    first.until("Stopped")
    eventually(lambda: os.tcgetpgrp(first.fd) == first.pid)
    first.put_away(tmp_path / "image")
    words = [sys.executable, "-m", "crimg", "restart", "-q", "--tty", str(tmp_path / "image")]
    second = Terminal(words, (30, 90))
    try:
        eventually(lambda: os.tcgetpgrp(second.fd) == first.pid, 20)
        os.write(second.fd, b"echo $((kept * 7)); jobs; fg\n")
        second.until("42")
        second.until("Stopped")
        eventually(lambda: os.tcgetpgrp(second.fd) != first.pid)
        os.write(second.fd, b"\x03")
        eventually(lambda: os.tcgetpgrp(second.fd) == first.pid)
        os.write(second.fd, b"exit $kept\n")
        assert os.waitstatus_to_exitcode(second.status()) == 6
    finally:
        os.close(second.fd)
