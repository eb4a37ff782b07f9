"""What of files that never had a name cannot be brought back. Pure."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import Inode, SharedMemory, Socket
from crimg.model.enums import FileKind, Keeper, MemoryKind
from crimg.preflight.lacking import other_end_outside, sends_to_nameless
from crimg.preflight.verdicts import MISSING
from crimg.restart.segments import segment_of
from crimg.restart.socket_planning import DATAGRAM, UNIX
from crimg.restart.socket_setup import unknown_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crimg.model import File
    from crimg.model.image import Image

_KINDS = frozenset(
    (
        *((UNIX, 1), (UNIX, DATAGRAM), (UNIX, 5)),
        *((2, 1), (2, DATAGRAM), (10, 1), (10, DATAGRAM)),
    )
)
"""Family and type of the sockets that can be made."""
_MOST_NAME = 108
"""Bytes of sun_path (unix(7))."""
_ABSTRACT = b"\x01\0\0"
_ADDRESSES = {2: (16, b"\x02\0"), 10: (28, b"\x0a\0")}
"""Size of struct sockaddr, and how it begins, by family."""
_MOST_MEMFD_NAME = 249  # memfd_create(2)
_MOST_SIZE = (1 << 63) - 1
REMOVED = "what was in it was removed from the image on purpose"


def of_memory(image: Image, file: File, at_descriptors: frozenset[int]) -> Iterator[str]:
    """Reasons against shared memory. at_descriptors: segments that are open so."""
    inode = image.find(Inode, file.inode)
    if inode is None:
        yield "nothing is known of its inode"
    elif inode.keeper == Keeper.REMOVED:
        yield REMOVED
    elif inode.keeper != Keeper.EMBEDDED:
        yield "its contents are kept nowhere"
    elif inode.size > _MOST_SIZE:
        yield f"no memory has {inode.size} bytes"
    else:
        for row in image.rows(SharedMemory):
            if row.inode == file.inode and (b"\0" in row.name or len(row.name) > _MOST_MEMFD_NAME):
                yield "its name is none that a memfd can have"
            if row.inode == file.inode and row.kind == MemoryKind.SYSTEM_V:
                if segment_of(row, inode.size) is None:
                    yield "not all is known of this System V segment"
                if file.objref in at_descriptors:
                    yield "a System V segment that is open at a descriptor cannot be opened so again"


def of_placeholder(file: File, accepted: Mapping[int, str]) -> Iterator[str]:
    """Reasons against something that was left out of the image. accepted: verdicts that the user accepts."""
    if accepted.get(file.objref) != MISSING:
        extra = file.extra or {}
        link = extra.get("link")
        shown = escape(link) if isinstance(link, bytes) else "it"
        yield (
            f"{shown} could not be saved ({escape(str(extra.get('unsupported')))}), and was left out;"
            f" to go on with its descriptors closed: --accept #{file.objref}={MISSING}"
        )


def _wrong_name(row: Socket) -> str:
    """Why its names or addresses are none of its family; nothing where they are."""
    if row.family == UNIX:
        if row.path is not None and not 0 < len(row.path) <= _MOST_NAME:
            return "its path is none that a socket can have"
        abstract = row.address is None or row.address[:3] == _ABSTRACT
        if not abstract or len(row.address or b"") > _MOST_NAME + 2:
            return "its address is no abstract name"
        return ""
    wanted = _ADDRESSES.get(row.family, (0, b""))
    for address in (row.address, row.peer_address):
        if address is not None and (len(address), address[:2]) != wanted:
            return "its address is none of its family"
    return ""


def of_sockets(image: Image, accepted: Mapping[int, str]) -> Iterator[str]:
    """Lines for sockets that cannot be made, or not without the other end."""
    numbers = {row.number: row for row in image.rows(Socket)}
    for row in image.rows(Socket):
        where = f"file #{row.file} socket:[{row.number}]"
        if row.is_removed:
            yield f"{where}: {REMOVED}"
        if (row.family, row.type) not in _KINDS:
            yield f"{where}: sockets of family {row.family} and type {row.type} cannot be restarted yet"
        if reason := _wrong_name(row):
            yield f"{where}: {reason}"
        if odd := unknown_options(row):
            yield f"{where}: has options that are not known here ({escape(' '.join(odd))})"
        if other_end_outside(row, numbers):
            if accepted.get(row.file) != MISSING:
                yield (
                    f"{where}: its other end, socket {row.peer}, is not in the image;"
                    f" to go on as if that had been closed: --accept #{row.file}={MISSING}"
                )
        elif row.peer is not None:
            peer = numbers[row.peer]
            if row.type != DATAGRAM and peer.peer != row.number:
                yield f"{where}: it is connected to socket #{peer.file}, which is not connected to it"
            elif sends_to_nameless(row, numbers):
                yield f"{where}: it sends to socket #{peer.file}, which has no name to be found by"


SPECIAL_KINDS = frozenset(
    (
        *(FileKind.EVENTFD, FileKind.TIMERFD, FileKind.SIGNALFD, FileKind.EPOLL),
        *(FileKind.MEMORY, FileKind.SOCKET, FileKind.PLACEHOLDER),
    )
)
"""Kinds of files that are made by the steps of `kind_steps`, or left out."""
