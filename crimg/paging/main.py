"""The process that supplies pages, from its start on (by `client`)."""

from __future__ import annotations

# The modules of Python beneath signal and socket, which take ten times as long to import.
import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import os
from array import array

from crimg.paging.guard import serve_guarded
from crimg.paging.journal import Journal
from crimg.paging.missing import Missing, Part
from crimg.paging.protocol import GO, WORDS
from crimg.paging.server import Server
from crimg.paging.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_IGNORED = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE),
    *(signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
)
_NEVER_KILLED = "-1000"


def main(control: int, image: int) -> NoReturn:
    """Take address spaces over from descriptor `control`, and supply them from the file at `image`.

    Once it is told to go on, it ends when all is in; if the other end is closed before that, at once.
    """
    if os.fork():
        os._exit(0)  # who started it does not have to wait for it
    os.setsid()
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    _spare_from_killing()
    server = Server(Source(image))
    server.journal = Journal()
    connection = socket.socket(fileno=control)
    while True:
        server.serve(control, ahead=False)
        data, ancillary, _, _ = connection.recvmsg(64, socket.CMSG_SPACE(2 * 4))
        if data == GO:
            break
        fds = array("i", b"".join(content for _, _, content in ancillary))
        if len(fds) != 2:
            os._exit(1)  # the restart has failed
        server.add(fds[0], Missing(_parts(fds[1])))
    os.dup2(1, 2)  # nobody listens any more
    serve_guarded(server, control)


def _parts(fd: int) -> list[Part]:
    """The table at a memfd."""
    with open(fd, "rb") as file:
        words = array("q", file.read())
    return [Part(*words[at : at + WORDS]) for at in range(0, len(words), WORDS)]


def _spare_from_killing() -> None:
    """Ask the kernel not to choose it when memory is short (proc(5), oom_score_adj)."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(_NEVER_KILLED)
    except PermissionError:
        return  # it takes CAP_SYS_RESOURCE
