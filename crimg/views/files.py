"""Open files, the descriptors that refer to them, and their inodes."""

from __future__ import annotations

from crimg.model import Fd, File, Filesystem, Inode, Lock, Pipe, Vma
from crimg.model.enums import Keeper, LockKind, file_kind_name, name_of
from crimg.model.record import unrecorded
from crimg.views import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.model.record import Record
    from crimg.views.subject import Subject

    Row = dict[str, Any]


_UNKNOWN: frozenset[str] = frozenset()


def file_records(subject: Subject) -> list[Row]:
    """Every file object: what it is, the state of its name, and who refers to it."""
    return list(map(file_recorder(subject), subject.image.rows(File)))


def file_recorder(subject: Subject) -> Callable[[File], Row]:
    """What makes the record of one file object."""
    image = subject.image
    describe = describer(subject)
    users = subject.users

    def record(file: File) -> Row:
        inode = image.find(Inode, file.inode)
        missing = unrecorded(inode) if inode is not None else _UNKNOWN
        return {
            "objref": file.objref,
            **describe(file),
            "inode": file.inode,
            "device": words.device(inode.device) if inode and "device" not in missing else None,
            "inode_number": inode.number if inode and "number" not in missing else None,
            "size": inode.size if inode and "size" not in missing else None,
            "used_by": {
                word: [place(row) for row in referrers]
                for word, referrers in users.get(file.objref, {}).items()
            },
        }

    return record


def fd_records(subject: Subject) -> list[Row]:
    """Every file descriptor, with what it refers to (None where the image has no such file)."""
    return list(map(fd_recorder(subject), subject.image.rows(Fd)))


def fd_recorder(subject: Subject) -> Callable[[Fd], Row]:
    """What makes the record of one file descriptor."""
    image = subject.image
    describe = describer(subject)
    pids = subject.pids_of("fd_table")
    return lambda fd: {
        "table": fd.table,
        "pids": pids.get(fd.table, []),
        "fd": fd.fd,
        "cloexec": fd.cloexec,
        "file": fd.file,
        **describe(image.find(File, fd.file)),
    }


def describer(subject: Subject) -> Callable[[File | None], Row]:
    """A function that says what a file object is, in the columns that lists of files and of fds share."""
    flags_of: dict[int, list[str]] = {}
    states: dict[int, str] = {}
    kinds: dict[int, str] = {}
    image = subject.image

    def describe(file: File | None) -> Row:
        if file is None:
            return dict.fromkeys(("kind", "access", "flags", "position", "path", "pipe_number", "state"))
        if file.flags not in flags_of:
            flags_of[file.flags] = words.open_flags(file.flags)
        if file.name_state not in states:
            states[file.name_state] = words.name_state(file.name_state)
        if file.kind not in kinds:
            kinds[file.kind] = file_kind_name(file.kind)
        pipe = image.find(Pipe, file.pipe) if file.pipe is not None else None
        link = words.kernel_name(file)
        return {
            "kind": kinds[file.kind],
            "access": words.access(file.access),
            "flags": flags_of[file.flags],
            "position": file.position,
            "path": file.path or None,
            "pipe_number": pipe.number if pipe else None,
            "state": states[file.name_state],
            **({"link": link} if link is not None else {}),
        }

    return describe


def inode_columns(inode: Inode) -> Row:
    """The columns of an inode that every image of our own has; None where this one did not record them."""
    missing = unrecorded(inode)
    row = {
        "device": words.device(inode.device),
        "number": inode.number,
        "mode": words.mode(inode.mode),
        "uid": inode.uid,
        "gid": inode.gid,
        "nlink": inode.nlink,
        "size": inode.size,
        "blocks": inode.blocks,
        "mtime": words.utc(inode.mtime),
        "ctime": words.utc(inode.ctime),
    }
    return {name: None if name in missing else value for name, value in row.items()} if missing else row


def place(row: Record) -> Row:
    """Where a referrer is: the number of a shared object, or what tells a part from others of its owner."""
    if isinstance(row, Fd):
        return {"table": row.table, "fd": row.fd}
    if isinstance(row, Vma):
        return {"mm": row.mm, "start": words.hexadecimal(row.start)}
    if isinstance(row, Lock):
        return lock_record(row)
    cls = type(row)
    if cls.shared:
        return {cls.noun: row.key[0]}
    return {cls.fields[index]: row[index] for index in cls.key_columns}


def lock_record(lock: Lock) -> Row:
    """A file lock; `end` is None for "to the end of the file"."""
    return {
        "file": lock.file,
        "kind": name_of(LockKind, lock.kind),
        "write": lock.write,
        "pid": lock.pid,
        "start": lock.start,
        "end": lock.end,
    }


def lock_records(subject: Subject) -> list[Row]:
    """Every file lock, with the path of its file."""
    rows = []
    for lock in subject.image.rows(Lock):
        file = subject.image.find(File, lock.file)
        rows.append({**lock_record(lock), "path": subject.file_name(file) if file else None})
    return rows


def inode_records(subject: Subject) -> list[Row]:
    """Every inode: the evidence by which it is known again, how it is kept, and the file objects on it."""
    image = subject.image
    files: dict[int, list[File]] = {}
    for file in image.rows(File):
        if file.inode is not None:
            files.setdefault(file.inode, []).append(file)
    rows = []
    for inode in image.rows(Inode):
        on_it = files.get(inode.objref, [])
        filesystem = image.find(Filesystem, inode.filesystem)
        known = inode_columns(inode)
        rows.append(
            {
                "objref": inode.objref,
                "filesystem": inode.filesystem,
                "filesystem_type": filesystem.type if filesystem else None,
                "mount_point": filesystem.mount_point if filesystem else None,
                "device": known["device"],
                "number": known["number"],
                "generation": inode.generation,
                "handle_type": inode.handle_type,
                "handle": inode.handle.hex() if inode.handle is not None else None,
                "mode": known["mode"],
                "uid": known["uid"],
                "gid": known["gid"],
                "rdev": words.device(inode.rdev) if inode.rdev else None,
                "nlink": known["nlink"],
                "size": known["size"],
                "blocks": known["blocks"],
                "mtime": known["mtime"],
                "ctime": known["ctime"],
                "btime": words.utc(inode.btime) if inode.btime is not None else None,
                "digest": inode.digest.hex() if inode.digest is not None else None,
                "digest_kind": inode.digest_kind.encode() if inode.digest_kind is not None else None,
                "build_id": inode.build_id.hex() if inode.build_id is not None else None,
                "keeper": name_of(Keeper, inode.keeper),
                "blobs": list(inode.blobs),
                "keeper_path": inode.keeper_path,
                "files": [file.objref for file in on_it],
                "path": next((subject.file_name(file) for file in on_it), None),
            }
        )
    return rows
