"""Processes that fork, clone, open and exit as fast as they can while dumped: none missed, none hurt."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.model import Fd, Task, Thread
from crimg.validate import Severity, open_for_check, validate
from tests.dump import proc
from tests.dump.dumps import Dumper, command, duration, save
from tests.dump.programs import Agent, Program, compiled, eventually, needs_root
from tests.dump.progress import Counts
from tests.dump.steps import Steps, sending
from tests.dump.untouched import only

if TYPE_CHECKING:
    from pathlib import Path

WORKERS = 3


def clear(folder: Path) -> None:
    """Remove the image where it is there, which is whole then."""
    if (folder / "image").exists():
        with crimg.open(folder / "image") as image:
            assert len(image.rows(Task)) > WORKERS
        (folder / "image").unlink()
    only(folder)


def steps_of(program: Program, tmp_path: Path) -> list[str]:
    """The names of all steps of a dump of this program."""
    assert Dumper(program.pid, tmp_path / "recorded", before=Steps(tmp_path / "steps")).wait() == 0
    return (tmp_path / "steps").read_text().splitlines()


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


@pytest.mark.sweep
def test_rounds(tmp_path: Path, folder: Path) -> None:
    """Dumps without end, until the workers have made so many rounds while one was going on.

    CRIMG_STORM_ROUNDS tells how many: 10,000 take half a minute.
    """
    wanted = int(os.environ.get("CRIMG_STORM_ROUNDS", "1000"))
    made = dumps = tasks = 0
    with storm(tmp_path / "target") as program:
        counts = Counts(program.folder / "count", WORKERS)
        while made < wanted:
            before = sum(row[0] for row in counts.rows())
            save(program.pid, folder / "image")
            made += sum(row[0] for row in counts.rows()) - before
            dumps += 1
            tasks += check(folder / "image", program.pid)
            (folder / "image").unlink()
            only(folder)
        counts.check()
    print(f"{made} rounds during {dumps} dumps, {tasks} processes saved, none wrong")


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


@pytest.mark.sweep
def test_dumper_is_killed(tmp_path: Path, folder: Path) -> None:
    """SIGKILL while processes are being stopped and looked at: all go on, and no image is there.

    What is put into a process, and how that heals itself, is tested with one (test_dumper_killed).
    """
    with storm(tmp_path / "target") as program:
        counts = Counts(program.folder / "count", WORKERS)
        names = steps_of(program, tmp_path)
        for step in range(3, names.index("PTRACE_SETSIGMASK") * 3 // 4, 97):  # the next run may be shorter
            before = Steps(tmp_path / "log", step, sending(signal.SIGKILL))
            assert Dumper(program.pid, folder / "image", before=before).wait() == -signal.SIGKILL
            assert "PTRACE_SETSIGMASK" not in (tmp_path / "log").read_text()
            clear(folder)
            counts.check()


@needs_root
def test_disk_full(tmp_path: Path, folder: Path) -> None:
    """The copies of deleted files do not fit, or the image does not: nothing is left of either."""
    code = """
fd = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(fd, bytes(range(256)) * 16384)
os.unlink("gone")
for _ in range(3):
    if os.fork() == 0:
        import signal
        while True:
            signal.pause()
"""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "crimg-test", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with Agent(code, tmp_path / "target") as agent:
            pids = proc.descendants(agent.pid)
            for words in ([], ["--deleted", "copy", "--keep-dir", str(folder / "area")]):
                ran = command("dump", agent.pid, "-o", folder / "image", *words)
                assert (ran.returncode, ran.stderr.count(b"\n")) == (4, 1)
                assert not [path for path in folder.rglob("*") if path.is_file()]
            assert proc.descendants(agent.pid) == pids
            eventually(lambda: all(proc.state(pid) == "S" for pid in pids))
            assert agent.ask("os.pread(fd, 4, 0)") == bytes(range(4))
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
