"""C451 to C456: counters, timers, signals, shared memory, sockets."""

from __future__ import annotations

from crimg.model import Eventfd, File, Inode, SharedMemory, Signalfd, Socket, Timerfd
from crimg.model.enums import FileKind, Keeper, MemoryKind, SocketState
from crimg.validate.finding import Hit
from crimg.validate.pipes import queue_hits
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.record import Record
    from crimg.validate.checked import Checked

_ROWS: dict[FileKind, type[Record]] = {
    FileKind.EVENTFD: Eventfd,
    FileKind.TIMERFD: Timerfd,
    FileKind.SIGNALFD: Signalfd,
    FileKind.SOCKET: Socket,
}
_STATEFUL = frozenset(map(int, (*_ROWS, FileKind.MEMORY)))
_KIND, _INODE = File.fields.index("kind"), File.fields.index("inode")
_AF_UNIX = 1
_CLOCKS = frozenset((0, 1, 7, 8, 9))
"""Clocks of timerfd_create(2): CLOCK_REALTIME, _MONOTONIC, _BOOTTIME, _REALTIME_ALARM, _BOOTTIME_ALARM."""


@rule("C451", ERROR)
def state_rows(checked: Checked) -> Iterator[Hit]:
    """A file of a kind has not the row that tells its state, or another kind of file has one.

    A restart would not know what to put into the counter, the timer, the socket, or what the memory was.

    Remedy: undo what rewrote the image, or dump again.
    """
    told = {kind: {row.key[0] for row in checked.rows(cls)} for kind, cls in _ROWS.items()}
    memories: set[int | None] = {row.inode for row in checked.rows(SharedMemory)}
    described = set().union(*told.values())
    files = [
        file
        for file in checked.rows(File)
        if file[_KIND] in _STATEFUL or file[0] in described or file[_INODE] in memories
    ]
    for kind, cls in _ROWS.items():
        for file in files:
            if (file.kind == kind) != (file.objref in told[kind]):
                word = "has no" if file.kind == kind else "is none, but has an"
                yield Hit(f"{word} {cls.noun} row", file, "kind")
    for file in files:
        if file.inode is not None and (file.kind == FileKind.MEMORY) != (file.inode in memories):
            word = "has no" if file.kind == FileKind.MEMORY else "is none, but has a"
            yield Hit(f"{word} shared_memory row", file, "kind")


@rule("C452", ERROR)
def impossible_state(checked: Checked) -> Iterator[Hit]:
    """The state of a counter, a timer, a socket or a piece of shared memory is none that there is.

    The system call that sets it refuses it (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for counter in checked.rows(Eventfd):
        if counter.value == (1 << 64) - 1:
            yield Hit("the counter is at a value that cannot be written", counter, "value")
    for timer in checked.rows(Timerfd):
        if timer.clock not in _CLOCKS:
            yield Hit(f"clock {timer.clock}", timer, "clock")
        for name in ("interval", "remaining"):
            if getattr(timer, name) < 0:
                yield Hit(f"{name} is {getattr(timer, name)} ns", timer, name)
    for memory in checked.rows(SharedMemory):
        if (memory.seals is None) == (memory.kind == MemoryKind.MEMFD):
            yield Hit("only a memfd has seals, and each has", memory, "seals")
        if (memory.mode is None) == (memory.kind == MemoryKind.SYSTEM_V):
            yield Hit("only a System V segment has a key and a mode", memory, "mode")
    for socket in checked.rows(Socket):
        if (socket.backlog is None) == (socket.state == SocketState.LISTENING):
            yield Hit("only a socket that listens has a backlog", socket, "backlog")
        if socket.peer is not None and socket.family != _AF_UNIX:
            yield Hit("is no unix socket, but has a peer", socket, "peer")
        if socket.shutdown > 3:
            yield Hit(f"shutdown is {socket.shutdown}", socket, "shutdown")


@rule("C453", WARNING, whole=True)
def peer_outside(checked: Checked) -> Iterator[Hit]:
    """A unix socket is connected to one that is not in the image, or that has another peer.

    A restart makes the two ends of a connection together: it refuses one without the other, unless told to
    have it find the other end closed (`--accept '#N=missing'`).

    Remedy: dump a tree that the process at the other end belongs to.
    """
    peers = {row.number: row.peer for row in checked.rows(Socket)}
    for row in checked.rows(Socket):
        if row.peer is None or row.state != SocketState.CONNECTED:
            continue
        if row.peer not in peers:
            yield Hit(f"socket {row.peer} is not in the image", row, "peer")
        elif peers[row.peer] not in (row.number, None):
            yield Hit(f"socket {row.peer} is connected to {peers[row.peer]}", row, "peer")


@rule("C454", ERROR)
def queued_bytes(checked: Checked) -> Iterator[Hit]:
    """The bytes kept for a socket are not those that waited to be read from it.

    The reader would miss some, or get some that were never written.

    Remedy: undo what rewrote the image, or dump again.
    """
    yield from queue_hits(checked, Socket)


@rule("C456", WARNING)
def removed_bytes(checked: Checked) -> Iterator[Hit]:
    """The bytes that waited in a socket were removed from the image on purpose.

    The reader would wait for what it has been sent: a restart refuses the image.

    Remedy: to restart, take the image from which they were not removed.
    """
    for row in checked.rows(Socket):
        if row.is_removed:
            yield Hit(f"the {row.length} bytes in it are not in the image", row, "blobs")


@rule("C455", ERROR)
def memory_not_kept(checked: Checked) -> Iterator[Hit]:
    """The contents of shared memory are not in the image.

    They are nowhere else: it has no file. A restart would come back with zeros.

    Remedy: dump again while the processes still run.
    """
    for row in checked.rows(SharedMemory):
        inode = checked.find(Inode, row.inode)
        if inode is not None and inode.keeper not in (Keeper.EMBEDDED, Keeper.REMOVED):
            yield Hit("has no keeper", row, "inode")
