"""Whole processes stopped and let go: what is in between must not show in them."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError, ProcessGoneError, UsageError
from crimg.kernel import ptrace
from crimg.kernel.freeze import Freeze
from crimg.kernel.memory import Memory
from crimg.kernel.registers import Registers
from crimg.kernel.stops import wait_stop
from tests.kernel.children import asleep, compiled, eventually, start, start_python, states, status_field

if TYPE_CHECKING:
    from typing import Literal

    from tests.kernel.children import Target

NR_GETTID = 186

# Those with a timeout: what they return at its end. The others wait for a byte or for SIGUSR1.
TIMED = {
    **dict.fromkeys(
        ("nanosleep", "clock_nanosleep", "clock_nanosleep_abs", "poll", "ppoll", "select"), (0, 0)
    ),
    **dict.fromkeys(("epoll_wait", "epoll_pwait", "epoll_pwait2"), (0, 0)),
    **dict.fromkeys(("futex", "futex_bitset"), (-1, errno.ETIMEDOUT)),
    **dict.fromkeys(("sigtimedwait", "semtimedop"), (-1, errno.EAGAIN)),
    **dict.fromkeys(("recv_timeout", "read_timeout", "accept_timeout"), (-1, errno.EAGAIN)),
    "timerfd": (8, 0),
}
# Whose deadline the kernel keeps over a stop; the others start their time again.
KEEPS_DEADLINE = {"nanosleep", "clock_nanosleep", "clock_nanosleep_abs", "poll", "ppoll", "select", "futex"}
KEEPS_DEADLINE |= {"futex_bitset", "timerfd"}
MILLISECONDS = 4000
SLACK = 500  # one that began anew at the second freeze is later than that


def freeze_each(targets: dict[str, Target], *, inject: bool) -> None:
    for target in targets.values():
        with Freeze(target.pid) as frozen:
            assert set(states(target.pid).values()) == {"t"}
            if inject:
                with frozen.injector(target.pid) as inj:
                    assert inj.call(NR_GETTID) == target.pid


@pytest.mark.parametrize("inject", [False, True], ids=["plain", "injected"])
def test_timed_sleeps_see_nothing(inject: bool) -> None:
    """Two freezes each: no EINTR, no early return, and no late one where the kernel keeps the deadline."""
    with ExitStack() as stack:
        targets = {kind: stack.enter_context(start("sleeper", kind, str(MILLISECONDS))) for kind in TIMED}
        for target in targets.values():
            eventually(lambda target=target: asleep(target.pid))  # type: ignore[misc]
        freeze_each(targets, inject=inject)
        time.sleep(0.6)
        freeze_each(targets, inject=inject)
        for kind, target in targets.items():
            result, error, elapsed = target.line().split()
            assert (int(result), int(error)) == TIMED[kind], kind
            assert float(elapsed) >= MILLISECONDS - 1, kind
            if kind in KEEPS_DEADLINE:
                assert float(elapsed) < MILLISECONDS + SLACK, kind


@pytest.mark.parametrize("inject", [False, True], ids=["plain", "injected"])
@pytest.mark.parametrize("kind", ["read", "epoll_read"])
def test_endless_waits_go_on(kind: str, inject: bool) -> None:
    with start("sleeper", kind, "0") as target:
        eventually(lambda: asleep(target.pid))
        freeze_each({kind: target}, inject=inject)
        eventually(lambda: asleep(target.pid))
        freeze_each({kind: target}, inject=inject)
        time.sleep(0.05)
        assert asleep(target.pid)
        target.send(b"x")
        assert target.line().split()[:2] == ["1", "0"]


@pytest.mark.parametrize("when", ["during", "after"])
@pytest.mark.parametrize("inject", [False, True], ids=["plain", "injected"])
@pytest.mark.parametrize("kind", ["pause", "sigsuspend", "epoll_signal", "epoll_masked"])
def test_a_handler_still_makes_it_eintr(kind: str, inject: bool, when: str) -> None:
    """What the program would have seen without us it must see: EINTR from its own signal, also one that came
    during the freeze, also where it is open to the signal only inside the call."""
    with start("sleeper", kind, "0") as target:
        eventually(lambda: asleep(target.pid))
        with Freeze(target.pid) as frozen:
            if when == "during":
                os.kill(target.pid, signal.SIGUSR1)
            if inject:
                with frozen.injector(target.pid) as inj:
                    assert inj.call(NR_GETTID) == target.pid
        if when == "after":
            time.sleep(0.05)
            assert asleep(target.pid)
            os.kill(target.pid, signal.SIGUSR1)
        assert target.line().split()[:2] == ["-1", str(errno.EINTR)]


def test_registers_show_no_eintr_while_frozen() -> None:
    """So that neither a killed tracer nor a restart from an image brings an EINTR about."""
    with start("sleeper", "epoll_wait", "5000") as target:
        eventually(lambda: asleep(target.pid))
        with Freeze(target.pid):
            general = Registers(ptrace.getregset(target.pid, ptrace.NT_PRSTATUS))
        assert (general.orig_rax, general.error) == (232, 514)


HOLD = """
import sys, time
from crimg.kernel.freeze import Freeze
with Freeze(int(sys.argv[1])) as frozen:
    print("ready", len(frozen.tids), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["epoll_wait", "nanosleep", "recv_timeout"])
def test_a_killed_tracer_lets_go(kind: str) -> None:
    with start("sleeper", kind, "300") as target:
        eventually(lambda: asleep(target.pid))
        with start_python(HOLD, str(target.pid)) as tracer:
            tracer.kill()
            tracer.finish()
        result, error, _ = target.line().split()
        assert (int(result), int(error)) == TIMED[kind]


def test_signals_wait_and_come_once() -> None:
    number = signal.SIGRTMIN + 1
    with start("signals") as target:
        with Freeze(target.pid) as frozen:
            for value in range(1, 6):
                subprocess.run([compiled("queue"), str(target.pid), str(number), str(value)], check=True)
            for name in ("SIGUSR1", "SIGUSR1", "SIGTRAP", "SIGCONT", "SIGCHLD"):
                os.kill(target.pid, getattr(signal, name))
            with frozen.injector(target.pid) as inj:
                inj.call(NR_GETTID)
        target.send(b"\n")
        assert target.line() == f"5=1 10=1 17=1 18=1 {number}=5 sum=15 mask=0 trap=handler"


def test_signals_that_race_the_freeze_come_once() -> None:
    """A signal every 50 us, freezes in between: as many handled as sent."""
    number, sent = signal.SIGRTMIN + 1, 3000
    with start("signals") as target:
        sender = subprocess.Popen([compiled("queue"), str(target.pid), str(number), "1", str(sent)])
        freezes = 0
        while sender.poll() is None:
            with Freeze(target.pid) as frozen:
                if freezes % 4 == 0:
                    with frozen.injector(target.pid) as inj:
                        inj.call(NR_GETTID)
            freezes += 1
        assert sender.wait() == 0
        assert freezes > 20
        target.send(b"\n")
        assert target.line() == f"{number}={sent} sum={sent} mask=0 trap=handler"


def test_a_deadly_signal_during_the_freeze() -> None:
    with start("sleeper", "pause", "0") as target:
        with Freeze(target.pid):
            os.kill(target.pid, signal.SIGTERM)
            time.sleep(0.02)
            assert states(target.pid) == {target.pid: "t"}
        assert target.finish() == -signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
@pytest.mark.parametrize("inject", [False, True], ids=["plain", "injected"])
def test_a_stopped_process_stays_stopped(number: signal.Signals, inject: bool) -> None:
    with start("threads", "spin", "3") as target:
        os.kill(target.pid, number)
        eventually(lambda: set(states(target.pid).values()) == {"T"})
        for _ in range(2):
            with Freeze(target.pid) as frozen:
                assert frozen.group_stopped
                assert len(frozen.tids) == 4
                if inject:
                    for tid in frozen.tids:
                        with frozen.injector(tid) as inj:
                            assert inj.call(NR_GETTID) == tid
            eventually(lambda: set(states(target.pid).values()) == {"T"}, 1.0)
        os.kill(target.pid, signal.SIGCONT)
        target.close_input()
        assert target.line().startswith("ok ")


def test_a_stopped_process_may_be_continued_meanwhile() -> None:
    with start("signals") as target:
        os.kill(target.pid, signal.SIGSTOP)
        eventually(lambda: states(target.pid) == {target.pid: "T"})
        with Freeze(target.pid) as frozen:
            os.kill(target.pid, signal.SIGCONT)
            with frozen.injector(target.pid) as inj:
                inj.call(NR_GETTID)
        target.send(b"\n")
        assert target.line() == "18=1 sum=0 mask=0 trap=handler"


def test_left_stopped() -> None:
    with start("threads", "spin", "5") as target:
        with Freeze(target.pid, leave="stopped") as frozen:
            assert not frozen.group_stopped
        eventually(lambda: set(states(target.pid).values()) == {"T"}, 1.0)
        assert status_field(target.pid, "TracerPid") == "0"
        os.kill(target.pid, signal.SIGCONT)
        target.close_input()
        assert target.line().startswith("ok ")


def test_left_killed() -> None:
    with start("threads", "sleep", "20") as target:
        with Freeze(target.pid, leave="killed"):
            pass
        assert target.finish() == -signal.SIGKILL


@pytest.mark.parametrize("how", ["killed", "died"])
def test_the_real_parent_hears_of_the_end(how: str) -> None:
    """A process that is no child of ours: its zombies are not kept by the tracer."""
    shell = 'exec 3<&0; "$0" sleep 3 <&3 & echo $!; wait $!; echo ended $?'
    parent = subprocess.Popen(
        ["sh", "-c", shell, compiled("threads")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "ready\n"
        if how == "killed":
            with Freeze(pid, leave="killed") as frozen:
                assert len(frozen.tids) == 4
        else:
            with pytest.raises(ProcessGoneError) as caught, Freeze(pid) as frozen:
                os.kill(pid, signal.SIGKILL)
                ptrace.getregset(frozen.tids[-1], ptrace.NT_PRSTATUS)
            assert caught.value.pid == pid
        assert parent.stdout.readline() == "ended 137\n"
        assert not Path(f"/proc/{pid}").exists()
        parent.stdin.close()


@pytest.mark.parametrize("leave", ["stopped", "killed"])
def test_an_exception_leaves_it_as_it_was(leave: Literal["stopped", "killed"]) -> None:
    with start("threads", "spin", "5") as target:
        with pytest.raises(OSError, match="disk full"), Freeze(target.pid, leave=leave):
            raise OSError("disk full")
        assert "T" not in states(target.pid).values()
        assert status_field(target.pid, "TracerPid") == "0"
        target.close_input()
        assert target.line().startswith("ok ")


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
