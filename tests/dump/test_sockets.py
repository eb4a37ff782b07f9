"""Sockets: unix sockets inside the tree with what waits in them, listening TCP, UDP; the rest is refused."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import pytest

from crimg.errors import UnsupportedResourceError
from crimg.model import Socket
from crimg.model.enums import SocketState
from crimg.pages import blob_extents
from crimg.validate import Severity, open_for_check, validate
from tests.dump.dumps import image_of, save
from tests.dump.programs import Agent, eventually
from tests.dump.rows import file_of

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image

CODE = """
import socket
def fds(*sockets):
    return [one.fileno() for one in sockets]
left, right = socket.socketpair()
left.send(b"one ")
left.send(b"two")
right.send(b"back")
closing, closed = socket.socketpair()
closing.shutdown(socket.SHUT_WR)
server = socket.socket(socket.AF_UNIX)
server.bind("listening")
server.listen(7)
client = socket.socket(socket.AF_UNIX)
client.connect("listening")
accepted, _ = server.accept()
client.send(b"x" * 100000)
abstract = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
abstract.bind(b"\\0crimg test %d" % os.getpid())
abstract.listen()
tcp = socket.socket()
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("127.0.0.1", 0))
tcp.listen(13)
six = socket.socket(socket.AF_INET6)
fresh = socket.socket()
udp, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
udp.bind(("127.0.0.1", 0))
other.connect(udp.getsockname())
"""


NAMES = "left right closing closed server client accepted abstract tcp six fresh udp other"


def row_of(image: Image, fd: int) -> Socket:
    file = file_of(image, fd)
    (row,) = (row for row in image.rows(Socket) if row.file == file.objref)
    return row


def queue_of(image: Image, row: Socket) -> bytes:
    data = b"".join(bytes(part) for _, part in blob_extents(image, row.blobs))
    assert len(data) == row.length
    return data


def findings(path: Path) -> list[object]:
    with open_for_check(str(path)) as image:
        return [each for each in validate(image).findings if each.severity > Severity.NOTE]


def test_inside_the_tree(tmp_path: Path, image_path: Path) -> None:
    with Agent(CODE, tmp_path / "target") as agent:
        names = NAMES.split()
        numbers = dict(zip(names, agent.ask(f"fds({', '.join(names)})"), strict=True))
        addresses = agent.ask("tcp.getsockname(), udp.getsockname()")
        pid = agent.pid
        with image_of(pid, image_path) as image:
            rows = {name: row_of(image, number) for name, number in numbers.items()}
            for one, two in (("left", "right"), ("closing", "closed"), ("client", "accepted")):
                assert (rows[one].peer, rows[two].peer) == (rows[two].number, rows[one].number)
                assert rows[one].state == rows[two].state == SocketState.CONNECTED
            assert queue_of(image, rows["right"]) == b"one two"
            assert queue_of(image, rows["left"]) == b"back"
            assert queue_of(image, rows["accepted"]) == b"x" * 100000
            assert (rows["closing"].shutdown, rows["closed"].shutdown) == (2, 1)
            server = rows["server"]
            assert (server.state, server.path, server.backlog) == (SocketState.LISTENING, b"listening", 7)
            assert rows["accepted"].path == b"listening"
            abstract = rows["abstract"]
            assert abstract.address == struct.pack("=H", 1) + b"\0crimg test %d" % pid
            assert (abstract.type, abstract.state) == (socket.SOCK_SEQPACKET, SocketState.LISTENING)
            tcp = rows["tcp"]
            expected = struct.pack("=H", 2) + struct.pack(">H", addresses[0][1]) + bytes((127, 0, 0, 1))
            assert (tcp.state, tcp.backlog, tcp.address) == (SocketState.LISTENING, 13, expected + bytes(8))
            assert isinstance(tcp.extra, dict)
            assert tcp.extra["options"]["SO_REUSEADDR"] == 1  # type: ignore[index]
            assert (rows["six"].family, rows["six"].state) == (10, SocketState.UNCONNECTED)
            assert rows["fresh"].state == SocketState.UNCONNECTED
            assert rows["other"].peer_address == rows["udp"].address
        assert findings(image_path) == []
        assert agent.ask("left.recv(9), right.recv(9), len(accepted.recv(200000))") == (
            b"back",
            b"one two",
            100000,
        )


def test_across_processes(tmp_path: Path, image_path: Path) -> None:
    """The ends of a pair belong to a parent and its child."""
    code = """
import socket
left, right = socket.socketpair()
if os.fork() == 0:
    left.close()
    while data := right.recv(99):
        right.send(data.upper())
right.close()
"""
    with Agent(code, tmp_path / "target") as agent:
        with image_of(agent.pid, image_path) as image:
            one, two = image.rows(Socket)
            assert (one.peer, two.peer) == (two.number, one.number)
        assert findings(image_path) == []
        assert agent.ask("left.send(b'word'), left.recv(99)") == (4, b"WORD")


EBPF = """
import ctypes, socket, struct
code = ctypes.create_string_buffer(struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0))
free = ctypes.create_string_buffer(b"GPL")
given = struct.pack("<IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(free)).ljust(128, bytes(1))
program = ctypes.CDLL(None).syscall(321, 5, given, len(given))
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if program >= 0:
    one.setsockopt(1, 50, program)
    os.close(program)
"""
REFUSED = {
    "tcp": "server = socket.create_server(('127.0.0.1', 0))\n"
    "one = socket.create_connection(server.getsockname()); two, _ = server.accept()",
    "socket-queue": "server = socket.socket(socket.AF_UNIX); server.bind('s'); server.listen()\n"
    "one = socket.socket(socket.AF_UNIX); one.connect('s')",
    "scm-rights": "one, two = socket.socketpair(); socket.send_fds(one, [b'x'], [0])",
    "socket": "one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
}


def test_groups_that_were_joined_are_named(tmp_path: Path, folder: Path) -> None:
    """By the socket itself: that another has joined one does not count."""
    code = """
import socket, struct
four, six, neither = (socket.socket(family, socket.SOCK_DGRAM) for family in (2, 10, 10))
four.setsockopt(0, 35, socket.inet_aton("239.1.2.3") + socket.inet_aton("127.0.0.1"))
six.setsockopt(41, 20, socket.inet_pton(10, "ff05::7") + struct.pack("I", 1))
"""
    with Agent(code, tmp_path / "target") as agent:
        with pytest.raises(UnsupportedResourceError) as caught:
            save(agent.pid, folder / "image")
        places = agent.ask("four.fileno(), six.fileno()")
        groups = ("239.1.2.3", "ff05::7")
        assert len(caught.value.problems) == 2
        for line, fd, group in zip(caught.value.problems, places, groups, strict=True):
            assert line.startswith(f"process {agent.pid}, fd {fd}: socket:[")
            assert f"multicast group {group} on interface 1 (IP_ADD_MEMBERSHIP)" in line
            assert "[socket-option]" in line


def test_filter_of_another_kind(tmp_path: Path, folder: Path) -> None:
    """An eBPF program cannot be read back."""
    with Agent(EBPF, tmp_path / "target") as agent:
        if agent.ask("program") < 0:
            pytest.skip("no BPF program may be loaded here")
        with pytest.raises(UnsupportedResourceError) as caught:
            save(agent.pid, folder / "image")
        (line,) = caught.value.problems
        assert "(SO_ATTACH_BPF)" in line


def test_connection_that_has_ended(tmp_path: Path, folder: Path) -> None:
    """By state it is like a new socket; a restart would make it one, which does not tell its end."""
    code = """
import socket
server = socket.create_server(("127.0.0.1", 0))
one = socket.create_connection(server.getsockname())
two, _ = server.accept()
one.close()
two.shutdown(socket.SHUT_WR)
new = socket.socket()
server.close()
"""
    with Agent(code, tmp_path / "target") as agent:
        eventually(lambda: agent.ask("two.getsockopt(6, 11, 1)[0]") == 7)  # TCP_INFO: TCP_CLOSE
        with pytest.raises(UnsupportedResourceError) as caught:
            save(agent.pid, folder / "image")
        (line,) = caught.value.problems
        assert line.startswith(f"process {agent.pid}, fd {agent.ask('two.fileno()')}: socket:[")
        assert "a TCP connection that has ended" in line
        assert "[tcp]" in line


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused(kind: str, tmp_path: Path, folder: Path) -> None:
    with Agent(f"import socket\n{REFUSED[kind]}", tmp_path / "target") as agent:
        with pytest.raises(UnsupportedResourceError) as caught:
            save(agent.pid, folder / "image")
        assert any(f"[{kind}]" in line for line in caught.value.problems)
        assert agent.ask("1 + 1") == 2


def test_message_in_a_datagram_socket(tmp_path: Path, folder: Path) -> None:
    code = "import socket\none, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\none.send(b'')"
    with Agent(code, tmp_path / "target") as agent:
        with pytest.raises(UnsupportedResourceError, match="1 thing"):
            save(agent.pid, folder / "image")
        assert agent.ask("two.recv(9)") == b""
        save(agent.pid, folder / "image")
        assert findings(folder / "image") == []


def test_peer_outside_is_named(tmp_path: Path, folder: Path) -> None:
    code = """
import socket
told = os.pipe()
left, right = socket.socketpair()
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
    import signal
    signal.pause()
os.wait()
other = int(os.read(told[0], 9))
os.close(told[0])
os.close(told[1])
held = right.fileno()
right.close()
"""
    with Agent(code, tmp_path / "target") as agent:
        other, left, held = agent.ask("other, left.fileno(), held")
        try:
            with pytest.raises(UnsupportedResourceError) as caught:
                save(agent.pid, folder / "image")
            (line,) = caught.value.problems
            assert line.startswith(f"process {agent.pid}, fd {left}: socket:[")
            assert f"process {other} holds the other end (fd {held})" in line
        finally:
            agent.ask("os.kill(other, 9)")
