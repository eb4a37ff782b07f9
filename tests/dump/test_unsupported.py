"""What cannot be saved: all of it named in one pass, exit status 5, no image, a log, nothing touched."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crimg.dump import DumpOptions
from crimg.dump.checking import check
from crimg.errors import UnsupportedResourceError
from tests.dump import proc
from tests.dump.dumps import command, save
from tests.dump.programs import TARGETS, Agent, Program, compiled, eventually, needs_root
from tests.dump.progress import Counts
from tests.dump.untouched import Untouched, only
from tests.kernel.children import compiled as kernel_target

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {
    "socket": "a socket of family 16",
    "tcp": "a TCP connection",
    "eventpoll": "that the process has closed",
    "inotify": "inotify",
    "secret": "secret memory",
    "io_uring": "[io_uring]",
    "pidfd": "pidf",
    "proc": "file system proc",
    "sysfs": "file system sysfs",
    "namespace": "an object of the kernel",
    "pseudo-terminal": "12 bytes wait to be read",
    "lease": "a deleted file with a lease",
    "pipe": "holds an end of it",
}
"""What of each the line must say."""


INOTIFY = "import ctypes; fd = ctypes.CDLL(None).syscall(294, 0)"


@pytest.fixture
def code() -> str:
    return (TARGETS / "unsupported.py").read_text()


@needs_root
def test_everything_is_listed_in_one_pass(code: str, tmp_path: Path, folder: Path) -> None:
    with Agent(code, tmp_path / "target") as agent:
        found = agent.ask("found")
        assert len(found) > 12
        untouched = Untouched(agent.pid)
        ran = command("dump", agent.pid, "-o", folder / "image")
        assert (ran.returncode, ran.stdout) == (5, b"")
        *lines, last = ran.stderr.decode().splitlines()
        for what, place in found:
            start = f"process {agent.pid}, {place}: "
            about = [line for line in lines if line.startswith(start)]
            assert len(about) == 1, (what, place, about)
            assert WORDS.get(what, what) in about[0]
        places = [line.partition(": ")[0].partition(", ")[2] for line in lines]
        assert sorted(places) == sorted(place for _, place in found)
        assert last.startswith("crimg: error: ")
        assert f"{len(found)} things" in last
        only(folder, "image.log")
        assert (folder / "image.log").read_text().splitlines()[1:] == lines
        assert stat.S_IMODE((folder / "image.log").stat().st_mode) == 0o600
        untouched.check()
        assert agent.ask("kept[0].send(b'x'), kept[1].recv(9)") == (1, b"x")
        agent.ask("os.kill(child, 9)")


def test_library_raises_the_same_list(code: str, tmp_path: Path, folder: Path) -> None:
    with Agent(code, tmp_path / "target") as agent, pytest.raises(UnsupportedResourceError) as caught:
        save(agent.pid, folder / "image")
    assert len(caught.value.problems) > 12
    assert all("\n" not in line for line in caught.value.problems)
    only(folder)


def test_problems_go_to_standard_error_alone_where_the_image_goes_to_a_pipe(tmp_path: Path) -> None:
    with Agent(INOTIFY, tmp_path / "target") as agent:
        ran = command("dump", agent.pid, "-o", "-", cwd=tmp_path)
        assert ran.returncode == 5
        assert ran.stderr.count(b"\n") == 2
        assert sorted(os.listdir(tmp_path)) == ["target"]


def test_image_that_is_there_stays(tmp_path: Path, folder: Path) -> None:
    """--force replaces it by another image only."""
    (folder / "image").write_bytes(b"precious")
    with Agent(INOTIFY, tmp_path / "target") as agent:
        ran = command("dump", agent.pid, "-o", folder / "image", "--force")
    assert ran.returncode == 5
    assert (folder / "image").read_bytes() == b"precious"


def test_name_in_a_problem_is_escaped(tmp_path: Path, folder: Path) -> None:
    code = """
import fcntl
name = b'\\x1b[31m\\n\\xff'
leased = os.open(name, os.O_RDONLY | os.O_CREAT)
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_RDLCK)
os.unlink(name)
"""
    with Agent(code, tmp_path / "target") as agent:
        ran = command("dump", agent.pid, "-o", folder / "image")
    assert ran.returncode == 5
    assert b"\x1b" not in ran.stderr
    assert ran.stderr.count(b"\n") == 2
    assert b"\x1b" not in (folder / "image.log").read_bytes()


SLEEPS = ("epoll_wait", "epoll_pwait", "recv_timeout", "read_timeout", "timerfd", "sigtimedwait", "nanosleep")


def test_no_call_is_disturbed_by_a_look(tmp_path: Path, folder: Path) -> None:
    """The stop alone would give some of these calls an EINTR."""
    with Program([compiled("watch"), "count", *SLEEPS], tmp_path / "target") as program:
        counts = Counts(program.folder / "count", len(SLEEPS))
        counts.check()
        untouched = Untouched(program.pid)
        for _ in range(60):
            assert check(program.pid, DumpOptions()).threads == len(SLEEPS)
        counts.check()
        untouched.check()
    only(folder)


def test_seccomp_filter(tmp_path: Path, folder: Path) -> None:
    """A call of ours would kill this one."""
    with Program([kernel_target("oddities"), "seccomp"], tmp_path / "target") as program:
        with pytest.raises(UnsupportedResourceError) as caught:
            save(program.pid, folder / "image")
        (line,) = caught.value.problems
        assert "a seccomp filter" in line
        program.send("x")
        assert program.line() == "alive 1"


def test_main_thread_that_has_ended(tmp_path: Path, folder: Path) -> None:
    with Program([kernel_target("threads"), "zombie", "3"], tmp_path / "target") as program:
        eventually(lambda: proc.state(program.pid) == "Z")
        ran = command("dump", program.pid, "-o", folder / "image")
        assert ran.returncode == 5
        assert b"its main thread has ended" in ran.stderr
        program.send("end\n")
        assert program.line() == "ok 3"


@pytest.mark.sweep
def test_parent_in_vfork(tmp_path: Path, folder: Path) -> None:
    """It cannot be stopped until its child ends: given up in time, and it goes on when it can."""
    with Program([kernel_target("vfork"), "6000"], tmp_path / "target") as program:
        ran = command("dump", program.pid, "-o", folder / "image")
        assert ran.returncode in (4, 5)
        assert ran.stderr.count(b"\n") == (1 if ran.returncode == 4 else 2)
        only(folder, *([] if ran.returncode == 4 else ["image.log"]))
        assert program.line() == "ok"


NAMESPACES = {"net": "-n", "mnt": "-m", "ipc": "-i", "uts": "-u"}


@needs_root
@pytest.mark.parametrize("name", NAMESPACES)
def test_another_namespace(name: str, tmp_path: Path, folder: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("no unshare(1) on this machine")
    words = ["unshare", NAMESPACES[name], sys.executable, "-I", "-S", str(TARGETS / "agent.py"), ""]
    if subprocess.run([*words[:2], "true"], capture_output=True).returncode:
        pytest.skip(f"no new {name} namespace may be made here")
    with Program(words, tmp_path / "target") as program:
        ran = command("dump", program.pid, "-o", folder / "image")
        assert ran.returncode == 5
        assert f"process {program.pid}, process: another {name} namespace".encode() in ran.stderr
        assert ran.stderr.count(b"\n") == 2
        only(folder, "image.log")
        program.send("1 + 1\n")
        assert program.line() == "2"


@needs_root
def test_process_without_a_visible_root(tmp_path: Path, folder: Path) -> None:
    """An open file whose mount was taken away lazily is named, whatever its path leads to now."""
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "crimg-test", str(mounted)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        code = f"fd = os.open({str(mounted / 'file')!r}, os.O_RDWR | os.O_CREAT)"
        agent = Agent(code, tmp_path / "target")
        with agent:
            fd = agent.ask("fd")
            subprocess.run(["umount", "-l", str(mounted)], check=True)
            (mounted / "file").write_text("another")
            ran = command("dump", agent.pid, "-o", folder / "image")
            assert ran.returncode == 5
            assert f"process {agent.pid}, fd {fd}: ".encode() in ran.stderr
    finally:
        subprocess.run(["umount", "-l", str(mounted)], capture_output=True)


def test_traced_by_another(tmp_path: Path, folder: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace(1) to trace with")
    with Agent("", tmp_path / "target") as agent:
        tracer = subprocess.Popen(
            ["strace", "-p", str(agent.pid)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            eventually(lambda: proc.fields(f"/proc/{agent.pid}/status")["TracerPid"] != "0")
            line = f"process {agent.pid}, process: process {tracer.pid} traces it: "
            ran = command("dump", agent.pid, "-o", folder / "image")
            assert (ran.returncode, ran.stderr.count(b"\n")) == (5, 2)
            assert ran.stderr.decode().startswith(line)
            (folder / "image.log").unlink()
            ran = command("dump", "--check", agent.pid)
            assert (ran.returncode, ran.stdout.decode().count(line)) == (5, 1)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        assert agent.ask("6 * 7") == 42
    only(folder)


def test_itself_threads_and_nonsense(folder: Path) -> None:
    """Pids that name no process to be dumped."""
    for pid, status in (("0", 2), ("-1", 2), ("word", 2), (str(2**22 - 1), 4), ("2", 4)):
        ran = command("dump", "-o", folder / "image", "--", pid)
        assert ran.returncode == status, (pid, ran.stderr)
        assert ran.stderr.startswith(b"crimg: error: ")
        assert ran.stderr.count(b"\n") == 1
    only(folder)
