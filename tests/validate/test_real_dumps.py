"""Images of real processes are without findings."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from crimg.validate import Severity, open_for_check, validate
from tests.dump.dumps import save
from tests.dump.programs import Agent, Program

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.validate import Finding

THREADS = """
import mmap, os, threading
stop = threading.Event()
workers = [threading.Thread(target=stop.wait) for _ in range(4)]
[worker.start() for worker in workers]
"""
FILES = """
import fcntl, mmap, os, socket
folder = os.getcwd()
def made(name, data, flags=os.O_RDWR):
    fd = os.open(os.path.join(folder, name), flags | os.O_CREAT, 0o644)
    os.write(fd, data)
    return fd
def gone(name, data):
    fd = made(name, data)
    os.unlink(os.path.join(folder, name))
    return fd
kept = [made("log", b"line\\n" * 100, os.O_WRONLY | os.O_APPEND), gone("deleted", b"x" * 9000)]
deleted_and_mapped = gone("mapped", bytes(8192))
shared = mmap.mmap(deleted_and_mapped, 8192)
private = mmap.mmap(deleted_and_mapped, 8192, flags=mmap.MAP_PRIVATE)
private[:4] = b"mine"
os.close(deleted_and_mapped)
replaced = made("replaced", b"old contents")
os.close(made("new", b"new contents"))
os.rename(os.path.join(folder, "new"), os.path.join(folder, "replaced"))
sparse = made("sparse", b"a")
os.ftruncate(sparse, 1 << 20)
os.unlink(os.path.join(folder, "sparse"))
ends = os.pipe()
os.write(ends[1], b"unread")
os.mkfifo(os.path.join(folder, "fifo"))
fifo = os.open(os.path.join(folder, "fifo"), os.O_RDWR)
fcntl.lockf(kept[0], fcntl.LOCK_EX, 10)
fcntl.flock(kept[1], fcntl.LOCK_SH)
os.dup2(kept[0], 50)
again = os.open(os.path.join(folder, "log"), os.O_RDONLY)
here = os.open(folder, os.O_RDONLY)
path_only = os.open(folder, os.O_PATH)
null = os.open("/dev/null", os.O_RDWR)
"""
EPOLL = """
import os, select
ends = os.pipe()
inner, outer = select.epoll(), select.epoll()
inner.register(ends[0], select.EPOLLIN | select.EPOLLET)
inner.register(ends[1], select.EPOLLOUT | select.EPOLLEXCLUSIVE)
outer.register(inner.fileno(), select.EPOLLIN)
outer.register(os.dup(ends[0]), select.EPOLLPRI | select.EPOLLRDHUP)
chain = [outer]
for _ in range(3):
    chain.append(select.epoll())
    chain[-1].register(chain[-2].fileno(), select.EPOLLIN)
"""
DATABASE = """
import sqlite3, os
base = sqlite3.connect(os.path.join(os.getcwd(), "base"))
base.execute("pragma journal_mode=wal")
base.execute("create table t (a)")
base.execute("insert into t values (1)")
"""


def findings(pid: int, folder: Path, **options: object) -> list[Finding]:
    path = folder / "image.crimg"
    save(pid, path, **options)
    with open_for_check(str(path)) as image:
        return [each for each in validate(image).findings if each.severity != Severity.NOTE]


def test_sleep(tmp_path: Path) -> None:
    command = shutil.which("sleep") or "sleep"
    with Program([command, "1000"], tmp_path / "it", ready=False) as program:
        time.sleep(0.2)
        assert findings(program.pid, tmp_path) == []


@pytest.mark.parametrize(
    "code", [THREADS, FILES, EPOLL, DATABASE], ids=["threads", "files", "epoll", "sqlite"]
)
@pytest.mark.parametrize("compress", [False, True])
def test_python(code: str, compress: bool, tmp_path: Path) -> None:
    with Agent(code, tmp_path / "it") as agent:
        assert findings(agent.pid, tmp_path, compress=compress, digest=compress) == []
