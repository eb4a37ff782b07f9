"""Programs to be dumped again and again, the steps of a dump, and what may be there after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import crimg
from crimg.model import Task
from tests.dump.dumps import Dumper
from tests.dump.programs import Program, compiled
from tests.dump.steps import Steps
from tests.dump.untouched import only

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("nanosleep", "poll", "ppoll", "select", "futex", "sem_timedwait", "condition", "read", "write")
AGENT = """
data = bytearray(os.urandom(4096) * 64)
import mmap
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"contents")
gone = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(gone, b"deleted")
os.unlink("gone")
"""


def clear(folder: Path) -> None:
    """Remove the image, which is whole where it is there, whatever the exit status was; nothing else is."""
    if (folder / "image").exists():
        with crimg.open(folder / "image") as image:
            assert len(image.rows(Task)) == 1
        (folder / "image").unlink()
    only(folder)


def steps_of(program: Program, tmp_path: Path) -> list[str]:
    """The names of all steps of a dump of this program."""
    log = tmp_path / "steps"
    assert Dumper(program.pid, tmp_path / "recorded.img", before=Steps(log)).wait() == 0
    return log.read_text().splitlines()


def chosen(names: list[str]) -> list[int]:
    """Steps worth a run: the first of those that follow the same two steps, and some more of long rows.

    Those are as long as there are other processes on the machine, and one is like another.
    """
    rows = [tuple(names[max(step - 2, 0) : step + 1]) for step in range(len(names))]
    first = {row: step for step, row in reversed(list(enumerate(rows)))}
    return sorted({*first.values(), *range(0, len(names), max(37, len(names) // 24))})


def last_step(log: Path) -> tuple[int, str]:
    """The last step of a run, its number and its name."""
    names = log.read_text().splitlines()
    return len(names) - 1, names[-1]


def new_counter(folder: Path) -> Program:
    """One thread that computes, and checks what it has computed; its words are in the file `count`."""
    return Program([compiled("counter"), "count"], folder)


def new_watch(folder: Path) -> Program:
    """One thread for each of KINDS; their words are in the file `count`."""
    return Program([compiled("watch"), "count", *KINDS], folder)
