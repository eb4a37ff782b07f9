"""C451 to C456: images with one wrong counter, timer, socket or piece of shared memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Eventfd, Fd, File, Inode, SharedMemory, Socket, Timerfd
from tests.samples import FD_TABLE, PIPE_BLOB_ID, PIPE_CONTENTS, WRITE_END
from tests.validate.cases import breaks
from tests.validate.sound import RELINKED, Draft

if TYPE_CHECKING:
    from crimg.model.record import Record

FILE, OTHER, INODE = 80, 81, 82
"""Objrefs that the sound image has not."""
LINKS = {
    8: b"/memfd:x (deleted)",
    9: b"anon_inode:[eventfd]",
    10: b"anon_inode:[timerfd]",
    11: b"anon_inode:[signalfd]",
    12: b"socket:[9]",
}


def with_file(kind: int, *rows: Record, objref: int = FILE, fd: int = 20) -> Draft:
    """The sound image with one more open file, and rows that tell of it."""
    draft = Draft()
    return more(draft, kind, *rows, objref=objref, fd=fd)


def more(draft: Draft, kind: int, *rows: Record, objref: int, fd: int) -> Draft:
    file = draft.row(File, WRITE_END).replace(
        objref=objref, kind=kind, flags=2, access=3, pipe=None, inode=None, owner_type=-1, owner=0,
        extra={"link": LINKS[kind]},
    )  # fmt: skip
    if kind == 8:
        inode = draft.row(Inode, RELINKED)
        draft.add(inode.replace(objref=INODE, number=2020, keeper=1, keeper_path=None, filesystem=None))
        file = file.replace(inode=INODE)
    return draft.add(file, *rows, Fd(table=FD_TABLE, fd=fd, cloexec=True, file=objref))


def socket(**columns: object) -> Socket:
    """A connected unix socket."""
    row = Socket(
        file=FILE, number=9, family=1, type=1, protocol=0, state=3, path=None, address=None, peer=None,
        peer_address=None, backlog=None, shutdown=0, length=0, blobs=(),
    )  # fmt: skip
    return row.replace(**columns)


MEMFD = SharedMemory(inode=INODE, kind=2, name=b"x", seals=1, ipc_key=None, mode=None)
TIMER = Timerfd(file=FILE, clock=1, ticks=0, settime_flags=0, interval=0, remaining=0)


@breaks("C451")
def counter_without_its_row() -> bytes:
    return with_file(9).counted().bytes()


@breaks("C451")
def memory_without_its_row() -> bytes:
    return with_file(8).counted().bytes()


@breaks("C451")
def counter_of_a_timer() -> bytes:
    return with_file(10, TIMER, Eventfd(file=FILE, value=1, semaphore=False)).counted().bytes()


@breaks("C452")
def counter_too_high() -> bytes:
    return with_file(9, Eventfd(file=FILE, value=2**64 - 1, semaphore=False)).counted().bytes()


@breaks("C452")
def clock_of_nobody() -> bytes:
    return with_file(10, TIMER.replace(clock=3)).counted().bytes()


@breaks("C452")
def timer_in_the_past() -> bytes:
    return with_file(10, TIMER.replace(remaining=-1)).counted().bytes()


@breaks("C452")
def sealed_segment() -> bytes:
    return with_file(8, MEMFD.replace(seals=None)).counted().bytes()


@breaks("C452")
def listens_to_nobody() -> bytes:
    return with_file(12, socket(state=2)).counted().bytes()


@breaks("C411")
def socket_state_from_the_future() -> bytes:
    return with_file(12, socket(state=9)).counted().bytes()


@breaks("C453")
def connected_to_a_stranger() -> bytes:
    return with_file(12, socket(peer=10)).counted().bytes()


@breaks("C454")
def bytes_of_the_pipe() -> bytes:
    draft = with_file(12, socket(blobs=(PIPE_BLOB_ID,), length=len(PIPE_CONTENTS) + 1))
    return draft.counted().bytes()


@breaks("C455")
def memory_kept_nowhere() -> bytes:
    return with_file(8, MEMFD).change(Inode, INODE, keeper=0).counted().bytes()


@breaks("C456")
def socket_emptied() -> bytes:
    return with_file(12, socket(length=5, extra={"removed": 5})).counted().bytes()
