"""Steps of a restart for pseudo-terminals of which the image has both sides."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import File, Inode, Tty
    from crimg.preflight.comparison import Evidence


class MakeTerminal(NamedTuple):
    """Make a pseudo-terminal, open both sides as they were, and set it as it was.

    inode: of its slave side, or None.  controls: it becomes that of a session.
    path, evidence: where the multiplexer (/dev/ptmx) is looked for, and what preflight saw there.
    """

    tty: Tty
    master: File
    slaves: tuple[File, ...]
    inode: Inode | None
    controls: bool
    path: bytes
    evidence: tuple[Evidence, ...]

    @property
    def number(self) -> int:
        """That of its path /dev/pts/N."""
        return self.tty.rdev & 0xFFFF_FFFF

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.tty.objref, self.master.objref, *(file.objref for file in self.slaves))

    def describe(self) -> str:
        """One line."""
        other = ", ".join(f"#{file.objref}" for file in self.slaves) or "nothing"
        name = f"/dev/pts/{self.number}, or with another number if that is taken"
        return f"make a terminal {name}: #{self.master.objref} its master side, {other} the other"


class TakeTerminal(NamedTuple):
    """Make a terminal that of the session which process `leader` has just begun (TIOCSCTTY, ioctl_tty(2))."""

    leader: int
    tty: int

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.tty,)

    def describe(self) -> str:
        """One line."""
        return f"make terminal #{self.tty} that of session {self.leader}"


class SetForeground(NamedTuple):
    """Put a process group into the foreground of a terminal. leader: of its session."""

    leader: int
    tty: Tty
    group: int

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.tty.objref,)

    def describe(self) -> str:
        """One line."""
        return f"put process group {self.group} into the foreground of terminal #{self.tty.objref}"


PseudoStep = MakeTerminal | TakeTerminal | SetForeground
