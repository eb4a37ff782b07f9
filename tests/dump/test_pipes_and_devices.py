"""Pipes, FIFOs, terminals and other devices: what is in them, and that it stays there."""

from __future__ import annotations

import fcntl
import os
import pty
import stat
import struct
import termios
from typing import TYPE_CHECKING

import pytest

from crimg.model import Task, Tty
from crimg.model.enums import Access, FileKind, NameState
from tests.dump import proc
from tests.dump.programs import Agent
from tests.dump.rows import dumped, file_of, inode_of, pipe_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_character_devices(tmp_path: Path, image_path: Path) -> None:
    names = ("null", "zero", "full", "random", "urandom")
    code = f"fds = [os.open('/dev/' + name, os.O_RDWR) for name in {names}]"
    with Agent(code, tmp_path / "target") as agent:
        fds = agent.ask("fds")
        with dumped(agent, image_path) as image:
            for name, fd in zip(names, fds, strict=True):
                file = file_of(image, fd)
                assert (file.kind, file.path) == (FileKind.CHARACTER_DEVICE, f"/dev/{name}".encode())
                rdev = os.stat(file.path).st_rdev
                assert inode_of(image, file).rdev == os.major(rdev) << 32 | os.minor(rdev)


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The master side of a pseudo-terminal, and the name of the other side."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    yield master, name
    os.close(master)


def test_terminal(terminal: tuple[int, str], tmp_path: Path, image_path: Path) -> None:
    """Settings and size; what was typed is still there for the program to read."""
    master, name = terminal
    code = f"fd = os.open({name!r}, os.O_RDWR | os.O_NOCTTY)"
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        settings = termios.tcgetattr(master)
        settings[3] &= ~termios.ECHO
        settings[6][termios.VINTR] = b"\x07"
        termios.tcsetattr(master, termios.TCSANOW, settings)
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
        os.write(master, b"typed ahead\n")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            tty = image.find(Tty, file.tty)
            assert tty is not None
            assert (file.path, tty.rows, tty.cols) == (name.encode(), 33, 101)
            assert tty.rdev == proc.device(os.stat(name).st_rdev) == inode_of(image, file).rdev
            assert tty.termios == fcntl.ioctl(master, termios.TCGETS, bytes(36))
            assert tty.termios[17] == 7
        assert agent.ask("os.read(fd, 100)") == b"typed ahead\n"


def test_controlling_terminal(terminal: tuple[int, str], tmp_path: Path, image_path: Path) -> None:
    """/dev/tty, and the tty of the task."""
    _, name = terminal
    code = f"fd = os.open({name!r}, os.O_RDWR); again = os.open('/dev/tty', os.O_RDWR)"
    with Agent(code, tmp_path / "target") as agent:
        again = agent.ask("again")
        with dumped(agent, image_path) as image:
            task = image.rows(Task)[0]
            assert task.tty == proc.device(os.stat(name).st_rdev)
            file = file_of(image, again)
            assert file.path == b"/dev/tty"
            assert file.tty is not None


def test_pipe_with_data(tmp_path: Path, image_path: Path) -> None:
    """The bytes are in the image, and still in the pipe."""
    code = """
import fcntl
r, w = os.pipe()
fcntl.fcntl(w, 1031, 1 << 17)
os.write(w, bytes(range(256)) * 300)
empty_r, empty_w = os.pipe2(os.O_NONBLOCK)
"""
    with Agent(code, tmp_path / "target") as agent:
        r, w, empty_r, empty_w = agent.ask("r, w, empty_r, empty_w")
        inode = os.stat(f"/proc/{agent.pid}/fd/{r}").st_ino
        with dumped(agent, image_path) as image:
            pipe, data = pipe_of(image, r)
            assert (pipe, data) == pipe_of(image, w)
            assert data == bytes(range(256)) * 300
            assert (pipe.number, pipe.capacity) == (inode, 1 << 17)
            assert (file_of(image, r).access, file_of(image, w).access) == (Access.READ, Access.WRITE)
            assert file_of(image, r).kind == FileKind.PIPE
            assert pipe_of(image, empty_r)[1] == b""
            assert file_of(image, empty_w).flags & os.O_NONBLOCK
        assert agent.ask("os.read(r, 100000) == bytes(range(256)) * 300")
        assert agent.ask("fcntl.fcntl(r, 1032)") == 1 << 17


def test_pipe_with_one_end_closed(tmp_path: Path, image_path: Path) -> None:
    """Only the read end is left: the data, then the end of file. Only the write end: data nobody may read."""
    code = """
r, w = os.pipe()
os.write(w, b"last words")
os.close(w)
gone, lonely = os.pipe()
os.write(lonely, b"never read")
os.close(gone)
"""
    with Agent(code, tmp_path / "target") as agent:
        r, lonely = agent.ask("r, lonely")
        with dumped(agent, image_path) as image:
            assert pipe_of(image, r)[1] == b"last words"
            assert pipe_of(image, lonely)[1] == b"never read"
        assert agent.ask("os.read(r, 100), os.read(r, 100)") == (b"last words", b"")


def test_fifo(tmp_path: Path, image_path: Path) -> None:
    code = """
os.mkfifo("fifo")
fd = os.open("fifo", os.O_RDWR)
os.write(fd, b"through the fifo")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert (file.kind, file.path) == (FileKind.FIFO, str(tmp_path / "target/fifo").encode())
            assert stat.S_ISFIFO(inode_of(image, file).mode)
            assert pipe_of(image, fd)[1] == b"through the fifo"
        assert agent.ask("os.read(fd, 100)") == b"through the fifo"


def test_deleted_fifo(tmp_path: Path, image_path: Path) -> None:
    code = """
os.mkfifo("fifo")
fd = os.open("fifo", os.O_RDWR)
os.write(fd, b"still there")
os.unlink("fifo")
"""
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            assert file_of(image, fd).name_state == NameState.DELETED
            assert pipe_of(image, fd)[1] == b"still there"


def test_packets(tmp_path: Path, image_path: Path) -> None:
    """A pipe of packets (O_DIRECT): each read gives one, however much it asks for."""
    code = """
r, w = os.pipe2(os.O_DIRECT)
for packet in (b"one", b"two packets", b"x" * 5000):
    os.write(w, packet)
empty = os.pipe2(os.O_DIRECT)
"""
    with Agent(code, tmp_path / "target") as agent:
        r, w, empty = agent.ask("r, w, empty[0]")
        with dumped(agent, image_path) as image:
            pipe, data = pipe_of(image, r)
            assert data == b"onetwo packets" + b"x" * 5000
            assert pipe.extra == {"packets": (3, 11, 4096, 904)}
            assert file_of(image, w).flags & os.O_DIRECT
            assert pipe_of(image, empty)[0].extra is None
        assert agent.ask("os.read(r, 99), os.read(r, 99)") == (b"one", b"two packets")
