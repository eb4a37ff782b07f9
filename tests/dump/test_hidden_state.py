"""State of a process that is easily lost without a word: each kept, or refused by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.dump import dump
from crimg.errors import UnsupportedResourceError
from crimg.model import File, Inode, Lock, LogEntry, Mm, Siginfo, Thread
from crimg.model.enums import LockKind, NameState
from crimg.pages import GUARD, Memory
from crimg.writer import FdOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_READY = "\nprint('ready', flush=True)\nimport time\nwhile True: time.sleep(0.05)\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a Python program in tmp_path, and waits until it is ready."""
    programs: list[subprocess.Popen[bytes]] = []

    def run(code: str) -> subprocess.Popen[bytes]:
        said = tmp_path / f"said{len(programs)}"
        with said.open("wb") as output:
            program = subprocess.Popen(
                [sys.executable, "-c", code + _READY],
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        programs.append(program)
        while b"ready" not in said.read_bytes():
            assert program.poll() is None, said.read_text()
            time.sleep(0.01)
        return program

    yield run
    for program in programs:
        program.kill()
        program.wait()


def saved(program: subprocess.Popen[bytes], tmp_path: Path) -> Path:
    """The image of a program."""
    path = tmp_path / "image"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        dump(program.pid, FdOutput(fd, "image"))
    finally:
        os.close(fd)
    return path


@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_holder_of_a_write_lease_lives(
    start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path, mode: int
) -> None:
    """The file may not even be opened: that breaks the lease, and SIGIO ends a program without a handler."""
    program = start(
        f"import os, fcntl; fd = os.open('leased', os.O_RDWR | os.O_CREAT); os.fchmod(fd, {mode});"
        "fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)"
    )
    with crimg.open(saved(program, tmp_path)) as image:
        (lock,) = image.rows(Lock)
        assert (lock.kind, lock.write, lock.pid) == (LockKind.LEASE, True, program.pid)
        (file,) = (file for file in image.rows(File) if file.path.endswith(b"/leased"))
        assert lock.file == file.objref
    time.sleep(0.2)
    assert program.poll() is None


def test_pending_signal_without_room_in_the_queue(
    start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    program = start(
        "import resource, signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1});"
        "resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0))"
    )
    os.kill(program.pid, signal.SIGUSR1)
    with crimg.open(saved(program, tmp_path)) as image:
        (pending,) = image.rows(Siginfo)
    assert pending.number == signal.SIGUSR1
    assert pending.info[:4] == int(signal.SIGUSR1).to_bytes(4, "little")


def test_guard_pages_of_a_shared_mapping(
    start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    program = start(
        "import mmap; f = open('shared', 'w+b'); f.truncate(16384); area = mmap.mmap(f.fileno(), 16384)\n"
        "import errno\n"
        "try: area.madvise(102, 4096, 8192)\n"
        "except OSError as error: print('none', flush=True)"
    )
    if "none" in (tmp_path / "said0").read_text():
        pytest.skip("this kernel has no guard pages in shared mappings")
    with crimg.open(saved(program, tmp_path)) as image:
        memory = Memory(image, image.rows(Mm)[0])
        guards = [piece for piece in memory.pieces(0, 1 << 47) if piece.origin == GUARD]
    assert sum(piece.end - piece.start for piece in guards) >= 8192


def test_extended_attributes_of_a_deleted_file(
    start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    program = start(
        "import os; f = open('gone', 'w+'); f.write('x'); f.flush()\n"
        "try: os.setxattr('gone', 'user.kept', b'value')\n"
        "except OSError: print('none', flush=True)\n"
        "os.unlink('gone')"
    )
    if "none" in (tmp_path / "said0").read_text():
        pytest.skip("no extended attributes on this file system")
    with crimg.open(saved(program, tmp_path)) as image:
        (file,) = (row for row in image.rows(File) if row.name_state == NameState.DELETED)
        inode = image.find(Inode, file.inode)
    assert inode is not None
    assert (inode.extra or {})["xattrs"] == ((b"user.kept", b"value"),)


def test_deleted_file_that_another_process_has_open(
    start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    other = start("f = open('both', 'w+'); f.write('x'); f.flush()")
    program = start("import os; f = open('both'); os.unlink('both')")
    with crimg.open(saved(program, tmp_path)) as image:
        warnings = [entry.text for entry in image.rows(LogEntry) if f"process {other.pid}" in entry.text]
    assert len(warnings) == 1


def test_priorities_and_settings(start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    program = start(
        "import ctypes; libc = ctypes.CDLL(None);"
        "assert libc.syscall(251, 1, 0, 2 << 13 | 3) == 0;"  # ioprio_set: best effort, level 3
        "assert libc.prctl(1, 10) == 0;"  # PR_SET_PDEATHSIG
        "assert libc.prctl(29, 123456) == 0"  # PR_SET_TIMERSLACK
    )
    with crimg.open(saved(program, tmp_path)) as image:
        (thread,) = image.rows(Thread)
    assert thread.extra == {"ioprio": 2 << 13 | 3, "pdeath_signal": 10, "timer_slack_ns": 123456}


_SHARER = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static char stack[65536];
static int child(void *unused) { (void)unused; for (;;) pause(); }
int main(int argc, char **argv) {
    (void)argc;
    printf("%d\\n", clone(child, stack + sizeof stack, atoi(argv[1]) | CLONE_PARENT, NULL));
    fflush(stdout);
    close(open("ready", O_CREAT | O_WRONLY, 0600));
    for (;;) pause();
}
"""


@pytest.mark.parametrize(
    ("flag", "what"), [(0x100, "memory"), (0x400, "descriptor table"), (0x200, "working directory")]
)
def test_what_another_process_shares(flag: int, what: str, tmp_path: Path) -> None:
    """clone(2) without CLONE_THREAD and with CLONE_PARENT: neither a thread nor a child."""
    (tmp_path / "sharer.c").write_text(_SHARER)
    try:
        subprocess.run(["gcc", "-o", "sharer", "sharer.c"], cwd=tmp_path, check=True)
    except FileNotFoundError:
        pytest.skip("no gcc here")
    with (tmp_path / "said").open("wb") as output:
        program = subprocess.Popen(
            ["./sharer", str(flag)], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        while not (tmp_path / "ready").exists():
            assert program.poll() is None
            time.sleep(0.01)
        other = int((tmp_path / "said").read_text())
        with pytest.raises(UnsupportedResourceError) as caught:
            saved(program, tmp_path)
        assert any(f"process {other} shares its {what}" in line for line in caught.value.problems)
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    finally:
        program.kill()
        program.wait()


def test_ctrl_z_waits(start: Callable[[str], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    """A dumper stopped by its terminal would leave the target standing still: the stop comes later."""
    program = start("data = bytearray(64 << 20)")
    dumper = subprocess.Popen(
        [sys.executable, "-m", "crimg", "dump", str(program.pid), "-o", str(tmp_path / "image"), "-q"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(40):
            dumper.send_signal(signal.SIGTSTP)
            time.sleep(0.005)
            if dumper.poll() is not None:
                break
            with open(f"/proc/{dumper.pid}/stat") as stat, open(f"/proc/{program.pid}/status") as status:
                stopped = stat.read().rpartition(")")[2].split()[0] == "T"
                traced = "TracerPid:\t0\n" not in status.read()
            assert not (stopped and traced)
            dumper.send_signal(signal.SIGCONT)
        assert dumper.wait(timeout=20) == 0
    finally:
        dumper.send_signal(signal.SIGCONT)
        dumper.kill()
        dumper.wait()
