"""Address spaces: every mapping, and the sums by kind of memory."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from crimg.format.constants import PAGES_GUARD, PAGES_PARENT, PAGES_ZERO
from crimg.model import File, Mm, Vma
from crimg.model.memory import MEMORY_KINDS, memory_kind
from crimg.views import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.pages import Memory
    from crimg.views.subject import Subject

    Row = dict[str, Any]

_SUMMED = itemgetter(*map(Vma.fields.index, ("mm", "start", "end", "file", "shared", "name")))
_NOT_SAVED = (PAGES_ZERO, PAGES_GUARD, PAGES_PARENT)


class SavedBytes:
    """How many bytes of a stretch of memory are in the image, found in O(log runs)."""

    def __init__(self, memory: Memory | None) -> None:
        self._starts: list[int] = []
        self._lengths: list[int] = []
        self._before: list[int] = []
        self.total = 0
        """Bytes in all."""
        self._low = self._high = 0
        """Where the first of them is, and the end of the last."""
        if memory is None:
            return
        size = memory.page_size
        for page, count, section, _index in memory.runs:
            if section not in _NOT_SAVED:
                self._starts.append(page * size)
                self._lengths.append(count * size)
                self._before.append(self.total)
                self.total += count * size
        if self._starts:
            self._low, self._high = self._starts[0], self._starts[-1] + self._lengths[-1]

    def between(self, start: int, end: int) -> int:
        """Bytes from address `start` to address `end`."""
        if start >= self._high or end <= self._low:
            return 0  # as most are
        first = bisect_right(self._starts, start)
        if (first == 0 or self._starts[first - 1] + self._lengths[first - 1] <= start) and (
            first == len(self._starts) or self._starts[first] >= end
        ):
            return 0
        return self._below(end) - self._below(start) if end > start else 0

    def _below(self, address: int) -> int:
        run = bisect_right(self._starts, address) - 1
        if run < 0:
            return 0
        return self._before[run] + min(address - self._starts[run], self._lengths[run])


def saved_by_mm(subject: Subject) -> dict[int, SavedBytes]:
    """Objref of every address space to its saved bytes; of those with one page map, one for all."""
    by_map: dict[int | None, SavedBytes] = {}
    found = {}
    for mm in subject.image.rows(Mm):
        if mm.pagemap not in by_map:
            by_map[mm.pagemap] = SavedBytes(subject.memory(mm))
        found[mm.objref] = by_map[mm.pagemap]
    return found


def memory_kind_records(subject: Subject) -> list[Row]:
    """Number and bytes of mappings, and bytes of them in the image, by kind; kinds with none are left out."""
    sums = {kind: [0, 0, 0] for kind in MEMORY_KINDS}
    saved = saved_by_mm(subject)
    nothing = SavedBytes(None)
    kinds: dict[tuple[bool, bool, bytes | None], list[int]] = {}
    for vma in subject.image.rows(Vma):
        mm, start, end, file, shared, name = _SUMMED(vma)
        key = (file is not None, shared, name)
        row = kinds.get(key) or kinds.setdefault(key, sums[memory_kind(vma)])
        row[0] += 1
        row[1] += end - start
        row[2] += saved.get(mm, nothing).between(start, end)
    return [
        {"kind": kind, "mappings": count, "size": size, "stored": stored}
        for kind, (count, size, stored) in sums.items()
        if count
    ]


def vma_records(subject: Subject) -> list[Row]:
    """Every mapping, in the order of the image."""
    return list(map(vma_recorder(subject), subject.image.rows(Vma)))


def vma_recorder(subject: Subject) -> Callable[[Vma], Row]:
    """What makes the record of one mapping."""
    image = subject.image
    saved = saved_by_mm(subject)
    pids = subject.pids_of("mm")
    nothing = SavedBytes(None)
    flags: dict[bytes, list[str]] = {}

    def record(vma: Vma) -> Row:
        file = image.find(File, vma.file)
        if vma.vm_flags not in flags:
            flags[vma.vm_flags] = vma.vm_flags.decode("ascii", "backslashreplace").split()
        return {
            "mm": vma.mm,
            "pids": pids.get(vma.mm, []),
            "start": words.hexadecimal(vma.start),
            "end": words.hexadecimal(vma.end),
            "size": vma.end - vma.start,
            "stored": saved.get(vma.mm, nothing).between(vma.start, vma.end),
            "permissions": words.permissions(vma.prot, vma.shared),
            "kind": memory_kind(vma),
            "offset": vma.offset,
            "file": vma.file,
            "path": subject.file_name(file) if file else None,
            "state": words.name_state(file.name_state) if file else None,
            "name": vma.name,
            "vm_flags": flags[vma.vm_flags],
        }

    return record
