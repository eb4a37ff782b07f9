"""The plan for files that never had a name: data, made without touching anything. What was left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import UnsupportedResourceError
from crimg.preflight import check
from tests.dump.dumps import command
from tests.dump.programs import Agent, needs_root
from tests.restart.comeback import Stranger, put_away

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = """
import ctypes, fcntl, mmap, select, socket
libc = ctypes.CDLL(None)
counter = os.eventfd(7)
timer = libc.syscall(283, 1, 0)
libc.syscall(286, timer, 0, (ctypes.c_long * 4)(0, 0, 1000, 0), 0)
mask = ctypes.c_uint64(1 << 9)
signals = libc.syscall(289, -1, ctypes.byref(mask), 8, 0)
area = mmap.mmap(-1, 8192)
mem = os.memfd_create("a\\033name", os.MFD_ALLOW_SEALING)
os.ftruncate(mem, 100)
fcntl.fcntl(mem, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
server = socket.socket(socket.AF_UNIX)
server.bind("name")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("name")
accepted = server.accept()[0]
left, right = socket.socketpair()
left.send(b"three")
gone, lost = socket.socketpair()
lost.close()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
poll = select.epoll()
for one in (counter, timer, left):
    poll.register(one, select.EPOLLIN)
os.mkdir("folder")
os.chdir("folder")
os.rmdir("../folder")
"""
STEPS = """
make a directory for the deleted FOLDER/folder, open it as #N, and delete it
make eventfd #N with the value 7
make timerfd #N
make signalfd #N
make epoll #N
make memfd a\\x1bname of 100 bytes, open it as #N
make shared anonymous memory of 8192 bytes, open it as #N
make listening unix stream socket #N at name, in place of one that nobody is bound to any more
make IPv4 datagram socket #N at 127.0.0.1 port N
connect unix stream sockets #N and #N through #N
connect unix stream sockets #N and #N; 5 bytes wait in #N
connect unix stream socket #N, whose other end is closed
have epoll #N watch 3 files in process N
seal memfd a\\x1bname #N
arm timerfd #N
"""
INOTIFY = """
import ctypes, select
fd = ctypes.CDLL(None).syscall(294, 0)
poll = select.epoll()
poll.register(fd, select.EPOLLIN)
"""


@needs_root
def test_steps_for_every_kind(tmp_path: Path) -> None:
    """In an order in which nothing is used before it is made; each names its objects."""
    with Agent(EVERYTHING, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image))
            again = restart.plan(image, check(image))
            assert plan == again
            lines = [step.describe() for step in plan.steps]
            for step in plan.steps:
                assert all(image.lookup(objref) is not None for objref in step.objects), step
            assert "socket" in " ".join(plan.notes)
    number = re.compile(r"(?<=process )\d+|(?<=#)\d+|(?<=port )\d+")
    plain = [number.sub("N", line).replace(str(tmp_path / "target"), "FOLDER") for line in lines]
    assert [line for line in plain if line in STEPS.splitlines()] == STEPS.split("\n")[1:-1]


def test_what_was_left_out(tmp_path: Path) -> None:
    """Refused by preflight and restart alike; where the user says so, its descriptor is closed."""
    with Agent(INOTIFY, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        put_away(agent, tmp_path / "image", allow=("inotify",))
        with crimg.open(tmp_path / "image") as image:
            verdicts = check(image)
            (wrong,) = (one for one in verdicts if not one.fine)
            with pytest.raises(UnsupportedResourceError) as caught:
                restart.plan(image, verdicts)
            (line,) = caught.value.problems
            assert f"file #{wrong.objref}" in line
            assert line.endswith(f"--accept #{wrong.objref}=missing")
            notes = restart.plan(image, verdicts, accept={wrong.objref: "missing"}).notes
            assert f"descriptor {fd} will be closed: #{wrong.objref} was left out of the image" in notes
        done = command("restart", tmp_path / "image", "--accept", f"#{wrong.objref}=missing")
        assert done.returncode == 0, done.stderr
        agent.process = Stranger(agent.pid)  # type: ignore[assignment]
        assert agent.ask(f"os.path.exists('/proc/self/fd/{fd}'), poll.poll(0)") == (False, [])
