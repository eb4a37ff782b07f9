"""auxv, limits, timers, personality, children of real processes."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import threading
import time
from pathlib import Path

import pytest

from crimg.kernel import proctask
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import check, child, libc

SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID = 0, 1, 4


def test_auxv_is_what_getauxval_gives() -> None:
    libc.getauxval.restype = ctypes.c_ulong
    libc.getauxval.argtypes = [ctypes.c_ulong]
    with ProcDir(os.getpid()) as proc:
        pairs = proctask.read_auxv(proc)
    assert len(pairs) > 15
    assert dict(pairs)[6] == os.sysconf("SC_PAGE_SIZE")
    for kind, value in pairs:
        if kind != 16:  # AT_HWCAP, for which glibc puts its own
            assert libc.getauxval(kind) == value
    assert 0 not in dict(pairs)


def test_auxv_ends_at_at_null() -> None:
    assert proctask.parse_auxv(struct.pack("<6Q", 6, 4096, 0, 0, 9, 9)) == [(6, 4096)]
    assert proctask.parse_auxv(b"") == []


def test_limits_are_those_of_prlimit() -> None:
    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (12345, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**40 + 1, 2**41))
        resource.setrlimit(resource.RLIMIT_NOFILE, (99, 101))

    with child(prepare) as process, ProcDir(process.pid) as proc:
        limits = proctask.read_limits(proc)
        expected = [resource.prlimit(process.pid, number) for number in range(16)]
    assert [(soft % 2**64, hard % 2**64) for soft, hard in expected] == limits
    assert limits[resource.RLIMIT_CPU] == (12345, proctask.RLIM_INFINITY)
    assert limits[resource.RLIMIT_NOFILE] == (99, 101)


def create_timer(clock: int, notify: int, signo: int, value: int, tid: int = 0) -> None:
    event = ctypes.create_string_buffer(struct.pack("=Qiii", value, signo, notify, tid), 64)
    timer = ctypes.c_void_p()
    check(libc.timer_create(clock, event, ctypes.byref(timer)), "timer_create")


def test_posix_timers() -> None:
    def prepare() -> None:
        create_timer(time.CLOCK_REALTIME, SIGEV_SIGNAL, 60, 0xFFFF_8000_DEAD_BEEF)
        create_timer(time.CLOCK_MONOTONIC, SIGEV_NONE, 0, 0)
        create_timer(time.CLOCK_BOOTTIME, SIGEV_THREAD_ID, 10, 7, threading.get_native_id())
        create_timer(time.CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, 11, 1)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        timers = {timer.timer_id: timer for timer in proctask.read_timers(proc)}
    pid = process.pid
    assert sorted(timers) == [0, 1, 2, 3]
    assert timers[0] == (0, 60, 0xFFFF_8000_DEAD_BEEF, "signal", False, pid, time.CLOCK_REALTIME)
    assert timers[1].notify == "none"
    assert timers[1].clock == time.CLOCK_MONOTONIC
    assert timers[2] == (2, 10, 7, "signal", True, pid, time.CLOCK_BOOTTIME)
    assert (timers[3].signal, timers[3].value) == (11, 1)


def test_no_timers() -> None:
    with child(lambda: None) as process, ProcDir(process.pid) as proc:
        assert proctask.read_timers(proc) == []


def test_timers_text_with_a_negative_clock() -> None:
    text = b"ID: 3\nsignal: 14/0000000000000000\nnotify: thread/tid.77\nClockID: -6\n"
    assert proctask.parse_timers(text) == [(3, 14, 0, "thread", True, 77, -6)]


def test_personality_oom_and_cgroup() -> None:
    def prepare() -> None:
        check(libc.personality(0x0040000), "personality")
        Path("/proc/self/oom_score_adj").write_text("321")

    with child(prepare) as process, ProcDir(process.pid) as proc:
        assert proctask.read_personality(proc) == 0x0040000
        assert proctask.read_oom_score_adj(proc) == 321
        assert proctask.read_cgroup(proc) == Path(f"/proc/{process.pid}/cgroup").read_bytes()


def test_children_of_all_threads_and_zombies() -> None:
    def sleeper(seconds: float) -> int:
        pid = os.fork()
        if pid == 0:
            os.close(0)
            time.sleep(seconds)
            os._exit(0)
        return pid

    def prepare() -> list[int]:
        pids = [sleeper(20), sleeper(0)]
        more: list[int] = []
        ready = threading.Event()

        def parent() -> None:
            more.append(sleeper(20))
            ready.set()
            time.sleep(1000)

        threading.Thread(target=parent, daemon=True).start()
        ready.wait()
        return sorted(pids + more)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        try:
            if not os.path.exists(f"/proc/self/task/{threading.get_native_id()}/children"):
                pytest.skip("a kernel without CONFIG_PROC_CHILDREN")
            found = proctask.read_children(proc)
            assert found == proctask.children_by_parent(process.pid)
            assert found == process.value
        finally:
            for pid in process.value:
                os.kill(pid, 9)


def test_no_children() -> None:
    with child(lambda: None) as process, ProcDir(process.pid) as proc:
        assert proctask.read_children(proc) == [] == proctask.children_by_parent(process.pid)
