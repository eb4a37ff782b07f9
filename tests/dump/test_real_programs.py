"""Programs as people run them: dumped as whole trees while busy, held against /proc, and going on."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.errors import UnsupportedResourceError
from crimg.model import Socket, Task
from tests.dump import proc
from tests.dump.dumps import save
from tests.dump.postgres import AS_USER, Cluster
from tests.dump.programs import TARGETS, Program, eventually, needs_root
from tests.dump.progress import Counts
from tests.dump.test_trees import dumped_tree
from tests.needed import require

if TYPE_CHECKING:
    from collections.abc import Callable

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
    static volatile long ticks;
    public static void main(String[] words) throws Exception {
        Runnable work = () -> { while (true) { new byte[1000].hashCode(); ticks++; Thread.yield(); } };
        for (int n = 0; n < 2; n++) new Thread(work).start();
        System.out.println("ready");
        while (true) { System.out.println(ticks); Thread.sleep(5); }
    }
}
"""
NGINX = """
user root; daemon off; master_process on; worker_processes 2; pid pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log access; keepalive_requests 1000000000;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
    uwsgi_temp_path tmp; scgi_temp_path tmp;
    server {{ listen unix:{folder}/sock; root {folder}; }}
}}
"""


def answer(port: int, text: bytes) -> bytes:
    """What a server that turns letters into capitals makes of a text."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text)
        return connection.recv(99)


def sockets_of(pid: int) -> int:
    """How many descriptors of a tree are sockets: an answer is there before its connection is closed."""
    return sum(
        os.readlink(f"/proc/{each}/fd/{fd}").startswith("socket:")
        for each in proc.descendants(pid)
        for fd in os.listdir(f"/proc/{each}/fd")
    )


@pytest.mark.parametrize("name", ["prefork", "node"])
def test_server(name: str, tmp_path: Path, image_path: Path) -> None:
    """It serves before and after; a connection that is open at the dump is what keeps it from being saved."""
    if name == "node":
        require("node")
    command = [sys.executable, "-c", SERVER] if name == "prefork" else ["node", "-e", NODE]
    with Program(command, tmp_path / "target") as program:
        port, before = int(program.words[0]), sockets_of(program.pid)
        assert answer(port, b"before") == b"BEFORE"
        eventually(lambda: sockets_of(program.pid) == before)
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


def _redis(folder: Path) -> tuple[list[str], str, str]:
    require("redis-server")
    server = ["redis-server", "--port", "0", "--unixsocket", str(folder / "sock"), "--save", ""]
    return [*server, "--appendonly", "yes"], "INCR n\\r\\n", r":(\d+)\r\n"


def _nginx(folder: Path) -> tuple[list[str], str, str]:
    require("nginx")
    (folder / "page").write_text("the page\n")
    (folder / "conf").write_text(NGINX.format(folder=folder))
    request = "GET /page HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n"
    return ["nginx", "-p", str(folder), "-c", str(folder / "conf")], request, r"200 OK\r\n(?s:.*)the page\n"


@needs_root
@pytest.mark.sweep
@pytest.mark.parametrize("server", [_redis, _nginx])
def test_server_at_work(
    server: Callable[[Path], tuple[list[str], str, str]], tmp_path: Path, image_path: Path
) -> None:
    """It answers all the time, to a client that belongs to the tree: no answer is lost, and none is wrong."""
    folder = tmp_path / "target"
    folder.mkdir()
    command, request, reply = server(folder)
    words = [sys.executable, str(TARGETS / "hub.py"), str(folder / "sock"), request, reply, *command]
    with Program(words, folder) as program:
        counts = Counts(folder / "count")
        for _ in range(3):
            counts.check(100)
            with dumped_tree(program.pid, image_path) as image:
                assert len(image.rows(Task)) == (2 if server is _redis else 4)
                assert [row for row in image.rows(Socket) if row.path == bytes(folder / "sock")]
            image_path.unlink()
        counts.check(100)
        with pytest.raises(UnsupportedResourceError) as caught:
            save(int(program.words[0]), image_path)
        assert [
            line for line in caught.value.problems if f"process {program.pid} holds the other end" in line
        ]
        counts.check(100)


@pytest.mark.sweep
def test_java(tmp_path: Path, image_path: Path) -> None:
    require("java")
    source = tmp_path / "Ticks.java"
    source.write_text(JAVA)
    with Program(["java", "-Xmx64m", str(source)], tmp_path / "target") as program:
        with dumped_tree(program.pid, image_path) as image:
            assert len(image.rows(Task)) == 1
        ticks = int(program.line())
        eventually(lambda: int(program.line()) > ticks)


SESSION = """
"$@" &
echo ready $!
until psql -h "$0" -d postgres -c 'select 1' >"$0/first" 2>&1; do sleep 0.02; done
exec psql -h "$0" -d postgres -qAt -f "$0/work"
"""
WORK = """
create temporary table numbers as select 0 as n;
update numbers set n = n + 1 returning n \\watch 0.005
"""


@needs_root
@pytest.mark.sweep
def test_postgres(tmp_path: Path, image_path: Path) -> None:
    """With a session at work that belongs to the tree; the server alone says who holds the other end."""
    with Cluster() as cluster:
        (cluster.folder / "work").write_text(WORK)
        command = [*AS_USER, "sh", "-c", SESSION, str(cluster.folder), *cluster.server]
        with Program(command, tmp_path / "target", cwd=Path("/")) as program:
            numbers(program, 3)
            with dumped_tree(program.pid, image_path) as image:
                commands = [task.comm for task in image.rows(Task)]
                assert commands.count(b"psql") == 1
                assert commands.count(b"postgres") >= 6
            numbers(program, 20)
            with pytest.raises(UnsupportedResourceError) as caught:
                save(int(program.words[0]), tmp_path / "refused")
            holder = f"process {program.pid} holds the other end"
            assert [line for line in caught.value.problems if holder in line]
            numbers(program, 3)
            os.kill(int(program.words[0]), signal.SIGQUIT)
            program.finish()


def numbers(program: Program, count: int) -> None:
    """Read so many numbers from the output, one after the other; each line with one has another before it."""
    found: list[int] = []
    while len(found) < count:
        if (line := program.line()).isdigit():
            found.append(int(line))
    assert found == list(range(found[0], found[0] + count))
