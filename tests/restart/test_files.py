"""Files: the right ones, shared as they were, deleted ones as they were; the wrong ones never."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import CrimgError, FileError, FilesDifferError
from crimg.kernel.descriptors import KCMP_FILE, kcmp
from crimg.preflight import check
from tests.dump.dumps import command
from tests.dump.programs import Agent
from tests.restart.comeback import Child, bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from pathlib import Path

OPEN = """
fd = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(fd, b"first\\n")
twin = os.dup(fd)
os.set_inheritable(twin, True)
other = os.open("log", os.O_RDONLY | os.O_NONBLOCK)
os.lseek(other, 3, 0)
folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
import fcntl
fcntl.flock(other, fcntl.LOCK_SH)
fcntl.lockf(fd, fcntl.LOCK_EX, 4, 0, 0)
"""
DELETED = """
import mmap
gone = os.open("gone", os.O_RDWR | os.O_CREAT, 0o640)
os.write(gone, b"begin")
os.pwrite(gone, b"end", 1 << 20)
os.fchmod(gone, 0o4750)
again = os.open("gone", os.O_RDONLY)
os.lseek(again, 2, 0)
mapped = mmap.mmap(gone, 1 << 20)
os.unlink("gone")
replaced = os.open("replaced", os.O_RDWR | os.O_CREAT)
os.write(replaced, b"the old one")
open("new", "w").write("the new one")
os.rename("new", "replaced")
unnamed = os.open(".", os.O_RDWR | os.O_TMPFILE)
os.write(unnamed, b"never had a name")
"""


def test_descriptors_are_shared_as_they_were(tmp_path: Path) -> None:
    with Agent(OPEN, tmp_path / "target") as agent:
        there_and_back(agent, tmp_path / "image")
        fd, twin, other = agent.ask("fd, twin, other")
        assert kcmp(agent.pid, agent.pid, KCMP_FILE, fd, twin) == 0
        assert kcmp(agent.pid, agent.pid, KCMP_FILE, fd, other) != 0
        assert agent.ask("os.write(fd, b'second\\n'), os.read(other, 100)") == (7, b"st\nsecond\n")
        assert agent.ask("os.get_inheritable(fd), os.get_inheritable(twin)") == (False, True)
        flags = agent.ask("fcntl.fcntl(fd, 3), fcntl.fcntl(other, 3)")
        assert flags[0] & os.O_APPEND
        assert flags[1] & os.O_NONBLOCK
        assert agent.ask("len(os.listdir(folder))") == len(os.listdir(tmp_path / "target"))
        with open(tmp_path / "target/log", "r+b") as file:
            with pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with pytest.raises(BlockingIOError):
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 4)


def test_deleted_files_come_back_deleted(tmp_path: Path) -> None:
    with Agent(DELETED, tmp_path / "target") as agent:
        before = sorted(os.listdir(tmp_path / "target"))
        links = agent.ask("[os.readlink('/proc/self/fd/%d' % n) for n in (gone, again)]")
        there_and_back(agent, tmp_path / "image")
        assert sorted(os.listdir(tmp_path / "target")) == before
        assert agent.ask("[os.readlink('/proc/self/fd/%d' % n) for n in (gone, again)]") == links
        assert agent.ask("[os.fstat(n).st_nlink for n in (gone, again, replaced, unnamed)]") == [0] * 4
        assert agent.ask("os.fstat(gone).st_ino == os.fstat(again).st_ino")
        assert agent.ask("oct(os.fstat(gone).st_mode)") == "0o104750"
        assert agent.ask("os.read(again, 10)") == b"gin" + bytes(7)
        assert agent.ask("os.fstat(gone).st_blocks * 512 < 1 << 18"), "holes are holes"
        assert agent.ask("mapped.__setitem__(0, 66), os.pread(again, 5, 0)") == (None, b"Begin")
        assert agent.ask("os.pread(gone, 9, 1 << 20)") == b"end"
        assert agent.ask("os.pread(replaced, 99, 0)") == b"the old one"
        assert (tmp_path / "target/replaced").read_text() == "the new one"
        assert agent.ask("os.pread(unnamed, 99, 0)") == b"never had a name"


def test_file_that_was_renamed_over_is_refused(tmp_path: Path) -> None:
    """Equal in size, times and permissions; the process is not made."""
    with Agent(OPEN, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image", digest=True)
        log = tmp_path / "target/log"
        shutil.copy2(log, tmp_path / "copy")
        os.rename(log, tmp_path / "target/log.1")
        os.rename(tmp_path / "copy", log)
        with pytest.raises(FilesDifferError, match="log: replaced"):
            bring_back(agent, tmp_path / "image")
        assert not os.path.exists(f"/proc/{agent.pid}")
        relocated = command("relocate", tmp_path / "image", tmp_path / "target").stdout.decode()
        (rule,) = (line.split("--map ")[1] for line in relocated.splitlines() if "--map " in line)
        assert command("rewrite", tmp_path / "image", "--map", rule).returncode == 0
        bring_back(agent, tmp_path / "image")
        assert agent.ask("os.write(fd, b'second')") == 6
        assert (tmp_path / "target/log.1").read_text() == "first\nsecond"
        assert log.read_text() == "first\n"


def test_file_that_is_renamed_over_at_the_last_moment_is_refused(tmp_path: Path) -> None:
    """Between the look and the opening: it is the open descriptor that counts."""
    with Agent(OPEN, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        log = tmp_path / "target/log"
        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image))
            shutil.copy2(log, tmp_path / "copy")
            os.rename(tmp_path / "copy", log)
            with pytest.raises(FilesDifferError, match="since it was looked at"):
                restart.restart(image, plan)
        assert not os.path.exists(f"/proc/{agent.pid}")


def test_accepted_verdict(tmp_path: Path) -> None:
    """A log that grew is refused, unless that is accepted; and only that."""
    with Agent(OPEN, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        with open(tmp_path / "target/log", "a") as file:
            file.write("somebody else\n")
        log = str(tmp_path / "target/log")
        image = tmp_path / "image"
        assert command("restart", image).returncode == 1
        assert command("restart", image, "--accept", f"{log}=replaced").returncode == 1
        done = command("restart", image, "--accept", f"{log}=changed")
        assert done.returncode == 0, done.stderr
        agent.pid = int(done.stdout)
        assert agent.pid == int(done.stdout)
        os.kill(agent.pid, signal.SIGKILL)


def test_moving_house(tmp_path: Path) -> None:
    """Files copied elsewhere, the originals gone, the image rewritten: it goes on with the moved files."""
    with Agent(OPEN, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image", digest=True)
        shutil.copytree(tmp_path / "target", tmp_path / "house", copy_function=_copy)
        shutil.rmtree(tmp_path / "target")
        rule = f"{tmp_path / 'target'}={tmp_path / 'house'}"
        assert command("rewrite", tmp_path / "image", "--map", rule, "--restamp").returncode == 0
        agent.folder, agent.fifo = tmp_path / "house", tmp_path / "house/in"
        bring_back(agent, tmp_path / "image")
        assert agent.ask("os.write(fd, b'second')") == 6
        assert (tmp_path / "house/log").read_text() == "first\nsecond"
        assert agent.ask("os.getcwd()") == str(tmp_path / "house")


def _copy(source: str, target: str) -> None:
    if os.path.isfile(source):
        shutil.copy2(source, target)
    else:
        os.mkfifo(target)


def test_pipes_with_what_was_in_them(tmp_path: Path) -> None:
    code = """
import fcntl
r, w = os.pipe2(os.O_NONBLOCK)
fcntl.fcntl(w, 1031, 1 << 18)
os.write(w, b"x" * 100_000)
half, lost = os.pipe()
os.write(lost, b"last words")
os.close(lost)
"""
    with Agent(code, tmp_path / "target") as agent:
        there_and_back(agent, tmp_path / "image")
        assert agent.ask("fcntl.fcntl(r, 1032), len(os.read(r, 1 << 20))") == (1 << 18, 100_000)
        assert agent.ask("os.write(w, b'more'), os.read(r, 10)") == (4, b"more")
        assert agent.ask("os.read(half, 100), os.read(half, 100)") == (b"last words", b"")
        assert agent.ask("fcntl.fcntl(r, 3) & os.O_NONBLOCK, fcntl.fcntl(half, 3) & os.O_NONBLOCK") == (
            os.O_NONBLOCK,
            0,
        )


@pytest.mark.parametrize("step", range(20))
def test_whatever_fails_leaves_nothing(step: int, tmp_path: Path) -> None:
    """An error before each step: no process, no file, no descriptor."""
    with Agent(DELETED, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        before = sorted(os.listdir(tmp_path / "target")), sorted(os.listdir("/proc/self/fd"))

        def fail(index: int, _total: int, _step: object) -> None:
            if index == step:
                raise FileError("something")

        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image))
            if step >= len(plan.steps):
                pytest.skip(f"the plan has only {len(plan.steps)} steps")
            with pytest.raises(CrimgError, match="something"):
                restart.restart(image, plan, progress=fail)
        assert not os.path.exists(f"/proc/{agent.pid}")
        assert (sorted(os.listdir(tmp_path / "target")), sorted(os.listdir("/proc/self/fd"))) == before


def test_child() -> None:
    """The stand-in for a subprocess tells the end as one does."""
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    assert Child(pid).wait() == 3


GONE = """
import fcntl, shutil
here = os.getcwd()
os.makedirs("above/gone")
os.chmod("above/gone", 0o1751)
folder = os.open("above/gone", os.O_RDONLY | os.O_DIRECTORY)
path_only = os.open("above/gone", os.O_PATH | os.O_DIRECTORY)
os.mkfifo("pipe", 0o640)
both = os.open("pipe", os.O_RDWR | os.O_NONBLOCK)
fcntl.fcntl(both, 1031, 1 << 18)
reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
os.write(both, b"y" * 100_000)
os.chdir("above/gone")
os.unlink(here + "/pipe")
deep = os.open(here + "/above/deep", os.O_RDWR | os.O_CREAT)
os.write(deep, b"deep")
if ABOVE:
    os.unlink(here + "/above/deep")
    os.rmdir(here + "/above/gone")
else:
    shutil.rmtree(here + "/above")
def told():
    return [(os.readlink(path), oct(os.stat(path).st_mode), os.stat(path).st_mtime) for path in
        ("/proc/self/cwd", *("/proc/self/fd/%d" % fd for fd in (folder, path_only, both, reader)))]
"""


@pytest.mark.parametrize("above", [True, False])
def test_deleted_directories_and_fifos(above: bool, tmp_path: Path) -> None:
    """Also where the directory that they were in is gone itself: then they are shown elsewhere."""
    with Agent(f"ABOVE = {above}{GONE}", tmp_path / "target") as agent:
        before, names = agent.ask("told()"), sorted(os.listdir(tmp_path / "target"))
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            after = agent.ask("told()")
            assert [one[1:] for one in after] == [one[1:] for one in before]
            assert (after == before) is above
            assert sorted(os.listdir(tmp_path / "target")) == names
        assert agent.ask(
            "[os.stat(fd).st_ino for fd in (folder, path_only, '.')] == 3 * [os.fstat(folder).st_ino]"
        )
        assert agent.ask("len(os.read(reader, 1 << 20)), fcntl.fcntl(both, 1032)") == (100_000, 1 << 18)
        assert agent.ask("os.write(both, b'more'), os.read(reader, 9)") == (4, b"more")
        assert agent.ask("os.pread(deep, 9, 0), os.fstat(deep).st_nlink") == (b"deep", 0)


HELD = """
import ctypes, fcntl, signal, struct
libc = ctypes.CDLL(None, use_errno=True)
for number in range(40):
    open("file%d" % number, "w").close()
def names(fd):
    buffer, found = ctypes.create_string_buffer(400), []
    size = libc.syscall(217, fd, buffer, 400)
    while size > 0:
        at = 0
        while at < size:
            length, = struct.unpack_from("H", buffer, at + 16)
            found.append(ctypes.string_at(ctypes.addressof(buffer) + at + 19))
            at += length
        if len(found) >= LIMIT:
            break
        size = libc.syscall(217, fd, buffer, 400)
    return found
LIMIT = 5
folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
first = names(folder)
LIMIT = 1000
by_path = os.open("file1", os.O_PATH)
os.mkfifo("named")
twin = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.lseek(twin, os.lseek(folder, 0, 1), 0)
to_come = names(twin)
fifo = os.open("named", os.O_RDWR | os.O_NONBLOCK)
os.write(fifo, b"waiting")
signals = []
signal.signal(signal.SIGUSR1, lambda *_: signals.append(1))
r, w = os.pipe()
fcntl.fcntl(r, 10, signal.SIGUSR1)
fcntl.fcntl(r, fcntl.F_SETOWN, os.getpid())
fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
fcntl.fcntl(w, fcntl.F_SETOWN, -os.getpgrp())
def owners():
    return [(fcntl.fcntl(fd, 16, bytes(8)), fcntl.fcntl(fd, 11), fcntl.fcntl(fd, 3)) for fd in (r, w)]
"""


def test_positions_contents_and_owners(tmp_path: Path) -> None:
    """In a directory, of a FIFO, and who is told when something can be read."""
    with Agent(HELD, tmp_path / "target") as agent:
        before = agent.ask("owners()")
        there_and_back(agent, tmp_path / "image")
        assert agent.ask("owners()") == before
        rest = agent.ask("names(folder)")
        first = agent.ask("first")
        assert not set(first) & set(rest)
        assert rest == agent.ask("to_come"), "as from that position on before"
        assert {b"file%d" % number for number in range(40)} <= {*first, *rest}
        assert agent.ask("os.stat(by_path).st_ino == os.stat('file1').st_ino")
        assert agent.ask("fcntl.fcntl(by_path, 3) & os.O_PATH == os.O_PATH")
        assert agent.ask("os.read(fifo, 99), os.write(w, b'x'), signals") == (b"waiting", 1, [1])


def test_what_is_in_a_fifo_is_not_mixed_with_other_data(tmp_path: Path) -> None:
    code = "os.mkfifo('named')\nfd = os.open('named', os.O_RDWR)\nos.write(fd, b'waiting')"
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        fd = os.open(tmp_path / "target/named", os.O_RDWR)
        os.write(fd, b"other")
        with pytest.raises(FilesDifferError, match="something in the FIFO already"):
            bring_back(agent, tmp_path / "image")
        assert os.read(fd, 99) == b"other"
        os.close(fd)
        bring_back(agent, tmp_path / "image")
        assert agent.ask("os.read(fd, 99)") == b"waiting"
