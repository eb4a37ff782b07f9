"""Pseudo-terminals of which the image has both sides: made anew, with the sessions that they control."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import UnsupportedResourceError
from crimg.kernel.subreaper import Subreaper
from crimg.model import Tty
from crimg.preflight import check
from tests.dump import proc
from tests.dump.dumps import command, save
from tests.dump.programs import Agent, Program, eventually, needs_root
from tests.dump.test_terminals import PAIR
from tests.needed import require
from tests.preflight.altered import altered
from tests.restart.comeback import bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.record import Record

# The child tells of its terminal: its name, whether it is in the foreground itself, the size; by /dev/tty.
TOLD = """
import fcntl, os, pty, select, struct, termios
pid, master = pty.fork()
if pid == 0:
    again = os.open("/dev/tty", os.O_RDWR)
    while line := os.read(0, 99):
        front = os.tcgetpgrp(again) == os.getpgrp() == os.getpid()
        said = os.ttyname(0), front, tuple(os.get_terminal_size(again))
        os.write(again, repr(said).encode())
    os._exit(0)
os.set_inheritable(master, False)
settings = termios.tcgetattr(master)
settings[3] &= ~termios.ECHO
settings[6][termios.VINTR] = b"\\x07"
termios.tcsetattr(master, termios.TCSANOW, settings)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 660, 1010))
def ask(text=b"?\\n"):
    os.write(master, text)
    assert select.select([master], [], [], 20)[0]
    return os.read(master, 999).decode()
def state():
    return termios.tcgetattr(master), fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8))
"""


@needs_root
def test_both_sides(tmp_path: Path) -> None:
    """Settings, both sizes, who is in the foreground, and the name, which is free; Ctrl-G ends it."""
    with Agent(TOLD, tmp_path / "target") as agent:
        before, said, child = agent.ask("state()"), agent.ask("ask()"), agent.ask("pid")
        assert "True, (101, 33)" in said
        eventually(lambda: proc.sleeping(child))
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            assert agent.ask("state()") == before
            assert agent.ask("ask()") == said
            assert agent.ask("os.get_inheritable(master)") is False
            eventually(lambda: proc.sleeping(child))
        assert agent.ask("os.write(master, b'\\x07'), os.waitpid(pid, 0)[1]") == (1, signal.SIGINT)


@needs_root
def test_number_that_is_taken(tmp_path: Path) -> None:
    """It gets another one, which is said."""
    with Agent(TOLD, tmp_path / "target") as agent:
        said, child = agent.ask("ask()"), agent.ask("pid")
        name = said.split("'")[1]
        eventually(lambda: proc.sleeping(child))
        put_away(agent, tmp_path / "image")
        masters = []
        try:
            while not os.path.exists(name):
                masters.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
            text = command("restart", "-n", tmp_path / "image").stdout.decode()
            assert f"note: {name} is taken: the terminal will have another number" in text
            bring_back(agent, tmp_path / "image")
        finally:
            for fd in masters:
                os.close(fd)
        now = agent.ask("ask()")
        assert now.split("'")[1] != name
        assert now.split("'")[2] == said.split("'")[2]


def test_master_alone(tmp_path: Path) -> None:
    """Locked, as nobody has opened the other side; packet mode, and exclusive."""
    code = """
import fcntl, struct
fd = os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(fd, 0x5420, struct.pack("i", 1))
fcntl.ioctl(fd, 0x540C)
def told():
    asked = (fcntl.ioctl(fd, what, bytes(4)) for what in (0x80045439, 0x80045438, 0x80045440))
    return [struct.unpack("i", raw)[0] for raw in asked]
"""
    with Agent(code, tmp_path / "target") as agent:
        assert agent.ask("told()") == [1, 1, 1]
        there_and_back(agent, tmp_path / "image")
        assert agent.ask("told()") == [1, 1, 1]


@needs_root
@pytest.mark.skipif(shutil.which("script") is None, reason="no script(1) on this machine")
def test_script(tmp_path: Path) -> None:
    with Program(["script", "-qfc", "echo ready; exec cat", "typescript"], tmp_path / "target") as program:
        program.send("one\n")
        eventually(lambda: (program.folder / "typescript").read_bytes().count(b"one") == 2)
        eventually(lambda: all(proc.sleeping(pid) for pid in proc.descendants(program.pid)))
        there_and_back(program, tmp_path / "image")
        program.send("two\n")
        eventually(lambda: (program.folder / "typescript").read_bytes().count(b"two") == 2)


@needs_root
def test_tmux_with_vim_and_shell(tmp_path: Path) -> None:
    """The whole of it: server, a shell with vim as its job, a second window; a client finds them again."""
    for name in ("tmux", "vim"):
        require(name)
    tmux = ["tmux", "-S", str(tmp_path / "sock"), "-f", os.devnull]
    environment = {"PATH": os.environ["PATH"], "TERM": "screen", "LANG": "C.UTF-8", "PS1": "$ ", "ENV": ""}

    def told(*words: str) -> str:
        done = subprocess.run([*tmux, *words], capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shows(words: str) -> bool:
        return words in told("capture-pane", "-p")

    told("new-session", "-d", "-x", "100", "-y", "30", "exec sh")
    server = int(told("display-message", "-p", "#{pid}"))
    try:
        told("send-keys", "vim -u NONE -i NONE -N text", "Enter")
        eventually(lambda: shows("~"))
        told("send-keys", "ibefore", "Escape")
        eventually(lambda: shows("before"))
        tree = proc.descendants(server)
        assert len(tree) == 3
        _put_away_between_answers(server, tmp_path / "image", tree)
        (tmp_path / "sock").unlink(missing_ok=True)
        done = command("restart", tmp_path / "image")
        assert done.returncode == 0, done.stderr
        assert int(told("display-message", "-p", "#{pid}")) == server
        assert told("display-message", "-p", "#{pane_width}x#{pane_height}") == "100x30\n"
        assert shows("before")
        told("send-keys", "oafter", "Escape", "C-z")
        eventually(lambda: shows("Stopped") or shows("suspended"))
        told("send-keys", "fg", "Enter")
        eventually(lambda: shows("after") and not shows("Stopped"))
        told("send-keys", ":wq", "Enter")
        eventually(lambda: (tmp_path / "text").exists())
        eventually(lambda: (tmp_path / "text").read_text() == "before\nafter\n")
        told("send-keys", "exit", "Enter")
        eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in tree))
    finally:
        with contextlib.suppress(ProcessLookupError):  # with its last session it ends itself
            os.kill(server, signal.SIGKILL)


def _put_away_between_answers(pid: int, path: Path, tree: list[int]) -> None:
    """Dump a tree that talks over its terminal, at a moment when nothing waits in it; and kill it."""
    with Subreaper():
        for _ in range(100):
            try:
                save(pid, path, leave="killed")
                break
            except UnsupportedResourceError as error:
                assert all("-queue]" in line for line in error.problems)
        else:
            raise AssertionError("something waits at every moment")

        def gone() -> bool:
            for one in tree:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(one, os.WNOHANG)
            return not any(os.path.exists(f"/proc/{one}") for one in tree)

        eventually(gone)


def test_settings_that_are_none(tmp_path: Path) -> None:
    """What a terminal could not have is refused before anything is made."""
    with Agent(PAIR, tmp_path / "target") as agent:
        child = agent.ask("pid")
        eventually(lambda: proc.sleeping(child))
        put_away(agent, tmp_path / "image")

    def changed(row: Tty) -> Record:
        return row.replace(rows=1 << 20, extra={"packet": -1, "other": 1})

    with crimg.open(tmp_path / "image") as image:
        altered_image = altered(image, {Tty: changed})
        with pytest.raises(UnsupportedResourceError) as caught:
            restart.plan(altered_image, check(altered_image))
        text = "\n".join(caught.value.problems)
        for words in ("its settings are none", "packet cannot be set again", "other cannot be set again"):
            assert words in text
