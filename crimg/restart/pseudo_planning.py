"""Pseudo-terminals of which the image has both sides: which files are whose, and whom they control. Pure."""

from __future__ import annotations

import os

from crimg.escape import escape
from crimg.model import Fd, File, Inode, Task, Tty
from crimg.model.enums import FileKind
from crimg.restart.pseudo_steps import MakeTerminal, SetForeground

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crimg.model.image import Image
    from crimg.preflight import Verdict

DEV_TTY = 5 << 32
"""Device number of /dev/tty, which is the terminal of whoever opens it."""
TERMIOS = 36
"""Bytes of struct termios of the kernel."""
FOREGROUND = "foreground"
"""In `extra` of a task: the process group in the foreground of its terminal."""
_KNOWN = frozenset(("xpixel", "ypixel", "locked", "packet", "exclusive"))
_MOST = 0xFFFF  # fields of struct winsize


class PseudoTerminals:
    """Those of an image.

    files: objrefs of the file objects that are open for one, on either side.
    controls: leader of a session (number in the image) to the objref of the terminal that controls it.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self._masters: dict[int, list[File]] = {}
        self._slaves: dict[int, list[File]] = {}
        files = [file for file in image.rows(File) if file.tty is not None and not file.flags & os.O_PATH]
        for file in files:
            if file.kind == FileKind.PTY_MASTER and file.tty is not None:
                self._masters.setdefault(file.tty, []).append(file)
        ttys = {row.objref: row for row in image.rows(Tty)}
        self._ttys = {objref: ttys[objref] for objref in self._masters if objref in ttys}
        self._by_number = {row.rdev: objref for objref, row in self._ttys.items()}
        controlled = self._controlled()
        for file in files:
            tty = ttys.get(file.tty or 0)
            if file.kind != FileKind.CHARACTER_DEVICE or tty is None:
                continue
            objref = controlled.get(file.objref) if tty.rdev == DEV_TTY else tty.objref
            if objref in self._ttys:
                self._slaves.setdefault(objref, []).append(file)
        sides = (*self._masters.values(), *self._slaves.values())
        self.files = frozenset(file.objref for side in sides for file in side)
        self.controls = {
            task.pid: self._by_number[task.tty]
            for task in image.rows(Task)
            if task.sid == task.pid and task.mm is not None and task.tty in self._by_number
        }

    def _controlled(self) -> dict[int, int]:
        """Objref of a file to that of the terminal which controls the processes that have it open."""
        terminals = {
            task.fd_table: self._by_number[task.tty]
            for task in self.image.rows(Task)
            if task.fd_table is not None and task.tty in self._by_number
        }
        return {row.file: terminals[row.table] for row in self.image.rows(Fd) if row.table in terminals}

    def problems(self) -> Iterator[str]:
        """What cannot be made anew, one line each."""
        for objref, tty in self._ttys.items():
            extra = tty.extra or {}
            if len(self._masters[objref]) > 1:
                yield f"terminal #{objref}: its master side was opened more than once"
            if len(tty.termios) != TERMIOS or max(tty.rows, tty.cols) > _MOST:
                yield f"terminal #{objref}: its settings are none that there are"
            for name, value in sorted(extra.items(), key=str):
                if name not in _KNOWN or not isinstance(value, int) or not 0 <= value <= _MOST:
                    yield f"terminal #{objref}: {escape(str(name))} cannot be set again"
        for tty in self.image.rows(Tty):
            if tty.objref not in self._ttys and tty.extra:
                yield f"terminal #{tty.objref}: {escape(', '.join(sorted(map(str, tty.extra))))}"

    def made(self, verdicts: Mapping[int, Verdict]) -> Iterator[MakeTerminal]:
        """The steps that make them. verdicts: by objref of the file."""
        for objref, tty in self._ttys.items():
            master = self._masters[objref][0]
            slaves = tuple(self._slaves.get(objref, ()))
            inode = next(
                (self.image.find(Inode, file.inode) for file in slaves if not _by_dev_tty(file)), None
            )
            verdict = verdicts[master.objref]
            controls = objref in self.controls.values()
            yield MakeTerminal(tty, master, slaves, inode, controls, verdict.looked_at, verdict.evidence)

    def foreground(self) -> Iterator[SetForeground]:
        """The steps that say who is in the foreground, once the process groups are there."""
        tasks = {task.pid: task for task in self.image.rows(Task)}
        for leader, objref in self.controls.items():
            group = (tasks[leader].extra or {}).get(FOREGROUND)
            groups = {task.pgid for task in tasks.values() if task.sid == leader}
            if isinstance(group, int) and group in groups:
                yield SetForeground(leader, self._ttys[objref], group)

    def notes(self, taken: frozenset[int]) -> Iterator[str]:
        """What will not be quite as it was. taken: numbers of terminals that there are on this machine."""
        for objref, tty in self._ttys.items():
            number = tty.rdev & 0xFFFF_FFFF
            if number in taken:
                yield f"/dev/pts/{number} is taken: the terminal will have another number"
            if any(_by_dev_tty(file) for file in self._slaves.get(objref, ())):
                yield f"what was opened as /dev/tty will be shown as /dev/pts/{number}, which it is"
        for task in self.image.rows(Task):
            own = self._by_number.get(task.tty)
            if own != self.controls.get(task.sid) and (own is not None or task.sid in self.controls):
                has = "no controlling terminal" if own is None else f"terminal {task.tty & 0xFFFF_FFFF}"
                yield f"process {task.pid} had {has}, other than its session"


def _by_dev_tty(file: File) -> bool:
    return file.path == b"/dev/tty"
