"""What the epoll instances of a process watch (epoll(7)), told by kcmp(2) and not by descriptor number."""

from __future__ import annotations

from crimg.kernel.epoll import EPOLL_LINK, busy_polls, is_watched, parse_watches
from crimg.model import EpollWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems
    from crimg.kernel.epoll import Watch
    from crimg.kernel.procfd import Fdinfo

    class Opened(Protocol):
        """What is known of a descriptor. file: objref, None where its file cannot be saved."""

        info: Fdinfo
        file: int | None


class EpollCollector:
    """Gathers the watches of the instances that were met, once all descriptors are known."""

    def __init__(self, pid: int, objects: Objects, problems: Problems) -> None:
        self.pid = pid
        self.objects = objects
        self.problems = problems
        self._instances: list[int] = []

    def add(self, copy: int, fd: int) -> None:
        """Note the instance at descriptor `fd` of the target; `copy` duplicates it. Raises KernelError."""
        self._instances.append(fd)
        if busy_polls(copy):
            self.problems.add(f"fd {fd}", EPOLL_LINK, "its settings for busy polling cannot be saved yet")

    def watches(self, opened: Mapping[int, Opened]) -> None:
        """Add a row for all that the instances watch. Raises KernelError.

        opened: every descriptor of the target. A watch of a file that cannot be saved is left out: that
        file is a problem of its own.
        """
        for epoll in self._instances:
            for watch in parse_watches(opened[epoll].info.rest):
                fd = self._descriptor(epoll, watch, opened)
                if fd is None:
                    self.problems.add(
                        f"fd {epoll}",
                        EPOLL_LINK,
                        f"watches a file (inode {watch.inode}, registered as fd {watch.tfd}) "
                        "that the process has closed and something else keeps open",
                    )
                    continue
                instance, file = opened[epoll].file, opened[fd].file
                if instance is not None and file is not None:
                    self.objects.add(
                        EpollWatch(
                            epoll=instance, fd=watch.tfd, file=file, events=watch.events, data=watch.data
                        )
                    )

    def _descriptor(self, epoll: int, watch: Watch, opened: Mapping[int, Opened]) -> int | None:
        """A descriptor of the watched file: the one it was registered by if it still is, else any other."""
        if watch.tfd in opened and is_watched(self.pid, epoll, watch, watch.tfd):
            return watch.tfd
        for fd, one in opened.items():
            if one.info.inode in (watch.inode, None) and is_watched(self.pid, epoll, watch, fd):
                return fd
        return None
