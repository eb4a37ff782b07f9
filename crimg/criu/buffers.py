"""What open files stand on besides inodes: the buffers of pipes, the settings of terminals."""

from __future__ import annotations

import os
from struct import Struct

from crimg.model import Pipe, Tty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.criu.building import Builder

_DEFAULT_CAPACITY = 65536
"""Bytes that a pipe holds unless told otherwise (pipe(7))."""
_TERMIOS = Struct("<4IB19s")


class BufferBuilder:
    """Makes the rows of pipes and terminals."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self._pipe_data = {
            entry.message.pipe_id: (part, entry)
            for stem in ("pipes-data", "fifo-data")
            for part, entry in builder.entries(stem)
        }
        self._terminals = {info.id: info for info in builder.messages("tty-info")}
        self._of_session = {info.sid: _device(info.rdev) for info in reversed(self._terminals.values())}

    def pipe(self, number: int) -> int:
        """Objref of the buffer of a pipe, made when it is first met."""
        if not self._tables.knows("pipe", number):
            part, entry = self._pipe_data.get(number, (None, None))
            blobs: tuple[int, ...] = ()
            if part is not None and entry is not None and entry.message.bytes:
                blobs = (self._builder.sections.of_payload(part, entry),)
            length = entry.message.bytes if entry is not None else 0
            capacity = entry.message.size if entry is not None else 0
            self._tables.add(
                Pipe(
                    objref=self._tables.objref("pipe", number),
                    referrers=0,
                    number=number,
                    capacity=capacity or max(_DEFAULT_CAPACITY, length),
                    length=length,
                    blobs=blobs,
                )
            )
        return self._tables.objref("pipe", number)

    def tty(self, number: int) -> int | None:
        """Objref of the settings of a terminal; None where CRIU kept none."""
        info = self._terminals.get(number)
        if info is None:
            return None
        if not self._tables.knows("tty", number):
            modes = info.termios
            self._tables.add(
                Tty(
                    objref=self._tables.objref("tty", number),
                    referrers=0,
                    rdev=_device(info.rdev),
                    termios=_TERMIOS.pack(
                        modes.c_iflag,
                        modes.c_oflag,
                        modes.c_cflag,
                        modes.c_lflag,
                        modes.c_line & 0xFF,
                        bytes(each & 0xFF for each in modes.c_cc[:19]),
                    ),
                    rows=info.winsize.ws_row,
                    cols=info.winsize.ws_col,
                    extra={"session": info.sid, "foreground": info.pgrp},
                )
            )
        return self._tables.objref("tty", number)

    def terminal_of_session(self, sid: int) -> int:
        """Device of the controlling terminal of a session: major << 32 | minor; 0 for none."""
        return self._of_session.get(sid, 0) if sid else 0


def _device(number: int) -> int:
    """A device number of stat(2) in the form of the model."""
    return os.major(number) << 32 | os.minor(number)
