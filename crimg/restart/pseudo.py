"""Makes pseudo-terminals (pts(4)), and has sessions take them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct

from crimg.errors import FileError
from crimg.escape import escape
from crimg.restart.calls import Calls
from crimg.restart.opening import flags_to_open, hold_against

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crimg.kernel.inject import Injector
    from crimg.restart.files import OpenFiles
    from crimg.restart.pseudo_steps import MakeTerminal, SetForeground, TakeTerminal

_NR_IOCTL = 16  # arch/x86/entry/syscalls/syscall_64.tbl

# include/uapi/asm-generic/ioctls.h
_TCSETS = 0x5402
_TIOCEXCL = 0x540C
_TIOCSCTTY = 0x540E
_TIOCSPGRP = 0x5410
_TIOCSWINSZ = 0x5414
_TIOCPKT = 0x5420
_TIOCGPTPEER = 0x5441
_TIOCGPTN = 0x8004_5430
_TIOCSPTLCK = 0x4004_5431

_MOST_OTHERS = 1024


def make_terminal(files: OpenFiles, step: MakeTerminal) -> None:
    """Make one. Raises FileError, FilesDifferError.

    Where it has to become that of a session, its slave side is open as the objref of the `tty`, too, until
    the processes have their descriptors.
    """
    try:
        master = _open_master(files, step)
        files.settle(step.master, master)
        _unlock(master)
        for file in step.slaves:
            files.settle(file, _open_slave(master, flags_to_open(file)))
        if step.controls:
            files.by_objref[step.tty.objref] = _open_slave(master, os.O_RDWR)
        _set(master, step)
    except OSError as error:
        raise FileError(f"{step.describe()}: {error.strerror}") from error


def _open_master(files: OpenFiles, step: MakeTerminal) -> int:
    """Open the multiplexer, which makes a terminal each time: until it is the one of that number.

    The kernel gives the lowest number that is free; those in between are given back.
    """
    found = files.root.open(step.path, follow=True)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, found)
        hold_against(step.evidence, found, f"#{step.master.objref} {escape(step.path)}")
        others: list[int] = []
        stack.callback(lambda: _close(others))
        while True:
            fd = os.open(f"/proc/self/fd/{found}", flags_to_open(step.master))
            number = _number(fd)
            if number == step.number:
                return fd
            others.append(fd)
            if number > step.number or len(others) == _MOST_OTHERS:  # it is taken: the lowest that there is
                return others.pop(0)


def _close(fds: Iterable[int]) -> None:
    for fd in fds:
        os.close(fd)


def _number(master: int) -> int:
    (number,) = struct.unpack("=I", fcntl.ioctl(master, _TIOCGPTN, bytes(4)))
    return int(number)


def _unlock(master: int) -> None:
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("=i", 0))


def _open_slave(master: int, flags: int) -> int:
    """The other side, whatever is mounted at /dev/pts here (TIOCGPTPEER)."""
    return fcntl.ioctl(master, _TIOCGPTPEER, flags | os.O_NOCTTY | os.O_CLOEXEC)


def _set(master: int, step: MakeTerminal) -> None:
    """Settings and size; by the master side, since nobody may ever have opened the other."""
    extra = step.tty.extra or {}
    fcntl.ioctl(master, _TCSETS, step.tty.termios)
    size = (step.tty.rows, step.tty.cols, extra.get("xpixel", 0), extra.get("ypixel", 0))
    fcntl.ioctl(master, _TIOCSWINSZ, struct.pack("=4H", *size))
    if step.inode is not None:
        path = f"/dev/pts/{_number(master)}"
        with contextlib.closing(os.fdopen(_open_slave(master, os.O_RDWR), "rb", buffering=0)) as slave:
            now, wanted = os.fstat(slave.fileno()), step.inode
            if (now.st_uid, now.st_gid) != (wanted.uid, wanted.gid):
                _give(slave.fileno(), wanted.uid, wanted.gid, path)
            os.fchmod(slave.fileno(), wanted.mode & 0o7777)
    if extra.get("packet"):
        fcntl.ioctl(master, _TIOCPKT, struct.pack("=i", 1))
    if extra.get("locked"):
        fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("=i", 1))
    if extra.get("exclusive"):
        fcntl.ioctl(master, _TIOCEXCL)


def _give(fd: int, uid: int, gid: int, path: str) -> None:
    """An ordinary user owns what he makes, in the group that devpts is mounted with."""
    try:
        os.fchown(fd, uid, gid)
    except PermissionError as error:
        raise FileError(f"{path}: to give it to user {uid}, group {gid} takes root") from error


def take_terminal(step: TakeTerminal, fds: Mapping[int, int], injector: Injector) -> None:
    """The leader of a session takes it; processes that it makes inherit that. Raises KernelError."""
    calls = Calls(injector)
    calls.add("ioctl(TIOCSCTTY)", _NR_IOCTL, fds[step.tty], _TIOCSCTTY, 0)
    calls.make()


def set_foreground(
    step: SetForeground, fds: Mapping[int, int], injector: Injector, numbers_now: Mapping[int, int]
) -> None:
    """By a process of the session. numbers_now: number in the image to that of now. Raises KernelError."""
    calls, slot = Calls(injector), injector.room("group", 8)
    injector.write(slot, numbers_now[step.group].to_bytes(8, "little"))
    calls.add("ioctl(TIOCSPGRP)", _NR_IOCTL, fds[step.tty.objref], _TIOCSPGRP, slot)
    calls.make()
