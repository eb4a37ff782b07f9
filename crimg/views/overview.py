"""What the image is, and its tasks."""

from __future__ import annotations

from crimg.format.constants import MACHINE_X86_64
from crimg.model import Fd, File, Fs, LogEntry, Mm, Task, Thread, Vma
from crimg.views import words
from crimg.views.memory import saved_by_mm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from crimg.model.record import Record
    from crimg.views.subject import Subject

    Row = dict[str, Any]


def image_record(subject: Subject) -> Row:
    """What the image says of itself. What a damaged image has lost is None."""
    image, info, task = subject.image, subject.info, subject.root_task
    return {
        "file": subject.name,
        "size": image.size,
        "revision": image.revision,
        "uuid": words.uuid(image.uuid),
        "created": words.utc(image.created),
        "machine": "x86_64" if image.machine == MACHINE_X86_64 else f"machine {image.machine}",
        "page_size": image.page_size,
        "pid": task.pid if task else None,
        "comm": task.comm if task else None,
        "stopped_at": words.utc(info.realtime) if info else None,
        "stopped_ns": stopped_nanoseconds(subject),
        "hostname": info.hostname or None if info else None,
        "kernel_release": info.kernel_release.encode() or None if info else None,
        "kernel_version": info.kernel_version.encode() or None if info else None,
        "architecture": info.architecture.encode() if info else None,
        "boot_id": info.boot_id.encode() or None if info else None,
        "tool": info.tool.encode() if info else None,
        "tool_version": info.tool_version.encode() or None if info else None,
        "command": list(info.command) if info else None,
        "parent_uuid": words.uuid(info.parent) if info and info.parent is not None else None,
    }


def stopped_nanoseconds(subject: Subject) -> int | None:
    """How long the tasks stood still, as the dump logged it; None where it did not."""
    for entry in subject.image.rows(LogEntry):
        stopped = (entry.extra or {}).get("stopped_ns")
        if type(stopped) is int:
            return stopped
    return None


def task_records(subject: Subject) -> list[Row]:
    """The tasks: ids, state, what they run, how much they have."""
    image = subject.image
    threads = _count(image.rows(Thread), Thread.key_columns[0])
    fds = _count(image.rows(Fd), Fd.key_columns[0])
    vmas = _count(image.rows(Vma), Vma.key_columns[0])
    saved = saved_by_mm(subject)
    rows = []
    for task in image.rows(Task):
        mm = image.find(Mm, task.mm)
        fs = image.find(Fs, task.fs)
        rows.append(
            {
                "objref": task.objref,
                "pid": task.pid,
                "ppid": task.ppid,
                "pgid": task.pgid,
                "sid": task.sid,
                "comm": task.comm,
                "state": words.state(task.state),
                "threads": threads.get(task.objref, 0),
                "fds": fds.get(task.fd_table, 0),
                "vmas": vmas.get(task.mm, 0),
                "stored": saved[mm.objref].total if mm else 0,
                "exe": _path(subject, mm.exe if mm else None),
                "cwd": _path(subject, fs.cwd if fs else None),
                "root": _path(subject, fs.root if fs else None),
                "umask": f"{fs.umask:04o}" if fs else None,
                "tty": words.device(task.tty) if task.tty else None,
                "start_time": task.start_time,
                "exit_signal": task.exit_signal,
                "personality": words.hexadecimal(task.personality),
                "oom_score_adj": task.oom_score_adj,
                "mm": task.mm,
                "fd_table": task.fd_table,
                "fs": task.fs,
                "sighand": task.sighand,
                "signal": task.signal,
                "cred": task.cred,
                "namespaces": task.namespaces,
            }
        )
    return rows


def _count(rows: Sequence[Record], owner: int) -> dict[int | None, int]:
    """Rows of parts by the objref in column `owner`."""
    counts: dict[int | None, int] = {}
    for row in rows:
        counts[row[owner]] = counts.get(row[owner], 0) + 1
    return counts


def _path(subject: Subject, objref: int | None) -> bytes | None:
    file = subject.image.find(File, objref)
    return subject.file_name(file) if file else None
