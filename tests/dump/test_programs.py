"""Whole programs: the image against /proc of the process that stands still, and the process going on."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from crimg.model import Task
from tests.dump import oracle, oracle_memory, proc
from tests.dump.cases import CASES, EIGHT, Case, bash, cursor, eight_threads
from tests.dump.dumps import image_of, save
from tests.dump.programs import Program, eventually
from tests.dump.progress import Counts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_image_is_what_proc_says_and_the_program_goes_on(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "target") as program:
        case.goes_on(program)
        with image_of(program.pid, tmp_path / "running.img"):
            case.goes_on(program)
        with image_of(program.pid, tmp_path / "image", leave="stopped") as image:
            eventually(lambda: proc.stopped(program.pid))
            oracle.check_all(image, program.pid)
            assert oracle_memory.check_memory(image, program.pid) > 0
            assert chr(image.rows(Task)[0].state) in "RS"
            case.check(program, image)
        program.signal(signal.SIGCONT)
        eventually(lambda: not proc.stopped(program.pid))
        case.goes_on(program)
        case.goes_on(program)


def test_stopped_program_stays_stopped(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "target") as program:
        program.signal(signal.SIGSTOP)
        eventually(lambda: proc.stopped(program.pid))
        with image_of(program.pid, tmp_path / "image") as image:
            eventually(lambda: proc.stopped(program.pid))
            oracle.check_all(image, program.pid)
            assert chr(image.rows(Task)[0].state) == "T"
        assert image.page_size == 4096
        program.signal(signal.SIGCONT)
        eventually(lambda: not proc.stopped(program.pid))
        case.goes_on(program)


def test_sleep_sleeps_as_long_as_it_was_told(tmp_path: Path) -> None:
    started = time.monotonic()
    with Program(["sleep", "2"], tmp_path / "target", ready=False) as program:
        for number in range(5):
            save(program.pid, tmp_path / f"image{number}")
        assert program.finish() == 0
        assert 2 <= time.monotonic() - started < 4


def test_cursor_gives_all_its_rows(tmp_path: Path) -> None:
    with cursor(tmp_path / "target") as program:
        save(program.pid, tmp_path / "image")
        program.send("rest\n")
        assert int(program.line()) == sum(n * n for n in range(1000, 2000))
        path = program.folder / "data.sqlite"
        eventually(lambda: _rows(path) == 2001)


def _rows(path: Path) -> int:
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT count(*) FROM numbers").fetchone()[0])
    finally:
        database.close()


def test_bash_reads_on_in_a_line_that_had_begun(tmp_path: Path) -> None:
    """The first half is in bash already, the pending read waits for the rest."""
    with bash(tmp_path / "target") as program:
        program.send("first ")
        eventually(lambda: proc.state(program.pid) == "S")
        save(program.pid, tmp_path / "image")
        program.send("second\n")
        assert program.line() == "read first second"


def test_program_that_was_dumped_again_and_again(tmp_path: Path) -> None:
    with eight_threads(tmp_path / "target") as program:
        counts = Counts(program.folder / "count", len(EIGHT))
        counts.check()
        before = proc.maps(program.pid)
        for _ in range(40):
            with open(os.devnull, "wb") as null:
                _dump_to(program.pid, null.fileno())
        counts.check()
        assert proc.maps(program.pid) == before


def _dump_to(pid: int, fd: int) -> None:
    from crimg.dump import dump
    from crimg.writer import FdOutput

    dump(pid, FdOutput(fd, "nowhere"))
