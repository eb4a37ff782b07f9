"""What epoll instances watch (epoll(7)), told by kcmp(2) and not by descriptor number."""

from __future__ import annotations

from crimg.kernel.epoll import EPOLL_LINK, busy_polls, is_watched, parse_watches
from crimg.model import EpollWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.dump.objects import Objects
    from crimg.dump.opened import Descriptor
    from crimg.kernel.epoll import Watch

    Key = tuple[int, int]


class EpollCollector:
    """Gathers the watches of the instances that were met, once all descriptors are known."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._instances: list[Descriptor] = []
        self._busy: set[Descriptor] = set()

    def add(self, copy: int, one: Descriptor) -> None:
        """Note the instance behind a descriptor; `copy` duplicates it. Raises KernelError."""
        self._instances.append(one)
        if busy_polls(copy):
            self._busy.add(one)

    def watches(self, opened: Mapping[Key, Descriptor], files: Mapping[Key, int]) -> None:
        """Add a row for all that the instances watch. Raises KernelError.

        opened: every descriptor, by process and number.  files: their objrefs. A watch of a file that cannot
        be saved is left out: that file is a problem of its own.
        """
        for epoll in self._instances:
            instance = files.get((epoll.proc.pid, epoll.fd))
            if epoll in self._busy:
                reason = "its settings for busy polling cannot be saved yet"
                epoll.problems.add(epoll.where, EPOLL_LINK, reason, "epoll", objref=instance)
            for watch in parse_watches(epoll.info.rest):
                found = _descriptor(epoll, watch, opened)
                if found is None:
                    reason = (
                        f"watches a file (inode {watch.inode}, registered as fd {watch.tfd}) "
                        "that the process has closed and something else keeps open"
                    )
                    epoll.problems.add(epoll.where, EPOLL_LINK, reason, "epoll", objref=instance)
                    continue
                file = files.get(found)
                if instance is not None and file is not None:
                    self.objects.add(
                        EpollWatch(
                            epoll=instance, fd=watch.tfd, file=file, events=watch.events, data=watch.data
                        )
                    )


def _descriptor(epoll: Descriptor, watch: Watch, opened: Mapping[Key, Descriptor]) -> Key | None:
    """A descriptor of the watched file: the one it was registered by if it still is, else any other."""
    pid = epoll.proc.pid
    if (pid, watch.tfd) in opened and is_watched(pid, epoll.fd, watch, pid, watch.tfd):
        return pid, watch.tfd
    for (other, fd), one in opened.items():
        if one.info.inode in (watch.inode, None) and is_watched(pid, epoll.fd, watch, other, fd):
            return other, fd
    return None
