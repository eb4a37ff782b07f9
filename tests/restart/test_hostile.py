"""Hostile images: one of a small tree with a few values changed. Whatever is in them, little can happen."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import CrimgError
from crimg.kernel.subreaper import Subreaper
from crimg.model import (
    Cred,
    Fd,
    File,
    Fs,
    Inode,
    Mm,
    Pipe,
    PosixTimer,
    Sigaction,
    Signal,
    Task,
    Thread,
    Vma,
)
from crimg.model.check import fault
from crimg.model.types import RANGES
from crimg.preflight import check
from crimg.validate import Severity, validate
from tests.dump import proc
from tests.dump.programs import Agent, eventually, needs_root
from tests.preflight.altered import AlteredStore
from tests.restart.comeback import put_away

if TYPE_CHECKING:
    from typing import Any

    from crimg.model.image import Image
    from crimg.model.record import Column, Record

KINDS: tuple[type[Record], ...] = (
    *(Task, Thread, Vma, Mm, Fd, File, Fs, Inode, Pipe, Sigaction, Signal, PosixTimer, Cred),
)
LEFT_ALONE = {"owner", "owner_type", "owner_signal", "nice", "policy", "priority", "oom_score_adj"}
"""What would only make the machine of the test slow."""
TREE = """
import signal, threading
open("data", "wb").write(b"data" * 5000)
data = os.open("data", os.O_RDWR)
gone = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(gone, b"gone" * 5000)
os.unlink("gone")
ends = os.pipe()
os.write(ends[1], b"in the pipe")
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 1000)
def child(work):
    if os.fork() == 0:
        work()
        while True:
            signal.pause()
child(lambda: os._exit(3))
child(lambda: os.setpgid(0, 0))
child(lambda: (os.setsid(), child(lambda: None)))
threading.Thread(target=signal.pause, daemon=True).start()
"""


class Mutator:
    """Changes values of rows, each into one that the format allows."""

    def __init__(self, image: Image, seed: int, outside: Path) -> None:
        self.random = random.Random(seed)
        self.image = image
        self.outside = bytes(outside)
        self.changed: list[str] = []

    def changes(self) -> dict[type[Record], list[Record]]:
        """The rows of some kinds, one to three values of them changed."""
        tables: dict[type[Record], list[Record]] = {}
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            cls = self.random.choice([cls for cls in KINDS if self.image.rows(cls)])
            rows = tables.setdefault(cls, list(self.image.rows(cls)))
            at = self.random.randrange(len(rows))
            columns = [column for column in cls.columns if column.name not in LEFT_ALONE]
            column = self.random.choice(columns)
            row = rows[at].replace(**{column.name: self.value(column, getattr(rows[at], column.name), rows)})
            if not fault(cls, [row]):
                self.changed.append(f"{cls.noun}[{at}].{column.name} = {getattr(row, column.name)!r:.80}")
                rows[at] = row
        return tables

    def value(self, column: Column, old: Any, rows: list[Record]) -> Any:
        """Another value for a column."""
        if column.optional and self.random.random() < 0.2:
            return None
        if self.random.random() < 0.2:
            return getattr(self.random.choice(rows), column.name)
        if isinstance(old, tuple):
            if old and self.random.random() < 0.7:
                at = self.random.randrange(len(old))
                return (*old[:at], self.scalar(column, old[at]), *old[at + 1 :])
            return old[: self.random.randrange(len(old) + 1)] * self.random.choice((1, 2))
        return self.scalar(column, old)

    def scalar(self, column: Column, old: Any) -> Any:
        """A number near an edge; bytes that are cut, changed, or lead elsewhere."""
        pick = self.random.choice
        if column.type == "bool":
            return not old
        if column.type == "map":
            return pick(
                (None, {"removed": True}, {"unsupported": "x"}, {"exit_status": 17}, {"mdwe": 1 << 40})
            )
        if column.type in ("bytes", "str"):
            old = old or b""
            if column.path:
                up = b"/.." * 12 + self.outside
                return pick(
                    (up, self.outside, b"/link/secret", b"/", b"", old + b"/x", old + up, b"/etc/passwd")
                )
            noise = bytearray(old)
            for _ in range(min(len(noise), pick((1, 1, 8)))):
                noise[self.random.randrange(len(noise))] = self.random.randrange(256)
            return pick((bytes(noise), bytes(noise), old[: len(old) // 2], old * 2, b""))
        low, high = RANGES.get(column.type, (0, (1 << 64) - 1))
        old = old or 0
        near = (old + 1, old - 1, old ^ 1 << self.random.randrange(64), old * 2, old + 4096, old - 4096)
        far = (
            low,
            high,
            high // 2,
            0,
            1,
            2,
            os.getpid(),
            os.getppid(),
            1 << 47,
            (1 << 47) - 4096,
            0x7FFF_F000,
        )
        return min(max(pick((*near, *far)), low), high)


@needs_root
@pytest.mark.parametrize("part", range(2))
def test_hostile_images(part: int, tmp_path: Path) -> None:
    _try_many(part * 1000, 60, tmp_path)


@needs_root
@pytest.mark.sweep
def test_many_hostile_images(tmp_path: Path) -> None:
    _try_many(10_000, int(os.environ.get("CRIMG_HOSTILE", "120")), tmp_path)


def _try_many(first: int, count: int, tmp_path: Path) -> None:
    """Restart mutants under a root of their own; files outside are as before, and nobody is left."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    with Agent(TREE, tmp_path / "target") as agent:
        eventually(lambda: len(proc.descendants(agent.pid)) == 5)
        put_away(agent, tmp_path / "image")
    root = tmp_path / "root"
    inside = root / os.path.relpath(tmp_path, "/")
    inside.mkdir(parents=True)
    os.rename(tmp_path / "target", inside / "target")
    with crimg.open(tmp_path / "image") as image:
        for file in image.rows(File):
            copy = root / os.fsdecode(file.path).lstrip("/")
            if os.path.isfile(file.path) and not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file.path, os.fsencode(copy))
    os.symlink("../" * 12 + os.path.relpath(outside, "/"), root / "link")
    before = _look(outside)
    started = 0
    with Subreaper():
        for seed in range(first, first + count):
            started += _try(tmp_path / "image", seed, root, outside)
            assert _look(outside) == before, seed
    assert started, "none was so tame that it came to run"


def _look(folder: Path) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        found.append(
            (path, status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns, status.st_nlink)
        )
    return found


def _try(path: Path, seed: int, root: Path, outside: Path) -> bool:
    """One mutant; whether it came to run."""
    with crimg.open(path) as image:
        mutator = Mutator(image, seed, outside / "secret")
        tables = mutator.changes()
    with crimg.open(path) as image:
        image.store = _Tables(image.store, tables)
        pid = 0
        descriptors = len(os.listdir("/proc/self/fd"))
        try:
            if any(one.severity == Severity.ERROR for one in validate(image).findings):
                return False  # the command ends here
            verdicts = check(image, root=str(root))
            accepted = {one.objref: one.verdict for one in verdicts}
            plan = restart.plan(image, verdicts, accept=accepted)
            pid = restart.restart(image, plan, root=str(root)).pid
            _look_at_files(pid, outside)
        except CrimgError:
            pid = 0
        except BaseException as error:
            error.add_note(f"seed {seed}: {mutator.changed}")
            raise
        finally:
            if pid:
                _end(pid)
    assert _children() == [], f"seed {seed}: {mutator.changed}"
    assert len(os.listdir("/proc/self/fd")) <= descriptors, f"seed {seed}: {mutator.changed}"
    return pid > 0


class _Tables(AlteredStore):
    """A store with some tables replaced."""

    def __init__(self, store: Any, tables: dict[type[Record], list[Record]]) -> None:
        super().__init__(store, {})
        self._tables = tables

    def rows(self, cls: type[Any]) -> list[Any]:
        """As they were, but for those."""
        return list(self._tables[cls]) if cls in self._tables else super().rows(cls)


def _look_at_files(pid: int, outside: Path) -> None:
    """None of what it has open, mapped, or is in, is outside."""
    for one in proc.descendants(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it runs into its fate meanwhile
            links = [f"/proc/{one}/fd/{name}" for name in os.listdir(f"/proc/{one}/fd")]
            for link in (*links, f"/proc/{one}/cwd", f"/proc/{one}/root", f"/proc/{one}/exe"):
                assert not os.readlink(link).startswith(str(outside))
            assert bytes(outside) not in Path(f"/proc/{one}/maps").read_bytes()


def _end(pid: int) -> None:
    """Kill the tree, orphans of it that have come to us too, and wait for all of it."""
    for one in {*proc.descendants(pid), *proc.descendants(os.getpid())} - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    while children := _children():
        os.waitpid(children[0], 0)


def _children() -> list[int]:
    """Pids of the children of this process."""
    tids = os.listdir("/proc/self/task")
    return [int(pid) for tid in tids for pid in Path(f"/proc/self/task/{tid}/children").read_text().split()]
