"""A file with two open names of which one is deleted: a name still leads to it, so nothing is to be kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import crimg
from crimg.dump import dump
from crimg.model import File, Inode
from crimg.model.enums import Keeper, NameState
from crimg.writer import FdOutput

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
import os, sys, time
first, second = sys.argv[1:]
one = open(first, "w+"); one.write("x" * 100); one.flush()
os.link(first, second)
two = open(second)
os.unlink(first)
print("ready", flush=True)
time.sleep(100)
"""


def test_linked_name_keeps_the_inode(tmp_path: Path) -> None:
    first, second, said = tmp_path / "first", tmp_path / "second", tmp_path / "said"
    with said.open("wb") as output:
        program = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(first), str(second)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        while b"ready" not in said.read_bytes():
            assert program.poll() is None, said.read_text()
            time.sleep(0.01)
        fd = os.open(tmp_path / "image", os.O_WRONLY | os.O_CREAT, 0o600)
        dump(program.pid, FdOutput(fd, "image"))
        os.close(fd)
    finally:
        program.kill()
        program.wait()
    with crimg.open(tmp_path / "image") as image:
        files = {file.path: file for file in image.rows(File)}
        deleted, linked = files[bytes(first)], files[bytes(second)]
        assert deleted.name_state == NameState.DELETED
        assert linked.name_state == NameState.LINKED
        assert deleted.inode == linked.inode
        inode = image.find(Inode, linked.inode)
        assert inode is not None
        assert (inode.keeper, inode.blobs, inode.nlink) == (Keeper.NONE, (), 1)
