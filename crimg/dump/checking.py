"""What a dump would find, without one: the tree stands still only while it is looked at."""

from __future__ import annotations

import time

from crimg.dump.problems import Problems
from crimg.dump.process import Collector
from crimg.dump.target import no_terminal_stops, whole_tree
from crimg.kernel.inodes import data_extents
from crimg.model import Fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.dump import DumpOptions
    from crimg.dump.problems import Problem


class CheckReport:
    """What a dump would find.

    pid: of the root.  problems: all that cannot be saved, allowed or not.  tasks, threads, fds: how many.
    memory, deleted, pipes: bytes that the image would have of memory, deleted files, pipes.
    stopped_ns: how long the processes stood still.
    """

    __slots__ = ("deleted", "fds", "memory", "pid", "pipes", "problems", "stopped_ns", "tasks", "threads")

    def __init__(self, pid: int, problems: Sequence[Problem], collector: Collector) -> None:
        tree = collector.tree
        self.pid = pid
        self.problems = tuple(problems)
        self.tasks = len(tree.members)
        self.threads = sum(len(freeze.tids) for freeze in tree.frozen.values())
        self.fds = len(collector.objects.rows(Fd))
        self.memory = sum(end - start for space in collector.spaces for start, end in space.saved)
        self.deleted = sum(
            end - start
            for kept in collector.inodes.kept.values()
            for start, end in data_extents(kept.fd, kept.size)
        )
        self.pipes = sum(map(len, collector.pipes.values()))
        self.stopped_ns = 0

    @property
    def can_be_saved(self) -> bool:
        """Whether a dump would make an image."""
        return all(problem.allowed for problem in self.problems)


def check(pid: int, options: DumpOptions) -> CheckReport:
    """Look at process `pid` and all its descendants as a dump would, and let them go on.

    They are stopped for the look alone: nothing is put into them, no memory is copied, no digest is taken.
    Raises ProcessGoneError; KernelError where the kernel refuses.
    """
    ids = iter(range(1, 1 << 32))
    with whole_tree(pid) as tree:
        started = time.monotonic_ns()
        problems = Problems(pid, options.allow)
        with no_terminal_stops(), tree:
            collector = Collector(tree, problems, lambda: next(ids), digest=False, unasked=0)
            try:
                collector.look()
                report = CheckReport(pid, problems.found, collector)
            finally:
                collector.close()
        report.stopped_ns = time.monotonic_ns() - started
    return report
