"""Programs as people run them: dumped, killed, restarted, they serve on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dump.dumps import command
from tests.dump.postgres import Postgres
from tests.dump.programs import Program, eventually, needs_root
from tests.dump.test_real_programs import NODE, answer, sockets_of
from tests.needed import require
from tests.restart.comeback import there_and_back

if TYPE_CHECKING:
    from pathlib import Path


def needs(program: str) -> str:
    """A program that has to be installed."""
    require(program)
    return program


def test_node(tmp_path: Path) -> None:
    """An event loop of libuv, with the threads of V8 and code that was compiled at run time."""
    require("node")
    with Program(["node", "-e", NODE], tmp_path / "target") as program:
        port, before = int(program.words[0]), sockets_of(program.pid)
        for turn in range(2):
            there_and_back(program, tmp_path / str(turn))
            assert answer(port, b"word") == b"WORD"
            eventually(lambda: sockets_of(program.pid) == before)


def _answers(path: Path) -> bool:
    """Whether somebody listens there: a name is bound a moment before."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@needs_root
def test_redis(tmp_path: Path) -> None:
    """A client sees all keys again."""
    require("redis-server")
    command = ["redis-server", "--port", "0", "--unixsocket", "sock", "--save", ""]
    with Program(command, tmp_path / "target", ready=False) as program:
        eventually(lambda: _answers(program.folder / "sock"))

        def asked(words: str) -> bytes:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(program.folder / "sock"))
                client.sendall(words.encode() + b"\r\n")
                return client.recv(99)

        for number in range(100):
            assert asked(f"SET key{number} {number * number}") == b"+OK\r\n"
        for turn in range(2):
            there_and_back(program, tmp_path / str(turn))
            assert asked("DBSIZE") == b":100\r\n"
            assert asked("GET key9") == b"$2\r\n81\r\n"


@needs_root
@pytest.mark.sweep
def test_postgres(tmp_path: Path) -> None:
    """A tree of sessions, with shared memory of both kinds, latches and a name of a socket."""
    with Postgres(tmp_path / "target") as server:
        server.asked("create table t as select generate_series(1, 1000) as n")
        for turn in range(2):
            there_and_back(server, tmp_path / str(turn))
            assert server.asked("select sum(n) from t") == b"500500"
            assert server.asked("checkpoint") == b"CHECKPOINT"
        server.signal(signal.SIGINT)
        assert server.finish() == 0


@needs_root
@pytest.mark.sweep
def test_vim_under_tmux(tmp_path: Path) -> None:
    """In the pane that it was in, as a job of the shell there; Ctrl-Z and fg included."""
    require("vim")
    require("tmux")
    tmux = ["tmux", "-f", os.devnull]
    (tmp_path / "text").write_text("first\nsecond\n")
    environment = {**os.environ, "TERM": "xterm", "TMUX_TMPDIR": str(tmp_path), "PS1": "$ "}
    environment.pop("TMUX", None)

    def tell(*words: str) -> str:
        done = subprocess.run([*tmux, *words], env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keys(*names: str) -> None:
        tell("send-keys", *names)

    def shows(words: str) -> bool:
        return words in tell("capture-pane", "-p")

    tell("new-session", "-d", "exec sh")
    try:
        keys("vim -u NONE -N text & echo $! > pid; fg", "Enter")
        eventually(lambda: shows("second"))
        keys("ihello ", "Escape")
        eventually(lambda: shows("hello first"))
        pid = int((tmp_path / "pid").read_text())
        done = command("dump", pid, "-o", tmp_path / "image", "--kill")
        assert done.returncode == 0, done.stderr
        keys("C-j", "stty sane; clear; echo go''ne", "C-j")  # vim left it without Enter
        eventually(lambda: shows("gone"))
        keys(f"{sys.executable} -m crimg restart -q --tty image", "Enter")
        eventually(lambda: shows("hello first"))
        keys("C-z")
        eventually(lambda: not shows("hello first"))
        keys("fg", "Enter")
        eventually(lambda: shows("hello first"))
        keys("uiagain ", "Escape", ":wq", "Enter")
        eventually(lambda: (tmp_path / "text").read_text() == "again first\nsecond\n")
        eventually(lambda: not os.path.exists(f"/proc/{pid}"))
    finally:
        tell("kill-server")
