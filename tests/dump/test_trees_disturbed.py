"""Dumps of trees that are killed, or find the disk full, at every step: nobody is hurt, no image broken."""

from __future__ import annotations

import errno
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.model import Task
from tests.cli.schemas import problems
from tests.dump import proc
from tests.dump.disturbed import chosen
from tests.dump.dumps import Dumper, command
from tests.dump.programs import Agent, Program, compiled, eventually
from tests.dump.progress import Counts
from tests.dump.steps import Steps, failing, sending
from tests.dump.untouched import Untouched, masks, only

if TYPE_CHECKING:
    from pathlib import Path

GROUP = 'for name in one two; do "$0" $name & done; exec "$0" three'
KEPT = """
import signal
for name in ("first", "second"):
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, name.encode() * 1000, 1 << 20)
    os.unlink(name)
if os.fork() == 0:
    while True:
        signal.pause()
"""
WRITES = ("writev", "copy_file_range", "ftruncate", "fsync", "link", "makedirs", "rename")


def steps_of(program: Program, folder: Path, *words: str) -> list[str]:
    """The names of all steps of a dump of this tree."""
    log = folder / "steps"
    assert Dumper(program.pid, folder / "recorded", *words, before=Steps(log)).wait() == 0
    return log.read_text().splitlines()


def no_broken_image(folder: Path) -> None:
    """Where there is an image it is whole; remove it. Nothing else is there."""
    if (folder / "image").exists():
        with crimg.open(folder / "image") as image:
            assert len(image.rows(Task)) == 3
        (folder / "image").unlink()
    only(folder)


class Group:
    """Three programs of one tree that compute and check what they have computed."""

    def __init__(self, folder: Path) -> None:
        self.program = Program(["sh", "-c", GROUP, compiled("counter")], folder)
        self.program.__enter__()
        eventually(lambda: all((folder / name).exists() for name in ("one", "two", "three")))
        eventually(lambda: (folder / "out").read_bytes().count(b"ready") == 3)
        self.pids = proc.descendants(self.program.pid)
        self.counts = [Counts(folder / name) for name in ("one", "two", "three")]
        self.masks = [masks(pid) for pid in self.pids]

    def damage(self) -> str:
        """What is wrong with one of them, "" for nothing."""
        try:
            for pid in self.pids:
                eventually(partial(_untraced, pid))
            for counts in self.counts:
                counts.check()
            for pid, mask in zip(self.pids, self.masks, strict=True):  # by now each has healed itself
                if masks(pid) != mask:
                    return f"the signal mask of {pid} is another"
        except (AssertionError, OSError) as error:
            return str(error).splitlines()[0]
        return ""


def _untraced(pid: int) -> bool:
    return proc.fields(f"/proc/{pid}/status")["TracerPid"] == "0"


@pytest.mark.sweep
def test_killed_at_every_step(tmp_path: Path, folder: Path) -> None:
    """But while memory is mapped into a process and unmapped (crimg.kernel.inject): the first and the last
    calls of each, as with one process alone (test_dumper_killed)."""
    group = Group(tmp_path / "0")
    damaged, killed = [], 0
    try:
        names = steps_of(group.program, tmp_path)
        turns = names.count("PTRACE_SETSIGMASK") // 3
        rows = chosen(names)
        for step in rows[:: max(1, len(rows) // 40)]:
            before = Steps(tmp_path / "log", step, sending(signal.SIGKILL))
            status = Dumper(group.program.pid, folder / "image", before=before).wait()
            killed += status == -signal.SIGKILL
            no_broken_image(folder)
            if damage := group.damage():
                done = (tmp_path / "log").read_text().splitlines()
                if 2 < done[:-1].count("PTRACE_SETSIGMASK") % turns <= turns - 2:
                    damaged.append(f"{len(done)} {done[-1]}: {damage}")
                os.killpg(group.program.pid, signal.SIGKILL)
                group.program.end()
                group = Group(tmp_path / f"{step + 1}")
    finally:
        group.program.end()
    assert not damaged, "\n".join(damaged)
    assert killed > 25


@pytest.mark.sweep
def test_disk_full_at_every_step(tmp_path: Path, folder: Path) -> None:
    """Each call that takes room fails once, of long rows some: one line, no image, no keeper; all go on."""
    area = tmp_path / "area"
    words = ("--deleted", "copy", "--keep-dir", str(area))
    with Agent(KEPT, tmp_path / "target") as agent:
        names = steps_of(agent, tmp_path, *words)
        for path in area.iterdir():
            path.unlink()
        pids = proc.descendants(agent.pid)
        states = [Untouched(pid) for pid in pids]
        counts = {name: names.count(name) for name in WRITES}
        places = [
            (name, turn)
            for name, count in counts.items()
            for turn in {*range(0, count, max(1, count // 6)), *range(max(0, count - 2), count)}
        ]
        assert {name for name, _ in places} >= {"writev", "copy_file_range", "ftruncate", "link"}
        for name, turn in places:
            before = Steps(tmp_path / "log", turn, failing(errno.ENOSPC), named=name)
            errors = tmp_path / "errors"
            dumper = Dumper(agent.pid, folder / "image", "-q", *words, errors=errors, before=before)
            status, lines = dumper.wait(), errors.read_text().splitlines()
            assert (status, len(lines)) == (4, 1), (name, status, lines)
            assert os.strerror(errno.ENOSPC) in lines[0]
            only(folder)
            assert not (area.exists() and os.listdir(area))
        for state in states:
            state.check()
        assert proc.descendants(agent.pid) == pids


def test_what_a_killed_dump_has_left_is_found(tmp_path: Path, folder: Path) -> None:
    """Copies of deleted files without an image are listed and removed; those of an image stay."""
    area = tmp_path / "area"
    words = ("--deleted", "copy", "--keep-dir", str(area))
    with Agent(KEPT, tmp_path / "target") as agent:
        names = steps_of(agent, tmp_path, *words)
        kept = sorted(os.listdir(area))
        assert len(kept) == 2
        before = Steps(tmp_path / "log", names.count("writev") - 1, sending(signal.SIGKILL), named="writev")
        dumper = Dumper(agent.pid, folder / "image", *words, before=before)
        assert dumper.wait() == -signal.SIGKILL
    only(folder)
    assert len(os.listdir(area)) == 5
    listed = command("keepers", "--abandoned", area)
    assert (listed.returncode, listed.stdout.count(b" abandoned ")) == (1, 5)
    removed = command("keepers", "--abandoned", area, "--remove", "--json")
    value = json.loads(removed.stdout)
    assert problems(value, "keepers") == []
    assert (removed.returncode, [one["removed"] for one in value["keepers"]]) == (0, [True] * 3)
    assert sorted(os.listdir(area)) == kept
    assert command("keepers", "--abandoned", area).returncode == 0
    assert command("keepers", tmp_path / "recorded").returncode == 0
    assert command("keepers").returncode == 2
