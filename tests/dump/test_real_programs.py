"""Programs as people run them: dumped as whole trees, held against /proc field by field, and going on."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import UnsupportedResourceError
from crimg.model import Task
from tests.dump import proc
from tests.dump.dumps import image_of, save
from tests.dump.postgres import Postgres
from tests.dump.programs import Program, eventually, needs_root
from tests.dump.test_trees import dumped_tree

if TYPE_CHECKING:
    from pathlib import Path

SERVER = """
import os, signal, socket, sys
server = socket.create_server(("127.0.0.1", 0))
for _ in range(4):
    if os.fork() == 0:
        while True:
            connection, _ = server.accept()
            connection.sendall(connection.recv(99).upper())
            connection.close()
print("ready", server.getsockname()[1], flush=True)
signal.pause()
"""
NODE = """
const net = require("net");
const server = net.createServer(c => c.on("data", d => c.end(String(d).toUpperCase())));
server.listen(0, "127.0.0.1", () => console.log("ready " + server.address().port));
setInterval(() => {}, 5);
"""
JAVA = """
public class Ticks {
    public static void main(String[] words) throws Exception {
        System.out.println("ready");
        while (true) Thread.sleep(5);
    }
}
"""


def answer(port: int, text: bytes) -> bytes:
    """What a server that turns letters into capitals makes of a text."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text)
        return connection.recv(99)


def needs(program: str) -> str:
    """The path of a program; skips where there is none."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} on this machine")
    return found


@pytest.mark.parametrize("name", ["prefork", "node"])
def test_server(name: str, tmp_path: Path, image_path: Path) -> None:
    """It serves before and after; a connection that is open at the dump is what keeps it from being saved."""
    command = [sys.executable, "-c", SERVER] if name == "prefork" else [needs("node"), "-e", NODE]
    with Program(command, tmp_path / "target") as program:
        port = int(program.words[0])
        assert answer(port, b"before") == b"BEFORE"
        eventually(lambda: all(proc.sleeping(pid) for pid in proc.descendants(program.pid)))
        with dumped_tree(program.pid, image_path) as image:
            assert len(image.rows(Task)) == (5 if name == "prefork" else 1)
        assert answer(port, b"after") == b"AFTER"
        with socket.create_connection(("127.0.0.1", port)) as connection:
            time.sleep(0.1)
            with pytest.raises(UnsupportedResourceError) as caught:
                save(program.pid, tmp_path / "refused")
            assert [line for line in caught.value.problems if "[tcp]" in line]
            connection.sendall(b"still")
            assert connection.recv(99) == b"STILL"


@pytest.mark.sweep
def test_java(tmp_path: Path, image_path: Path) -> None:
    source = tmp_path / "Ticks.java"
    source.write_text(JAVA)
    with Program([needs("java"), "-Xmx64m", str(source)], tmp_path / "target") as program:
        with image_of(program.pid, image_path) as image:
            assert len(image.rows(Task)) == 1
        assert program.process.poll() is None


@needs_root
@pytest.mark.sweep
def test_postgres(tmp_path: Path, image_path: Path) -> None:
    """The server as it stands, with its shared memory; a session is refused for the socket of its client."""
    with Postgres(tmp_path / "target") as server:
        with image_of(server.pid, image_path) as image:
            assert len(image.rows(Task)) >= 5
        assert server.asked("create table t as select 5 as n; select n from t").endswith(b"5")
        session = server.session("select pg_sleep(30)")
        sleeping = "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)'"
        eventually(lambda: server.asked(sleeping) == b"1")
        with pytest.raises(UnsupportedResourceError) as caught:
            save(server.pid, tmp_path / "refused")
        holder = f"process {session.pid} holds the other end"
        assert [line for line in caught.value.problems if holder in line]
        session.kill()
        session.wait()
        server.signal(signal.SIGINT)
        server.finish()


@pytest.mark.sweep
def test_redis(tmp_path: Path, image_path: Path) -> None:
    command = [needs("redis-server"), "--port", "0", "--unixsocket", "sock", "--save", ""]
    with Program(command, tmp_path / "target", ready=False) as program:
        eventually(lambda: (program.folder / "sock").exists())
        with image_of(program.pid, image_path) as image:
            assert len(image.rows(Task)) == 1
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(program.folder / "sock"))
            client.sendall(b"PING\r\n")
            assert client.recv(99) == b"+PONG\r\n"
