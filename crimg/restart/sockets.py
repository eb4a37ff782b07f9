"""Sockets made anew: bound, listening, connected, with what waits in them."""

from __future__ import annotations

import contextlib
import errno
import os
import socket

from crimg.errors import FileError
from crimg.escape import escape
from crimg.model.enums import SocketState
from crimg.pages import blob_extents
from crimg.preflight.lacking import name_of_socket
from crimg.restart.acting import acting_as, give_to
from crimg.restart.binding import Place
from crimg.restart.socket_planning import UNIX
from crimg.restart.socket_setup import address_words, bind_inet, fill, inet_address, options_of, set_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Cred, File, Fs, Socket
    from crimg.restart.files import OpenFiles
    from crimg.restart.kind_steps import MakePair, MakeSocket

_REUSE = "SO_REUSEADDR"
_DIRECTIONS = ((2, socket.SHUT_WR), (1, socket.SHUT_RD))
_MOST_STRANGERS = 1000
_MOST_WAITING = (1 << 31) - 1


class Sockets:
    """files: takes what is made, and has the directories that paths start from."""

    def __init__(self, files: OpenFiles) -> None:
        self.files = files

    def make(self, step: MakeSocket) -> None:
        """A socket that is no end of a pair. Raises FileError, OSError."""
        row = step.row
        with socket.socket(row.family, row.type, row.protocol) as opened:
            give_to(opened.fileno(), step.cred)
            if row.family == UNIX:
                self._bind(opened, row, step.fs, step.cred)
                set_options(opened, options_of(row).items())
            else:
                _bind_inet(opened, row)
            if row.state == SocketState.LISTENING:
                with acting_as(step.cred):
                    opened.listen(min(row.backlog or 0, _MOST_WAITING))
            if row.family != UNIX and row.type == socket.SOCK_STREAM:
                set_options(opened, [(_REUSE, options_of(row).get(_REUSE, 0))])
            if row.peer_address is not None:
                opened.connect(inet_address(row.peer_address))
            if step.peer is not None:
                self._connect(opened, step.peer, step.fs, step.cred)
            _shut(opened, row)
            self._take(step.file, opened)

    def make_pair(self, step: MakePair) -> None:
        """Two ends, or one whose other end is closed. Raises FileError, OSError, FormatError."""
        if step.listener is not None:
            first, second = self._through(step)
        else:
            with acting_as(step.creds[0]):
                first, second = socket.socketpair(socket.AF_UNIX, socket.SocketKind(step.rows[0].type))
        with first, second:
            ends = list(zip(step.rows, (first, second), strict=False))
            for (row, opened), cred in zip(ends, step.creds, strict=True):
                give_to(opened.fileno(), cred)
                if step.listener is None and row.file in step.bound:
                    self._bind(opened, row, step.fs, cred)
                set_options(opened, options_of(row).items())
            for row, opened in ends:
                if row.length:
                    data = (part for _, part in blob_extents(self.files.image, row.blobs))
                    fill(second if opened is first else first, data)
            for row, opened in ends if len(ends) == 2 else ():
                _shut(opened, row)
            for file, (_, opened) in zip(step.files, ends, strict=True):
                self._take(file, opened)

    def _through(self, step: MakePair) -> tuple[socket.socket, socket.socket]:
        """The accepted end and the other one, connected through the socket that listens."""
        row, other = step.rows[0], step.rows[-1]
        listening = self.files.by_objref[step.listener or 0]
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(socket.socket(fileno=os.dup(listening)))
            client = opened.enter_context(socket.socket(row.family, row.type))
            if other.file in step.bound:
                self._bind(client, other, step.fs, step.creds[-1])
            flags = os.get_blocking(listening)
            pid = self._connect(client, row, step.fs, step.creds[-1])
            try:
                listener.setblocking(False)
                accepted = opened.enter_context(_accept_from(listener, pid))
            finally:
                os.set_blocking(listening, flags)
            opened.pop_all()
            listener.close()
            return accepted, client

    def _connect(self, opened: socket.socket, row: Socket, fs: Fs | None, cred: Cred | None) -> int:
        """To the unix socket with the name of `row`; the process that this socket is told of."""
        if row.path and fs is not None:
            return self._place(fs, cred).connect(opened, row.path)
        with acting_as(cred):
            opened.connect(name_of_socket(row))
        return os.getpid()

    def _bind(self, opened: socket.socket, row: Socket, fs: Fs | None, cred: Cred | None) -> None:
        name = name_of_socket(row)
        if not name:
            return
        try:
            if row.path and fs is not None:
                take_away = self._place(fs, cred).bind(opened, row.path)
                if take_away is not None:
                    self.files.undo.callback(take_away)
            else:
                opened.bind(name)
        except OSError as error:
            shown = f"socket #{row.file} {escape(name)}"
            if error.errno == errno.EADDRINUSE:
                hint = "its name is in use: end who has it, or move away what has it"
                raise FileError(f"{shown}: {hint}") from error
            raise FileError(f"{shown}: {error.strerror}") from error

    def _place(self, fs: Fs, cred: Cred | None) -> Place:
        return Place(self.files.by_objref[fs.root], self.files.by_objref[fs.cwd], fs.umask, cred)

    def _take(self, file: File, opened: socket.socket) -> None:
        self.files.settle(file, os.dup(opened.fileno()))


def _accept_from(listener: socket.socket, pid: int) -> socket.socket:
    """The connection that `pid` has just made: somebody else may have been faster, and has to try again."""
    for _ in range(_MOST_STRANGERS):
        accepted, _ = listener.accept()
        credentials = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if int.from_bytes(credentials[:4], "little") == pid:
            return accepted
        accepted.close()
    raise OSError(errno.EAGAIN, "too many others connect")


def _bind_inet(opened: socket.socket, row: Socket) -> None:
    """Bind an Internet socket; a stream one also where connections of before are still being ended."""
    options = options_of(row)
    if row.type == socket.SOCK_STREAM:
        options[_REUSE] = 1
    set_options(opened, options.items())
    if row.address is not None:
        try:
            bind_inet(opened, row.address)
        except OSError as error:
            hint = f"{error.strerror}; end who has it" if error.errno == errno.EADDRINUSE else error.strerror
            raise FileError(f"socket #{row.file} {address_words(row.address)}: {hint}") from error


def _shut(opened: socket.socket, row: Socket) -> None:
    for bit, direction in _DIRECTIONS:
        if row.shutdown & bit:
            opened.shutdown(direction)
