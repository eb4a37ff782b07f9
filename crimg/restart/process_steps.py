"""What a restart does with processes that are made, as data: they are furnished, and let go."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Cred, Fd, Fs, Lock, Sighand, Signal, Task, Thread


class SetDirectories(NamedTuple):
    """Working directory, root and umask of a process, and of those that share them."""

    task: Task
    fs: Fs

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.fs.objref,)

    def describe(self) -> str:
        """One line."""
        return f"set directory #{self.fs.cwd} and root #{self.fs.root} of process {self.task.pid}"


class SetDescriptors(NamedTuple):
    """Give all descriptors of a process, and of those that share them, their numbers; close all others.

    leases: that it holds (F_SETLEASE of fcntl(2)).
    """

    task: Task
    fds: tuple[Fd, ...]
    leases: tuple[Lock, ...] = ()

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        leases = (
            f", and leases on {', '.join(f'#{lock.file}' for lock in self.leases)}" if self.leases else ""
        )
        return f"set {len(self.fds)} descriptors of process {self.task.pid}{leases}"


class SetProcess(NamedTuple):
    """Limits, signal actions, name, personality and the like: what the threads of the process share."""

    task: Task
    sighand: Sighand | None
    signal: Signal | None

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        return f"set signal actions, limits and the like of process {self.task.pid}"


class MakeThreads(NamedTuple):
    """Make the threads besides the first; tids are those of the image, or any."""

    task: Task
    threads: tuple[Thread, ...]
    same_tids: bool

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        numbers = "" if self.same_tids else ", with other numbers"
        return f"make {len(self.threads)} threads of process {self.task.pid}{numbers}"


class SetThreads(NamedTuple):
    """What each thread has of its own: stacks for signals, robust lists, credentials, registers.

    stopped: the process stays stopped, as it was.
    """

    task: Task
    threads: tuple[Thread, ...]
    creds: tuple[Cred, ...]
    signal: Signal | None
    stopped: bool

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        count = f"{len(self.threads)} thread{'s' * (len(self.threads) > 1)}"
        end = "; it stays stopped, as it was" if self.stopped else ""
        return f"set registers and the like of {count} of process {self.task.pid}{end}"


class SetTimers(NamedTuple):
    """Timers with the time that was left, and the signals that are pending.

    told: signals that children which have ended or stopped meanwhile have sent, and that are taken back.
    """

    task: Task
    signal: Signal | None
    told: tuple[int, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.task.objref,)

    def describe(self) -> str:
        """One line."""
        return f"set timers and pending signals of process {self.task.pid}"


class SetOwners(NamedTuple):
    """Who gets the signals of files (F_SETOWN), now that all are there."""

    files: tuple[int, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return self.files

    def describe(self) -> str:
        """One line."""
        return f"set owners of {', '.join(f'#{objref}' for objref in self.files)}"


class LetGo(NamedTuple):
    """Let all processes run; those that were stopped stay so."""

    tasks: tuple[Task, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(task.objref for task in self.tasks)

    def describe(self) -> str:
        """One line."""
        first = self.tasks[0].pid
        return (
            f"let process {first} go" if len(self.tasks) == 1 else f"let all {len(self.tasks)} processes go"
        )


ProcessStep = (
    SetDirectories | SetDescriptors | SetProcess | MakeThreads | SetOwners | SetTimers | SetThreads | LetGo
)
