"""Freezing while threads and processes come and go, and while the tracer itself is interrupted."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from crimg.errors import KernelError, ProcessGoneError, UsageError
from crimg.kernel import ptrace
from crimg.kernel.freeze import Freeze
from crimg.kernel.memory import Memory
from crimg.kernel.stops import wait_stop
from tests.kernel.children import asleep, eventually, start, start_python, states, status_field
from tests.kernel.test_freeze import HOLD

NR_GETTID = 186
MILLISECONDS = 4000
SLACK = 500  # one that began anew at the second freeze is later than that


def test_a_hundred_threads() -> None:
    with start("threads", "spin", "100") as target:
        with Freeze(target.pid) as frozen:
            assert set(frozen.tids) == set(states(target.pid))
            assert frozen.tids[0] == target.pid
            assert set(states(target.pid).values()) == {"t"}
            with frozen.injector(target.pid) as first:
                for tid in frozen.tids[1:]:
                    with frozen.injector(tid, scratch=first.scratch) as inj:
                        assert inj.call(NR_GETTID) == tid
        assert {status_field(tid, "TracerPid") for tid in states(target.pid)} == {"0"}
        target.close_input()
        assert target.line().startswith("ok ")


def test_a_storm_of_threads() -> None:
    """Threads that appear and vanish all the time: when the freeze stands, none is missed."""
    with start("threads", "storm", "4") as target:
        for _ in range(15):
            with Freeze(target.pid) as frozen:
                assert set(frozen.tids) == set(states(target.pid))
                assert set(states(target.pid).values()) == {"t"}
                time.sleep(0.002)
                assert set(frozen.tids) == set(states(target.pid))
        target.close_input()
        assert re.fullmatch(r"ok \d+", target.line())


def test_the_leader_has_exited() -> None:
    with start("threads", "zombie", "3") as target:
        eventually(lambda: states(target.pid).get(target.pid) == "Z")
        for _ in range(2):
            with Freeze(target.pid) as frozen:
                assert frozen.leader_exited
                assert len(frozen.tids) == 4
                assert target.pid not in frozen.tids
                with frozen.injector(frozen.tids[0]) as inj:
                    assert inj.call(NR_GETTID) == frozen.tids[0]
        target.close_input()
        assert target.line() == "ok 3"
        assert target.finish() == 0


def test_a_leader_that_exits_under_our_eyes() -> None:
    """The kernel reports the end of a leader only after that of the last thread: it is not waited for."""
    with start("threads", "late", "2") as target:
        eventually(lambda: asleep(target.pid))
        ptrace.seize(target.pid)
        os.kill(target.pid, signal.SIGUSR1)
        assert wait_stop(target.pid, 5) == signal.SIGUSR1
        ptrace.cont(target.pid, signal.SIGUSR1)
        begin = time.monotonic()
        with pytest.raises(ProcessGoneError):
            wait_stop(target.pid, 5)
        assert time.monotonic() - begin < 2
        with Freeze(target.pid) as frozen:
            assert frozen.leader_exited
            assert len(frozen.tids) == 3
        target.close_input()
        assert target.line() == "ok 2"
        assert target.finish() == 0


def test_an_exec_during_the_freeze() -> None:
    """A thread that calls execve(2) takes the place of all others; either program is frozen as a whole."""
    with start("exec", "40") as target:
        frozen_programs = set()
        while states(target.pid) != {target.pid: "Z"}:
            try:
                with Freeze(target.pid) as frozen:
                    assert set(states(target.pid).values()) == {"t"}
                    assert set(frozen.tids) == set(states(target.pid))
                    frozen_programs.add(len(frozen.tids))
            except ProcessGoneError:
                break
        assert target.line() == "ok"
        assert target.finish() == 0
        assert frozen_programs


def test_an_exec_between_seizing_and_interrupting(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a thread that was not yet seized: it has the number of the one that was, and is seized then."""
    interrupt, asked = ptrace.interrupt, []

    def late(tid: int) -> None:
        asked.append(tid)
        if len(asked) == 1:
            interrupt(tid)
            wait_stop(tid, 5.0)
            ptrace.detach(tid)
        interrupt(tid)

    monkeypatch.setattr(ptrace, "interrupt", late)
    with start("threads", "sleep", "2") as target, Freeze(target.pid) as frozen:
        assert set(frozen.tids) == set(states(target.pid))
        assert len(asked) == len(frozen.tids) + 1


def test_a_thread_that_leaves_its_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the report of its stop and the first request, and not yet gone."""
    getregset, asked = ptrace.getregset, []

    def late(tid: int, kind: int) -> bytes:
        asked.append(tid)
        if len(asked) == 2:
            raise KernelError("ptrace(PTRACE_GETREGSET)", errno.ESRCH, pid=tid)
        return getregset(tid, kind)

    monkeypatch.setattr(ptrace, "getregset", late)
    with start("threads", "sleep", "2") as target, Freeze(target.pid) as frozen:
        assert set(frozen.tids) == set(states(target.pid))
        assert len(asked) == len(frozen.tids) + 1


def test_a_thread_id_is_refused() -> None:
    with start("threads", "sleep", "1") as target:
        (other,) = set(states(target.pid)) - {target.pid}
        with pytest.raises(UsageError, match=f"{other} is a thread of process {target.pid}"), Freeze(other):
            pass


def test_a_process_that_is_gone() -> None:
    with start("sleeper", "pause", "0") as target:
        target.kill()
        os.waitid(os.P_PID, target.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ProcessGoneError), Freeze(target.pid):  # a zombie
            pass
    with pytest.raises(ProcessGoneError), Freeze(target.pid):
        pass


def test_one_that_ends_while_frozen_was_frozen_all_the_same() -> None:
    with start("threads", "sleep", "3") as target:
        with Freeze(target.pid):
            target.kill()
        assert target.finish() == -signal.SIGKILL
    with start("threads", "sleep", "3") as target:
        with pytest.raises(ProcessGoneError) as caught, Freeze(target.pid) as frozen:
            target.kill()
            ptrace.getsigmask(frozen.tids[-1])
        assert caught.value.pid == target.pid


def test_a_traced_process_is_refused_and_left_alone() -> None:
    with start("threads", "spin", "3") as target, start_python(HOLD, str(target.pid)) as tracer:
        told = f"process {tracer.pid} .* traces it already"
        with pytest.raises(KernelError, match=told), Freeze(target.pid):
            pass
        assert set(states(target.pid).values()) == {"t"}


VFORK = """
import os, sys, time
from crimg.errors import KernelError
from crimg.kernel.freeze import Freeze
print("ready", flush=True)
begin = time.monotonic()
try:
    with Freeze(int(sys.argv[1]), timeout=0.3):
        print("frozen")
except KernelError as error:
    print(error.errno, error)
print(time.monotonic() - begin < 3, flush=True)
"""


def test_a_parent_in_vfork_does_not_stop() -> None:
    with start("vfork", "2000") as target:
        eventually(lambda: states(target.pid) == {target.pid: "D"})
        with start_python(VFORK, str(target.pid)) as tracer:
            told = tracer.line()
            assert told.startswith(f"{errno.ETIME} ptrace(PTRACE_INTERRUPT) for process {target.pid}")
            assert "did not stop within" in told
            assert "sleeps uninterruptibly" in told
            assert tracer.line() == "True"
            assert tracer.finish() == 0
        assert target.line() == "ok"
        assert target.finish() == 0


def test_another_thread_may_not_meddle() -> None:
    """ptrace(2) knows the thread that seized, no other one of the program."""
    errors: list[BaseException] = []

    def meddle(pid: int) -> None:
        try:
            ptrace.getsigmask(pid)
        except KernelError as error:
            errors.append(error)

    with start("sleeper", "pause", "0") as target, Freeze(target.pid):
        thread = threading.Thread(target=meddle, args=(target.pid,))
        thread.start()
        thread.join()
        assert ptrace.getsigmask(target.pid) == 0
    (error,) = errors
    assert "no ptrace-stop of the calling thread" in str(error)


def test_other_children_keep_their_exit_status() -> None:
    other = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    with start("signals") as target:
        for _ in range(20):
            with Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
                inj.call(NR_GETTID)
    assert other.wait() == 7


INTERRUPTED = """
import signal, sys, threading
from crimg.kernel.freeze import Freeze
pid = int(sys.argv[1])

def work():
    while True:
        with Freeze(pid) as frozen:
            with frozen.injector(frozen.tids[0]) as first:
                first.batch([(39,)] * 5)
                for tid in frozen.tids[1:]:
                    with frozen.injector(tid, scratch=first.scratch) as inj:
                        inj.call(186)

armed = early = False

def interrupt(number, frame):
    global early
    if armed:
        raise KeyboardInterrupt
    early = True

signal.signal(signal.SIGTERM, interrupt)
signal.signal(signal.SIGINT, interrupt)
for _ in range(int(sys.argv[2])):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
while True:
    try:
        armed = True
        if not early:
            work()
    except KeyboardInterrupt:
        pass
    armed = early = False
    with open(f"/proc/{pid}/task/{pid}/status") as status:
        tracer = [line.split()[1] for line in status if line.startswith("TracerPid")][0]
    print("free" if tracer == "0" else "held", flush=True)
    sys.stdin.readline()
"""


def interrupted(pid: int, number: signal.Signals, times: int, threads: int) -> None:
    """Freezes and injections without end by another process, interrupted `times` times at any moment.

    Each time it must have let the target go when it gets its KeyboardInterrupt.
    """
    with start_python(INTERRUPTED, str(pid), str(threads)) as tracer:
        for index in range(times):
            time.sleep(0.0002 * (index % 23))
            os.kill(tracer.pid, number)
            assert tracer.line() == "free", index
            tracer.send(b"\n")
        tracer.kill()
        tracer.finish()
    eventually(lambda: status_field(pid, "TracerPid") == "0")


@pytest.mark.sweep
@pytest.mark.parametrize("threads", [0, 2])
def test_interrupts_at_any_moment(threads: int) -> None:
    """Also in a program of several threads, where signals cannot be held off."""
    with start("registers") as target:
        interrupted(target.pid, signal.SIGINT, 150, threads)
        at = int(target.ready[0], 16)
        with Memory(target.pid) as memory:
            before = memory.read(at, 8)
            eventually(lambda: memory.read(at, 8) != before)
        target.close_input()
        assert target.line().startswith("ok ")
        assert target.finish() == 0


@pytest.mark.sweep
def test_interrupts_leave_no_mapping() -> None:
    with start("threads", "sleep", "2") as target:
        eventually(lambda: asleep(target.pid))
        before = Path(f"/proc/{target.pid}/maps").read_text()
        interrupted(target.pid, signal.SIGTERM, 60, 0)
        # The last tracer was killed at work, and may have left its one mapping, in two parts.
        after = Path(f"/proc/{target.pid}/maps").read_text()
        assert after.count("\n") <= before.count("\n") + 2
        target.close_input()
        assert target.line() == "ok 2"


def test_a_host_that_waits_for_any_child_takes_nothing_from_us() -> None:
    """subprocess.Popen.poll() and the like reap the report of a stop, too."""
    with start("registers") as target:
        with Freeze(target.pid) as frozen:
            assert os.waitpid(-1, os.WNOHANG)[0] == target.pid
            with frozen.injector(target.pid) as inj:
                assert inj.call(NR_GETTID) == target.pid
            assert os.waitpid(target.pid, os.WNOHANG)[0] == target.pid
        target.close_input()
        assert target.line().startswith("ok ")
