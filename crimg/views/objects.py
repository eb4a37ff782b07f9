"""One object: its columns with readable values, what it refers to, what refers to it."""

from __future__ import annotations

from crimg.graph import references
from crimg.model import (
    EpollWatch,
    Fd,
    File,
    Filesystem,
    Inode,
    Lock,
    Pipe,
    PosixTimer,
    Sigaction,
    Siginfo,
    Task,
    Thread,
    Vma,
)
from crimg.model.enums import Keeper, LockKind, MemoryKind, SocketState, file_kind_name, name_of
from crimg.model.record import KINDS, unrecorded
from crimg.views import names, words
from crimg.views.files import place
from crimg.views.special import describe_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.model.record import Column, Record
    from crimg.views.subject import Subject

    Row = dict[str, Any]
    Readable = str | list[str] | None

_ADDRESSES = (
    *("start_code", "end_code", "start_data", "end_data", "start_brk", "brk", "start_stack"),
    *("arg_start", "arg_end", "env_start", "env_end", "altstack", "robust_list", "rseq", "rseq_cs"),
    *("clear_child_tid", "restorer", "fsid", "personality", "value", "events", "data"),
)
"""Columns whose numbers are addresses or patterns, in every kind."""
_READABLE: dict[str, Callable[[Any], Readable]] = {
    "file.flags": words.open_flags,
    "file.access": words.access,
    "file.kind": file_kind_name,
    "file.name_state": words.name_state,
    "inode.device": words.device,
    "inode.rdev": words.device,
    "inode.mode": words.mode,
    "inode.mtime": words.utc,
    "inode.ctime": words.utc,
    "inode.btime": words.utc,
    "inode.keeper": lambda value: name_of(Keeper, value),
    "filesystem.device": words.device,
    "mm.auxv": names.auxiliary_vector,
    "tty.rdev": words.device,
    "signalfd.mask": names.signal_set,
    "shared_memory.kind": lambda value: name_of(MemoryKind, value),
    "socket.state": lambda value: name_of(SocketState, value),
    "lock.kind": lambda value: name_of(LockKind, value),
    "fs.umask": lambda value: f"{value:04o}",
    "vma.start": words.hexadecimal,
    "vma.end": words.hexadecimal,
    "vma.prot": lambda value: words.permissions(value, False)[:3],
    "task.state": words.state,
    "task.tty": words.device,
    "task.exit_signal": names.signal_name,
    "thread.state": words.state,
    "thread.sigmask": names.signal_set,
    "thread.policy": lambda value: names.nth(names.POLICIES, value),
    "thread.cpus": names.cpu_list,
    "cred.cap_inheritable": names.capability_set,
    "cred.cap_permitted": names.capability_set,
    "cred.cap_effective": names.capability_set,
    "cred.cap_bounding": names.capability_set,
    "cred.cap_ambient": names.capability_set,
    "cred.securebits": names.securebits,
    "signal.rlimits": names.limit_words,
    "sigaction.signal": names.signal_name,
    "sigaction.handler": words.hexadecimal,
    "sigaction.flags": names.action_flags,
    "sigaction.mask": names.signal_set,
    "posix_timer.clock": names.clock_name,
    "posix_timer.notify": names.notification,
    "posix_timer.signo": names.signal_name,
    "siginfo.number": names.signal_name,
    "image_info.realtime": words.utc,
    "image_info.parent": words.uuid,
}
"""Noun and column to what makes its value readable; the others are shown as they are."""

_TEXTS = (
    *("type", "source", "mount_point", "mount_root", "options", "label", "path", "keeper_path"),
    *("name", "vm_flags", "comm", "hostname", "command"),
)
"""Columns of bytes that are meant as text; other bytes are shown in hexadecimal."""


def object_record(subject: Subject, objref: int) -> Row | None:
    """The object with this number, or None where there is none."""
    row = subject.image.lookup(objref)
    if row is None:
        return None
    return {
        "objref": objref,
        "kind": type(row).noun,
        "what": describe(subject, row),
        "fields": field_records(row),
        "refers_to": [
            {"column": column, "objref": target, **_target(subject, target)}
            for column, target in references(row)
        ],
        "referred_by": referrer_records(subject, objref),
    }


def field_records(row: Record) -> list[Row]:
    """Every column but the objref: its value (bytes that are no text as hex digits), and its meaning."""
    cls = type(row)
    fields = []
    for column, value in zip(cls.columns, row, strict=True):
        if column.name != "objref":
            fields.append(
                {
                    "name": column.name,
                    "value": plain_value(column, value),
                    "meaning": meaning(cls.noun, column, value),
                }
            )
    return fields


def plain_value(column: Column, value: Any) -> object:
    """The value of a column for a record: bytes that are no text as hexadecimal digits."""
    if isinstance(value, tuple):
        return [plain_value(column, each) for each in value]
    if isinstance(value, bytes) and column.name not in _TEXTS:
        return value.hex()
    return value.encode() if isinstance(value, str) else value


def meaning(noun: str, column: Column, value: Any) -> Readable:
    """The value of a column in words, None where it speaks for itself. noun: the kind's."""
    if value is None:
        return None
    if column.kinds and not column.many:
        return f"#{value}"
    if column.name in _ADDRESSES:
        return words.hexadecimal(value)
    readable = _READABLE.get(f"{noun}.{column.name}")
    return readable(value) if readable else None


def _target(subject: Subject, objref: int) -> Row:
    row = subject.image.lookup(objref)
    return {
        "kind": type(row).noun if row is not None else None,
        "what": describe(subject, row) if row is not None else b"not in the image",
    }


def referrer_records(subject: Subject, objref: int) -> list[Row]:
    """The rows that refer to an object, parts of it (the fds of a table, the vmas of an mm) among them."""
    found: list[Row] = []
    for cls in KINDS.values():
        for index, column in cls.references:
            for row in subject.image.rows(cls):
                value = row[index]
                if value == objref or (column.many and value is not None and objref in value):
                    found.append(
                        {
                            "kind": cls.noun,
                            "column": column.name,
                            "objref": row.key[0] if cls.shared else None,
                            "place": place(row),
                            "what": describe(subject, row),
                        }
                    )
    return found


def describe(subject: Subject, row: Record) -> bytes:
    """A few words that tell this object from others of its kind."""
    if isinstance(row, File):
        state = words.name_state(row.name_state)
        return (b"" if state in ("linked", "none") else f"[{state}] ".encode()) + subject.file_name(row)
    if isinstance(row, Fd):
        return b"fd %d" % row.fd
    if isinstance(row, Vma):
        return f"{row.start:x}-{row.end:x} {words.permissions(row.prot, row.shared)}".encode()
    if isinstance(row, Task):
        return b"process %d, %s" % (row.pid, row.comm)
    if isinstance(row, Thread):
        return b"thread %d, %s" % (row.tid, row.comm)
    if isinstance(row, Inode):
        missing = unrecorded(row)
        size = "" if "size" in missing else f" {row.size} bytes"
        identity = "" if "number" in missing else f", inode {row.number} on {words.device(row.device)}"
        return f"{words.mode(row.mode)}{size}{identity}".encode()
    if isinstance(row, Lock):
        kind = name_of(LockKind, row.kind)
        return f"{kind} lock, {'exclusive' if row.write else 'shared'}, from byte {row.start}".encode()
    if isinstance(row, EpollWatch):
        return b"watch by fd %d, events %#x" % (row.fd, row.events)
    if isinstance(row, PosixTimer):
        return b"timer %d" % row.id
    if isinstance(row, Sigaction | Siginfo):
        return names.signal_name(row.signal if isinstance(row, Sigaction) else row.number).encode()
    if isinstance(row, Filesystem):
        return b"%s on %s" % (row.type, row.mount_point)
    if isinstance(row, Pipe):
        return b"pipe:[%d], %d bytes in it" % (row.number, row.length)
    return describe_state(row) or _owner(subject, row)


def _owner(subject: Subject, row: Record) -> bytes:
    """For what has no name of its own: whose it is."""
    cls = type(row)
    pids = subject.pids_of(cls.noun).get(row.key[0], []) if cls.noun in Task.fields else []
    return f"of process {', '.join(map(str, pids))}".encode() if pids else b""
