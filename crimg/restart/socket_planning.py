"""Which sockets are made alone, which together, and in which order. Pure."""

from __future__ import annotations

from crimg.model import Cred, Fd, File, Fs, Socket, Task
from crimg.model.enums import SocketState
from crimg.preflight.lacking import name_of_socket, other_end_outside
from crimg.restart.kind_steps import MakePair, MakeSocket, socket_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image

UNIX = 1
DATAGRAM = 2
_BOTH = 3


class _Sockets:
    """The sockets of an image: by number, the unix ones that listen by type and name, and who has them."""

    def __init__(self, image: Image) -> None:
        self.rows = image.rows(Socket)
        self.numbers = {row.number: row for row in self.rows}
        self.listeners = {
            (row.type, name_of_socket(row)): row
            for row in self.rows
            if row.family == UNIX and row.state == SocketState.LISTENING
        }
        self.files = {file.objref: file for file in image.rows(File)}
        tables = {task.fd_table: task for task in reversed(image.rows(Task))}
        self._fs: dict[int, Fs | None] = {}
        self._creds: dict[int, Cred | None] = {}
        for fd in image.rows(Fd):
            task = tables.get(fd.table)
            if task is not None and fd.file not in self._creds:
                self._fs[fd.file] = image.find(Fs, task.fs)
                self._creds[fd.file] = image.find(Cred, task.cred)

    def peer(self, row: Socket) -> Socket | None:
        """The socket at the other end, where it is in the image."""
        return self.numbers.get(row.peer) if row.peer is not None else None

    def fs(self, *rows: Socket) -> Fs | None:
        """Directories that the path of one of them starts from; None where none has a path."""
        return next((self._fs.get(row.file) for row in rows if row.path), None)

    def cred(self, row: Socket) -> Cred | None:
        """Credentials of the process that has it, of the first one."""
        return self._creds.get(row.file)

    def listener(self, row: Socket) -> Socket | None:
        """The one that a connected socket was accepted from: they have one name."""
        name = name_of_socket(row)
        return self.listeners.get((row.type, name)) if name else None


def other_end_closed(row: Socket) -> bool:
    """Whether it was connected to a socket that is closed: the kernel has shut it down in both directions."""
    gone = row.state == SocketState.UNCONNECTED and row.shutdown == _BOTH
    return row.family == UNIX and row.type != DATAGRAM and gone


def make_sockets(image: Image) -> Iterator[MakeSocket | MakePair]:
    """The steps that make them: those that others are connected to come first."""
    every = _Sockets(image)
    pairs: list[MakePair] = []
    senders: list[MakeSocket] = []
    done: set[int] = set()
    for row in every.rows:
        peer = every.peer(row)
        if row.number in done:
            continue
        outside = other_end_outside(row, every.numbers)
        if other_end_closed(row) or (outside and row.type != DATAGRAM):
            pairs.append(_pair(every, row))
        elif peer is not None and peer.peer == row.number and peer is not row:
            pairs.append(_pair(every, row, peer))
            done.add(peer.number)
        elif peer is not None:
            senders.append(MakeSocket(every.files[row.file], row, every.fs(row), every.cred(row), peer))
        else:
            yield MakeSocket(every.files[row.file], row, every.fs(row), every.cred(row))
    yield from pairs
    yield from senders


def _pair(every: _Sockets, *rows: Socket) -> MakePair:
    """The accepted one first."""
    ordered = sorted(rows, key=lambda row: every.listener(row) is None)
    listener = every.listener(ordered[0])
    bound = ordered if rows[0].type == DATAGRAM else ordered[1:] if listener is not None else []
    return MakePair(
        tuple(every.files[row.file] for row in ordered),
        tuple(ordered),
        listener.file if listener is not None else None,
        tuple(row.file for row in bound if name_of_socket(row)),
        every.fs(*ordered),
        tuple(map(every.cred, ordered)),
    )


def socket_notes(image: Image) -> Iterator[str]:
    """What of the sockets will not be quite as it was."""
    every = _Sockets(image)
    for row in every.rows:
        connected = row.state == SocketState.CONNECTED
        if row.path and not row.path.startswith(b"/") and not connected:
            yield f"socket #{row.file} is bound below the working directory of now"
    for step in make_sockets(image):
        match step:
            case MakePair(rows=rows, listener=None, bound=()) if any(map(name_of_socket, rows)):
                yield f"{socket_words(rows[0])} #{rows[0].file} will have no name: nobody listens there"
    for row in every.rows:
        if other_end_outside(row, every.numbers):
            yield f"socket #{row.file} will find its other end closed, which is not in the image"
