"""Whole processes stopped and let go: what is in between must not show in them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.errors import ProcessGoneError
from crimg.kernel import ptrace
from crimg.kernel.freeze import Freeze
from crimg.kernel.registers import Registers
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
        number, ready = sorted(parent.stdout.readline() for _ in range(2))  # the shell and it write at once
        assert ready == "ready\n"
        pid = int(number)
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
