"""Sockets: what waits in them, who is connected to whom, what they are bound to; no name is taken away."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import FileError, UnsupportedResourceError
from crimg.model import Socket
from crimg.preflight import check
from tests.dump.dumps import save
from tests.dump.programs import Agent, needs_root
from tests.restart.as_user import USER, open_folder
from tests.restart.comeback import Child, bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from pathlib import Path

UNIX = """
import socket, struct
left, right = socket.socketpair()
left.send(b"one ")
left.send(b"two")
right.send(b"back")
closing, closed = socket.socketpair()
closing.send(b"last")
closing.shutdown(socket.SHUT_WR)
orphan, lost = socket.socketpair()
lost.send(b"words")
lost.close()
server = socket.socket(socket.AF_UNIX)
server.bind("listening")
os.chmod("listening", 0o640)
server.listen(7)
client = socket.socket(socket.AF_UNIX)
client.connect("listening")
accepted, _ = server.accept()
client.setblocking(False)
sent = 0
while True:
    try:
        sent += client.send(b"x" * 1000)
    except BlockingIOError:
        break
client.setsockopt(1, 20, struct.pack("=qq", 3, 500000))
abstract = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
abstract.bind(b"\\0crimg restart %d" % os.getpid())
abstract.listen()
inbox, outbox = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
inbox.bind(os.getcwd() + "/inbox")
outbox.connect(os.getcwd() + "/inbox")
here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
passing = socket.socket(socket.AF_UNIX)
passing.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
"""
INTERNET = """
import socket, struct
tcp = socket.socket()
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 9))
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100000)
tcp.bind(("127.0.0.1", 0))
tcp.listen(13)
six = socket.socket(socket.AF_INET6)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
six.bind(("::1", 0))
fresh, bound = socket.socket(), socket.socket()
bound.bind(("127.0.0.1", 0))
udp, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.bind(("127.0.0.1", 0))
other.connect(udp.getsockname())
def names():
    return [one.getsockname() for one in (tcp, six, fresh, bound, udp, other)] + [other.getpeername()]
"""


def _rows(path: Path) -> list[dict[str, object]]:
    """What an image has of sockets, without what the kernel numbers anew."""
    with crimg.open(path) as image:
        numbers = {row.number: row.file for row in image.rows(Socket)}
        return [
            {
                **dict(zip(Socket.fields, row, strict=True)),
                "number": None,
                "peer": numbers.get(row.peer) if row.peer else None,
                "blobs": len(row.blobs),
                "file": None,
            }
            for row in image.rows(Socket)
        ]


def test_unix_sockets(tmp_path: Path) -> None:
    with Agent(UNIX, tmp_path / "target") as agent:
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
        save(agent.pid, tmp_path / "2")
        assert _rows(tmp_path / "0") == _rows(tmp_path / "1") == _rows(tmp_path / "2")
        assert agent.ask("left.recv(9), right.recv(9)") == (b"back", b"one two")
        assert agent.ask("left.send(b'again'), right.recv(9)") == (5, b"again")
        assert agent.ask("closed.recv(9), closed.recv(9), closed.send(b'y'), closing.recv(9)") == (
            *(b"last", b""),
            *(1, b"y"),
        )
        assert agent.ask("orphan.recv(9), orphan.recv(9)") == (b"words", b"")
        assert agent.ask("len(accepted.recv(1 << 20, socket.MSG_WAITALL | socket.MSG_DONTWAIT)) == sent")
        assert agent.ask("accepted.getsockname(), client.getpeername()") == ("listening", "listening")
        assert agent.ask("client.getsockopt(1, 20, 16) == struct.pack('=qq', 3, 500000)")
        assert agent.ask("outbox.send(b'letter'), inbox.recv(9)") == (6, b"letter")
        assert agent.ask("here.send(b'h'), there.recv(9), there.send(b't'), here.recv(9)") == (
            1,
            b"h",
            1,
            b"t",
        )
        assert agent.ask("passing.getsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED)") == 1
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(tmp_path / "target/listening"))
            assert agent.ask("server.accept()[0].send(b'welcome')") == 7
            assert stranger.recv(9) == b"welcome"
        assert os.stat(tmp_path / "target/listening").st_mode & 0o777 == 0o640


def test_internet_sockets(tmp_path: Path) -> None:
    with Agent(INTERNET, tmp_path / "target") as agent:
        names = agent.ask("names()")
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
        assert agent.ask("names()") == names
        assert _rows(tmp_path / "0") == _rows(tmp_path / "1")
        with socket.create_connection(names[0]) as client:
            assert agent.ask("tcp.accept()[0].send(b'welcome')") == 7
            assert client.recv(9) == b"welcome"
        assert agent.ask("other.send(b'u'), udp.recv(9)") == (1, b"u")
        assert agent.ask("[one.getsockopt(1, 2) for one in (tcp, bound)]") == [1, 0]


OPTIONS = """
import ctypes, socket, struct
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tcp, six, local = socket.socket(), socket.socket(socket.AF_INET6), socket.socket(socket.AF_UNIX)
udp.setsockopt(1, 25, b"lo")
udp.setsockopt(0, 34, 0)
udp.setsockopt(0, 2, 7)
udp.setsockopt(0, 32, socket.inet_aton("127.0.0.1"))
tcp.setsockopt(6, 4, 77)
tcp.setsockopt(6, 13, b"reno")
tcp.bind(("127.0.0.1", 0))
tcp.listen()
six.setsockopt(41, 67, 16)
local.setsockopt(1, 18, 5)
local.setsockopt(1, 29, 1)
if os.geteuid() == 0:
    udp.setsockopt(0, 19, 1)
rows = ((0x30, 0, 0, 8), (0x15, 0, 1, 0x41), (6, 0, 0, 0xFFFF), (6, 0, 0, 0))  # those that begin with an A
code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
udp.setsockopt(1, 26, struct.pack("<H6xQ", 4, ctypes.addressof(code)))
udp.setsockopt(1, 44, 1)
udp.bind(("127.0.0.1", 0))
udp.settimeout(5)
def options():
    asked = [(udp, 1, 25, 16), (udp, 0, 32, 4), (tcp, 6, 13, 16)]
    numbers = [(udp, 0, 34), (udp, 0, 2), (udp, 0, 19), (udp, 1, 44), (tcp, 6, 4), (six, 41, 67)]
    numbers += [(local, 1, 18), (local, 1, 29)]
    return [one.getsockopt(*rest) for one, *rest in asked + numbers]
def received():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for word in (b"B", b"A"):
            sender.sendto(word, udp.getsockname())
    return udp.recv(9)
"""


def test_options(tmp_path: Path) -> None:
    """The device, the filter, what is 0 though it is 1 in a new socket."""
    with Agent(OPTIONS, tmp_path / "target") as agent:
        before = agent.ask("options()")
        assert before[:1] == [b"lo\0"]
        assert agent.ask("received()") == b"A"
        there_and_back(agent, tmp_path / "image")
        assert agent.ask("options()") == before
        assert agent.ask("received()") == b"A"


def test_a_name_that_somebody_has_is_left_alone(tmp_path: Path) -> None:
    """And nothing is left where the restart fails; a name that was free is free again."""
    code = """
import socket
one, two = (socket.socket(socket.AF_UNIX) for _ in range(2))
one.bind("one")
two.bind("two")
one.listen()
two.listen()
"""
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        names = [tmp_path / "target/one", tmp_path / "target/two"]
        for name in names:
            name.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(names[1]))
            other.listen()
            other.setblocking(False)
            before = names[1].stat()
            with pytest.raises(FileError, match="two: its name is in use"):
                bring_back(agent, tmp_path / "image")
            assert os.path.samestat(before, names[1].stat())
            with pytest.raises(BlockingIOError):
                other.accept()
            assert not names[0].exists()
        bring_back(agent, tmp_path / "image")  # what is left of it is nobody's
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(names[1]))


def test_without_the_other_end(tmp_path: Path) -> None:
    """Refused by preflight and restart alike, unless the user says so: then it finds that end closed."""
    code = """
import socket, signal
told = os.pipe()
left, right = socket.socketpair()
right.send(b"rest")
if os.fork() == 0:
    if other := os.fork():
        os.write(told[1], b"%d" % other)
        os._exit(0)
    for number in range(1000):
        if number != right.fileno():
            try:
                os.close(number)
            except OSError:
                pass
    signal.pause()
os.wait()
other = int(os.read(told[0], 9))
right.close()
for fd in told:
    os.close(fd)
"""
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image", allow=("socket-peer",))
        with crimg.open(tmp_path / "image") as image:
            verdicts = check(image)
            (wrong,) = (one for one in verdicts if not one.fine)
            assert (wrong.verdict, wrong.details) == ("missing", ("its other end is not in the image",))
            with pytest.raises(UnsupportedResourceError) as caught:
                restart.plan(image, verdicts)
            (line,) = caught.value.problems
            assert f"--accept #{wrong.objref}=missing" in line
            plan = restart.plan(image, verdicts, accept={wrong.objref: "missing"}, new_pids=True)
            assert any("will find its other end closed" in note for note in plan.notes)
            agent.pid = restart.restart(image, plan).pid
            agent.process = Child(agent.pid)  # type: ignore[assignment]
        assert agent.ask("left.recv(9), left.recv(9)") == (b"rest", b"")


@needs_root
def test_sockets_of_another_user(tmp_path: Path) -> None:
    """Root restarts it: names belong to the user, and peers are told of him."""
    code = """
import socket, struct
server = socket.socket(socket.AF_UNIX)
server.bind("name")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("name")
accepted, _ = server.accept()
left, right = socket.socketpair()
tcp = socket.create_server(("127.0.0.1", 0))
def peers():
    return [struct.unpack("3i", one.getsockopt(1, 17, 12))[1:] for one in (left, right, client, accepted)]
"""
    with open_folder() as folder, Agent(code, folder / "target", user=USER) as agent:
        before = agent.ask("peers()")
        assert before == [(USER, USER)] * 4
        for fresh in (False, True):
            put_away(agent, folder / str(fresh))
            if fresh:
                (folder / "target/name").unlink()
            bring_back(agent, folder / str(fresh))
            assert agent.ask("peers()") == before
            assert agent.ask("[os.fstat(one.fileno()).st_uid for one in (server, left, tcp)]") == [USER] * 3
            status = os.stat(folder / "target/name")
            assert (status.st_uid, status.st_gid) == (USER, USER)
