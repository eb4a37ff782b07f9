"""C431 to C436: pipes and locks."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import File, Lock, Pipe, Socket
from crimg.model.enums import Access, FileKind, LockKind
from crimg.validate.finding import Hit
from crimg.validate.keepers import Spans
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_INODE = File.fields.index("inode")


@rule("C431", ERROR)
def overfull_pipe(checked: Checked) -> Iterator[Hit]:
    """A pipe holds more than it has room for.

    A restart that fills it would wait for a reader forever.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Pipe):
        if row.length > row.capacity:
            yield Hit(f"{row.length} bytes in a pipe of {row.capacity}", row, "length")


@rule("C432", ERROR)
def pipe_contents(checked: Checked) -> Iterator[Hit]:
    """The bytes kept for a pipe are not those that were in it.

    The reader would miss some, or get some that were never written.

    Remedy: undo what rewrote the image, or dump again.
    """
    yield from queue_hits(checked, Pipe)


def queue_hits(checked: Checked, cls: type[Pipe] | type[Socket]) -> Iterator[Hit]:
    """Where the bytes kept for pipes, or sockets, are not those that waited there, one after the other."""
    spans = Spans(checked)
    rows: list[Pipe | Socket] = [*checked.rows(cls)]
    for row in rows:
        found = spans.of(row.blobs)
        if (row.blobs and not found) or row.is_removed:
            continue
        kept = sum(length for _, _, length in found)
        if found and (found[0][0] or kept != found[-1][1]):
            yield Hit("the bytes kept have holes, or are there twice", row, "blobs")
        elif kept != row.length:
            yield Hit(f"{kept} bytes kept, {row.length} in the {cls.noun}", row, "blobs")
        packets = (row.extra or {}).get("packets", (row.length,)) if cls is Pipe else (row.length,)
        if not isinstance(packets, tuple) or sum(packets) != row.length:
            yield Hit(f"its packets do not have {row.length} bytes together", row, "extra")


@rule("C433", WARNING, whole=True)
def one_ended_pipe(checked: Checked) -> Iterator[Hit]:
    """A pipe has lost one of its ends.

    Nobody in the image reads from it, or nobody writes to it: the restarted program gets SIGPIPE, or the
    end of the file once it has read what is in it. So it was at the dump, if nobody else held the other
    end.

    Remedy: dump the process that holds the other end too; if there is none, nothing is to be done.
    """
    allowed: dict[int, int] = {}
    for file in checked.rows(File):
        if file.kind == FileKind.PIPE and file.pipe is not None:
            allowed[file.pipe] = allowed.get(file.pipe, 0) | file.access
    for row in checked.rows(Pipe):
        access = allowed.get(row.objref)
        if access is not None and access != Access.READ | Access.WRITE:
            yield Hit("nobody writes to it" if access & Access.READ else "nobody reads from it", row)


@rule("C434", ERROR)
def lock_access(checked: Checked) -> Iterator[Hit]:
    """A lock is held on a file that is not open for it.

    fcntl(2) refuses it (EBADF): an exclusive lock needs a file open for writing, a shared one a file
    open for reading. The program goes on as if it had the lock.

    Remedy: undo what rewrote the image, or dump again.
    """
    allowed: dict[int | None, int] = {}
    locked = {file.inode for row in checked.rows(Lock) if (file := checked.find(File, row.file))}
    for file in checked.rows(File) if locked else ():
        if file[_INODE] in locked:
            allowed[file.inode] = allowed.get(file.inode, 0) | file.access
    for row in checked.rows(Lock):
        holder = checked.find(File, row.file)
        if holder is None or row.kind not in (LockKind.POSIX, LockKind.OFD):
            continue
        # A POSIX lock is the process's: the kernel shows it with every descriptor of the inode.
        access = allowed[holder.inode] if row.kind == LockKind.POSIX else holder.access
        if not access & (Access.WRITE if row.write else Access.READ):
            kind = "an exclusive" if row.write else "a shared"
            yield Hit(f"{kind} lock on {escape(holder.path)}, which is not open for it", row, "file")


@rule("C435", ERROR)
def lock_range(checked: Checked) -> Iterator[Hit]:
    """A lock ends before it begins, or past the largest offset of a file.

    fcntl(2) refuses it (EINVAL, EOVERFLOW).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Lock):
        end = row.start if row.end is None else row.end
        if end < row.start or end >= 1 << 63:
            yield Hit(f"from {row.start} to {row.end}", row, "end")


@rule("C436", WARNING)
def removed_bytes(checked: Checked) -> Iterator[Hit]:
    """The bytes in a pipe were removed from the image on purpose.

    The image can be looked at, but a restart cannot fill this pipe again: it refuses the image.

    Remedy: to restart, take the image from which the bytes were not removed.
    """
    for row in checked.rows(Pipe):
        if row.is_removed:
            yield Hit(f"the {row.length} bytes in it are not in the image", row, "blobs")
