"""Pipes in packet mode, and leases."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import KernelError, UnsupportedResourceError
from crimg.model import Pipe
from crimg.preflight import check
from tests.dump.programs import Agent
from tests.preflight.altered import altered
from tests.restart.comeback import bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

PACKETS = """
import fcntl
r, w = os.pipe2(os.O_DIRECT | os.O_NONBLOCK)
for packet in (b"one", b"two and more", b"x" * 4096):
    os.write(w, packet)
half, plain = os.pipe2(os.O_DIRECT | os.O_NONBLOCK)
os.write(plain, b"a packet")
fcntl.fcntl(plain, fcntl.F_SETFL, os.O_NONBLOCK)
os.write(plain, b"no packet")
os.mkfifo("named")
both = os.open("named", os.O_RDWR | os.O_NONBLOCK)
fcntl.fcntl(both, fcntl.F_SETFL, os.O_NONBLOCK | os.O_DIRECT)
os.write(both, b"first")
os.write(both, b"second")
"""
LEASES = """
import fcntl, signal
told = []
signal.signal(signal.SIGUSR1, lambda *_: told.append(1))
def taken(name, flags, kind):
    fd = os.open(name, flags | os.O_CREAT)
    fcntl.fcntl(fd, 10, signal.SIGUSR1)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, kind)
    return fd
reading = taken("reading", os.O_RDONLY, fcntl.F_RDLCK)
writing = taken("writing", os.O_RDWR, fcntl.F_WRLCK)
def held():
    return [(fcntl.fcntl(fd, fcntl.F_GETLEASE), fcntl.fcntl(fd, fcntl.F_GETOWN)) for fd in (reading, writing)]
"""


def test_packets(tmp_path: Path) -> None:
    """One by one; a read takes one, and what does not fit is gone, as before."""
    with Agent(PACKETS, tmp_path / "target") as agent:
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
        assert agent.ask("os.read(r, 99), os.read(r, 3), os.read(r, 9999)") == (b"one", b"two", b"x" * 4096)
        assert agent.ask("os.write(w, b'1'), os.write(w, b'2'), os.read(r, 9)") == (1, 1, b"1")
        assert agent.ask("os.read(half, 99), os.read(half, 99)") == (b"a packet", b"no packet")
        assert agent.ask("os.write(plain, b'1'), os.write(plain, b'2'), os.read(half, 9)") == (1, 1, b"12")
        assert agent.ask("os.read(both, 99), os.read(both, 99)") == (b"first", b"second")
        assert agent.ask("[fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT for fd in (w, plain, both)]") == [
            os.O_DIRECT,
            0,
            os.O_DIRECT,
        ]


@pytest.mark.parametrize("packets", [[5, -2], [1], [1 << 20], "3", [b"x"]])
def test_packets_that_are_none(packets: Any, tmp_path: Path) -> None:
    code = "r, w = os.pipe2(os.O_DIRECT)\nos.write(w, b'a'), os.write(w, b'bc')"
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")

        def changed(row: Pipe) -> Pipe:
            return row.replace(extra={"packets": packets}) if row.extra else row

        with crimg.open(tmp_path / "image") as opened:
            image = altered(opened, {Pipe: changed})
            with pytest.raises(UnsupportedResourceError) as caught:
                restart.plan(image, check(image))
        assert any("are none that there can be" in line for line in caught.value.problems)


def test_leases(tmp_path: Path) -> None:
    """Who opens the file waits, and the holder is told by the signal that it chose."""
    with Agent(LEASES, tmp_path / "target") as agent:
        before = [(fcntl.F_RDLCK, agent.pid), (fcntl.F_WRLCK, agent.pid)]
        assert agent.ask("held()") == before
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            assert agent.ask("held()") == before
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "target/writing", os.O_RDONLY | os.O_NONBLOCK)
        assert agent.ask("told") == [1]
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "target/reading", os.O_WRONLY | os.O_NONBLOCK)
        assert agent.ask("told") == [1, 1]
        fd = os.open(tmp_path / "target/reading", os.O_RDONLY | os.O_NONBLOCK)
        os.close(fd)


def test_lease_on_a_file_that_others_have_open(tmp_path: Path) -> None:
    """Is refused by the kernel; nothing is left."""
    with Agent(LEASES, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        with (
            open(tmp_path / "target/writing", "rb"),
            pytest.raises(KernelError, match="open elsewhere, so that nobody can have a lease"),
        ):
            bring_back(agent, tmp_path / "image")
        assert not os.path.exists(f"/proc/{agent.pid}")
        bring_back(agent, tmp_path / "image")
        assert agent.ask("held()[1][0]") == fcntl.F_WRLCK
