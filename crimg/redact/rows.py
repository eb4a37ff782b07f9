"""The rows of the new image: those that were, with the marks of what is removed (specs/redaction.md)."""

from __future__ import annotations

import time

from crimg import __version__
from crimg.format.constants import MAX_LIST
from crimg.kernel.registers import with_changes
from crimg.model import DEFINITION_ORDER, HistoryEntry, ImageInfo, Inode, Mm, Pipe, Socket, Task, Thread
from crimg.model.enums import Keeper
from crimg.redact.ranges import at_most, union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from crimg.model.record import Record
    from crimg.redact.redaction import Redaction

REMOVED = "removed"
"""Key in `extra` of what lost something."""
ORIGINAL = "redacted_from"
"""Key in `extra` of the image info: uuid of the image that this one was made from."""
CLEARED = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8"),
    *("rax", "rcx", "rdx", "rsi", "rdi"),
)
"""Registers that hold values of the program. The others say where it is: rip, rsp, orig_rax, segments."""
_DUMP = b"dump"
_FAMILY = 2  # sun_family of unix(7): a name that is removed becomes as many zero bytes
_XSAVE_KEPT = ((24, 32), (464, 472))
"""Of the XSAVE area: MXCSR with its mask, and the kernel's word of what the processor has. XSTATE_BV becomes
0: all registers are as after a reset (Intel SDM, volume 1, 13.4 and 13.6)."""


def new_tables(redaction: Redaction) -> dict[type[Record], list[Record]]:
    """All tables of objects of the new image."""
    changes: dict[type[Record], Callable[[Redaction, Any], Record]] = {
        ImageInfo: _image_info,
        Mm: _mm,
        Inode: _inode,
        Pipe: _pipe,
        Socket: _socket,
        Task: _task,
        Thread: _thread,
    }
    tables: dict[type[Record], list[Record]] = {}
    for cls in DEFINITION_ORDER:
        change = changes.get(cls)
        rows: Iterable[Record] = redaction.image.rows(cls)
        tables[cls] = [change(redaction, row) for row in rows] if change is not None else list(rows)
    return tables


def history(redaction: Redaction) -> HistoryEntry:
    """The one row of history of the new image. It names no file but what --vma asked for: names of
    the sender are not for others."""
    words = redaction.selection.words
    return HistoryEntry(
        revision=1,
        time=time.time_ns(),
        tool_version=__version__,
        command=(b"crimg", b"redact", *(word.encode("utf-8", "surrogateescape") for word in words)),
        rules=(),
        note=redaction.summary,
    )


def _with_extra(row: Record, **entries: object) -> dict[str, object]:
    extra = row[type(row).fields.index("extra")]
    return {**(extra or {}), **entries}


def _image_info(redaction: Redaction, row: ImageInfo) -> ImageInfo:
    """Of the command line of the dump the verb stays: the other words name files of the sender."""
    return row.replace(
        hostname=b"" if row.key in redaction.names else row.hostname,
        command=(row.tool.encode("utf-8"), _DUMP) if _DUMP in row.command else (),
        extra=_with_extra(row, **{ORIGINAL: redaction.image.uuid}),
    )


def _mm(redaction: Redaction, row: Mm) -> Mm:
    lost = redaction.pages.lost[row.objref]
    if not lost:
        return row
    marks = at_most(union([*lost, *_marks(row)]), MAX_LIST)
    return row.replace(extra=_with_extra(row, **{REMOVED: tuple(marks)}))


def _marks(row: Mm) -> list[tuple[int, int]]:
    """What the image says was removed before."""
    before = (row.extra or {}).get(REMOVED)
    found = []
    for pair in before if isinstance(before, tuple) else ():
        if isinstance(pair, tuple) and len(pair) == 2 and all(type(each) is int for each in pair):
            found.append((pair[0], pair[1]))
    return found


def _inode(redaction: Redaction, row: Inode) -> Inode:
    if row.objref not in redaction.inodes:
        return row
    extra = {key: value for key, value in (row.extra or {}).items() if key != "xattrs"}
    return row.replace(
        keeper=Keeper.REMOVED, blobs=(), digest_kind=None, digest=None, build_id=None, extra=extra or None
    )


def _pipe(redaction: Redaction, row: Pipe) -> Pipe:
    if row.objref not in redaction.pipes:
        return row
    return row.replace(blobs=(), extra=_with_extra(row, **{REMOVED: row.length}))


def _socket(redaction: Redaction, row: Socket) -> Socket:
    if row.key in redaction.names and row.address is not None:
        name = row.address[_FAMILY:]
        row = row.replace(address=row.address[:_FAMILY] + bytes(len(name)))
    if row.file not in redaction.pipes:
        return row
    return row.replace(blobs=(), extra=_with_extra(row, **{REMOVED: row.length}))


def _task(redaction: Redaction, row: Task) -> Task:
    return row.replace(comm=b"") if row.key in redaction.names else row


def _thread(redaction: Redaction, row: Thread) -> Thread:
    if row.key in redaction.names:
        row = row.replace(comm=b"")
    if row.key not in redaction.threads:
        return row
    xsave = bytearray(len(row.xsave))
    for start, end in _XSAVE_KEPT:
        xsave[start:end] = row.xsave[start:end]
    registers = with_changes(row.registers, **dict.fromkeys(CLEARED, 0))
    return row.replace(registers=registers, xsave=bytes(xsave), extra=_with_extra(row, **{REMOVED: True}))
