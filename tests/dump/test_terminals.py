"""Pseudo-terminals of which both sides belong to the tree, and those of which one does not."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from crimg.cli import main
from crimg.errors import UnsupportedResourceError
from crimg.model import File, LogEntry, Task, Tty
from crimg.model.enums import FileKind
from tests.dump import proc
from tests.dump.dumps import image_of, save
from tests.dump.programs import Agent, Program, eventually
from tests.dump.rows import file_of, inode_of
from tests.dump.test_trees import dumped_tree
from tests.needed import require

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image

PAIR = """
import fcntl, pty, struct, termios
pid, master = pty.fork()
if pid == 0:
    while line := os.read(0, 99):
        os.write(1, line.upper())
    os._exit(0)
settings = termios.tcgetattr(master)
settings[3] &= ~termios.ECHO
termios.tcsetattr(master, termios.TCSANOW, settings)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 660, 1010))
fcntl.ioctl(master, 0x5420, struct.pack("i", 1))
def answer(text):
    os.write(master, text)
    return os.read(master, 99)
name = "/dev/pts/%d" % struct.unpack("i", fcntl.ioctl(master, 0x80045430, bytes(4)))
"""


def test_both_sides(tmp_path: Path, image_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One terminal, to which master and slave refer; settings, both sizes, packet mode, the foreground."""
    with Agent(PAIR, tmp_path / "target") as agent:
        master, name, child = agent.ask("master, name, pid")
        assert agent.ask("answer(b'before\\n')") == b"\0BEFORE\r\n"
        eventually(lambda: proc.sleeping(child))
        with dumped_tree(agent.pid, image_path) as image:
            (tty,) = image.rows(Tty)
            file = file_of(image, master)
            assert (file.kind, file.path, file.tty) == (FileKind.PTY_MASTER, b"/dev/ptmx", tty.objref)
            assert inode_of(image, file).rdev == 5 << 32 | 2
            assert tty.rdev == proc.device(os.stat(name).st_rdev)
            assert (tty.rows, tty.cols) == (33, 101)
            assert tty.extra == {"packet": 1, "xpixel": 660, "ypixel": 1010}
            slaves = [row for row in image.rows(File) if row.path == name.encode()]
            assert slaves
            assert {slave.tty for slave in slaves} == {tty.objref}
            (task,) = (task for task in image.rows(Task) if task.pid == child)
            assert (task.tty, task.sid, (task.extra or {})["foreground"]) == (tty.rdev, child, child)
        assert agent.ask("answer(b'after\\n')") == b"\0AFTER\r\n"
        main(["preflight", str(image_path)])
        assert f"{name} (a pseudo-terminal, made anew with its master side)" in capsys.readouterr().out


def test_master_alone(tmp_path: Path, image_path: Path) -> None:
    """Nobody has opened the slave yet, and it is locked."""
    code = "fd = os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY)"
    with Agent(code, tmp_path / "target") as agent, dumped_tree(agent.pid, image_path) as image:
        (tty,) = image.rows(Tty)
        assert tty.extra == {"locked": 1}


@pytest.mark.parametrize("side", ["master", "slave"])
def test_what_waits_is_named(side: str, tmp_path: Path, folder: Path) -> None:
    """It could be read, and then it would be gone; left out on demand, it is in the log."""
    code = f"import pty; master, slave = pty.openpty(); os.write({side}, b'typed\\n')"
    with Agent(code, tmp_path / "target") as agent:
        with pytest.raises(UnsupportedResourceError) as caught:
            save(agent.pid, folder / "image")
        lines = [line for line in caught.value.problems if "[terminal-queue]" in line]
        other = {"master": "slave", "slave": "master"}[side]
        assert any(f"fd {agent.ask(other)}: " in line for line in lines)
        with image_of(agent.pid, folder / "image", allow=("terminal-queue",)) as image:
            (tty,) = image.rows(Tty)
            assert tty.objref in {row.objref for row in image.rows(LogEntry)}
        assert agent.ask(f"os.read({other}, 99)")[:5] == b"typed"


def test_other_side_outside(tmp_path: Path, folder: Path) -> None:
    """The process that has it open is named; for the slave alone its terminal is one that stays."""
    with Agent(PAIR, tmp_path / "target") as agent:
        master, name, child = agent.ask("master, name, pid")
        eventually(lambda: proc.sleeping(child) and os.readlink(f"/proc/{child}/fd/0") == name)
        with open(name, "rb", buffering=0) as slave:
            holder = subprocess.Popen(["sleep", "99"], stdin=slave)
        try:
            with pytest.raises(UnsupportedResourceError) as caught:
                save(agent.pid, folder / "image")
            (line,) = caught.value.problems
            assert line.startswith(f"process {agent.pid}, fd {master}: /dev/ptmx: process ")
            assert f"{holder.pid} has the other side open (fd 0)" in line
        finally:
            holder.kill()
            holder.wait()
        with image_of(child, folder / "child") as image:
            assert [row.kind for row in image.rows(File) if row.path == name.encode()].count(
                FileKind.CHARACTER_DEVICE
            )


@pytest.mark.skipif(shutil.which("script") is None, reason="no script(1) on this machine")
def test_script(tmp_path: Path, image_path: Path) -> None:
    with Program(["script", "-qfc", "echo ready; exec cat", "typescript"], tmp_path / "target") as program:
        program.send("one\n")
        eventually(lambda: (program.folder / "typescript").read_bytes().count(b"one") == 2)
        eventually(lambda: all(proc.sleeping(pid) for pid in proc.descendants(program.pid)))
        with dumped_tree(program.pid, image_path) as image:
            assert [row.kind for row in image.rows(File)].count(FileKind.PTY_MASTER) == 1
        program.send("two\n")

        def answered() -> bool:
            program.signal(signal.SIGCONT)  # it stops itself when it learns that its child was stopped
            return (program.folder / "typescript").read_bytes().count(b"two") == 2

        eventually(answered)


def test_vim_in_tmux(tmp_path: Path, image_path: Path) -> None:
    """The server of tmux with the shell's place taken by vim, which is at work all the time."""
    for name in ("tmux", "vim"):
        require(name)
    tmux = ["tmux", "-S", str(tmp_path / "sock"), "-f", os.devnull]

    def told(*words: str) -> str:
        return subprocess.run([*tmux, *words], check=True, capture_output=True, text=True).stdout

    work = "let n = 0 | call timer_start(3, {-> execute('let g:n += 1')}, {'repeat': -1})"
    vim = ["vim", "-u", "NONE", "-i", "NONE", "-c", work, str(tmp_path / "text")]
    environment = {"PATH": os.environ["PATH"], "TERM": "screen", "LANG": "C.UTF-8"}
    start = [*tmux, "new-session", "-d", "-x", "100", "-y", "30", *vim]
    subprocess.run(start, check=True, env=environment)
    server = int(told("display-message", "-p", "#{pid}"))
    try:
        told("send-keys", "ibefore", "Escape")
        eventually(lambda: told("capture-pane", "-p").startswith("before\n~"))
        with _between_two_answers(server, image_path) as image:
            assert {task.comm for task in image.rows(Task)} == {b"tmux: server", b"vim"}
            (tty,) = image.rows(Tty)
            assert (tty.rows, tty.cols) == (30, 100)
        ticking = ":while n < 10 | sleep 5m | endwhile"
        told("send-keys", "oafter", "Escape", ticking, "Enter", ":put=n>9", "Enter", ":wq", "Enter")
        eventually(lambda: (tmp_path / "text").exists() and (tmp_path / "text").read_text().count("\n") == 3)
        assert (tmp_path / "text").read_text() == "before\nafter\n1\n"
    finally:
        with contextlib.suppress(ProcessLookupError):  # with its last session it ends itself
            os.kill(server, signal.SIGKILL)


def _between_two_answers(pid: int, path: Path) -> Image:
    """The image of a tree that talks over its terminal: at some moment nothing waits in it."""
    for _ in range(100):
        try:
            return dumped_tree(pid, path)
        except UnsupportedResourceError as error:
            assert all("-queue]" in line for line in error.problems)
    raise AssertionError("something waits at every moment")
