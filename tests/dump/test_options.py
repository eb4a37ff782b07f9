"""The options of `crimg dump` that say where the image goes and what becomes of the process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import crimg
from crimg.model import Task
from tests.dump import oracle, oracle_memory, proc
from tests.dump.dumps import command
from tests.dump.programs import Agent, eventually
from tests.dump.untouched import Untouched, only


def test_it_says_what_it_did(agent: Agent, image: Path) -> None:
    ran = command("dump", agent.pid, "-o", image)
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert ran.stderr.count(b"\n") == 1
    assert b"1 thread; stopped for" in ran.stderr
    assert proc.state(agent.pid) == "S"
    quiet = command("dump", agent.pid, "-o", image, "--force", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"", b"")


def test_image_is_for_its_owner_alone(agent: Agent, image: Path) -> None:
    before = os.umask(0)
    try:
        command("dump", agent.pid, "-o", image)
    finally:
        os.umask(before)
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    only(image.parent, "image")


def test_left_stopped(agent: Agent, image: Path) -> None:
    ran = command("dump", agent.pid, "-o", image, "--leave-stopped")
    assert ran.returncode == 0
    eventually(lambda: proc.state(agent.pid) == "T")
    assert proc.fields(f"/proc/{agent.pid}/status")["TracerPid"] == "0"
    with crimg.open(image) as opened:
        oracle.check_all(opened, agent.pid)
        oracle_memory.check_memory(opened, agent.pid)
    agent.signal(signal.SIGCONT)
    assert agent.ask("len(data)") == 64 * 4096


def test_killed(agent: Agent, image: Path) -> None:
    ran = command("dump", agent.pid, "-o", image, "--kill")
    assert ran.returncode == 0
    assert agent.finish() == -signal.SIGKILL
    with crimg.open(image) as opened:
        assert opened.rows(Task)[0].pid == agent.pid
    only(image.parent, "image")


def test_not_killed_where_there_is_no_image(agent: Agent, image: Path) -> None:
    """Neither an existing file, nor a full disk, nor something unsupported costs the process its life."""
    image.write_bytes(b"precious")
    assert command("dump", agent.pid, "-o", image, "--kill").returncode == 2
    with open("/dev/full", "wb") as full:
        words = [sys.executable, "-m", "crimg", "dump", str(agent.pid), "-o", "-", "--kill"]
        ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
        assert ran.returncode == 4
    agent.ask("__import__('ctypes').CDLL(None).inotify_init()")
    assert command("dump", agent.pid, "-o", image, "--kill", "--force").returncode == 5
    assert agent.ask("len(data)") == 64 * 4096
    assert image.read_bytes() == b"precious"


def test_image_is_on_disk_before_the_process_is_killed(agent: Agent, image: Path, tmp_path: Path) -> None:
    """In the order of the system calls: fsync, the name, kill."""
    trace = tmp_path / "trace"
    script = f"""
import os
log = open({str(trace)!r}, "w", buffering=1)
def traced(name):
    function = getattr(os, name)
    def wrapper(*arguments, **named):
        result = function(*arguments, **named)
        log.write(name + "\\n")
        return result
    setattr(os, name, wrapper)
for name in ("fsync", "link", "kill"):
    traced(name)
from crimg.cli import main
raise SystemExit(main(["dump", "{agent.pid}", "-o", {str(image)!r}, "--kill"]))
"""
    assert subprocess.run([sys.executable, "-c", script], stdin=subprocess.DEVNULL).returncode == 0
    steps = trace.read_text().split()
    assert steps[-1] == "kill"
    assert steps[0] == "fsync"
    assert image.exists()
    assert agent.finish() == -signal.SIGKILL


def test_existing_file_is_refused(agent: Agent, image: Path) -> None:
    image.write_bytes(b"precious")
    untouched = Untouched(agent.pid)
    ran = command("dump", agent.pid, "-o", image)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (2, 1)
    assert b"--force" in ran.stderr
    assert image.read_bytes() == b"precious"
    only(image.parent, "image")
    untouched.check()


def test_existing_file_is_replaced_by_force(agent: Agent, image: Path) -> None:
    image.write_bytes(b"precious")
    image.chmod(0o644)
    assert command("dump", agent.pid, "-o", image, "--force").returncode == 0
    with crimg.open(image) as opened:
        assert opened.rows(Task)[0].pid == agent.pid
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    only(image.parent, "image")


@pytest.mark.parametrize("kind", ["directory", "fifo", "dangling link", "device"])
def test_what_is_no_file_is_not_replaced(kind: str, agent: Agent, image: Path) -> None:
    target = image
    if kind == "directory":
        image.mkdir()
    elif kind == "fifo":
        os.mkfifo(image)
    elif kind == "dangling link":
        image.symlink_to("nowhere")
    else:
        target = Path("/dev/null")
    ran = command("dump", agent.pid, "-o", target, "--force")
    assert (ran.returncode, ran.stderr.count(b"\n")) == (2, 1)
    assert stat.S_IFMT(target.lstat().st_mode) != stat.S_IFREG


def test_folder_that_is_not_there(agent: Agent, tmp_path: Path) -> None:
    ran = command("dump", agent.pid, "-o", tmp_path / "nowhere" / "image")
    assert ran.returncode == 4
    assert (
        ran.stderr.decode().rstrip() == f"crimg: error: {tmp_path}/nowhere/image: No such file or directory"
    )
