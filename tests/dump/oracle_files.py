"""Descriptors and directories of an image against /proc of the process, which stands still."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from crimg.model import (
    EpollWatch,
    Fd,
    File,
    Fs,
    Inode,
    Task,
)
from crimg.model.enums import NAMELESS, Access, FileKind, NameState
from tests.dump.proc import device, fields

if TYPE_CHECKING:
    from crimg.model.image import Image


def task_of(image: Image, pid: int) -> Task:
    """The row of a process."""
    (task,) = (task for task in image.rows(Task) if task.pid == pid)
    return task


def shown(file: File) -> bytes:
    """The path of a file object as the kernel shows it, or its name for what has none."""
    link = (file.extra or {}).get("link")
    if file.kind in NAMELESS and isinstance(link, bytes):
        return link
    suffix = b" (deleted)" if file.name_state in (NameState.DELETED, NameState.REPLACED) else b""
    return file.path + suffix


def check_inode(image: Image, file: File, found: os.stat_result) -> None:
    """The inode of a file object against stat(2) of the file itself."""
    inode = image.find(Inode, file.inode)
    assert inode is not None
    assert (
        inode.device, inode.number, inode.mode, inode.nlink, inode.uid, inode.gid, inode.size, inode.blocks,
        inode.rdev, inode.mtime, inode.ctime,
    ) == (
        device(found.st_dev), found.st_ino, found.st_mode, found.st_nlink, found.st_uid, found.st_gid,
        found.st_size, found.st_blocks, device(found.st_rdev), found.st_mtime_ns, found.st_ctime_ns,
    )  # fmt: skip


def check_descriptors(image: Image, pid: int) -> None:
    """fd, file: /proc/PID/{fd,fdinfo}."""
    table = task_of(image, pid).fd_table
    rows = {row.fd: row for row in image.rows(Fd) if row.table == table}
    assert sorted(rows) == sorted(map(int, os.listdir(f"/proc/{pid}/fd")))
    for number, row in rows.items():
        file = image.find(File, row.file)
        assert file is not None
        link = f"/proc/{pid}/fd/{number}"
        text = os.readlink(link.encode())
        info = fields(f"/proc/{pid}/fdinfo/{number}")
        flags = int(info["flags"], 8)
        assert (file.position, file.flags, row.cloexec, file.mount_id) == (
            int(info["pos"]),
            flags & ~os.O_CLOEXEC,
            flags & os.O_CLOEXEC != 0,
            int(info["mnt_id"]),
        ), (number, text)
        mode = os.lstat(link).st_mode
        assert file.access == (mode >> 8 & 1) * Access.READ | (mode >> 7 & 1) * Access.WRITE
        if file.kind == FileKind.PIPE:
            assert (file.path, file.name_state, file.inode) == (b"", NameState.NONE, None)
            assert text.startswith(b"pipe:[")
        elif file.kind == FileKind.EPOLL:
            assert (file.path, file.name_state, file.inode) == (b"", NameState.NONE, None)
            assert text == b"anon_inode:[eventpoll]"
            check_watches(image, file, Path(f"/proc/{pid}/fdinfo/{number}").read_text())
        else:
            assert shown(file) == text
            if file.kind in NAMELESS:
                assert (file.path, file.name_state) == (b"", NameState.NONE)
            if file.inode is not None:
                check_inode(image, file, os.stat(link))


def check_watches(image: Image, file: File, fdinfo: str) -> None:
    """epoll_watch: the lines of fdinfo, in their order. Which file each means, kcmp alone knows."""
    lines = re.findall(r"^tfd: *(\d+) events: *([0-9a-f]+) data: *([0-9a-f]+) ", fdinfo, re.M)
    rows = [row for row in image.rows(EpollWatch) if row.epoll == file.objref]
    assert [(row.fd, row.events, row.data) for row in rows] == [
        (int(fd), int(events, 16), int(data, 16)) for fd, events, data in lines
    ]


def check_directories(image: Image, pid: int) -> None:
    """fs: /proc/PID/{cwd,root}."""
    fs = image.find(Fs, task_of(image, pid).fs)
    assert fs is not None
    for objref, name in ((fs.cwd, "cwd"), (fs.root, "root")):
        file = image.find(File, objref)
        assert file is not None
        assert (file.path, file.kind) == (os.readlink(f"/proc/{pid}/{name}".encode()), FileKind.DIRECTORY)
        check_inode(image, file, os.stat(f"/proc/{pid}/{name}"))
