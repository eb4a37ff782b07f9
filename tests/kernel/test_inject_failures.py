"""Injected calls that do not go as they should: nothing of them is left in the target, which heals itself."""

from __future__ import annotations

import errno
import os
import signal
import struct
import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import CrimgError, KernelError, ProcessGoneError
from crimg.kernel import libc, ptrace, threadstate
from crimg.kernel.freeze import Freeze
from crimg.kernel.inject import Injector
from crimg.kernel.memory import Memory
from crimg.kernel.registers import Registers
from crimg.kernel.stops import wait_stop
from tests.kernel.children import asleep, eventually, start, start_python, states, status_field
from tests.kernel.test_inject import everything, goes_on, maps

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NR_RT_SIGACTION, NR_NANOSLEEP, NR_GETPID, NR_GETITIMER, NR_EXIT = 13, 35, 39, 36, 60
NR_SIGALTSTACK, NR_PRCTL, NR_GETTID, NR_BRK, NR_KILL, NR_READ = 131, 157, 186, 12, 62, 0
NR_MMAP, PROT_EXEC = 9, 4
PR_GET_DUMPABLE, PR_GET_TID_ADDRESS = 3, 40


def test_an_exception_in_the_body_leaves_nothing() -> None:
    with start("registers") as target:
        with (
            pytest.raises(KeyboardInterrupt),
            Freeze(target.pid) as frozen,
            frozen.injector(target.pid) as inj,
        ):
            inj.call(NR_GETPID)
            raise KeyboardInterrupt
        assert status_field(target.pid, "TracerPid") == "0"
        goes_on(target)


def test_the_freeze_closes_what_was_left_open() -> None:
    """As after a Ctrl-C on the very way into Injector.__exit__."""
    with start("registers") as target:
        with Freeze(target.pid) as frozen:
            before = maps(target.pid)
            frozen.injector(target.pid).__enter__()
            assert maps(target.pid) != before
        assert maps(target.pid) == before
        goes_on(target)


def test_a_call_that_does_not_return_in_time() -> None:
    """It is interrupted, and the target goes on as before."""
    with start("registers") as target:
        with Freeze(target.pid) as frozen:
            before = everything(target.pid)
            with frozen.injector(target.pid, timeout=0.1) as inj:
                inj.write(inj.data, struct.pack("<QQ", 1000, 0))
                with pytest.raises(KernelError) as caught:
                    inj.batch([(NR_GETPID,), (NR_NANOSLEEP, inj.data, 0)])
                assert caught.value.errno == errno.ETIME
                assert inj.call(NR_GETPID) == target.pid
            assert everything(target.pid) == before
        goes_on(target)


_AT_WORK = """
import json, select, sys
print("ready", flush=True)
text = json.dumps([{"key %d" % number: [number, str(number)]} for number in range(2000)])
while not select.select([0], [], [], 0)[0]:
    assert json.dumps(json.loads(text)) == text
print("ok", flush=True)
"""


def test_a_thread_that_does_not_wait_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel refuses the lock: by then the thread has put back all by itself, and runs.

    It has come to another place with another stack: to what it was at first it must not be put back.
    """
    with start_python(_AT_WORK) as target:
        for _ in range(10):
            with (
                pytest.raises(KernelError, match="did not wait"),
                Freeze(target.pid) as frozen,
                frozen.injector(target.pid, timeout=0.02) as inj,
                monkeypatch.context() as patch,
            ):
                start_of_scratch = inj.scratch.start
                patch.setattr("threading.get_native_id", lambda: 2**22 - 1)  # nobody's
                inj.call(NR_GETPID)
            assert f"{start_of_scratch:x}-" not in maps(target.pid)
            assert status_field(target.pid, "TracerPid") == "0"
        target.close_input()
        assert target.line() == "ok"
        assert target.finish() == 0


@pytest.mark.parametrize("error", [errno.ESRCH, errno.EMFILE])
def test_a_failure_at_every_step(error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the system calls that the tracer makes, each but ptrace(2) fails once: nothing is left."""
    at = count = 0

    def failing(real: Callable[..., int], fail: Callable[[], int]) -> Callable[..., int]:
        def call(*arguments: Any, **named: Any) -> int:
            nonlocal count
            counts = arguments[0] != ptrace.NR_PTRACE
            count += counts
            return fail() if counts and count == at else real(*arguments, **named)

        return call

    def refuse() -> int:
        raise OSError(error, os.strerror(error))

    failures = 0
    with start("registers") as target:
        before = maps(target.pid)
        while count >= at:
            at, count = at + 1, 0
            with Freeze(target.pid) as frozen, monkeypatch.context() as patch:
                for name in ("open", "pwrite", "preadv", "readlink"):
                    patch.setattr(os, name, failing(getattr(os, name), refuse))
                patch.setattr(libc, "try_syscall", failing(libc.try_syscall, lambda: -error))
                try:
                    with frozen.injector(target.pid) as inj:
                        inj.call(NR_GETPID)
                except CrimgError:
                    failures += 1
            assert maps(target.pid) == before, f"system call {at}"
            assert status_field(target.pid, "TracerPid") == "0"
        goes_on(target)
    assert failures >= 5


def test_a_target_killed_in_the_middle() -> None:
    affinity = os.sched_getaffinity(0)
    with start("signals") as target:
        with (
            pytest.raises(ProcessGoneError) as caught,
            Freeze(target.pid) as frozen,
            frozen.injector(target.pid) as inj,
        ):
            inj.batch([(NR_GETPID,), (NR_KILL, target.pid, signal.SIGKILL), (NR_GETPID,)])
        assert caught.value.pid == target.pid
        assert target.finish() == -signal.SIGKILL
    assert os.sched_getaffinity(0) == affinity


def test_the_cpu_affinity_comes_back() -> None:
    affinity = os.sched_getaffinity(0)
    if len(affinity) == 1:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        affinity = os.sched_getaffinity(0)
        assert len(affinity) == 1, "an earlier test has left its own behind"
        pytest.skip("this machine has one CPU")
    with start("signals") as target, Freeze(target.pid) as frozen:
        with frozen.injector(target.pid) as inj:
            assert len(os.sched_getaffinity(0)) == 1
            inj.call(NR_GETPID)
        assert os.sched_getaffinity(0) == affinity


def test_a_stop_signal_in_the_middle_is_kept() -> None:
    with start("signals") as target:
        with Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
            results = inj.batch([(NR_GETPID,), (NR_KILL, target.pid, signal.SIGSTOP), (NR_GETPID,)])
            assert results == [target.pid, 0, target.pid]
        eventually(lambda: states(target.pid) == {target.pid: "T"})
        os.kill(target.pid, signal.SIGCONT)
        target.send(b"\n")
        assert target.line() == "18=1 sum=0 mask=0 trap=handler"


def test_the_thread_must_be_in_an_event_stop() -> None:
    with start("signals") as target:
        with Freeze(target.pid):
            ptrace.syscall(target.pid)
            wait_stop(target.pid, 5)
            with pytest.raises(KernelError, match="in no event stop"), Injector(target.pid):
                pass
            ptrace.interrupt(target.pid)
            ptrace.cont(target.pid)
            wait_stop(target.pid, 5)
        target.send(b"\n")
        assert target.line() == "sum=0 mask=0 trap=handler"


def test_a_restartable_sequence_is_aborted_not_torn() -> None:
    """The thread is stopped inside one; when it goes on it must not commit, whatever was injected."""
    with start("rseq") as target:
        committed, aborted, begin, end = (int(word, 16) for word in target.ready)

        def counts() -> tuple[int, int]:
            with Memory(target.pid) as memory:
                return tuple(int.from_bytes(memory.read(at, 8), "little") for at in (committed, aborted))  # type: ignore[return-value]

        for _ in range(3):
            time.sleep(0.01)
            with Freeze(target.pid) as frozen:
                general = Registers(ptrace.getregset(target.pid, ptrace.NT_PRSTATUS))
                assert begin <= general.rip < end
                before = counts()
                area = threadstate.get_rseq_configuration(target.pid).pointer + 8
                with Memory(target.pid) as memory:
                    descriptor = memory.read(area, 8)
                    assert descriptor != bytes(8)
                    with frozen.injector(target.pid) as inj:
                        inj.call(NR_GETPID)
                    assert memory.read(area, 8) == descriptor
            eventually(lambda before=before: counts() != before)  # type: ignore[misc]
            assert counts()[1] > before[1]
            assert counts()[0] == before[0]


TRACER = """
import os, struct, sys
from crimg.kernel.freeze import Freeze
pid, milliseconds, where = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with Freeze(pid) as frozen:
    with frozen.injector(pid) as inj:
        inj.write(inj.data, struct.pack("<QQ", 0, milliseconds * 1000000))
        print("ready", inj.scratch.start, flush=True)
        if where == "between":
            os.kill(os.getpid(), 9)
        inj.batch([(39,), (35, inj.data, 0), (39,)])
"""


@pytest.mark.parametrize("where", ["inside", "between"])
def test_the_target_heals_itself_when_the_tracer_is_killed(where: str) -> None:
    """SIGKILL to the tracer while the target sleeps in an injected call, or between two batches."""
    with start("registers") as target:
        before = status_field(target.pid, "SigBlk")
        with start_python(TRACER, str(target.pid), "300", where) as tracer:
            time.sleep(0.1)
            tracer.kill()
            tracer.finish()
        assert status_field(target.pid, "TracerPid") == "0"
        eventually(lambda: status_field(target.pid, "SigBlk") == before)
        goes_on(target)


@pytest.mark.parametrize(
    "kind", ["nanosleep", "poll", "futex", "ppoll", "epoll_wait", "read", "sigtimedwait"]
)
def test_a_sleeping_target_heals_itself(kind: str) -> None:
    """The interrupted call is made again: no EINTR, no strange number."""
    with start("sleeper", kind, "400") as target:
        eventually(lambda: asleep(target.pid))
        with start_python(TRACER, str(target.pid), "200", "inside") as tracer:
            time.sleep(0.05)
            tracer.kill()
            tracer.finish()
        if kind == "read":
            time.sleep(0.4)
            target.send(b"x")
        result, error, elapsed = target.line().split()
        usual = {"futex": ("-1", "110"), "sigtimedwait": ("-1", "11"), "read": ("1", "0")}
        assert (result, error) == usual.get(kind, ("0", "0"))
        assert float(elapsed) >= 400


def test_the_alternate_stack_survives_the_healing() -> None:
    with start("oddities", "altstack") as target:
        eventually(lambda: asleep(target.pid))
        with start_python(TRACER, str(target.pid), "100", "inside") as tracer:
            time.sleep(0.03)
            tracer.kill()
            tracer.finish()
        target.send(b"x")
        assert target.line() == "alive 1"
        target.close_input()
        assert target.line() == "ok"


def test_the_mask_survives_the_healing() -> None:
    with start("signals", "pending") as target:
        eventually(lambda: asleep(target.pid))
        with start_python(TRACER, str(target.pid), "100", "inside") as tracer:
            time.sleep(0.03)
            assert status_field(target.pid, "SigBlk") == "fffffffffffbfeff"
            tracer.kill()
            tracer.finish()
        target.send(b"\n")
        assert target.line() == "sum=0 mask=10 trap=handler"


def test_signals_reach_a_target_that_heals_itself() -> None:
    """Sent while all are blocked for the injection; delivered once it is over, on the target's own terms."""
    with start("signals") as target:
        with start_python(TRACER, str(target.pid), "300", "inside") as tracer:
            time.sleep(0.1)
            os.kill(target.pid, signal.SIGUSR1)
            os.kill(target.pid, signal.SIGUSR2)
            tracer.kill()
            tracer.finish()
        target.send(b"\n")
        assert target.line() == "10=1 12=1 sum=0 mask=0 trap=handler"
