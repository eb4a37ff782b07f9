"""Counters, timers and signals that are read from descriptors: they say the same as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.dump.programs import Agent
from tests.restart.comeback import there_and_back

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import ctypes, select, signal, time
libc = ctypes.CDLL(None, use_errno=True)
counter, large = os.eventfd(7), os.eventfd(0, os.EFD_NONBLOCK)
semaphore = os.eventfd(2, os.EFD_SEMAPHORE | os.EFD_NONBLOCK)
os.eventfd_write(large, 2**64 - 2)
def timer(clock, interval, value, flags=0):
    fd = libc.syscall(283, clock, 0o4000)
    libc.syscall(286, fd, flags, (ctypes.c_long * 4)(0, interval, *divmod(value, 10**9)), 0)
    return fd
def left(fd):
    spec = (ctypes.c_long * 4)()
    libc.syscall(287, fd, spec)
    return spec[1], spec[2] + spec[3] / 1e9
def expirations(fd):
    return int.from_bytes(os.read(fd, 8), "little")
idle = timer(0, 0, 0)
running = timer(1, 500, 1000 * 10**9)
absolute = timer(0, 0, time.time_ns() + 2000 * 10**9, 3)
once = timer(1, 0, 1)
often = timer(1, 10**6, 1)
time.sleep(0.002)
signal.pthread_sigmask(signal.SIG_BLOCK, [10, 12, 14])
mask = ctypes.c_uint64(1 << 9 | 1 << 11)
signals = libc.syscall(289, -1, ctypes.byref(mask), 8, 0o4000)
os.kill(os.getpid(), 12)
def fdinfo(fd):
    return [line for line in open("/proc/self/fdinfo/%d" % fd) if line.split(":")[0] in (
        "flags", "eventfd-count", "eventfd-semaphore", "clockid", "ticks", "settime flags", "it_interval",
        "sigmask")]
def told():
    return [fdinfo(fd) for fd in (counter, semaphore, large, idle, running, absolute, once, often, signals)]
"""


def test_they_say_the_same(tmp_path: Path) -> None:
    """Twice, so that what comes back can be saved as well."""
    with Agent(CODE, tmp_path / "target") as agent:
        before = agent.ask("told()")
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            assert agent.ask("told()") == before
        assert agent.ask("os.eventfd_read(counter), os.eventfd_read(large)") == (7, 2**64 - 2)
        assert agent.ask("os.eventfd_read(semaphore), os.eventfd_read(semaphore)") == (1, 1)
        (interval, running), (_, absolute) = agent.ask("left(running), left(absolute)")
        assert interval == 500
        assert 900 < running <= 1000
        assert 1900 < absolute <= 2000
        assert agent.ask("expirations(once), expirations(often) > 0") == (1, True)
        assert agent.ask("os.read(signals, 128)[0]") == 12
        assert agent.ask("os.kill(os.getpid(), 10), os.read(signals, 128)[0]") == (None, 10)
        assert agent.ask("select.select([often], [], [], 10)[0] == [often]"), "it goes on expiring"
