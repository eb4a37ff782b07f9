"""Trees of processes: the image against /proc of all that stand still, what they share, and all going on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.errors import UsageError
from crimg.model import Fd, File, Pipe, Siginfo, Task, Thread
from crimg.validate import Severity, open_for_check, validate
from tests.dump import oracle, oracle_memory, proc
from tests.dump.dumps import command, image_of, save
from tests.dump.oracle_files import task_of
from tests.dump.programs import Agent, Program, compiled, eventually
from tests.dump.rows import contents, inode_of, pipe_of

if TYPE_CHECKING:
    from crimg.model.image import Image

FAMILY = """
import signal, threading, time
fd = os.open("journal", os.O_RDWR | os.O_CREAT)
os.write(fd, b"0123456789")
gone = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(gone, b"deleted, and open in many")
os.unlink("gone")
ends = os.pipe()
os.write(ends[1], b"queued")
def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            while True:
                signal.pause()
        finally:
            os._exit(99)
    return pid
def session():
    os.setsid()
    os.chdir("/")
    os.umask(0o27)
    child(lambda: os.setpgid(0, 0))
def threads():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    os.kill(os.getpid(), signal.SIGUSR2)
    for n in range(3):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
pids = {
    "exited": child(lambda: os._exit(7)),
    "killed": child(lambda: os.kill(os.getpid(), 9)),
    "session": child(session),
    "stopped": child(lambda: os.kill(os.getpid(), signal.SIGSTOP)),
    "threads": child(threads),
    "own": child(lambda: os.close(os.open("own", os.O_CREAT))),
}
"""


def settled(pids: dict[str, int]) -> bool:
    """Whether all of them have come to where they wait."""
    states = {name: proc.state(pid) for name, pid in pids.items()}
    wanted = {"exited": "Z", "killed": "Z", "stopped": "T"}
    return (
        all(states[name] == wanted.get(name, "S") for name in pids)
        and len(proc.threads(pids["threads"])) == 4
        and len(proc.descendants(pids["session"])) == 2
        and all(proc.sleeping(pid) for pid in proc.descendants(pids["session"]))
    )


def dumped_tree(pid: int, path: Path) -> Image:
    """The image of a tree, compared with /proc while it stands still, and without findings; it runs on."""
    stopped = [one for one in proc.descendants(pid) if proc.state(one) == "T"]
    image = image_of(pid, path, leave="stopped")
    live = [one for one in proc.descendants(pid) if proc.state(one) != "Z"]
    eventually(lambda: all(proc.stopped(one) for one in live))
    oracle.check_tree(image, pid)
    for one in live:
        oracle_memory.check_memory(image, one)
    for one in live:
        if one not in stopped:
            os.kill(one, signal.SIGCONT)
    with open_for_check(str(path)) as checked:
        findings = [each for each in validate(checked).findings if each.severity != Severity.NOTE]
    assert findings == []
    return image


def test_a_family(tmp_path: Path, image_path: Path) -> None:
    with Agent(FAMILY, tmp_path / "target") as agent:
        pids = agent.ask("pids")
        eventually(lambda: settled(pids))
        with dumped_tree(agent.pid, image_path) as image:
            tasks = {task.pid: task for task in image.rows(Task)}
            assert len(tasks) == 8
            assert [chr(tasks[pids[name]].state) for name in pids] == ["Z", "Z", "S", "T", "S", "S"]
            status = [(tasks[pids[name]].extra or {})["exit_status"] for name in ("exited", "killed")]
            assert status == [7 << 8, 9]
            assert tasks[pids["session"]].sid == pids["session"]
            assert len({task.fd_table for task in tasks.values() if task.fd_table}) == 6
            threads = [row for row in image.rows(Thread) if row.task == tasks[pids["threads"]].objref]
            assert len(threads) == 4
            (pending,) = image.rows(Siginfo)
            assert (pending.signal, pending.number) == (tasks[pids["threads"]].signal, signal.SIGUSR2)
            check_shared_files(image, agent)
        assert agent.ask("os.read(ends[0], 99)") == b"queued"
        assert agent.ask("os.waitstatus_to_exitcode(os.waitpid(pids['exited'], 0)[1])") == 7
        assert agent.ask("os.kill(pids['own'], 10), os.waitpid(pids['own'], 0)[1]")[1] == 10
        assert proc.state(pids["stopped"]) == "T"


def check_shared_files(image: Image, agent: Agent) -> None:
    """What was open before the forks is one object for all, saved once."""
    for expression, used in (("fd", 6), ("gone", 6), ("ends[0]", 6)):
        number = agent.ask(expression)
        rows = [row for row in image.rows(Fd) if row.fd == number]
        assert len(rows) == used
        assert len({row.file for row in rows}) == 1
    table = task_of(image, agent.pid).fd_table
    first = next(row for row in image.rows(Fd) if row.table == table and row.fd == agent.ask("gone"))
    gone = image.find(File, first.file)
    assert gone is not None
    assert contents(image, inode_of(image, gone)) == b"deleted, and open in many"
    assert sorted(pipe.length for pipe in image.rows(Pipe)) == [0, 6]  # the first is the FIFO


def test_what_clone_shares_is_saved_once(tmp_path: Path, image_path: Path) -> None:
    with Program([compiled("sharers")], tmp_path / "target") as program:
        files, fs, memory, nothing = map(int, program.words)
        with dumped_tree(program.pid, image_path) as image:
            parent = task_of(image, program.pid)

            def shared(pid: int) -> set[str]:
                task = task_of(image, pid)
                names = ("mm", "fd_table", "fs", "sighand", "signal")
                return {name for name in names if getattr(task, name) == getattr(parent, name)}

            assert shared(files) == {"fd_table"}
            assert shared(fs) == {"fs"}
            assert shared(memory) == {"mm", "sighand"}
            assert shared(nothing) == set()
            assert len({task.fd_table for task in image.rows(Task)}) == 4


def names(pid: int) -> set[bytes]:
    """Of the programs of a tree, as far as they live long enough to be asked."""
    found = set()
    for one in proc.descendants(pid):
        with contextlib.suppress(OSError):
            found.add(Path(f"/proc/{one}/comm").read_bytes()[:-1])
    return found


def test_pipeline_of_a_shell(tmp_path: Path, image_path: Path) -> None:
    """bash, and loops with pipes between them, as they run."""
    script = (
        "echo ready; (while :; do echo line; done) | (while read x; do sleep 0.01; done) | cat >/dev/null"
    )
    with Program(["bash", "-c", script], tmp_path / "target") as program:
        eventually(lambda: b"cat" in names(program.pid))
        with image_of(program.pid, image_path) as image:
            pids = {task.pid for task in image.rows(Task)}
            assert program.pid in pids
            assert len(pids) >= 4
            comms = [task.comm for task in image.rows(Task)]
            assert b"bash" in comms
            assert len(image.rows(Pipe)) >= 3  # two of the pipeline, and the FIFO
        with open_for_check(str(image_path)) as checked:
            assert [each for each in validate(checked).findings if each.severity > Severity.NOTE] == []
        assert program.process.poll() is None


def test_an_ancestor_of_the_dumper_is_refused(tmp_path: Path) -> None:
    """It would have to save itself."""
    with pytest.raises(UsageError, match="ancestor"):
        save(os.getppid(), tmp_path / "image")
    words = [sys.executable, "-m", "crimg", "dump", str(os.getpid()), "-o", str(tmp_path / "image")]
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (2, 1)
    assert os.listdir(tmp_path) == []


def test_kill_takes_the_whole_tree(tmp_path: Path, image_path: Path) -> None:
    """No parent gets to see the end of its children."""
    code = """
import signal
signal.signal(signal.SIGCHLD, lambda *_: os.write(1, b"seen\\n"))
for _ in range(5):
    if os.fork() == 0:
        while True:
            signal.pause()
"""
    with Agent(code, tmp_path / "target") as agent:
        children = proc.descendants(agent.pid)
        assert len(children) == 6
        assert command("dump", agent.pid, "-o", image_path, "--kill").returncode == 0
        assert agent.finish() == -signal.SIGKILL
        eventually(lambda: all(not alive(pid) for pid in children[1:]))
        assert (agent.folder / "out").read_text() == "ready\n"
        with crimg.open(image_path) as image:
            assert len(image.rows(Task)) == 6


def alive(pid: int) -> bool:
    try:
        return proc.state(pid) not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_pipe_between_parent_and_child(tmp_path: Path, image_path: Path) -> None:
    code = """
import signal
ends = os.pipe()
back = os.pipe()
if os.fork() == 0:
    os.close(ends[1])
    os.close(back[0])
    os.close(0)
    while data := os.read(ends[0], 99):
        os.write(back[1], data.upper())
    os._exit(0)
os.close(ends[0])
os.close(back[1])
"""
    with Agent(code, tmp_path / "target") as agent:
        for word in (b"one", b"two"):
            with image_of(agent.pid, image_path) as image:
                assert len(image.rows(Pipe)) == 3  # one is the FIFO at descriptor 0
                assert pipe_of(image, agent.ask("ends[1]"))[1] == b""
            image_path.unlink()
            assert agent.ask(f"os.write(ends[1], {word!r}), os.read(back[0], 99)")[1] == word.upper()
