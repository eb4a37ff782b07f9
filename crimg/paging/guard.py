"""Two processes in place of one, each of which goes on where the other is killed.

Were there only one, the kernel would supply zero bytes for what it has not brought in yet as soon as it is
killed: the restarted process would compute with wrong memory. Both have one table of descriptors, so that
each userfaultfd stays open as long as one of them lives; meanwhile whoever touches a missing page waits.
"""

from __future__ import annotations

import os
import syslog
from _signal import SIGKILL, pidfd_send_signal  # type: ignore[import-not-found]  # without enum: fast to import

from crimg.kernel import birth
from crimg.paging.journal import Journal, JournalFullError
from crimg.paging.protocol import READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from crimg.paging.server import Server

_MOST_FAILURES = 10
_FAILED = 70


def serve_guarded(server: Server, started: int) -> NoReturn:
    """Bring all memory in, and end. started: descriptor that is written to once both are there."""
    failures = 0
    while True:
        server.journal = Journal()
        alive = os.pidfd_open(os.getpid())
        child = birth.fork(flags=birth.CLONE_FILES)
        if child == 0:
            if started >= 0:
                os.write(started, READY + str(os.getsid(0)).encode())
                os.close(started)
            _serve(server, alive)
            started = -1  # the other one was killed: this one now stands by, for a new one
            continue
        started = -1
        _, status = os.waitpid(child, 0)
        os.close(alive)
        if status == 0:
            os._exit(0)
        failures += 1
        server.repeat(server.journal)
        server.journal.close()
        if failures == _MOST_FAILURES:
            syslog.syslog(syslog.LOG_ERR, f"crimg: pages cannot be supplied (status {status:#x})")
            server.journal = Journal()
            server.give_up()
            os._exit(_FAILED)


def _serve(server: Server, other: int) -> None:
    """Returns if the process behind the pidfd `other` has ended before all was in."""
    try:
        if server.serve(other, ahead=True):
            os._exit(0)
    except JournalFullError:  # the other one cannot follow any more: another takes its place
        pidfd_send_signal(other, SIGKILL)
    except Exception as error:  # noqa: BLE001  # there is nobody to raise it to
        syslog.syslog(syslog.LOG_ERR, f"crimg: {error!r}")
        os._exit(_FAILED)
    os.close(other)
