"""Pipes and open FIFOs: buffers, their contents, and that nobody else holds an end."""

from __future__ import annotations

import os
import select

from crimg.errors import KernelError
from crimg.kernel import descriptors, pipes
from crimg.kernel.sharing import find_holders
from crimg.model import Pipe
from crimg.model.enums import Access, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems

    Identity = tuple[int, int]


class _Buffer:
    """One pipe in the making. where, problems: the descriptor it was met at first, and of its process."""

    __slots__ = (
        "capacity",
        "data",
        "ends",
        "fifo",
        "objref",
        "others",
        "packet_mode",
        "packets",
        "problems",
        "readable",
        "where",
    )

    def __init__(self, objref: int, where: str, problems: Problems, fifo: bool) -> None:
        self.objref = objref
        self.where = where
        self.problems = problems
        self.fifo = fifo
        self.capacity = 0
        self.data = b""
        self.readable = False
        self.ends = Access(0)
        self.others = False
        self.packets: tuple[int, ...] = ()
        self.packet_mode = False

    def take(self, contents: pipes.PipeContents) -> None:
        """Note what is in it."""
        self.data = contents.data
        self.packets = tuple(map(len, contents.packets))

    @property
    def extra(self) -> dict[str, object] | None:
        """Lengths of the packets in it, where somebody writes packets (O_DIRECT), or did."""
        if len(self.packets) > 1 or (self.packets and self.packet_mode):
            return {"packets": self.packets}
        return None


class PipeCollector:
    """Gathers pipes, one row each however many ends are open."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._buffers: dict[Identity, _Buffer] = {}

    def add(
        self,
        fd: int,
        identity: Identity,
        *,
        access: Access,
        fifo: bool,
        flags: int,
        where: str,
        problems: Problems,
    ) -> int:
        """The objref of the pipe behind the copied descriptor `fd`. Raises KernelError.

        identity: device and inode number.  access: how `fd` is open.  where, problems: the descriptor, for
        messages.
        """
        readable = bool(access & Access.READ)
        buffer = self._buffers.get(identity)
        if buffer is None:
            buffer = self._buffers[identity] = _Buffer(self.objects.number(), where, problems, fifo)
            buffer.capacity = pipes.pipe_capacity(fd)
        buffer.ends |= access
        buffer.others |= _other_end_lives(fd, access)
        if readable and not buffer.readable:
            buffer.take(pipes.peek_pipe(fd))
            buffer.readable = True
        elif not buffer.readable and not buffer.data and pipes.queued_bytes(fd):
            buffer.take(self._peek_by_reopening(fd))
        buffer.packet_mode |= bool(flags & os.O_DIRECT)
        return buffer.objref

    @staticmethod
    def _peek_by_reopening(fd: int) -> pipes.PipeContents:
        """Contents of a pipe of which only the write end is at hand."""
        reading = descriptors.reopen(fd)
        try:
            return pipes.peek_pipe(reading)
        finally:
            os.close(reading)

    def finish(self, pids: Collection[int], problems: Problems) -> dict[int, bytes]:
        """Add the rows of all pipes; contents by objref. Ends held by others are noted as problems.

        pids: all processes of the tree.  problems: those of its root.
        """
        if not self._buffers:
            return {}
        self._check_holders(pids, problems)
        for (_, number), buffer in self._buffers.items():
            self.objects.add(
                Pipe(
                    objref=buffer.objref,
                    referrers=0,
                    number=number,
                    capacity=buffer.capacity,
                    length=len(buffer.data),
                    blobs=(),
                    extra=buffer.extra,
                )
            )
        return {buffer.objref: buffer.data for buffer in self._buffers.values() if buffer.data}

    def _check_holders(self, pids: Collection[int], problems: Problems) -> None:
        try:
            holders = find_holders(
                [identity for identity, buffer in self._buffers.items() if not buffer.fifo],
                [identity for identity, buffer in self._buffers.items() if buffer.fifo],
                except_pids=pids,
            )
        except KernelError as error:
            reason = f"nobody can tell who else holds them ({error})"
            problems.add("process", "pipes", reason, "unreadable")
            return
        both_ends = Access.READ | Access.WRITE
        if holders.unseen and any(buffer.ends == both_ends for buffer in self._buffers.values()):
            problems.doubt(
                Severity.NOTE,
                "process",
                "pipes",
                f"{len(holders.unseen)} processes out of sight may hold ends of them, too",
            )
        found = {(holder.dev, holder.ino) for holder in holders.found}
        for identity, buffer in self._buffers.items():
            if buffer.ends != both_ends and buffer.others and identity not in found:
                self._held(buffer, "a process out of sight holds the other end of it")
        for holder in holders.found:
            buffer = self._buffers[holder.dev, holder.ino]
            reason = f"process {holder.pid} holds an end of it (fd {holder.fd}), and is not part of this dump"
            self._held(buffer, reason)

    @staticmethod
    def _held(buffer: _Buffer, reason: str) -> None:
        what = "a FIFO" if buffer.fifo else "a pipe"
        buffer.problems.add(buffer.where, what, reason, "pipe-end", objref=buffer.objref)


def _other_end_lives(fd: int, access: Access) -> bool:
    """Whether the end of a pipe that `fd` is not has a holder, as poll(2) knows: no POLLHUP, no POLLERR.

    True for a FIFO open for both, which is its own other end.
    """
    poll = select.poll()
    poll.register(fd, 0)
    events = poll.poll(0)
    gone = select.POLLHUP if access & Access.READ else select.POLLERR
    return not any(event & gone for _, event in events)
