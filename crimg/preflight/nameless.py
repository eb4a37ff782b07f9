"""Files that never had a name: pipes, sockets, shared memory, counters. A restart makes them anew.

Their contents are in the image. A unix socket that is bound needs its name on this machine all the same.
"""

from __future__ import annotations

import errno
import stat
from typing import NamedTuple

from crimg.escape import escape
from crimg.model import Pipe
from crimg.model.enums import NAMELESS_WORDS, FileKind
from crimg.preflight import judge, verdicts
from crimg.preflight.judge import Judgement
from crimg.preflight.lacking import ALONE, AT_A_DESCRIPTOR, NAMELESS_PEER
from crimg.preflight.remedies import shell_path
from crimg.preflight.verdicts import ACCEPT, BRING_BACK, REPAIR, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crimg.looking.sightings import Look
    from crimg.model import File, Inode, Socket
    from crimg.model.image import Image

    Outlook = tuple[str, tuple[Remedy, ...]]
    """What a restart would do, and what would mend it."""

LEFT_OUT = "it could not be saved, and was left out of the image on purpose"
_TAKEN = "binding it fails: its name is taken"


def contents_words(length: int) -> str:
    """That the image has all bytes of something."""
    return "its 1 byte is in the image" if length == 1 else f"its {length} bytes are in the image"


class Contents(NamedTuple):
    """What the image has of a nameless file. blobs: the sections.  length: bytes."""

    blobs: Sequence[int] = ()
    length: int = 0


def contents_of(image: Image, file: File, inode: Inode | None, socket: Socket | None) -> Contents:
    """Where its contents are: those of a pipe, a socket, or shared memory."""
    row = image.find(Pipe, file.pipe) or socket
    if row is not None:
        return Contents(row.blobs, row.length)
    return Contents(inode.blobs, inode.size) if inode is not None else Contents()


def judge_nameless(image: Image, file: File, inode: Inode | None, socket: Socket | None) -> Judgement:
    """The verdict on a file of a kind in NAMELESS, but for the name that it may be bound to."""
    if file.kind == FileKind.PLACEHOLDER:
        return Judgement(verdicts.MISSING, (LEFT_OUT,))
    what = NAMELESS_WORDS[FileKind(file.kind)]
    contents = contents_of(image, file, inode, socket)
    if absent := [blob for blob in contents.blobs if image.section(blob) is None]:
        return Judgement(verdicts.MISSING, (f"section {absent[0]} with its contents is not in the image",))
    details = [f"{what}, made anew"]
    if socket is not None and socket.path:
        details.append(f"bound to {escape(socket.path)}")
    if contents.blobs:
        details.append(contents_words(contents.length))
    return Judgement(verdicts.KEPT, tuple(details))


def bound_path(socket: Socket | None) -> bytes | None:
    """The name on a file system that a unix socket is bound to; None for none, and for a relative one."""
    path = socket.path if socket is not None else None
    return path if path and path.startswith(b"/") else None


def judge_name(judged: Judgement, path: bytes, at: Callable[[bytes], Look | None]) -> Judgement:
    """The verdict on a bound socket, by what stands at its name. judged: without it.  at: looks at a path."""
    look = at(path)
    if judged.verdict != verdicts.KEPT:
        return judged
    if look is not None and look.error in judge.ABSENT:
        above = at(path.rpartition(b"/")[0] or b"/")
        seen = (above.target or above.seen) if above is not None else None
        if seen is not None and stat.S_ISDIR(seen.mode):
            return judged
        return Judgement(verdicts.MISSING, (*judged.details, "the directory of its name is not there"))
    if look is None or look.seen is None:
        error = judge.judge_error(look.error if look is not None else errno.ETIMEDOUT)
        return error._replace(details=(*judged.details, *error.details))
    if not stat.S_ISSOCK(look.seen.mode):
        there = f"{judge.type_name(look.seen.mode)} has its name now"
        return Judgement(verdicts.REPLACED, (*judged.details, there))
    return judged


def nameless_outlook(judged: Judgement, host: bytes | None) -> Outlook:
    """What a restart would do where it is not kept. host: the name of a socket as a path of this machine."""
    if judged.verdict == verdicts.KEPT:
        return "", ()
    if judged.details == (LEFT_OUT,):
        again = "close it in the program, or do as the log of the image says, and dump again"
        return "it is refused: nothing of it was saved", (
            Remedy(BRING_BACK, again),
            _without("its descriptors closed"),
        )
    if judged.details == (ALONE,):
        tree = "dump a tree that the process at the other end belongs to"
        return "it is refused: nobody would be at the other end", (
            Remedy(BRING_BACK, tree),
            _without("the other end closed"),
        )
    if judged.details == (NAMELESS_PEER,):
        again = "have it send to a bound socket, or close it, before the dump"
        return "it is refused: it could not be connected", (Remedy(BRING_BACK, again),)
    if judged.details == (AT_A_DESCRIPTOR,):
        again = "close the descriptor before the dump: the segment stays attached"
        return "it is refused: a segment cannot be opened so again", (Remedy(BRING_BACK, again),)
    if host is None or len(judged.details) == 1:
        return "it fails: what was in it is not to be had", (
            Remedy(BRING_BACK, "take another image of the process"),
        )
    where = shell_path(host)
    if judged.verdict == verdicts.REPLACED:
        return _TAKEN, (Remedy(REPAIR, f"mv {where} ELSEWHERE"),)
    if judged.verdict == verdicts.MISSING:
        folder = shell_path(host.rpartition(b"/")[0] or b"/")
        return "binding it fails: the directory is missing", (Remedy(REPAIR, f"mkdir -p {folder}"),)
    return "binding it fails here, or hangs", (
        Remedy(BRING_BACK, f"make {where} a name that can be looked at by this user"),
    )


def _without(what: str) -> Remedy:
    return Remedy(
        ACCEPT, f"to restart with {what}: crimg restart --accept '#N={verdicts.MISSING}', N its number"
    )
