"""The application in a real terminal (tmux): from the command line, with keys, and back to the shell."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import crimg, environment, text
from tests.needed import require
from tests.samples import small_image
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEADLINE = 30


class Terminal:
    """A server of tmux of its own, with one window of 120x30."""

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


@contextmanager
def terminal_with(folder: Path, image: bytes) -> Iterator[Terminal]:
    """A terminal in which a shell runs the application on image.crimg, and then waits for a line."""
    require("tmux")
    (folder / "image.crimg").write_bytes(image)
    made = Terminal(folder / "tmux")
    command = f"{shlex.quote(sys.executable)} -m crimg tui image.crimg; echo status=$?; read line"
    made("new-session", "-d", "-x", "120", "-y", "30", "-c", str(folder), "sh", "-c", command)
    try:
        yield made
    finally:
        made("kill-server")


def test_paths_are_rewritten_and_the_command_line_sees_it(tmp_path: Path) -> None:
    with terminal_with(tmp_path, Draft().bytes()) as terminal:
        terminal.wait_for("Tasks", " files differ")
        terminal("send-keys", "3")
        terminal.wait_for("Files (", "/tmp/gone")
        terminal("send-keys", "j")
        terminal.wait_for("path               /tmp/gone")
        terminal("send-keys", "e")
        terminal.wait_for("New path of #31: /tmp/gone")
        terminal("send-keys", "-l", "/tmp/elsewhere")  # the old one is selected: it is typed over
        terminal.wait_for("New path of #31: /tmp/elsewhere", "+ 1 path to change")
        terminal("send-keys", "Enter")
        terminal.wait_for("plan: 1 path, not written", gone="New path of")
        terminal("send-keys", "r")
        terminal.wait_for("rule   exact  prefix", ">from  /tmp/gone")
        terminal("send-keys", "-l", "/usr/bin")
        terminal.wait_for(">from  /usr/bin", "-> /tmp/gone/counter", gone=">from  /tmp")
        terminal("send-keys", "Tab")
        terminal.wait_for(">to")
        terminal("send-keys", "-l", "/opt/bin")
        terminal.wait_for("/usr/bin/counter -> /opt/bin/counter", "+ 2 paths to change")
        terminal("send-keys", "Enter")
        terminal.wait_for("Paths that change (2)", gone="rule   exact")
        terminal("send-keys", "q")
        terminal.wait_for("The plan is not written: 2 paths to change.")
        terminal("send-keys", "Escape")
        terminal.wait_for("Paths that change (2)", gone="The plan is not written")
        terminal("send-keys", "w")
        terminal.wait_for("revision 2 is written", "Plan: nothing is to be changed")
        terminal("send-keys", "H")
        terminal.wait_for("Revisions (2)", "file: 2 (path)")
        terminal("send-keys", "q")
        terminal.wait_for("status=0", gone="Revisions (2)")
    image = tmp_path / "image.crimg"
    assert crimg("validate", image).returncode == 0
    log = text(crimg("log", image))
    assert "command: crimg tui image.crimg\n  rule:    prefix /usr/bin=/opt/bin\n" in log
    assert "  rule:    set #31=/tmp/elsewhere\n  changed: file: 2 (path)\n" in log


def test_a_torn_image_is_browsed_and_the_shell_comes_back(tmp_path: Path) -> None:
    with terminal_with(tmp_path, small_image() + bytes(range(100))) as terminal:
        browse(terminal)


def browse(terminal: Terminal) -> None:
    """Go somewhere, back, and out."""
    terminal.wait_for("image.crimg", "Will it come back?", "Tasks")
    terminal("send-keys", "3")
    terminal.wait_for("Files (", "/tmp/gone")
    terminal("send-keys", "j", "Enter")
    terminal.wait_for("Referred to by")
    terminal("send-keys", "b")
    terminal.wait_for("Files (")
    terminal("send-keys", "q")
    terminal.wait_for("status=0", "100 bytes behind revision 1", gone="Files (")


@pytest.mark.parametrize("ignored", [False, True])
def test_it_ends_with_its_terminal(tmp_path: Path, ignored: bool) -> None:
    """Also where no SIGHUP tells of it: the terminal is none that controls it, or the signal is ignored."""
    (tmp_path / "image").write_bytes(small_image())
    terminal, its_end = os.openpty()
    before = "trap '' HUP; " if ignored else ""
    shell = ["sh", "-c", f"{before}exec {shlex.quote(sys.executable)} -m crimg tui image"]
    with subprocess.Popen(
        shell,
        cwd=tmp_path,
        env=environment(TERM="xterm-256color", LC_ALL="C.UTF-8"),
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        start_new_session=True,
    ) as process:
        try:
            os.close(its_end)
            seen = b""
            while b"Everywhere" not in seen:  # Textual listens, as its help shows
                if select.select([terminal], [], [], 0.2)[0]:
                    seen += os.read(terminal, 1 << 16)
                elif b"Will it come back?" in seen:
                    os.write(terminal, b"?")
            os.close(terminal)
            assert process.wait(timeout=_DEADLINE) == (128 + signal.SIGHUP if ignored else -signal.SIGHUP)
        finally:
            process.kill()
