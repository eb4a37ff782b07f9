"""What was removed from images of CRIU on purpose. CRIU has no place for that: a file beside them says it.

`crimg redact` writes it. CRIU looks at no file that it does not know. Reading the images puts the marks of
specs/redaction.md into the rows.
"""

from __future__ import annotations

from crimg.errors import FormatError
from crimg.format.constants import MAX_LIST
from crimg.model import Inode, Mm, Pipe, Socket, Task, Thread
from crimg.model.enums import Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.criu.building import Builder
    from crimg.criu.directory import Part
    from crimg.model.record import Record

    Range = tuple[int, int]

STEM = "crimg-redacted"
NAME = f"{STEM}.img"
_VERSION = 1
_SETS = ("ghosts", "memory_files", "pipes", "sockets", "threads")
REMOVED = "removed"
"""Key in `extra` of a row that lost something."""


class Marks:
    """What is gone, by the numbers that CRIU has for it.

    memory: pid of a task to the ranges of its addresses.  ghosts: numbers of ghost files.  memory_files: of
    entries of memfd.img.  pipes: ids of pipes.  sockets: ids of their files.  threads: thread ids.
    """

    def __init__(self) -> None:
        self.memory: dict[int, list[Range]] = {}
        self.ghosts: set[int] = set()
        self.memory_files: set[int] = set()
        self.pipes: set[int] = set()
        self.sockets: set[int] = set()
        self.threads: set[int] = set()

    @classmethod
    def read(cls, part: Part) -> Marks:
        """The marks in an image file. Raises FormatError where it has none that can be."""
        import json

        try:
            value = json.loads(bytes(part.view))
            marks = cls()
            if value["crimg"] != _VERSION:
                raise FormatError(f"is of version {value['crimg']!a}", section=part.name)
            for pid, ranges in value["memory"].items():
                marks.memory[_number(int(pid))] = [(_number(low), _number(high)) for low, high in ranges]
                if len(ranges) > MAX_LIST:
                    raise FormatError(f"more than {MAX_LIST} ranges", section=part.name)
            for name in _SETS:
                getattr(marks, name).update(map(_number, value[name]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise FormatError("says in no known way what was removed", section=part.name) from error
        return marks

    def encoded(self, selection: list[str]) -> bytes:
        """The bytes of the file. selection: what was asked for, as options of the command line."""
        import json

        members: dict[str, Any] = {
            "crimg": _VERSION,
            "kind": "redacted",
            "selection": selection,
            "memory": {str(pid): ranges for pid, ranges in sorted(self.memory.items())},
            **{name: sorted(getattr(self, name)) for name in _SETS},
        }
        return (json.dumps(members, indent=1) + "\n").encode()

    def put(self, builder: Builder) -> None:
        """Mark the rows that lost something."""
        tables, extra = builder.tables, _with_extra
        tasks = [row for row in tables.table(Task) if isinstance(row, Task)]
        lost = {task.mm: self.memory[task.pid] for task in tasks if task.pid in self.memory}
        numbers = tables.numbers("inode")
        inodes = {numbers.get(("ghost", number)) for number in self.ghosts}
        inodes |= {numbers.get(("memfd", number)) for number in self.memory_files}
        files = {builder.file_objref(number) for number in self.sockets if number in builder.files.by_id}
        changes: dict[type[Record], Callable[[Any], Record]] = {
            Mm: lambda row: extra(row, tuple(lost[row.objref])) if row.objref in lost else row,
            Inode: lambda row: _emptied(row) if row.objref in inodes else row,
            Pipe: lambda row: _drained(row) if row.number in self.pipes else row,
            Socket: lambda row: _drained(row) if row.file in files else row,
            Thread: lambda row: extra(row, True) if row.tid in self.threads else row,
        }
        for cls, change in changes.items():
            rows = tables.table(cls)
            rows[:] = [change(row) for row in rows]


def marks_of(builder: Builder) -> Marks:
    """The marks of the images that are being read, in their rows now too. Damage is noted."""
    part = builder.directory.part(STEM)
    if part is None:
        return Marks()
    try:
        marks = Marks.read(part)
    except FormatError as error:
        builder.tables.note(error)
        return Marks()
    marks.put(builder)
    return marks


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 64:
        raise ValueError(f"{value!a} is no number")
    return value


def _with_extra(row: Any, removed: object) -> Record:
    changed: Record = row.replace(extra={**(row.extra or {}), REMOVED: removed})
    return changed


def _emptied(row: Inode) -> Record:
    return row.replace(keeper=Keeper.REMOVED, blobs=(), build_id=None)


def _drained(row: Pipe | Socket) -> Record:
    return _with_extra(row.replace(blobs=()), row.length) if row.length else row
