"""Processes that fork, clone, open and exit as fast as they can while dumped: none missed, none hurt."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.model import Fd, Task, Thread
from crimg.validate import Severity, open_for_check, validate
from tests.dump.dumps import Dumper, duration, save
from tests.dump.programs import Program, compiled
from tests.dump.progress import Counts
from tests.dump.untouched import only

if TYPE_CHECKING:
    from pathlib import Path

WORKERS = 3


def storm(folder: Path) -> Program:
    return Program([compiled("storm"), "count", str(WORKERS)], folder)


def check(path: Path, pid: int) -> int:
    """A whole tree: every task but the root has its parent in the image, and no rule is broken; its size."""
    with crimg.open(path) as image:
        tasks = image.rows(Task)
        pids = {task.pid for task in tasks}
        assert pid in pids
        assert [task.pid for task in tasks if task.ppid not in pids] == [pid]
        assert len(tasks) > WORKERS
        for task in tasks:
            zombie = task.state == ord("Z")
            assert zombie == (not [row for row in image.rows(Thread) if row.task == task.objref])
        tables = {row.table for row in image.rows(Fd)}
        assert tables == {task.fd_table for task in tasks if task.fd_table is not None}
    with open_for_check(str(path)) as checked:
        assert [each for each in validate(checked).findings if each.severity > Severity.NOTE] == []
    return len(tasks)


def test_every_image_is_a_whole_tree(tmp_path: Path, folder: Path) -> None:
    with storm(tmp_path / "target") as program:
        counts = Counts(program.folder / "count", WORKERS)
        sizes = set()
        for _ in range(6):
            counts.check()
            save(program.pid, folder / "image")
            sizes.add(check(folder / "image", program.pid))
            (folder / "image").unlink()
        counts.check()
        assert max(sizes) > WORKERS + 1  # some children were met


@pytest.mark.sweep
def test_dumper_is_interrupted(tmp_path: Path, folder: Path) -> None:
    """SIGINT at any moment: an image of them all, or none; and all go on."""
    with storm(tmp_path / "target") as program:
        counts = Counts(program.folder / "count", WORKERS)
        longest = duration(program.pid, tmp_path)
        for turn in range(20):
            dumper = Dumper(program.pid, folder / "image")
            time.sleep(longest * turn / 20)
            dumper.signal(signal.SIGINT)
            assert dumper.wait() in (0, 130)
            if (folder / "image").exists():
                check(folder / "image", program.pid)
                (folder / "image").unlink()
            only(folder)
            counts.check()
