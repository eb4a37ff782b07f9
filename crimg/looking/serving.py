"""The process that makes look-ups for another one: requests come over a pipe, answers go back over one."""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import struct

from crimg.errors import FileError
from crimg.looking.looker import Looker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FRAME = struct.Struct("=I")
"""Before each message: its length in bytes."""
ANSWER, BEAT = 0, 1
_WITH_BEATS = ("read", "columns")
"""Methods of Looker that read whole files: signs of life come meanwhile."""


def pack(value: Any) -> bytes:
    """A message."""
    data = marshal.dumps(value)
    return FRAME.pack(len(data)) + data


def serve(root: bytes, requests: int, answers: int) -> None:
    """The life of the other process. It holds nothing open that anybody could wait for the end of."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        requests, answers = (fcntl.fcntl(fd, fcntl.F_DUPFD, 3) for fd in (requests, answers))
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        low, high = sorted((requests, answers))
        os.closerange(3, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, os.sysconf("SC_OPEN_MAX"))
        _answer_all(root, requests, answers)
    finally:
        os._exit(0)


def _answer_all(root: bytes, requests: int, answers: int) -> None:
    def send(kind: int, value: object) -> None:
        os.write(answers, pack((kind, value)))

    try:
        looker = Looker(root)
    except FileError as error:
        send(ANSWER, (str(error), b""))
        return
    send(ANSWER, ("", looker.top))
    with os.fdopen(requests, "rb") as stream:
        while head := stream.read(FRAME.size):
            name, path, arguments = marshal.loads(stream.read(*FRAME.unpack(head)))
            if name in _WITH_BEATS:
                arguments = (*arguments, lambda done: send(BEAT, done))
            send(ANSWER, _plain(getattr(looker, name)(path, *arguments)))


def _plain(value: Any) -> Any:
    """Named tuples as tuples, which is what marshal takes."""
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value
