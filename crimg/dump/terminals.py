"""Terminals: settings and size; both sides of a pseudo-terminal as one object, where both belong to the tree.

The master side of one that stays outside (an emulator, sshd) is none of the dump's: such a terminal is only
opened again.
"""

from __future__ import annotations

import os

from crimg.dump.kinds import Refusal
from crimg.errors import KernelError
from crimg.evidence import device_number
from crimg.kernel import descriptors, terminals
from crimg.kernel.inodes import fstatfs
from crimg.kernel.procfd import fdinfo_fields
from crimg.model import Tty
from crimg.model.enums import FileKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.leaks import Leaks
    from crimg.dump.objects import Objects
    from crimg.dump.opened import Descriptor

    Key = tuple[int, int]
    """Device of the devpts (of the file system of the node, for other terminals), and of the terminal."""

_DEVPTS = 0x1CD1  # include/uapi/linux/magic.h
_SLAVE_MAJOR = 136  # Documentation/admin-guide/devices.txt; the kernel gives all of them this one
_HUNG_UP = Refusal("terminal", "a terminal that has hung up cannot be saved")


class _Terminal:
    """One terminal in the making. queued: descriptor and number of bytes that wait to be read there."""

    __slots__ = ("master", "objref", "queued", "row", "slave")

    def __init__(self, row: Tty) -> None:
        self.objref = row.objref
        self.row = row
        self.master: Descriptor | None = None
        self.slave: Descriptor | None = None
        self.queued: dict[FileKind, tuple[Descriptor, int]] = {}


class TerminalCollector:
    """Gathers terminals, one row each however many files are open for it."""

    def __init__(self, objects: Objects, leaks: Leaks) -> None:
        self.objects = objects
        self.leaks = leaks
        self._terminals: dict[Key, _Terminal] = {}

    def add(self, copy: int, one: Descriptor, kind: FileKind) -> int | Refusal:
        """The objref of the terminal at our copy `copy` of a descriptor, or why it cannot be saved.

        kind: CHARACTER_DEVICE or PTY_MASTER. Raises KernelError.
        """
        settings, size = descriptors.termios(copy), descriptors.window_size(copy)
        if settings is None or size is None:
            return _HUNG_UP
        if discipline := terminals.line_discipline(copy):
            return Refusal("terminal", f"a terminal with line discipline {discipline} cannot be saved")
        master = kind == FileKind.PTY_MASTER
        key = _key_of_master(copy, one) if master else (one.attributes.dev, one.attributes.rdev)
        terminal = self._terminals.get(key)
        if terminal is None:
            row = Tty(
                objref=self.objects.number(),
                referrers=0,
                rdev=device_number(key[1]),
                termios=settings,
                rows=size[0],
                cols=size[1],
            )
            terminal = self._terminals[key] = _Terminal(row)
        if master:
            terminal.master = one
            pixels = {"xpixel": size[2], "ypixel": size[3]}
            told = {**terminals.master_state(copy), **pixels}
            extra = {name: value for name, value in told.items() if value}
            terminal.row = terminal.row.replace(extra=extra or None)
        if (waiting := terminals.readable_bytes(copy)) and kind not in terminal.queued:
            terminal.queued[kind] = one, waiting
        return terminal.objref

    def finish(self) -> None:
        """Add the rows.

        Of those with their master in the tree, note what waits in them, and have others looked for that have
        them open.
        """
        for (device, number), terminal in self._terminals.items():
            self.objects.add(terminal.row)
            if terminal.master is None:
                continue
            for one, count in terminal.queued.values():
                reason = f"{count} bytes wait to be read, and nobody could put them back"
                one.problems.add(one.where, one.link, reason, "terminal-queue", objref=terminal.objref)
            self.leaks.watch_terminal((device, number), terminal.master, terminal.objref)


def _key_of_master(copy: int, one: Descriptor) -> Key:
    """The terminal that a master side belongs to: its number is unique in one devpts alone.

    /dev/ptmx on another file system means the devpts that is mounted beside it (Documentation/filesystems/
    devpts.rst).
    """
    slave = os.makedev(_SLAVE_MAJOR, int(fdinfo_fields(one.info.rest)["tty-index"]))
    if fstatfs(copy).fs_type == _DEVPTS:
        return one.attributes.dev, slave
    beside = b"root" + os.path.dirname(one.link) + b"/pts"
    try:
        return os.stat(beside, dir_fd=one.proc.fd).st_dev, slave
    except OSError as error:
        raise KernelError(f"stat({os.fsdecode(beside)})", error.errno or 0, pid=one.proc.pid) from error
