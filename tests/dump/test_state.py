"""Signals, timers, limits: the image says of a program what the program says of itself."""

from __future__ import annotations

import os
import signal
import struct
from typing import TYPE_CHECKING

import pytest

from crimg.model import (
    Cred,
    Fs,
    Mm,
    PosixTimer,
    Sigaction,
    Siginfo,
    Signal,
    Task,
    Thread,
)
from tests.dump import proc
from tests.dump.dumps import image_of, save
from tests.dump.programs import Program, compiled, eventually
from tests.dump.untouched import Untouched, masks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crimg.model.image import Image

SECOND = 10**9
SI_USER, SI_QUEUE, SI_TKILL = 0, -1, -6
_SIGINFO = struct.Struct("<iii4xiIQ")  # number, errno, code; pid, uid, value (asm-generic/siginfo.h)
_RSEQ_SIGNATURE = 0x53053053


class Said:
    """What the program said of itself before its line "ready": name to numbers."""

    def __init__(self, program: Program) -> None:
        self.numbers: dict[str, list[int]] = {}
        while (line := program.line()) != "ready":
            name, *words = line.split()
            self.numbers[name] = [int(word, 0) for word in words]

    def __getitem__(self, name: str) -> int:
        (number,) = self.numbers[name]
        return number

    def group(self, prefix: str) -> dict[int, list[int]]:
        """The lines "PREFIX.N", by N."""
        return {
            int(name.rpartition(".")[2]): numbers
            for name, numbers in self.numbers.items()
            if name.startswith(prefix + ".")
        }


class Case:
    """The program, what it said, and its image."""

    def __init__(self, program: Program, said: Said, image: Image) -> None:
        self.program = program
        self.said = said
        self.image = image


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("state")
    with Program([compiled("state")], folder / "target", ready=False) as program:
        said = Said(program)
        eventually(lambda: proc.sleeping(program.pid))
        with image_of(program.pid, folder / "image") as image:
            yield Case(program, said, image)


def thread_of(case: Case, name: str) -> Thread:
    """The row of the thread "main" or "second"."""
    (thread,) = (row for row in case.image.rows(Thread) if row.tid == case.said[f"{name}.tid"])
    return thread


def test_nothing_is_changed_by_a_dump(case: Case, tmp_path: Path) -> None:
    """Asked again, the program says the same."""
    untouched, blocked = Untouched(case.program.pid), masks(case.program.pid)
    for turn in range(5):
        save(case.program.pid, tmp_path / str(turn))
        case.program.send("look\n")
        assert case.program.line() == "same"
    untouched.check()
    assert masks(case.program.pid) == blocked


def test_signal_actions(case: Case) -> None:
    rows = {
        row.signal: [row.handler, row.flags, row.restorer, row.mask] for row in case.image.rows(Sigaction)
    }
    assert rows == case.said.group("action")
    assert len(rows) >= 8


def test_interval_timers(case: Case) -> None:
    (row,) = case.image.rows(Signal)
    intervals, rests = row.itimers[0::2], row.itimers[1::2]
    said = case.said.group("itimer")
    assert list(intervals) == [said[which][0] * 1000 for which in range(3)]
    assert [rest > 0 for rest in rests] == [bool(said[which][1]) for which in range(3)]
    assert 1900 * SECOND < rests[0] <= 2000 * SECOND
    assert 3900 * SECOND < rests[2] <= 4001 * SECOND


def test_posix_timers(case: Case) -> None:
    ids = case.said.numbers["timers"]
    rows = {row.id: row for row in case.image.rows(PosixTimer)}
    assert sorted(rows) == sorted(ids)
    said = case.said.group("timer")
    for index, number in enumerate(ids):
        assert rows[number].interval == said[index][0]
        assert (rows[number].remaining > 0) == bool(said[index][1])
    first, second, third, fourth = (rows[number] for number in ids)
    assert 4900 * SECOND < first.remaining <= 5000 * SECOND
    assert (first.clock, first.notify, first.signo, first.value, first.tid) == (
        1,
        0,
        signal.SIGRTMIN + 1,
        0xFEDCBA987654321,
        None,
    )
    assert (second.clock, second.notify) == (0, 1)
    assert (third.clock, third.notify, third.tid) == (7, 4, case.said["second.tid"])
    assert (fourth.notify, fourth.signo, fourth.remaining) == (0, signal.SIGALRM, 0)
    assert fourth.clock < 0


def test_pending_signals(case: Case) -> None:
    """In the order of each queue, with who sent them and their values."""
    mine, other = case.said["main.tid"], case.said["second.tid"]
    uid = os.getuid()
    found = [(row.tid, row.position, *_SIGINFO.unpack_from(row.info)) for row in case.image.rows(Siginfo)]
    rt = signal.SIGRTMIN
    shared = sorted(entry[2:] for entry in found if entry[0] is None)
    assert shared == sorted(
        [
            (signal.SIGUSR1, 0, SI_QUEUE, mine, uid, 0x123456789ABCDEF0),
            *((rt, 0, SI_QUEUE, mine, uid, value) for value in range(3)),
            (rt + 3, 0, SI_USER, mine, uid, 0),
        ]
    )
    places = [entry[1] for entry in found if entry[0] is None]
    assert places == list(range(5))
    values = [entry[-1] for entry in found if entry[0] is None and entry[2] == rt]
    assert values == [0, 1, 2]
    assert [entry for entry in found if entry[0] == mine] == [(mine, 0, rt + 2, 0, SI_QUEUE, mine, uid, 77)]
    assert [entry[:6] for entry in found if entry[0] == other] == [(other, 0, rt + 3, 0, SI_TKILL, mine)]
    assert all(len(row.info) == 128 and row.number == row.info[0] for row in case.image.rows(Siginfo))


@pytest.mark.parametrize("name", ["main", "second"])
def test_thread(name: str, case: Case) -> None:
    thread, numbers = thread_of(case, name), case.said.numbers
    assert thread.sigmask == case.said[f"{name}.mask"]
    assert [thread.robust_list, thread.robust_list_size] == numbers[f"{name}.robust"]
    assert [thread.altstack, thread.altstack_flags, thread.altstack_size] == numbers[f"{name}.altstack"]
    assert thread.clear_child_tid == case.said[f"{name}.tid_address"]
    area, size = numbers[f"{name}.rseq"]
    assert thread.rseq == area
    assert (thread.rseq_signature, thread.rseq_cs) == ((_RSEQ_SIGNATURE, 0) if area else (0, 0))
    assert thread.rseq_size >= size
    fs_base = struct.unpack_from("<Q", thread.registers, 21 * 8)[0]
    assert fs_base == case.said[f"{name}.fs_base"]
    assert len(thread.registers) == 27 * 8
    assert len(thread.xsave) >= 576
    assert chr(thread.state) == "S"


def test_name_of_a_thread(case: Case) -> None:
    assert thread_of(case, "second").comm == b"second (x) \n"


def test_limits_umask_and_addresses(case: Case) -> None:
    (row,) = case.image.rows(Signal)
    limits = [row.rlimits[2 * which : 2 * which + 2] for which in range(16)]
    assert {which: list(pair) for which, pair in enumerate(limits)} == case.said.group("rlimit")
    assert limits[4] == (123, 456)
    (fs,) = case.image.rows(Fs)
    assert fs.umask == case.said["umask"] == 0o137
    (mm,) = case.image.rows(Mm)
    assert (mm.brk, mm.dumpable) == (case.said["brk"], case.said["dumpable"])
    (task,) = case.image.rows(Task)
    cred = case.image.find(Cred, task.cred)
    assert cred is not None
    assert cred.securebits == case.said["securebits"]
