"""System calls made in a target: what they return, and that nothing of them is left in it."""

from __future__ import annotations

import errno
import os
import re
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError
from crimg.kernel import ptrace, threadstate
from crimg.kernel.borrow import BorrowedThread
from crimg.kernel.freeze import Freeze
from crimg.kernel.memory import Memory
from crimg.kernel.registers import Registers
from tests.kernel.children import asleep, eventually, start, states, status_field

if TYPE_CHECKING:
    from tests.kernel.children import Target

NR_RT_SIGACTION, NR_NANOSLEEP, NR_GETPID, NR_GETITIMER, NR_EXIT = 13, 35, 39, 36, 60
NR_SIGALTSTACK, NR_PRCTL, NR_GETTID, NR_BRK, NR_KILL, NR_READ = 131, 157, 186, 12, 62, 0
NR_MMAP, PROT_EXEC = 9, 4
PR_GET_DUMPABLE, PR_GET_TID_ADDRESS = 3, 40


def maps(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def everything(tid: int) -> tuple[object, ...]:
    """All of a stopped thread that ptrace tells, but for the queues of signals."""
    return (
        ptrace.getregset(tid, ptrace.NT_PRSTATUS),
        ptrace.getregset(tid, ptrace.NT_X86_XSTATE),
        ptrace.getsigmask(tid),
        threadstate.get_rseq_configuration(tid),
        threadstate.get_syscall_user_dispatch(tid),
        maps(tid),
        [status_field(tid, name) for name in ("SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt")],
    )


def rounds(target: Target) -> int:
    with Memory(target.pid) as memory:
        return int.from_bytes(memory.read(int(target.ready[0], 16), 8), "little")


def goes_on(target: Target) -> None:
    """The program of registers.c finds all its registers as it set them, and makes progress."""
    before = rounds(target)
    eventually(lambda: rounds(target) > before + 10_000_000)
    target.close_input()
    assert re.fullmatch(r"ok \d+", target.line())
    assert target.finish() == 0


def test_results_and_data() -> None:
    with start("signals") as target:
        with Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
            assert inj.call(NR_GETPID) == target.pid
            assert inj.call(9999) == -errno.ENOSYS
            assert inj.data_size >= 1 << 16
            room = inj.reserve(64 * 32)
            assert room == inj.data
            actions = [(NR_RT_SIGACTION, number, 0, room + number * 32 - 32, 8) for number in range(1, 65)]
            dumpable, top, bad, *results = inj.batch(
                [(NR_PRCTL, PR_GET_DUMPABLE), (NR_BRK, 0), (NR_GETITIMER, 7, room), *actions]
            )
            assert (dumpable, bad) == (1, -errno.EINVAL)
            assert results == [0] * 64
            table = inj.read(room, 64 * 32)
            caught = sum(
                1 << number - 1
                for number in range(1, 65)
                if int.from_bytes(table[number * 32 - 32 : number * 32 - 24], "little") > 1
            )
            assert f"{caught:016x}" == status_field(target.pid, "SigCgt")
            heap = [line.split()[0] for line in maps(target.pid).splitlines() if line.endswith("[heap]")]
            assert not heap or int(heap[0].partition("-")[2], 16) == top
            address = inj.reserve(8)
            assert address == inj.data + 2048
            inj.write(address, b"12345678")
            assert inj.read(address, 8) == b"12345678"
            assert inj.batch([]) == []
            with pytest.raises(ValueError, match="up to 6 arguments"):
                inj.call(NR_GETPID, 1, 2, 3, 4, 5, 6, 7)
            assert inj.batch([(NR_GETPID,)] * 300) == [target.pid] * 300
            with pytest.raises(ValueError, match="more than the data area"):
                inj.reserve(1 << 16)
        target.send(b"\n")
        assert target.line() == "sum=0 mask=0 trap=handler"


def test_a_larger_data_area() -> None:
    with start("signals") as target:
        with Freeze(target.pid) as frozen, frozen.injector(target.pid, data_size=1 << 22) as inj:
            last = inj.reserve((1 << 22) - 8) + (1 << 22) - 16
            assert inj.call(NR_PRCTL, PR_GET_TID_ADDRESS, last) in (0, -errno.EINVAL)
            inj.write(last, b"12345678")
        target.send(b"\n")
        assert target.line() == "sum=0 mask=0 trap=handler"


def test_nothing_changes_across_an_injection() -> None:
    """A program that checks its registers, red zone and vector registers, stopped 60 times anywhere."""
    with start("registers") as target:
        for index in range(60):
            time.sleep(0.001 * (index % 7))
            with Freeze(target.pid) as frozen:
                before = everything(target.pid)
                with frozen.injector(target.pid) as inj:
                    inj.batch([(NR_GETPID,)] * 3)
                assert everything(target.pid) == before
        goes_on(target)


@pytest.mark.parametrize("register", ["r13", "rbx", "xmm5"])
def test_the_program_would_notice_a_changed_register(register: str) -> None:
    """What `goes_on` relies on."""
    with start("registers") as target:
        changed = False
        while not changed:
            time.sleep(0.02)
            with Freeze(target.pid):
                general = Registers(ptrace.getregset(target.pid, ptrace.NT_PRSTATUS))
                if changed := not general.in_system_call:  # else it is in the poll(2) between its rounds
                    spoil(target.pid, general, register)
        assert (
            target.line() in {"r13": ("bad 13",), "rbx": ("bad 1",), "xmm5": ("bad 105", "bad 205")}[register]
        )


def spoil(tid: int, general: Registers, register: str) -> None:
    if register == "xmm5":
        xstate = bytearray(ptrace.getregset(tid, ptrace.NT_X86_XSTATE))
        xstate[160 + 16 * 5] ^= 1
        ptrace.setregset(tid, ptrace.NT_X86_XSTATE, bytes(xstate))
    else:
        ptrace.setregset(tid, ptrace.NT_PRSTATUS, bytes(general.with_changes(**{register: 1})))


@pytest.mark.parametrize("mode", ["handler", "ignored", "blocked", "pending"])
def test_sigtrap_is_left_alone(mode: str) -> None:
    told = {
        "handler": "sum=0 mask=0 trap=handler",
        "ignored": "sum=0 mask=0 trap=ignored",
        "blocked": "sum=0 mask=10 trap=handler",
        "pending": "sum=0 mask=10 trap=handler",
    }
    with start("signals", mode) as target:
        with Freeze(target.pid) as frozen:
            before = everything(target.pid)
            queue = ptrace.peeksiginfo(target.pid, shared=True)
            with frozen.injector(target.pid) as inj:
                inj.batch([(NR_GETPID,)] * 10)
                inj.call(NR_GETPID)
            assert everything(target.pid) == before
            assert ptrace.peeksiginfo(target.pid, shared=True) == queue
            assert len(queue) == (1 if mode == "pending" else 0)
        target.send(b"\n")
        assert target.line() == told[mode]


def test_threads_share_the_scratch() -> None:
    with start("threads", "spin", "6") as target:
        with Freeze(target.pid) as frozen:
            before = {tid: everything(tid) for tid in frozen.tids}
            with frozen.injector(frozen.tids[0]) as first:
                for tid in frozen.tids[1:]:
                    with frozen.injector(tid, scratch=first.scratch) as inj:
                        place = inj.reserve(24)
                        assert inj.batch([(NR_GETTID,), (NR_SIGALTSTACK, 0, place)]) == [tid, 0]
                        assert struct.unpack_from("<QI", inj.read(place, 24)) == (0, 2)  # SS_DISABLE
                assert first.call(NR_GETTID) == target.pid
            assert {tid: everything(tid) for tid in frozen.tids} == before
        target.close_input()
        assert target.line().startswith("ok ")


@pytest.mark.parametrize("mode", ["seccomp", "mdwe", "dispatch", "altstack"])
def test_targets_with_oddities(mode: str) -> None:
    if mode == "seccomp" and os.geteuid() != 0:
        pytest.skip("only CAP_SYS_ADMIN can suspend a seccomp filter")
    with start("oddities", mode) as target:
        eventually(lambda: asleep(target.pid))
        with Freeze(target.pid) as frozen:
            before = everything(target.pid)
            with frozen.injector(target.pid) as inj:
                assert inj.scratch.code != 0
                assert inj.batch([(NR_GETPID,)] * 3) == [target.pid] * 3
            assert everything(target.pid) == before
            assert "rwx" not in maps(target.pid)
        for number in (b"1", b"2"):
            target.send(b"x")
            assert target.line().encode() == b"alive " + number
        target.close_input()
        assert target.line() == "ok"


def test_a_seccomp_filter_needs_a_capability(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CAP_SYS_ADMIN, it says so, makes no call, and leaves the target alone."""
    setoptions = ptrace.setoptions

    def refusing(tid: int, options: int) -> None:
        if options & ptrace.PTRACE_O_SUSPEND_SECCOMP:
            raise KernelError("ptrace(PTRACE_SETOPTIONS)", errno.EPERM, pid=tid)
        setoptions(tid, options)

    monkeypatch.setattr(ptrace, "setoptions", refusing)
    with start("oddities", "seccomp") as target:
        eventually(lambda: asleep(target.pid))
        with Freeze(target.pid) as frozen, pytest.raises(KernelError, match=r"seccomp filter.*CAP_SYS_ADMIN"):
            frozen.injector(target.pid).__enter__()
        target.send(b"x")
        assert target.line() == "alive 1"
    with start("signals") as target, Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
        assert inj.call(NR_GETPID) == target.pid  # no filter, no need


def test_where_proc_mem_does_not_write_to_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with proc_mem.force_override=never."""
    write = Memory.write

    def refusing(memory: Memory, address: int, data: bytes) -> None:
        for line in maps(memory.tid).splitlines():
            low, high = (int(end, 16) for end in line.split()[0].split("-"))
            if low <= address < high and line.split()[1][1] != "w":
                raise KernelError("pwrite(/proc/PID/mem)", errno.EIO, pid=memory.tid)
        write(memory, address, data)

    monkeypatch.setattr(Memory, "write", refusing)
    with start("registers") as target:
        with Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
            assert inj.batch([(NR_GETPID,)] * 3) == [target.pid] * 3
        goes_on(target)


def test_the_call_that_the_thread_is_in_serves_where_the_vdso_is_gone() -> None:
    with start("oddities", "altstack") as target:
        eventually(lambda: asleep(target.pid))
        with Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
            assert inj.scratch.syscall_at == inj._thread.registers.rip - 2
    with start("registers") as target:
        time.sleep(0.02)
        with Freeze(target.pid) as frozen, frozen.injector(target.pid) as inj:
            (vdso,) = [line.split()[0] for line in maps(target.pid).splitlines() if line.endswith("[vdso]")]
            low, high = (int(end, 16) for end in vdso.split("-"))
            if not inj._thread.registers.in_system_call:
                assert low <= inj.scratch.syscall_at < high
    with start("oddities", "novdso") as target:
        time.sleep(0.02)
        with Freeze(target.pid) as frozen, pytest.raises(KernelError, match="vDSO") as caught:
            frozen.injector(target.pid).__enter__()
        assert caught.value.errno == errno.ENOEXEC
        assert states(target.pid) == {target.pid: "R"}


def test_without_a_lock_to_wait_for_each_call_is_stopped_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the kernel has none with an owner, or the target another PID namespace."""
    monkeypatch.setattr("crimg.kernel.codepage._can_wait", lambda tid: False)
    with start("signals", "blocked") as target:
        with Freeze(target.pid) as frozen:
            before = everything(target.pid)
            with frozen.injector(target.pid) as inj:
                assert not inj.scratch.waits
                assert inj.batch([(NR_GETPID,), (9999,)]) == [target.pid, -errno.ENOSYS]
            assert everything(target.pid) == before
        target.send(b"\n")
        assert target.line() == "sum=0 mask=10 trap=handler"


def test_without_executable_memory_the_calls_go_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where SELinux forbids it with EACCES."""
    call = BorrowedThread.call

    def refusing(thread: BorrowedThread, at: int, number: int, *arguments: int) -> int:
        if number == NR_MMAP and arguments[2] & PROT_EXEC:
            return -errno.EACCES
        return call(thread, at, number, *arguments)

    monkeypatch.setattr(BorrowedThread, "call", refusing)
    with start("signals", "blocked") as target:
        with Freeze(target.pid) as frozen:
            before = everything(target.pid)
            with frozen.injector(target.pid) as inj:
                assert inj.scratch.code == 0
                assert inj.batch([(NR_GETPID,), (9999,)]) == [target.pid, -errno.ENOSYS]
            assert everything(target.pid) == before
        target.send(b"\n")
        assert target.line() == "sum=0 mask=10 trap=handler"
