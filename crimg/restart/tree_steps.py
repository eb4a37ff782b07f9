"""How a restart makes a tree of processes, with their sessions and groups, as data."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Cred, Task


class MakeProcess(NamedTuple):
    """Make a process, with no memory of its own yet.

    pid: its process id, or None for any.  maker: number in the image of the process that makes it, or None:
    this program does.  sibling: its parent is that of its maker (CLONE_PARENT).
    shared: what it has in common with its maker, CLONE_* of clone(2).
    """

    task: Task
    pid: int | None
    maker: int | None = None
    sibling: bool = False
    shared: int = 0

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        which = f"process {self.pid}" if self.pid is not None else f"a process for {self.task.pid}"
        where = "" if self.maker is None else f", {'sibling' if self.sibling else 'child'} of {self.maker}"
        end = ", to become a zombie" if self.task.mm is None else ""
        return f"make {which}{where}{end}"


class MakeStandIn(NamedTuple):
    """Make a process that leads a session or process group whose leader had ended, until all are in it.

    number: process id that the leader had.  pid: as of MakeProcess.  maker: its parent.
    """

    number: int
    pid: int | None
    maker: int

    @property
    def objects(self) -> tuple[int, ...]:
        """None: the leader is not in the image."""
        return ()

    def describe(self) -> str:
        """One line."""
        return f"make a child of {self.maker} in place of {self.number}, which had ended, for a moment"


class StartSession(NamedTuple):
    """setsid(2) in a process of this number in the image."""

    number: int

    @property
    def objects(self) -> tuple[int, ...]:
        """None."""
        return ()

    def describe(self) -> str:
        """One line."""
        return f"process {self.number} begins a session of its own"


class SetGroups(NamedTuple):
    """setpgid(2) in processes. groups: pairs of a process and its group, in this order."""

    groups: tuple[tuple[int, int], ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """None."""
        return ()

    def describe(self) -> str:
        """One line."""
        return "set process groups: " + ", ".join(f"{pid} in {group}" for pid, group in self.groups)


class EndStandIn(NamedTuple):
    """End it, and have its parent wait for it."""

    number: int
    parent: int

    @property
    def objects(self) -> tuple[int, ...]:
        """None."""
        return ()

    def describe(self) -> str:
        """One line."""
        return f"end the process in place of {self.number}"


class EndZombie(NamedTuple):
    """End a process as it had ended. status: as wait(2) gives it to its parent."""

    task: Task
    status: int
    cred: Cred

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        how = f"by signal {self.status & 0x7F}" if self.status & 0x7F else f"with status {self.status >> 8}"
        return f"end process {self.task.pid} {how}"


TreeStep = MakeProcess | MakeStandIn | StartSession | SetGroups | EndStandIn | EndZombie


_NOT_DEADLY = frozenset((17, 18, 19, 20, 21, 22, 23, 28))  # CHLD CONT STOP TSTP TTIN TTOU URG WINCH


def is_status(status: int) -> bool:
    """Whether wait(2) can tell this of a process that has ended."""
    number = status & 0x7F
    if number == 0:
        return status & ~0xFF00 == 0
    return status & ~0xFF == 0 and number <= 64 and number not in _NOT_DEADLY
