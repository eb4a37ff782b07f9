"""C411 to C417: what a file is, and by which name."""

from __future__ import annotations

import stat
from operator import itemgetter

from crimg.escape import escape
from crimg.model import File, Filesystem, Inode, Lock, SharedMemory, Socket
from crimg.model.enums import (
    NAMELESS,
    NAMELESS_WORDS,
    FileKind,
    Keeper,
    LockKind,
    MemoryKind,
    NameState,
    OtherFileKind,
    SocketState,
)
from crimg.model.record import KINDS, unrecorded
from crimg.validate.descriptors import O_PATH
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.record import Record
    from crimg.validate.checked import Checked

_LONGEST_PATH = 4095
"""PATH_MAX without its NUL (linux/limits.h)."""
_TYPES = {
    FileKind.REGULAR: stat.S_IFREG,
    FileKind.DIRECTORY: stat.S_IFDIR,
    FileKind.CHARACTER_DEVICE: stat.S_IFCHR,
    FileKind.FIFO: stat.S_IFIFO,
    FileKind.PTY_MASTER: stat.S_IFCHR,
}
_WITH_NAMES = frozenset(map(int, (FileKind.REGULAR, FileKind.DIRECTORY, FileKind.CHARACTER_DEVICE)))
_KIND, _INODE, _PIPE, _TTY, _STATE = map(File.fields.index, ("kind", "inode", "pipe", "tty", "name_state"))
_ENUMERATIONS = (
    (File, "kind", FileKind),
    (File, "name_state", NameState),
    (Inode, "keeper", Keeper),
    (Lock, "kind", LockKind),
    (SharedMemory, "kind", MemoryKind),
    (Socket, "state", SocketState),
)
_OTHER_KINDS = frozenset(map(int, OtherFileKind))
_ABSOLUTE = ((File, "path"), (Filesystem, "mount_point"))
_NULLABLE_PAIRS = (("handle_type", "handle"), ("digest_kind", "digest"))
_DIGEST_LENGTHS = {"sha256": 32}


@rule("C411", ERROR)
def unknown_number(checked: Checked) -> Iterator[Hit]:
    """A column holds a number that has no meaning in this version.

    What the object is, or how its file is kept, is not known; a restart refuses it rather than guess.

    Remedy: restart it with the version that made the image, or a newer one.
    """
    for cls, name, enumeration in _ENUMERATIONS:
        index = cls.fields.index(name)
        known = frozenset(map(int, enumeration))
        if enumeration is FileKind and checked.criu is not None:
            known |= frozenset(map(int, OtherFileKind))
        rows: list[Record] = checked.rows(cls)
        for value in set(map(itemgetter(index), rows)) - known:
            for row in rows:
                if row[index] == value:
                    yield Hit(f"{name} is {value}", row, name)


@rule("C412", ERROR)
def relative_path(checked: Checked) -> Iterator[Hit]:
    """A path is not absolute.

    A restart would look for it from wherever it was started. The kernel shows paths from the root of the
    task; only pipes, sockets, epoll instances, shared memory and the like have none.

    Remedy: rewrite the path, or dump again.
    """
    for cls, name in _ABSOLUTE:
        index = cls.fields.index(name)
        for row in checked.rows(cls):
            nameless = isinstance(row, File) and (row.kind in NAMELESS or row.kind in _OTHER_KINDS)
            if not row[index].startswith(b"/") and not nameless:
                yield Hit(f'{name} is "{escape(row[index])}"', row, name)


@rule("C413", ERROR)
def impossible_path(checked: Checked) -> Iterator[Hit]:
    """A path holds a NUL byte, or is longer than 4,095 bytes.

    No system call takes it (ENAMETOOLONG), or takes it up to the NUL, which is another path.

    Remedy: rewrite the path, or dump again.
    """
    for cls in KINDS.values():
        for index, column in enumerate(cls.columns):
            if not column.path or column.many:
                continue
            paths = [row[index] for row in checked.rows(cls) if row[index] is not None]
            if max(map(len, paths), default=0) > _LONGEST_PATH or b"\0" in b"".join(paths):
                for row in checked.rows(cls):
                    path = row[index] or b""
                    if len(path) > _LONGEST_PATH or b"\0" in path:
                        what = "holds a NUL byte" if b"\0" in path else f"is {len(path)} bytes long"
                        yield Hit(f"{column.name} {what}", row, column.name)


@rule("C414", ERROR)
def file_type(checked: Checked) -> Iterator[Hit]:
    """The type of an inode contradicts the kind of the file.

    What is opened by the path would not be what the row describes.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(File):
        inode = checked.find(Inode, row[_INODE])
        wanted = _TYPES.get(row[_KIND])
        if inode is not None and wanted is not None and stat.S_IFMT(inode.mode) != wanted:
            kind = FileKind(row.kind).name.lower().replace("_", " ")
            yield Hit(f"is a {kind}, its inode has mode {inode.mode:o}", row, "kind")


@rule("C415", ERROR)
def missing_parts(checked: Checked) -> Iterator[Hit]:
    """A file has not what its kind needs, or has what its kind cannot have.

    A pipe needs its buffer, and shared memory its inode; neither they nor sockets, counters, timers and what
    stands for a thing that was left out have a name. Anything else needs its inode and has a name; only pipes
    and FIFOs have a buffer, and only devices the settings of a terminal.

    Remedy: undo what rewrote the image, or dump again.
    """
    has_name, never = _WITH_NAMES, int(NameState.NONE)
    for row in checked.rows(File):
        if (
            row[_KIND] in has_name
            and row[_INODE] is not None
            and row[_STATE] != never
            and row[_PIPE] is row[_TTY] is None
        ):
            continue  # by far the most: 100,000 of them are looked at in the time of 10,000 others
        for name, text in _wrong_parts(row):
            yield Hit(text, row, name)


def _wrong_parts(row: File) -> Iterator[tuple[str, str]]:
    if row.kind in NAMELESS:
        what = NAMELESS_WORDS[FileKind(row.kind)]
        if (row.pipe is None) == (row.kind == FileKind.PIPE):
            yield "pipe", f"is {what}, but has {'no' if row.pipe is None else 'a'} buffer"
        if (row.inode is None) == (row.kind == FileKind.MEMORY):
            yield "inode", f"is {what}, but has {'no' if row.inode is None else 'an'} inode"
        if row.name_state != NameState.NONE or row.path:
            yield "name_state", f"is {what}, but has a name"
    elif row.kind in _TYPES:
        if row.inode is None:
            yield "inode", "has no inode"
        if row.name_state == NameState.NONE:
            yield "name_state", "never had a name, it says"
        if row.kind == FileKind.FIFO and row.pipe is None and not row.flags & O_PATH:
            yield "pipe", "is an open FIFO, but has no buffer"
        if row.kind != FileKind.FIFO and row.pipe is not None:
            yield "pipe", "is no pipe, but has a buffer"
    if row.tty is not None and row.kind not in (FileKind.CHARACTER_DEVICE, FileKind.PTY_MASTER):
        yield "tty", "is no device, but has the settings of a terminal"
    if row.tty is None and row.kind == FileKind.PTY_MASTER and not row.flags & O_PATH:
        yield "tty", "is the master side of a terminal, but has no terminal"


@rule("C416", WARNING)
def evidence(checked: Checked) -> Iterator[Hit]:
    """The evidence by which an inode is known again is not whole.

    A digest without its algorithm, or a handle without its type, proves nothing: a restart falls back to size
    and times, and may take another file for this one.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    for row in checked.rows(Inode):
        for kind, value in _NULLABLE_PAIRS:
            if (getattr(row, kind) is None) != (getattr(row, value) is None):
                yield Hit(f"has one of {kind} and {value}, not both", row, value)
        wanted = _DIGEST_LENGTHS.get(row.digest_kind or "")
        if wanted is not None and row.digest is not None and len(row.digest) != wanted:
            yield Hit(f"a {row.digest_kind} digest of {len(row.digest)} bytes", row, "digest")


@rule("C417", ERROR)
def same_inode(checked: Checked) -> Iterator[Hit]:
    """One inode is in the image twice.

    Files that shared it come back with an inode each: what one writes, the others no longer see.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    index = itemgetter(*map(Inode.fields.index, ("device", "number", "generation", "handle_type", "handle")))
    rows = [row for row in checked.rows(Inode) if "number" not in unrecorded(row)]
    if len(set(map(index, rows))) == len(rows):
        return
    seen: dict[object, Inode] = {}
    for row in rows:
        first = seen.setdefault(index(row), row)
        if first is not row:
            yield Hit(f"#{first.objref} is the same inode", row, "number")
