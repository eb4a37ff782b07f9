"""Programs with something that a dump could stumble over: they are saved, and go on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import UnsupportedResourceError
from crimg.model import Mm, Task, Thread
from crimg.pages import Memory
from tests.dump import proc
from tests.dump.dumps import Dumper, image_of, save
from tests.dump.programs import Agent, Program
from tests.dump.rows import dumped
from tests.dump.untouched import Untouched, only
from tests.kernel.children import compiled as kernel_target

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mode", ["mdwe", "altstack"])
def test_oddity(mode: str, tmp_path: Path, image_path: Path) -> None:
    """No executable memory may be made; a stack for signals, and a rounding mode."""
    with Program([kernel_target("oddities"), mode], tmp_path / "target") as program:
        untouched = Untouched(program.pid)
        for turn in range(3):
            save(program.pid, tmp_path / str(turn))
        untouched.check()
        program.send("x")
        assert program.line() == "alive 1"
        with image_of(program.pid, image_path) as image:
            assert image.rows(Task)[0].pid == program.pid
        program.send("x")
        assert program.line() == "alive 2"


def test_system_calls_that_the_program_catches(tmp_path: Path, folder: Path) -> None:
    """Syscall user dispatch (prctl(2)): there is no place for it in an image."""
    with Program([kernel_target("oddities"), "dispatch"], tmp_path / "target") as program:
        untouched = Untouched(program.pid)
        with pytest.raises(UnsupportedResourceError) as caught:
            save(program.pid, folder / "image")
        (line,) = caught.value.problems
        assert "dispatch" in line
        untouched.check()
        program.send("x")
        assert program.line() == "alive 1"
    only(folder)


def test_without_a_vdso(tmp_path: Path, image_path: Path) -> None:
    """No system call instruction is to be found while it computes: one line, or an image; it goes on."""
    with Program([kernel_target("oddities"), "novdso"], tmp_path / "target") as program:
        untouched = Untouched(program.pid)
        status = Dumper(program.pid, image_path, errors=tmp_path / "errors").wait()
        assert (status, (tmp_path / "errors").read_text().count("\n")) in ((0, 1), (4, 1))
        untouched.check()
        assert proc.state(program.pid) == "R"


def test_threads_that_come_and_go(tmp_path: Path) -> None:
    """Four threads make short-lived ones all the time."""
    with Program([kernel_target("threads"), "storm", "4"], tmp_path / "target") as program:
        for turn in range(20):
            with image_of(program.pid, tmp_path / str(turn)) as image:
                tids = [thread.tid for thread in image.rows(Thread)]
                assert len(tids) == len(set(tids)) >= 5
        program.send("end\n")
        assert program.line().startswith("ok ")
        assert program.finish() == 0


def test_hundreds_of_threads(tmp_path: Path, image_path: Path) -> None:
    with Program([kernel_target("threads"), "sleep", "250"], tmp_path / "target") as program:
        with dumped(program, image_path) as image:
            assert len(image.rows(Thread)) == 251
            assert len({thread.registers for thread in image.rows(Thread)}) == 251
        program.send("end\n")
        assert program.line() == "ok 250"


@pytest.mark.sweep
def test_hundreds_of_threads_on_a_busy_machine(tmp_path: Path) -> None:
    """Two programs that compute for each CPU: the stop takes longer, but not for ever."""
    busy = [
        subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * len(os.sched_getaffinity(0)))
    ]
    try:
        with Program([kernel_target("threads"), "sleep", "250"], tmp_path / "target") as program:
            started = time.monotonic()
            status = Dumper(program.pid, tmp_path / "image", errors=tmp_path / "errors").wait(timeout=60)
            assert status == 0, (tmp_path / "errors").read_text()
            assert time.monotonic() - started < 20
            program.send("end\n")
            assert program.line(60) == "ok 250"
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_a_program_that_nobody_may_trace(tmp_path: Path, image_path: Path) -> None:
    """prctl(PR_SET_DUMPABLE, 0): root may."""
    if os.geteuid() != 0:
        pytest.skip("only root may dump a process that is not dumpable")
    code = "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)"
    with Agent(code, tmp_path / "target") as agent, dumped(agent, image_path) as image:
        assert image.rows(Mm)[0].dumpable == 0


def test_two_dumpers_at_once(tmp_path: Path) -> None:
    """One of them has the process; the other is told who has. Sooner or later each gets its turn."""
    with Agent("data = bytearray(32 << 20)", tmp_path / "target") as agent:
        statuses = set()
        for turn in range(10):
            dumpers = [
                Dumper(agent.pid, tmp_path / f"{turn}.{n}", errors=tmp_path / f"errors{n}") for n in range(2)
            ]
            results = [dumper.wait() for dumper in dumpers]
            statuses.update(results)
            assert 0 in results
            for n, status in enumerate(results):
                lines = (tmp_path / f"errors{n}").read_text().splitlines()
                assert (status, len(lines)) in ((0, 1), (4, 1), (5, 2))
                assert status == 0 or "traces it" in lines[0]
        assert agent.ask("len(data)") == 32 << 20


def test_program_that_is_stopped_and_continued_all_the_time(tmp_path: Path) -> None:
    with Agent("", tmp_path / "target") as agent:
        pid = os.fork()
        if pid == 0:
            try:
                for _ in range(200):
                    os.kill(agent.pid, signal.SIGSTOP)
                    time.sleep(0.001)
                    os.kill(agent.pid, signal.SIGCONT)
                    time.sleep(0.001)
            finally:
                os._exit(0)
        turn = 0
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            save(agent.pid, tmp_path / str(turn))
            turn += 1
        assert turn > 0
        assert agent.ask("6 * 7") == 42


def test_large_memory(tmp_path: Path, image_path: Path) -> None:
    """More than one section of pages; every page in its place."""
    code = """
import mmap
area = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, 16384, 1 + (1 << 20) // 4096 % 3):
    area[page * 4096 : page * 4096 + 8] = page.to_bytes(8, "little")
import ctypes
start = ctypes.addressof(ctypes.c_char.from_buffer(area))
"""
    with Agent(code, tmp_path / "target") as agent:
        start = agent.ask("start")
        with dumped(agent, image_path, memory=True) as image:
            memory = Memory(image, image.rows(Mm)[0])
            for page in (0, 2, 4096, 8192, 16382):
                data = memory.read(start + page * 4096, 8)
                assert int.from_bytes(data, "little") == page
