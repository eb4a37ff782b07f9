"""The terminal of this command in place of the one that the processes had, as data."""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.model import File, Task, Tty
from crimg.model.enums import FileKind
from crimg.restart.pseudo_planning import DEV_TTY, FOREGROUND, TERMIOS, PseudoTerminals
from crimg.restart.tree import root_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image


class OpenTerminal(NamedTuple):
    """Open a terminal in place of the one that was open. path: of the terminal, or /dev/tty."""

    file: File
    path: bytes

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.file.objref,)

    def describe(self) -> str:
        """One line."""
        return (
            f"open terminal {escape(self.path)} as #{self.file.objref}, in place of {escape(self.file.path)}"
        )


class SetTerminal(NamedTuple):
    """Give the terminal at `path` its settings of then, and its foreground to a process group."""

    path: bytes
    tty: Tty | None
    foreground: int

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.tty.objref,) if self.tty is not None else ()

    def describe(self) -> str:
        """One line."""
        settings = " and set it as it was" if self.tty is not None else ""
        return f"put process group {self.foreground} into the foreground of {escape(self.path)}{settings}"


TerminalStep = OpenTerminal | SetTerminal


def terminal_files(image: Image) -> frozenset[int]:
    """Objrefs of the file objects that are open for the terminal of the processes."""
    root = root_task(image.rows(Task), image)
    return Terminal(image, root).files if root is not None else frozenset()


class Terminal:
    """The terminal of a tree of processes. Pure.

    files: objrefs of the file objects that are open for it.  problem: why it cannot be told which that is, or
    nothing.
    """

    def __init__(self, image: Image, root: Task) -> None:
        self.root = root
        self._ttys = {row.objref: row for row in image.rows(Tty)}
        made = PseudoTerminals(image).files
        self._files = [
            (file, self._ttys[file.tty])
            for file in image.rows(File)
            if file.kind == FileKind.CHARACTER_DEVICE and file.tty in self._ttys and file.tty is not None
            if file.objref not in made
        ]
        others = {tty.rdev for _, tty in self._files} - {DEV_TTY}
        self.problem = ""
        if not root.tty and len(others) > 1:
            self.problem = (
                f"process {root.pid} has {len(others)} terminals, none of which controls it (--tty)"
            )
        if any(len(tty.termios) != TERMIOS for _, tty in self._files):
            self.problem = "the settings of its terminal are none that there are (--tty)"
        own = {root.tty or next(iter(others), 0), DEV_TTY}
        self._files = [(file, tty) for file, tty in self._files if tty.rdev in own]
        self.files = frozenset(file.objref for file, _ in self._files)

    def opened(self, path: bytes) -> Iterator[OpenTerminal]:
        """The steps that open the terminal at `path` instead."""
        for file, tty in self._files:
            yield OpenTerminal(file, file.path if tty.rdev == DEV_TTY else path)

    def set(self, path: bytes, groups: frozenset[int]) -> SetTerminal:
        """The step that hands it over. groups: process groups of the image."""
        found = (self.root.extra or {}).get(FOREGROUND)
        foreground = found if isinstance(found, int) and found in groups else self.root.pgid
        return SetTerminal(path, self._files[0][1] if self._files else None, foreground)
