"""By what the things of two images are known to be the same, kind by kind.

Every step takes what the steps before have left over: the strongest evidence first.
"""

from __future__ import annotations

from crimg.compare.pairing import Pairing, contents_key, first_users, part_key
from crimg.model import (
    Cred,
    Fd,
    FdTable,
    File,
    Filesystem,
    Fs,
    ImageInfo,
    Inode,
    Mm,
    Namespaces,
    Pipe,
    Sighand,
    Signal,
    Task,
    Thread,
    Tty,
    Vma,
)
from crimg.model.enums import NAMELESS
from crimg.model.record import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from typing import Any

    from crimg.compare.pairing import Key, Token
    from crimg.compare.side import Side

_OF_A_TASK = (
    ("mm", Mm),
    ("fd_table", FdTable),
    ("fs", Fs),
    ("sighand", Sighand),
    ("signal", Signal),
    ("namespaces", Namespaces),
)


def match(before: Side, after: Side) -> Pairing:
    """Pairs of all kinds: by number in images of one uuid, else by what the things are."""
    pairing = Pairing(before, after)
    if before.image.uuid == after.image.uuid:
        pairing.by_number()
    else:
        _tasks(pairing)
        _inodes(pairing)
        _files(pairing)
        _parts(pairing)
    pairing.sort()
    return pairing


def _tasks(pairing: Pairing) -> None:
    """Tasks by pid and start time, by pid, by being the root of the tree; what they refer to by role."""
    roots = {row.root for row in pairing.before.rows(ImageInfo)}
    others = {row.root for row in pairing.after.rows(ImageInfo)}
    pairing.by_key(ImageInfo, lambda _row, _token: True)
    pairing.by_key(Task, lambda row, _token: (row.pid, row.start_time))
    pairing.by_key(Task, lambda row, _token: row.pid)
    pairing.by_key(
        Task,
        lambda row, token: (
            True if row.objref in (roots if token is pairing.token_before else others) else None
        ),
    )
    for column, cls in _OF_A_TASK:
        pairing.by_role(Task, column, cls)
    pairing.by_key(Cred, contents_key(Cred))
    pairing.by_role(Task, "cred", Cred)


def _inodes(pairing: Pairing) -> None:
    """Inodes by file system, number and handle: a number that was used again is another inode."""
    pairing.by_key(Filesystem, lambda row, _token: (row.device, row.mount_point, row.mount_root, row.type))
    pairing.by_key(Filesystem, lambda row, _token: (row.mount_point, row.type, row.source))
    pairing.by_key(Filesystem, lambda row, _token: row.mount_point)
    pairing.by_key(
        Inode,
        lambda row, _token: (row.device, row.number, row.handle_type, row.handle) if row.handle else None,
    )
    pairing.by_key(Inode, lambda row, token: (token(row.filesystem), *_kept_evidence(row)))
    pairing.by_key(Inode, lambda row, _token: (row.device, *_kept_evidence(row)))
    pairing.by_key(Pipe, lambda row, _token: row.number)
    pairing.by_key(Tty, lambda row, _token: row.rdev)


def _kept_evidence(row: Inode) -> tuple[Hashable, ...]:
    """What stays as it is for the life of an inode."""
    return row.number, row.mode & 0o170000, row.generation, row.handle, row.btime


def _files(pairing: Pairing) -> None:
    """Files by inode and path, by who uses them; then with another inode at the path, or another name."""
    pairing.by_key(Fd, part_key(Fd))
    before = first_users(_uses(pairing.before, pairing.token_before))
    after = first_users(_uses(pairing.after, pairing.token_after))

    def user(row: File, token: Token) -> tuple[Any, ...] | None:
        return (before if token is pairing.token_before else after).get(row.objref)

    def thing(row: File, token: Token) -> tuple[Any, ...]:
        return (
            token(row.inode),
            token(row.pipe) if row.inode is None else None,
            row.kind if row.kind in NAMELESS else None,
        )

    steps: tuple[Key, ...] = (
        lambda row, token: (thing(row, token), row.path, row.access, user(row, token)),
        lambda row, token: (thing(row, token), row.path, row.access),
        lambda row, token: (thing(row, token), row.path, user(row, token)),
        lambda row, token: (row.path, user(row, token)) if row.path else None,
        lambda row, token: (thing(row, token), row.access) if row.inode is not None else None,
        lambda row, _token: (row.kind, row.path) if row.path else None,
        lambda row, token: (row.kind, user(row, token)) if row.kind in NAMELESS else None,
    )
    for step in steps:
        pairing.by_key(File, step)
    pairing.by_role(File, "pipe", Pipe)
    pairing.by_role(File, "tty", Tty)


def _uses(side: Side, token: Token) -> Iterator[tuple[int | None, tuple[object, ...]]]:
    """Objref of a file and a place that refers to it, in a form that both images share."""
    for fd in side.rows(Fd):
        yield fd.file, (0, token(fd.table), fd.fd)
    for vma in side.rows(Vma):
        if vma.file is not None:
            yield vma.file, (1, token(vma.mm), vma.start)
    for mm in side.rows(Mm):
        yield mm.exe, (2, token(mm.objref), 0)
    for fs in side.rows(Fs):
        yield fs.cwd, (3, token(fs.objref), 0)
        yield fs.root, (4, token(fs.objref), 0)


def _parts(pairing: Pairing) -> None:
    """Parts by their place; a mapping that grew downward by its end; the first thread as such."""
    for cls in KINDS.values():
        if not cls.shared:
            pairing.by_key(cls, part_key(cls))
    pairing.by_key(Vma, lambda row, token: (token(row.mm), row.end, token(row.file), row.name))
    leaders = {task.objref: task.pid for task in pairing.before.rows(Task)}
    others = {task.objref: task.pid for task in pairing.after.rows(Task)}
    pairing.by_key(
        Thread,
        lambda row, token: (
            token(row.task)
            if (leaders if token is pairing.token_before else others).get(row.task) == row.tid
            else None
        ),
    )
    pairing.by_role(Thread, "cred", Cred)
