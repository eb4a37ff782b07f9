"""What a thread has in its hands when it is stopped: registers, critical sections, signals on their way."""

from __future__ import annotations

import os
import signal
import struct
from typing import TYPE_CHECKING

import pytest

from crimg.model import (
    Thread,
)
from tests.dump.dumps import image_of, save
from tests.dump.programs import Program
from tests.kernel.children import compiled as kernel_target

if TYPE_CHECKING:
    from pathlib import Path


def _registers(thread: Thread) -> dict[str, int]:
    names = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base"
    return dict(zip(names.split(), struct.unpack_from("<22Q", thread.registers), strict=True))


def test_registers_of_a_thread_that_computes(tmp_path: Path) -> None:
    """It keeps known values in all of them, and looks at them all the time; also after the dump."""
    with Program([kernel_target("registers")], tmp_path / "target") as program:
        wanted = {
            "rbx": 0x1001,
            "rsi": 0x1004,
            "rbp": 0x1006,
            "r9": 0x1009,
            "r11": 0x100B,
            "r12": 0x100C,
            "r15": 0x100F,
        }
        met = 0
        for turn in range(10):
            with image_of(program.pid, tmp_path / str(turn)) as image:
                (thread,) = image.rows(Thread)
                registers = _registers(thread)
                if not wanted.items() <= registers.items():
                    continue  # in one of the few instructions outside of the loop
                met += 1
                pattern = bytes(range(0xA0, 0xC0))
                assert thread.xsave[160:176] == pattern[:16]  # xmm0 (FXSAVE)
                assert thread.xsave[160 + 14 * 16 :][:16] == pattern[:16]
                assert struct.unpack_from("<I", thread.xsave, 24)[0] & 0xFFC0 == 0x3F80  # mxcsr
                if struct.unpack_from("<Q", thread.xsave, 512)[0] & 4:  # XSTATE_BV: AVX
                    assert thread.xsave[576:592] == pattern[16:]
                assert chr(thread.state) == "R"
        assert met > 5
        program.send("x")
        assert program.line().startswith("ok ")
        assert program.finish() == 0


def test_restartable_sequence(tmp_path: Path) -> None:
    """rseq(2): the critical section that the thread is in."""
    with Program([kernel_target("rseq")], tmp_path / "target") as program:
        _, _, start, end = (int(word, 16) for word in program.words)
        inside = 0
        for turn in range(5):
            with image_of(program.pid, tmp_path / str(turn), leave="running") as image:
                (thread,) = image.rows(Thread)
                if start <= _registers(thread)["rip"] < end:
                    inside += 1
                    with open(f"/proc/{program.pid}/mem", "rb", buffering=0) as memory:
                        section = os.pread(memory.fileno(), 32, thread.rseq_cs)
                    assert struct.unpack_from("<QQ", section, 8) == (start, end - start)
        assert inside


@pytest.mark.parametrize("mode", ["handler", "ignored", "blocked", "pending"])
def test_action_of_sigtrap_stays(mode: str, tmp_path: Path) -> None:
    """A breakpoint or a single step of ours would take it away from a program that blocks or ignores it."""
    with Program([kernel_target("signals"), mode], tmp_path / "target") as program:
        program.send("look\n")
        before = program.line()
        for turn in range(10):
            save(program.pid, tmp_path / str(turn))
        program.send("look\n")
        assert program.line() == before


def test_signals_that_come_during_dumps_arrive_once(tmp_path: Path) -> None:
    """Real-time signals queue: none may be lost, none may come twice, and their values stay."""
    with Program([kernel_target("signals"), "handler"], tmp_path / "target") as program:
        number = signal.SIGRTMIN + 1
        pid = os.fork()
        if pid == 0:  # this one sends while the other dumps
            try:
                for _ in range(400):
                    os.kill(program.pid, number)
                    os.kill(program.pid, signal.SIGUSR1)
                    signal.sigtimedwait([], 0.0005)
            finally:
                os._exit(0)
        turn = 0
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            save(program.pid, tmp_path / str(turn))
            turn += 1
        assert turn > 0
        program.send("look\n")
        counts = dict(word.split("=") for word in program.line().split())
        assert counts[str(int(number))] == "400"
        assert 0 < int(counts[str(int(signal.SIGUSR1))]) <= 400
