"""What a restart cannot make, for all that the image has of it: the other end is missing, or has no name."""

from __future__ import annotations

from crimg.model import Fd, File, SharedMemory, Socket
from crimg.model.enums import FileKind, MemoryKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.model.image import Image

ALONE = "its other end is not in the image"
NAMELESS_PEER = "it sends to a socket that has no name to be found by"
AT_A_DESCRIPTOR = "it is a System V segment that is open at a descriptor"
_DATAGRAM = 2


def name_of_socket(row: Socket) -> bytes:
    """Path, or abstract name with its zero byte, of a unix socket; empty for none."""
    return row.path or (row.address or b"")[2:]


def other_end_outside(row: Socket, numbers: Mapping[int, object]) -> bool:
    """Whether it is connected to a unix socket that is not in the image. numbers: those of all sockets."""
    return row.peer is not None and row.peer not in numbers


def sends_to_nameless(row: Socket, numbers: Mapping[int, Socket]) -> bool:
    """Whether a datagram socket sends to one that does not send to it, and that it could not connect to."""
    peer = numbers.get(row.peer) if row.peer is not None else None
    if peer is None or row.type != _DATAGRAM:
        return False
    return peer.peer != row.number and not name_of_socket(peer)


def segments_at_descriptors(image: Image) -> frozenset[int]:
    """Objrefs of the file objects that are System V segments and open at a descriptor.

    shmat(2) gives none, and to open /proc/PID/map_files is to open the segment of that process.
    """
    segments = {row.inode for row in image.rows(SharedMemory) if row.kind == MemoryKind.SYSTEM_V}
    open_files = {row.file for row in image.rows(Fd)}
    return frozenset(
        file.objref
        for file in image.rows(File)
        if file.kind == FileKind.MEMORY and file.inode in segments and file.objref in open_files
    )


def lacking(image: Image) -> dict[int, str]:
    """Objref of a file object to why a restart cannot make it. Raises FormatError: damaged tables."""
    numbers = {row.number: row for row in image.rows(Socket)}
    found = dict.fromkeys(segments_at_descriptors(image), AT_A_DESCRIPTOR)
    for row in numbers.values():
        if other_end_outside(row, numbers):
            found[row.file] = ALONE
        elif sends_to_nameless(row, numbers):
            found[row.file] = NAMELESS_PEER
    return found
