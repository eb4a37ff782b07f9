"""What differs between two images: one record for each object that was added, is gone, or changed."""

from __future__ import annotations

from bisect import bisect_right

from crimg.model import Fd, File, HistoryEntry, Lock, LogEntry, Socket, Task, Thread, Vma
from crimg.views import words
from crimg.views.details import registers
from crimg.views.files import place
from crimg.views.objects import describe, meaning, plain_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.compare import Difference, MemoryDifference
    from crimg.compare.columns import ColumnChange
    from crimg.model import Mm
    from crimg.model.record import Record
    from crimg.views.subject import Subject

    Row = dict[str, Any]

_OWNED = ("fd_table", "mm")
"""Columns of a task that lead to what has parts of its own: fds, mappings."""


class Labels:
    """Names for the rows of one image, with what is looked up for them kept."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._several = len(subject.image.rows(Task)) > 1
        self._pids: dict[int, list[int]] = {}
        self._targets: dict[int, bytes] = {}
        for column in _OWNED:
            self._pids.update(subject.pids_of(column))
        for task in subject.image.rows(Task):
            self._pids[task.objref] = [task.pid]

    def row(self, row: Record) -> bytes:
        """A few words for a row: what it is, what it leads to; of which process, where there are several."""
        what = describe(self.subject, row)
        if isinstance(row, Fd | Vma):
            target = self.target(row.file)
            name = row.name if isinstance(row, Vma) and row.name is not None else target
            what = b"%s %s" % (what, name) if name else what
        elif isinstance(row, HistoryEntry):
            what = b"revision %d" % row.revision
        elif isinstance(row, LogEntry):
            what = row.text.encode()
        elif isinstance(row, Socket):
            what = self.target(row.file)
        elif isinstance(row, Lock):
            what = b"%s on %s" % (what, self.target(row.file))
        if self._several and isinstance(row, Fd | Vma | Thread):
            what += b" (process %s)" % b", ".join(b"%d" % pid for pid in self.pids(row.key[0]))
        return what

    def target(self, objref: int | None) -> bytes:
        """What a reference leads to; empty for none."""
        if objref is None:
            return b""
        if objref not in self._targets:
            self._targets[objref] = self._target(objref)
        return self._targets[objref]

    def _target(self, objref: int) -> bytes:
        file = self.subject.image.find(File, objref)
        row = file if file is not None else self.subject.image.lookup(objref)
        return b"#%d %s" % (objref, describe(self.subject, row) if row is not None else b"not in the image")

    def pids(self, objref: int) -> list[int]:
        """The pids of the tasks that have this table of descriptors, or address space, or are this task."""
        return self._pids.get(objref, [])


def object_change_records(before: Subject, after: Subject, difference: Difference) -> list[Row]:
    """Every row that differs, by kind: those that are gone, those that changed, those that were added."""
    old, new = Labels(before), Labels(after)
    records: list[Row] = []
    for kind in difference.kinds:
        noun = kind.kind.noun
        for row in kind.gone:
            records.append(_record(noun, "gone", old.row(row), before=row))
        for one, other, columns in kind.changed:
            record = _record(noun, "changed", new.row(other), before=one, after=other)
            record["fields"] = [field for change in columns for field in _fields(noun, change, old, new)]
            records.append(record)
        for row in kind.added:
            records.append(_record(noun, "added", new.row(row), after=row))
    return records


def _record(
    noun: str, change: str, what: bytes, *, before: Record | None = None, after: Record | None = None
) -> Row:
    return {
        "kind": noun,
        "change": change,
        "what": what,
        "before": place(before) if before is not None else None,
        "after": place(after) if after is not None else None,
        "fields": [],
    }


def _fields(noun: str, change: ColumnChange, old: Labels, new: Labels) -> Iterator[Row]:
    """The records of one column that differs; registers have one each."""
    column = change.column
    if column.name == "registers":
        left, right = registers(change.before), registers(change.after)
        if left is not None and right is not None:
            for name in left:
                if left[name] != right[name]:
                    yield _field(f"registers.{name}", left[name], right[name])
            return
    if change.attribute:
        yield _field(f"{column.name}.{change.attribute}", change.before, change.after)
        return
    values = [plain_value(column, value) for value in (change.before, change.after)]
    record = _field(column.name, *values)
    if column.kinds and not column.many:
        record["before_meaning"] = old.target(change.before) or None
        record["after_meaning"] = new.target(change.after) or None
    else:
        record["before_meaning"] = meaning(noun, column, change.before)
        record["after_meaning"] = meaning(noun, column, change.after)
    record["differs_at"] = change.position
    yield record


def _field(name: str, before: object, after: object) -> Row:
    return {
        "name": name,
        "before": before,
        "after": after,
        "before_meaning": None,
        "after_meaning": None,
        "differs_at": None,
    }


def memory_change_records(before: Subject, after: Subject, difference: Difference) -> list[Row]:
    """Every address space in which pages differ, with its first runs of such pages."""
    mappings = _Mappings(before), _Mappings(after)
    labels = Labels(before), Labels(after)
    return [_memory_record(memory, mappings, labels) for memory in difference.memory]


def _memory_record(
    memory: MemoryDifference, mappings: tuple[_Mappings, _Mappings], labels: tuple[Labels, Labels]
) -> Row:
    pids = [
        label.pids(mm.objref) if mm is not None else []
        for label, mm in zip(labels, (memory.before, memory.after), strict=True)
    ]
    runs = []
    for run in memory.runs:
        side = 0 if run.change == "gone" else 1
        mm = memory.before if side == 0 else memory.after
        runs.append(
            {
                "change": run.change,
                "start": words.hexadecimal(run.start),
                "end": words.hexadecimal(run.end),
                "pages": (run.end - run.start) // memory.page_size,
                "mapping": mappings[side].name(mm, run.start),
            }
        )
    total = sum(count for count, _ in memory.counts.values())
    return {
        "before": memory.before.objref if memory.before is not None else None,
        "after": memory.after.objref if memory.after is not None else None,
        "pids": pids[1] or pids[0],
        "page_size": memory.page_size,
        **{change: {"runs": count, "pages": pages} for change, (count, pages) in memory.counts.items()},
        "runs": runs,
        "runs_left_out": total - len(runs),
    }


class _Mappings:
    """The mappings of an image by address."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._vmas = {mm: sorted(vmas, key=_start) for mm, vmas in subject.by_owner(Vma).items()}

    def name(self, mm: Mm | None, address: int) -> bytes | None:
        """What is mapped at an address: the file, the kernel's name, or b"" for anonymous memory; None for
        nothing."""
        vmas = self._vmas.get(mm.objref, []) if mm is not None else []
        index = bisect_right(vmas, address, key=_start) - 1
        if index < 0 or address >= vmas[index].end:
            return None
        vma = vmas[index]
        file = self._subject.image.find(File, vma.file)
        return self._subject.file_name(file) if file is not None else vma.name or b""


def _start(vma: Vma) -> int:
    return vma.start


def count_records(difference: Difference) -> Row:
    """How many objects and pages differ in which way."""
    pages = dict.fromkeys(("added", "gone", "changed"), 0)
    for memory in difference.memory:
        for change, (_, number) in memory.counts.items():
            pages[change] += number
    return {
        "added": sum(len(kind.added) for kind in difference.kinds),
        "gone": sum(len(kind.gone) for kind in difference.kinds),
        "changed": sum(len(kind.changed) for kind in difference.kinds),
        **{f"pages_{change}": number for change, number in pages.items()},
    }
