"""stat and status against what the process itself knows."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import threading
import time
from pathlib import Path

import pytest

from crimg.kernel.procfs import ProcDir
from crimg.kernel.procstat import Stat, parse_stat, parse_status, read_stat, read_status
from tests.kernel.forked import check, child, libc, needs_root


def bits(*signals: int) -> int:
    """A signal set."""
    return sum(1 << (number - 1) for number in signals)


@pytest.mark.parametrize(
    "name", [b"plain", b"a) R (b", b"new\nline 1 2", b"((()", b") S 1 1", b"\xff\x1b[0m"]
)
def test_comm_may_hold_anything(name: bytes) -> None:
    def prepare() -> None:
        Path("/proc/self/comm").write_bytes(name)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        stat = read_stat(proc)
        status = read_status(proc)
    assert stat.comm == name
    assert stat.pid == status.pid == status.tgid == process.pid
    assert stat.ppid == status.ppid == os.getpid()
    assert status.uids == os.getresuid() + (os.geteuid(),)


def test_stat_fields() -> None:
    def prepare() -> tuple[int, int, float]:
        os.setsid()
        os.nice(7)
        return os.getpgrp(), os.getsid(0), time.clock_gettime(time.CLOCK_BOOTTIME)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        stat = read_stat(proc)
        text, environ, cmdline = proc.read("stat"), proc.read("environ"), proc.read("cmdline")
        with open(f"/proc/{process.pid}/mem", "rb", 0) as memory:
            memory.seek(stat.arg_start)
            assert memory.read(stat.arg_end - stat.arg_start) == cmdline
            memory.seek(stat.env_start)
            assert memory.read(stat.env_end - stat.env_start) == environ
        maps = proc.read("maps").decode().splitlines()
    assert len(Stat._fields) == 52
    assert (stat.pgrp, stat.session) == process.value[:2]
    assert (stat.nice, stat.priority, stat.num_threads) == (7, 27, 1)
    assert stat.state in "SR"
    assert stat.exit_signal == signal.SIGCHLD
    assert 0 <= process.value[2] - stat.starttime / os.sysconf("SC_CLK_TCK") < 60
    stack = next(line for line in maps if line.endswith("[stack]"))
    low, high = (int(word, 16) for word in stack.split()[0].split("-"))
    assert low <= stat.startstack < high
    heap = next(line for line in maps if line.endswith("[heap]"))
    assert stat.start_brk == int(heap.split("-")[0], 16)
    assert stat.exit_code == int(text.split()[-1]) == 0


def test_stat_of_a_later_kernel_with_more_fields() -> None:
    numbers = b" ".join(b"%d" % number for number in range(4, 60))
    stat = parse_stat(b"7 (x) S " + numbers + b"\n")
    assert stat[:5] == (7, b"x", "S", 4, 5)
    assert stat.exit_code == 52


def test_signal_sets() -> None:
    def prepare() -> None:
        signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGRTMIN, 64})
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        before = read_status(proc)
        os.kill(process.pid, 64)
        os.kill(process.pid, 64)
        after = read_status(proc)
    assert after.sig_blocked == bits(signal.SIGUSR2, signal.SIGRTMIN, 64)
    assert after.sig_caught & bits(signal.SIGUSR1)
    assert after.sig_ignored & bits(signal.SIGHUP, signal.SIGPIPE) == bits(signal.SIGHUP)
    assert after.sig_pending == bits(signal.SIGUSR2)
    assert (before.shared_pending, after.shared_pending) == (0, bits(64))
    assert after.sig_queued - before.sig_queued >= 2  # of the user, in all processes
    assert after.sig_limit == before.sig_limit > 0


def test_threads_umask_and_no_new_privs() -> None:
    def prepare() -> None:
        os.umask(0o135)
        check(libc.prctl(38, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
        for _ in range(3):
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        program = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000), 8)  # RET ALLOW
        filters = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", 1, ctypes.addressof(program)), 16)
        check(libc.prctl(22, 2, filters, 0, 0), "prctl(PR_SET_SECCOMP)")

    with child(prepare) as process, ProcDir(process.pid) as proc:
        status = read_status(proc)
        assert read_stat(proc).num_threads == 4
    assert (status.threads, status.umask, status.no_new_privs) == (4, 0o135, True)
    assert (status.seccomp, status.seccomp_filters) == (2, 1)
    assert status.ns_pid[0] == status.ns_tgid[0] == process.pid


@needs_root
def test_credentials() -> None:
    def prepare() -> None:
        os.setgroups([3, 1000, 70000])
        os.setresgid(11, 12, 13)
        check(libc.prctl(8, 1, 0, 0, 0), "prctl(PR_SET_KEEPCAPS)")
        os.setresuid(21, 22, 23)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        status = read_status(proc)
        raw = dict(line.split(":\t") for line in proc.read("status").decode().splitlines() if "Cap" in line)
    assert status.uids == (21, 22, 23, 22)
    assert status.gids == (11, 12, 13, 12)
    assert status.groups == (3, 1000, 70000)
    assert status.cap_effective == status.cap_ambient == 0
    assert status.cap_permitted == int(raw["CapPrm"], 16) != 0
    assert status.cap_bounding == int(raw["CapBnd"], 16) != 0


def test_zombie() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    try:
        with ProcDir(pid) as proc:
            deadline = time.monotonic() + 10
            while read_status(proc).state != "Z" and time.monotonic() < deadline:
                time.sleep(0.01)
            assert read_status(proc).umask is None
            assert read_stat(proc).state == "Z"
    finally:
        os.waitpid(pid, 0)


def test_status_name_cannot_feign_a_line() -> None:
    def prepare() -> None:
        Path("/proc/self/comm").write_bytes(b"x\nUid:\t9\t9\t9\t9")

    with child(prepare) as process, ProcDir(process.pid) as proc:
        assert read_status(proc).uids[0] == os.getuid()


def test_status_of_an_old_kernel_lacks_lines() -> None:
    status = parse_status(b"Name:\tx\nState:\tS (sleeping)\nTgid:\t5\nPid:\t5\nPPid:\t1\nUid:\t0\t0\t0\t0\n")
    assert (status.seccomp_filters, status.ns_pid, status.groups) == (0, (), ())
