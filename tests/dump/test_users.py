"""Dumping as an ordinary user: what the kernel lets him, works; what it does not, is said in one line."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.model import Cred, Fd, File, Task, Vma
from tests.dump import oracle, oracle_files, oracle_memory, proc
from tests.dump.programs import Agent, needs_root, public_environment, public_python
from tests.dump.untouched import Untouched, only

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
OTHER = 65533
pytestmark = needs_root


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may look into; pytest's own are for their owner alone."""
    path = Path(tempfile.mkdtemp(prefix="crimg-users-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def dump_as(user: int, pid: int, image: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """`crimg dump` by an ordinary user, without any capability."""
    command = [public_python(), "-m", "crimg", "dump", str(pid), "-o", str(image), *words]
    return subprocess.run(
        command,
        user=user,
        group=user,
        extra_groups=[],
        cwd="/",
        env=public_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
    )


def test_own_process(folder: Path) -> None:
    code = """
import mmap, threading
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"x" * 5000)
memory = mmap.mmap(fd, 0)
gone = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(gone, b"deleted")
os.unlink("gone")
r, w = os.pipe()
os.write(w, b"in the pipe")
threading.Thread(target=lambda: os.read(r, 0) or __import__("time").sleep(99), daemon=True).start()
"""
    with Agent(code, folder / "target", user=NOBODY) as agent:
        untouched = Untouched(agent.pid)
        ran = dump_as(NOBODY, agent.pid, folder / "image")
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.count(b"\n") == 1
        untouched.check()
        info = os.stat(folder / "image")
        assert (stat.S_IMODE(info.st_mode), info.st_uid) == (0o600, NOBODY)
        with crimg.open(folder / "image") as image:
            oracle.check_task(image, agent.pid)
            oracle_memory.check_mm(image, agent.pid)
            oracle_memory.check_mappings(image, agent.pid)
            oracle_files.check_descriptors(image, agent.pid)
            oracle_files.check_directories(image, agent.pid)
            (task,) = image.rows(Task)
            cred = image.find(Cred, task.cred)
            assert cred is not None
            assert (cred.uid, cred.cap_effective) == (NOBODY, 0)
        assert agent.ask("os.read(r, 100)") == b"in the pipe"


def test_process_of_another_user(folder: Path) -> None:
    with Agent("", folder / "target", user=OTHER) as agent:
        untouched = Untouched(agent.pid)
        for words in ((), ("--kill",), ("--leave-stopped",)):
            ran = dump_as(NOBODY, agent.pid, folder / "images" / "image", *words)
            assert ran.returncode == 4
        (folder / "images").mkdir()
        (folder / "images").chmod(0o777)
        for words in ((), ("--kill",), ("--leave-stopped",)):
            ran = dump_as(NOBODY, agent.pid, folder / "images" / "image", *words)
            assert ran.returncode == 4
            assert ran.stderr.startswith(b"crimg: error: ")
            assert ran.stderr.count(b"\n") == 1
            assert str(agent.pid).encode() in ran.stderr
            assert b"CAP_SYS_PTRACE" in ran.stderr
        only(folder / "images")
        untouched.check()
        assert agent.ask("1") == 1


def test_process_of_root(folder: Path) -> None:
    with Agent("", folder / "target") as agent:
        ran = dump_as(NOBODY, agent.pid, folder / "image")
        assert (ran.returncode, ran.stderr.count(b"\n")) == (4, 1)
        assert b"CAP_SYS_PTRACE" in ran.stderr
        assert agent.ask("1") == 1


def test_own_process_that_changed_its_user(folder: Path) -> None:
    """It is not dumpable (prctl(2), PR_SET_DUMPABLE): the reason is not just "not permitted"."""
    with Agent("os.setresuid(65534, 65534, 65534)", folder / "target") as agent:
        ran = dump_as(NOBODY, agent.pid, folder / "image")
        assert (ran.returncode, ran.stderr.count(b"\n")) == (4, 1)
        assert agent.ask("1") == 1


MAPPED_ONLY = """
import mmap
with open("gone", "wb") as file:
    file.write(b"z" * 9000)
memory = mmap.mmap(os.open("gone", os.O_RDWR), 0, mmap.MAP_PRIVATE)
os.unlink("gone")
os.closerange(3, 20)
"""


def test_mapped_file_that_only_a_capability_reaches(folder: Path) -> None:
    """No descriptor, no name: /proc/PID/map_files alone leads there. One line about that mapping."""
    with Agent(MAPPED_ONLY, folder / "target", user=NOBODY) as agent:
        untouched = Untouched(agent.pid)
        ran = dump_as(NOBODY, agent.pid, folder / "image")
        assert ran.returncode == 5, ran.stderr
        line, last = ran.stderr.decode().splitlines()
        (start,) = (vma["start"].decode() for vma in proc.maps(agent.pid) if b"/gone" in vma["path"])
        assert line.startswith(f"process {agent.pid}, mapping {start}-")
        assert "CAP_CHECKPOINT_RESTORE" in line
        assert last.startswith("crimg: error: ")
        untouched.check()
        assert sorted(os.listdir(folder)) == ["image.log", "target"]


def test_with_that_capability_alone(folder: Path) -> None:
    """CAP_CHECKPOINT_RESTORE is enough for that file (capabilities(7))."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv(1) to give one capability with")
    with Agent(MAPPED_ONLY, folder / "target", user=NOBODY) as agent:
        grant = [
            *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
            *("--inh-caps=-all,+checkpoint_restore", "--ambient-caps=-all,+checkpoint_restore"),
            *("--bounding-set=-all,+checkpoint_restore", "--"),
        ]
        if subprocess.run([*grant, "true"], capture_output=True).returncode:
            pytest.skip("this setpriv(1) does not know CAP_CHECKPOINT_RESTORE, or may not give it")
        words = [public_python(), "-m", "crimg", "dump", str(agent.pid), "-o", str(folder / "image")]
        ran = subprocess.run(
            [*grant, *words], cwd="/", env=public_environment(), stdin=subprocess.DEVNULL, capture_output=True
        )
        assert ran.returncode == 0, ran.stderr
        with crimg.open(folder / "image") as image:
            files = {vma.file for vma in image.rows(Vma)} - {row.file for row in image.rows(Fd)}
            assert any(file.path.endswith(b"/gone") for file in image.rows(File) if file.objref in files)


def test_file_that_only_root_can_read(folder: Path) -> None:
    """A deleted file of another owner, open for writing only: its contents are out of reach."""
    code = "fd = os.open('secret', os.O_WRONLY | os.O_CREAT)"
    with Agent(code, folder / "target", user=NOBODY) as agent:
        secret = folder / "target" / "secret"
        os.chown(secret, 0, 0)
        secret.chmod(0o200)
        secret.unlink()
        ran = dump_as(NOBODY, agent.pid, folder / "image")
        assert ran.returncode == 5, ran.stderr
        assert f"process {agent.pid}, fd {agent.ask('fd')}: ".encode() in ran.stderr
        assert ran.stderr.count(b"\n") == 2
