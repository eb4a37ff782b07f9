"""Names that repeat removed strings: of tasks and threads, of abstract sockets, of the machine."""

from __future__ import annotations

from crimg.model import ImageInfo, Socket, Task, Thread
from crimg.reader import criu_store
from crimg.redact.redaction import ARGUMENTS, NAME, Removal
from crimg.redact.strings import LEAST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crimg.model.image import Image
    from crimg.redact.redaction import Secret

    Named = tuple[tuple[int, ...], Removal]

_COMM = 15
_AF_UNIX = 1


def repeating_names(
    image: Image, arguments: Mapping[int, Sequence[bytes]], secrets: Sequence[Secret]
) -> Iterator[Named]:
    """Key of every row whose name goes, with what is reported of it.

    arguments: objref of an mm to those of its arguments but the first.  secrets: all removed strings. Names
    in images of CRIU that are no names of tasks and threads stay.
    """
    told = [secret for secret in secrets if not secret.program]
    spaces = {task.objref: task.mm for task in image.rows(Task)}
    rows: list[Task | Thread] = [*image.rows(Task), *image.rows(Thread)]
    for row in rows:
        mm = spaces.get(row.key[0])
        is_argument = mm is not None and repeats(row.comm, arguments.get(mm, ()))
        by = ARGUMENTS if is_argument else _told_by(row.comm, told, cut=len(row.comm) == _COMM)
        if row.comm and by is not None:
            label = f"thread {row.tid}" if isinstance(row, Thread) else f"task {row.pid}"
            yield row.key, Removal(NAME, by, row.key[0], label, len(row.comm))
    if criu_store(image) is None:
        yield from _other_names(image, told)


def _other_names(image: Image, secrets: Sequence[Secret]) -> Iterator[Named]:
    for socket in image.rows(Socket):
        if socket.family == _AF_UNIX and socket.address is not None:
            by = _told_by(socket.address, secrets)
            if by is not None:
                label = f"socket:[{socket.number}]"
                yield socket.key, Removal(NAME, by, socket.file, label, len(socket.address))
    for info in image.rows(ImageInfo):
        by = _told_by(info.hostname, secrets)
        if by is not None:
            yield info.key, Removal(NAME, by, info.objref, "the machine", len(info.hostname))


def _told_by(name: bytes, secrets: Iterable[Secret], *, cut: bool = False) -> str | None:
    """What asked for a removed string that is in a name. cut: the name can be the beginning of a longer one,
    and end with the first bytes of such a string."""
    for secret in secrets:
        value = secret.value
        if value in name or (cut and any(name.endswith(value[:size]) for size in range(LEAST, _COMM + 1))):
            return secret.by
    return None


def repeats(comm: bytes, arguments: Iterable[bytes]) -> bool:
    """Whether the name of a task is (the first 15 bytes of) one of these, or of its part behind = or /."""
    return any(
        comm == part[:_COMM]
        for argument in arguments
        for part in (argument, argument.rpartition(b"=")[2], argument.rpartition(b"/")[2])
        if part
    )
