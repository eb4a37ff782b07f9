"""What the epoll instances of a tree watch (epoll(7)), told by kcmp(2) and not by descriptor number."""

from __future__ import annotations

from crimg.kernel.epoll import EPOLL_LINK, busy_polls, is_watched, parse_watches
from crimg.model import EpollWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crimg.dump.objects import Objects
    from crimg.dump.opened import Descriptor
    from crimg.kernel.epoll import Watch

    Place = tuple[int, int]
    """pid and descriptor."""
    Opened = Mapping[Place, Descriptor]


class EpollCollector:
    """Gathers the watches of the instances that were met, once all descriptors are known."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._instances: list[Place] = []
        self._by_inode: dict[int | None, list[Place]] = {}

    def add(self, copy: int, one: Descriptor) -> None:
        """Note the instance at a descriptor of the tree; `copy` duplicates it. Raises KernelError."""
        self._instances.append((one.proc.pid, one.fd))
        if busy_polls(copy):
            reason = "its settings for busy polling cannot be saved yet"
            one.problems.add(one.where, EPOLL_LINK, reason, "epoll")

    def watches(self, opened: Opened, files: Mapping[Place, int]) -> None:
        """Add a row for all that the instances watch. Raises KernelError.

        opened: every descriptor of the tree.  files: the file object of each that can be saved. A watch of a
        file that cannot be saved is left out: that file is a problem of its own.
        """
        for at, one in opened.items() if self._instances else ():
            self._by_inode.setdefault(one.info.inode, []).append(at)
        for epoll in self._instances:
            for watch in parse_watches(opened[epoll].info.rest):
                candidates = self._candidates(epoll, watch)
                watched = next((at for at in candidates if _watches(epoll, watch, at, opened)), None)
                if watched is None:
                    self._note(opened[epoll], watch)
                elif epoll in files and watched in files:
                    self.objects.add(
                        EpollWatch(
                            epoll=files[epoll],
                            fd=watch.tfd,
                            file=files[watched],
                            events=watch.events,
                            data=watch.data,
                        )
                    )

    def _candidates(self, epoll: Place, watch: Watch) -> Iterator[Place]:
        """Descriptors of the watched file, perhaps: the one it was registered by, then any of its inode."""
        yield epoll[0], watch.tfd
        yield from self._by_inode.get(watch.inode, ())
        yield from self._by_inode.get(None, ())

    @staticmethod
    def _note(one: Descriptor, watch: Watch) -> None:
        reason = (
            f"watches a file (inode {watch.inode}, registered as fd {watch.tfd})"
            " that the process has closed and something else keeps open"
        )
        one.problems.add(one.where, EPOLL_LINK, reason, "epoll")


def _watches(epoll: Place, watch: Watch, place: Place, opened: Opened) -> bool:
    return place in opened and is_watched(epoll, watch, place)
