"""Epoll instances watch what they watched: under the same numbers, with the same events and data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import crimg
from crimg.model import EpollWatch
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.restart.comeback import there_and_back

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import ctypes, fcntl, select, signal
libc = ctypes.CDLL(None, use_errno=True)
class Event(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("events", ctypes.c_uint32), ("data", ctypes.c_uint64))
def control(what, epoll, fd, events=0, data=0):
    if libc.epoll_ctl(epoll, what, fd, ctypes.byref(Event(events, data))):
        raise OSError(ctypes.get_errno(), "epoll_ctl")
def wait(epoll):
    found = (Event * 10)()
    count = libc.epoll_wait(epoll, found, 10, 0)
    return sorted((event.events, event.data) for event in found[:count])
one, two = (libc.epoll_create1(0) for _ in range(2))
full, empty = os.eventfd(5), os.eventfd(0)
quiet, write_end = os.pipe()
control(1, one, full, 1, 0x1234567890abcdef)
control(1, one, empty, 1 | 1 << 31, 2)
control(1, one, two, 1, 3)
moved = os.dup(full)                      # registered by a number that is another file's by now
control(1, two, moved, 4 | 1 << 30, 4)
kept = os.dup(moved)
os.dup2(quiet, moved)
control(1, two, moved, 1, 5)
control(1, two, write_end, 4 | 1 << 30, 6)
fired = sorted(wait(two))                 # both of them that can fire only once
signal.pthread_sigmask(signal.SIG_BLOCK, [10])
mask = ctypes.c_uint64(1 << 9)
signals = libc.syscall(289, -1, ctypes.byref(mask), 8, 0o4000)
control(1, one, signals, 1, 7)
high = fcntl.fcntl(quiet, fcntl.F_DUPFD, 700)
control(1, two, high, 1 | 1 << 31, 8)
os.close(high)
"""


def test_they_watch_the_same(tmp_path: Path) -> None:
    with Agent(CODE, tmp_path / "target") as agent:
        assert agent.ask("fired") == [(4, 4), (4, 6)]
        before = agent.ask("wait(one), wait(two)")
        assert before == ([(1, 0x1234567890ABCDEF)], [])
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            assert agent.ask("wait(one), wait(two)") == before
        assert agent.ask("os.kill(os.getpid(), 10), wait(one)")[1] == [*sorted([*before[0], (1, 7)])]
        assert agent.ask("os.write(write_end, b'x'), wait(two), wait(two)")[1:] == (
            [(1, 5), (1, 8)],
            [(1, 5)],
        )
        assert agent.ask("(1, 3) in wait(one)"), "the outer one sees it"
        assert agent.ask("control(3, two, write_end, 4, 6), wait(two)")[1] == [(1, 5), (4, 6)]
        assert agent.ask("control(2, one, full), control(2, one, signals), os.eventfd_write(empty, 1)")
        assert agent.ask("wait(one), wait(one)") == ([(1, 2), (1, 3)], [(1, 3)])
        save(agent.pid, tmp_path / "again")
    with crimg.open(tmp_path / "0") as first, crimg.open(tmp_path / "1") as second:
        assert _watches(first) == _watches(second)


def _watches(image: crimg.Image) -> list[tuple[int, int, int]]:
    return sorted((row.fd, row.events, row.data) for row in image.rows(EpollWatch))
