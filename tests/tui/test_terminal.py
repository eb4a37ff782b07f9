"""The application in a real terminal (tmux): from the command line, with keys, and back to the shell."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import environment
from tests.samples import small_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEADLINE = 30


class Terminal:
    """A server of tmux of its own, with one window of 100x30."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ("tmux", "-S", str(socket), "-f", "/dev/null")

    def __call__(self, *words: str) -> str:
        """Run a command of tmux; what it prints."""
        done = subprocess.run(
            [*self._tmux, *words],
            env=environment(TERM="xterm-256color", LC_ALL="C.UTF-8"),
            capture_output=True,
            text=True,
            check=True,
            timeout=_DEADLINE,
        )
        return done.stdout

    def wait_for(self, *texts: str, gone: str = "\0") -> None:
        """Wait until all texts are on the screen, and `gone` is not."""
        end = time.monotonic() + _DEADLINE
        while True:
            screen = self("capture-pane", "-p")
            if all(text in screen for text in texts) and gone not in screen:
                return
            assert time.monotonic() < end, screen
            time.sleep(0.05)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in which a shell runs the application on torn.crimg, and then waits for a line."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    (tmp_path / "torn.crimg").write_bytes(small_image() + bytes(range(100)))
    made = Terminal(tmp_path / "tmux")
    command = f"{shlex.quote(sys.executable)} -m crimg tui torn.crimg; echo status=$?; read line"
    made("new-session", "-d", "-x", "100", "-y", "30", "-c", str(tmp_path), "sh", "-c", command)
    yield made
    made("kill-server")


def test_a_torn_image_is_browsed_and_the_shell_comes_back(terminal: Terminal) -> None:
    terminal.wait_for("torn.crimg", "Will it come back?", "Tasks")
    terminal("send-keys", "3")
    terminal.wait_for("Files (7)", "/tmp/gone")
    terminal("send-keys", "j", "Enter")
    terminal.wait_for("Referred to by")
    terminal("send-keys", "b")
    terminal.wait_for("Files (7)")
    terminal("send-keys", "q")
    terminal.wait_for("status=0", "100 bytes behind revision 1", gone="Files (7)")
