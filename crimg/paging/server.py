"""Supplies pages: first those that somebody waits for, and all others meanwhile, in their order."""

from __future__ import annotations

import errno
import os
import select
import syslog
import time
from collections import deque

from crimg.errors import CrimgError, KernelError
from crimg.kernel import uffd
from crimg.paging.source import ROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.kernel.uffd import Message
    from crimg.paging.journal import Journal
    from crimg.paging.missing import Missing, Part
    from crimg.paging.source import Source

PAGE = 4096
_WINDOW = 1 << 16  # that somebody waits for: what is near is likely to be wanted next
_LATER = -errno.EAGAIN
_GONE = (-errno.ESRCH, -errno.EBADF, -errno.ENOTTY)
"""The process has ended, or (after another one had taken part in this) the descriptor is closed."""
_PAUSE = 0.01
_LOWEST, _HIGHEST = 1 << 16, (1 << 47) - PAGE


class Server:
    """spaces: by descriptor of its userfaultfd, what of each address space is still to come.

    journal: where messages go; to be set before any is read.
    """

    journal: Journal

    def __init__(self, source: Source) -> None:
        self.source = source
        self.spaces: dict[int, Missing] = {}
        self._waiting: deque[tuple[int, int]] = deque()
        self._poll = select.poll()

    def add(self, fd: int, missing: Missing) -> None:
        """Another address space."""
        self.spaces[fd] = missing
        self._poll.register(fd, select.POLLIN)

    def serve(self, watched: int, *, ahead: bool) -> bool:
        """Until all is in (True), or something can be read from descriptor `watched` (False).

        ahead: bring in what nobody waits for, too; without it, it never ends by itself.
        """
        self._poll.register(watched, select.POLLIN)
        try:
            while self.spaces or not ahead:
                for fd, _ in self._poll.poll(0 if ahead or self._waiting else None):
                    if fd == watched:
                        return False
                    self._listen(fd)
                if self._waiting:
                    self._supply_page(*self._waiting.popleft())
                elif ahead:
                    self._advance()
            return True
        finally:
            self._poll.unregister(watched)

    def repeat(self, journal: Journal) -> None:
        """Take over from another process that has read these messages, and ended in the midst of its work."""
        for fd, message in journal.messages():
            self._apply(fd, message)
        for fd in list(self.spaces):
            try:
                uffd.wake(fd, _LOWEST, _HIGHEST)
            except KernelError:  # it was closed when all had been brought in
                self._forget(fd, close=False)

    def give_up(self) -> None:
        """Whoever touches what is not in yet gets SIGBUS: nobody must take zero bytes for what was there."""
        while left := [(fd, missing) for fd, missing in self.spaces.items() if missing]:
            for fd, missing in left:
                part = missing.first()
                if self._supply(fd, part.start, part.end - part.start, uffd.poison) == 0:
                    self._listen(fd)

    def _listen(self, fd: int) -> None:
        """Read all messages."""
        while fd in self.spaces:
            message = self.journal.read(fd)
            if message is None:
                return
            if message.event == uffd.PAGE_FAULT:
                self._supply_page(fd, message.second & -PAGE)
            else:
                self._apply(fd, message)

    def _apply(self, fd: int, message: Message) -> None:
        missing = self.spaces.get(fd)
        if missing is None:
            return
        if message.event == uffd.FORK:
            self.add(message.first, missing.copy())
        elif message.event == uffd.REMAP:
            missing.move(message.first, message.second, message.third)
        elif message.event in (uffd.REMOVE, uffd.UNMAP):
            missing.drop(message.first, message.second)

    def _supply_page(self, fd: int, page: int) -> None:
        """What a thread waits for, and what is behind it."""
        missing = self.spaces.get(fd)
        if missing is None:
            return
        end = (page | (_WINDOW - 1)) + 1
        part = missing.at(page)
        if part is not None:
            done = self._copy(fd, part.between(page, end), ahead=0)
        else:
            end = min(end, missing.gap(page)[1])
            done = self._supply(fd, page, end - page, uffd.zero)
        if done == 0:
            self._waiting.append((fd, page))

    def _advance(self) -> None:
        """Bring in some more of what nobody waits for."""
        fd, missing = next(iter(self.spaces.items()))
        if missing:
            self._copy(fd, missing.first(), ahead=ROOM)
        if not missing:
            self._forget(fd)

    def _copy(self, fd: int, part: Part, ahead: int) -> int:
        """As `_supply`, from the image."""
        try:
            source, length = self.source.bring(part, ahead)
        except (OSError, CrimgError) as error:
            syslog.syslog(syslog.LOG_ERR, f"crimg: pages from {part.start:#x} on cannot be read: {error}")
            return self._supply(fd, part.start, part.end - part.start, uffd.poison)
        return self._supply(
            fd, part.start, length, lambda fd, at, size: uffd.copy(fd, at, source + at - part.start, size)
        )

    def _supply(self, fd: int, start: int, length: int, how: Callable[[int, int, int], int]) -> int:
        """How many bytes from an address on are settled, at least the first page; 0: it has to wait.

        A range that is now of several mappings (ENOENT) is halved until it fits.
        """
        while (result := how(fd, start, length)) == -errno.ENOENT and length > PAGE:
            length = length // 2 // PAGE * PAGE
        if result in (-errno.EEXIST, -errno.ENOENT):  # it has come already, or is mapped no more
            result = PAGE
            uffd.wake(fd, start, start + PAGE)
        elif result in _GONE:
            self._forget(fd, close=result == -errno.ESRCH)
            return length
        elif result == -errno.ENOMEM:
            time.sleep(_PAUSE)  # its control group may have no room for now
            return 0
        elif result == _LATER:
            return 0
        elif result < 0:
            raise KernelError("ioctl(userfaultfd)", -result, hint=f"for {length} bytes at {start:#x}")
        if fd in self.spaces:
            self.spaces[fd].drop(start, start + result)
        return result

    def _forget(self, fd: int, *, close: bool = True) -> None:
        """All of an address space is in, or it is gone: its faults are the kernel's own again."""
        if self.spaces.pop(fd, None) is not None:
            self._poll.unregister(fd)
            if close:
                os.close(fd)
