"""The image under validation: its rows in the order of the file, and what several rules need of it.

Unlike `Image.rows` nothing here raises for damage: a section that cannot be read is left out and noted.
"""

from __future__ import annotations

from crimg.errors import ChecksumError, FormatError
from crimg.format.bodies import RUN
from crimg.format.constants import FIRST_ANCILLARY_KIND, MAX_SECTION_ID, RUN_SIZE, Codec, SectionType
from crimg.graph import count_references, objref_column, targets
from crimg.model import DEFINITION_ORDER, Task, Thread
from crimg.model.check import packed_fault
from crimg.model.record import KINDS
from crimg.reader import criu_store
from crimg.reader.file import ImageFile
from crimg.validate.batches import Batch, decode, place_rows
from crimg.validate.layout import Layout, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeVar

    from crimg.format.container import IndexEntry
    from crimg.model.image import Image
    from crimg.model.record import Column, Record

    Run = tuple[int, int, int, int]
    R = TypeVar("R", bound=Record)
    Progress = Callable[[int, int], None]
    """Called with bytes that were looked at, and bytes in all."""

_CODECS = frozenset(Codec)
_TABLES = frozenset({SectionType.OBJECTS, SectionType.LOG, SectionType.HISTORY})


class Checked:
    """An image, and what is known of it.

    page_data: checksums of page data are looked at too.  file: the file behind the image, or None.
    criu: the directory of CRIU behind it, or None.
    layout: the sections of that file as they stand there, whatever its index says; empty where it was made
    with layout False, which spares a look at every section header.
    batches: all rows, in the order of the file.  damaged: ids of sections that are not as they were written.
    undecodable: sections that are as they were written, but not as they should be.
    """

    def __init__(
        self,
        image: Image,
        *,
        page_data: bool = True,
        layout: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self.image = image
        self.page_size = image.page_size
        self.page_data = page_data
        self.progress = progress
        store = image.store
        self.file = store if isinstance(store, ImageFile) else None
        self.criu = criu_store(image)
        self._has_layout = layout
        self.layout = walk(self.file) if self.file and layout else Layout()
        self.sections = {entry.id: entry for entry in store.sections}
        self.undecodable: list[tuple[IndexEntry, FormatError]] = []
        self.damaged: set[int] = set()
        self._runs: dict[int, list[Run]] = {}
        self._sorted_runs: dict[tuple[int | None, bool], list[Run]] = {}
        self._unreadable: set[int] = set()
        there = self.layout.sections if layout else store.sections
        self._walked = {entry.ofs_header: entry for entry in there}
        self.batches = list(self._read_batches())
        place_rows(self.batches)
        self._rows: dict[type[Record], list[Record]] = {}
        self._owned: dict[type[Record], dict[int, list[Record]]] = {}
        self.objects: dict[int, Record] = {}
        """Every shared object by its objref; the first one where there are several."""
        self._objects_of: dict[type[Record], dict[int, Record]] = {}
        self._define()
        self._targets: dict[tuple[type[Record], int], set[int]] = {}
        self._counts: dict[int, int] | None = None
        self._sections_of: dict[type[Record], dict[tuple[object, ...], IndexEntry]] = {}

    @property
    def complete(self) -> bool:
        """No section is lost or damaged: what is not there was never there."""
        if self.file is None:
            return not self.image.damage
        if self.damaged or self.undecodable:
            return False
        if not self._has_layout:  # an index that opened has every section
            return True
        here = self.sections.keys()
        dropped = any(entry.id not in here for entry in self.layout.sections)
        return not (dropped or self.layout.lost)

    def rows(self, cls: type[R]) -> list[R]:
        """The rows of a kind, each in its latest revision, in the order of the image."""
        if cls not in self._rows:
            batches = [batch.placed for batch in self.batches if batch.cls is cls]
            self._rows[cls] = batches[0] if len(batches) == 1 else [row for rows in batches for row in rows]
        return self._rows[cls]  # type: ignore[return-value]  # batches are of one class

    def _define(self) -> None:
        """Find every shared object."""
        for batch in self.batches:
            index = objref_column(batch.cls)
            if index is None:
                continue
            fresh = {row[index]: row for row in batch.placed}
            if len(fresh) < len(batch.placed) or not self.objects.keys().isdisjoint(fresh):
                fresh = {}
                for row in batch.placed:
                    if row[index] not in self.objects:
                        fresh.setdefault(row[index], row)
            self.objects.update(fresh)
            self._objects_of.setdefault(batch.cls, {}).update(fresh)

    def objects_of(self, cls: type[R]) -> Mapping[int, R]:
        """The shared objects of a kind by objref; one for each, however often it is defined."""
        return self._objects_of.get(cls, {})  # type: ignore[return-value]  # batches are of one class

    def targets(self, cls: type[Record], index: int, column: Column) -> set[int]:
        """All objrefs in one column of the rows of a kind. Not to be changed: it is kept."""
        if (cls, index) not in self._targets:
            self._targets[cls, index] = targets(self.rows(cls), index, column)
        return self._targets[cls, index]

    @property
    def reference_counts(self) -> dict[int, int]:
        """Objref to the number of references to it that the image holds."""
        if self._counts is None:
            self._counts = count_references((cls, self.rows(cls)) for cls in KINDS.values())
        return self._counts

    @property
    def tids(self) -> set[int]:
        """The ids of all threads and processes."""
        return {task.pid for task in self.rows(Task)} | {thread.tid for thread in self.rows(Thread)}

    def find(self, cls: type[R], objref: int | None) -> R | None:
        """The object of this kind with this number, or None."""
        found = self.objects.get(objref)  # type: ignore[arg-type]  # nothing has None for a number
        return found if isinstance(found, cls) else None

    def owned(self, cls: type[R]) -> dict[int, list[R]]:
        """The rows of a kind of parts (fds, vmas, threads) by the object that they are parts of."""
        if cls not in self._owned:
            parts: dict[int, list[Record]] = {}
            index = cls.key_columns[0]
            for row in self.rows(cls):
                if (found := parts.get(row[index])) is None:
                    parts[row[index]] = [row]
                else:
                    found.append(row)
            self._owned[cls] = parts
        return self._owned[cls]  # type: ignore[return-value]

    def body(self, section_id: int) -> memoryview | None:
        """The decoded body of a section; None where it is not there or not whole (other rules say so)."""
        if section_id not in self.sections or section_id in self._unreadable:
            return None
        entry = self.sections[section_id]
        there = self._walked.get(entry.ofs_header)
        try:
            if self.file is None or (there is not None and there.header() == entry.header()):
                return self.image.store.body(section_id)
            self.damaged.add(entry.id)  # C106
        except FormatError as error:
            self._note(entry, error)
        self._unreadable.add(section_id)
        return None

    def runs(self, pagemap: int | None) -> list[Run]:
        """The page runs in a PAGEMAP section, as they stand there; none where it cannot be read."""
        if pagemap is None:
            return []
        if pagemap not in self._runs:
            body = self.body(pagemap)
            whole = body is not None and len(body) % RUN_SIZE == 0
            is_map = pagemap in self.sections and self.sections[pagemap].type == SectionType.PAGEMAP
            self._runs[pagemap] = list(RUN.iter_unpack(body or b"")) if whole and is_map else []
        return self._runs[pagemap]

    def sorted_runs(self, pagemap: int | None, *, saved: bool = False) -> list[Run]:
        """The page runs in order; saved: only those whose pages are in this image or in its parent."""
        key = (pagemap, saved)
        if key not in self._sorted_runs:
            found = sorted(self.runs(pagemap))
            self._sorted_runs[key] = [run for run in found if run[2] <= MAX_SECTION_ID] if saved else found
        return self._sorted_runs[key]

    def section_of(self, row: Record) -> IndexEntry | None:
        """The section that holds a row, in its latest revision; None for an image in memory."""
        cls = type(row)
        if cls not in self._sections_of:
            self._sections_of[cls] = {
                each.key: batch.section
                for batch in self.batches
                if batch.cls is cls and batch.section is not None
                for each in batch.rows
            }
        return self._sections_of[cls].get(row.key)

    def _note(self, entry: IndexEntry, error: FormatError) -> None:
        if isinstance(error, ChecksumError):
            self.damaged.add(entry.id)
        else:
            self.undecodable.append((entry, error))

    def _read_batches(self) -> Iterator[Batch]:
        if self.file is None:
            for cls in (*DEFINITION_ORDER, *(set(KINDS.values()) - set(DEFINITION_ORDER))):
                if rows := self.image.rows(cls):
                    yield Batch(cls, list(rows))
            return
        tables = [entry for entry in self.image.store.sections if entry.type in _TABLES]
        packed = [entry for entry in tables if entry.codec != Codec.NONE]
        too_much = packed_fault([(entry.len_raw, entry.len_stored) for entry in packed])
        for entry in tables:
            if entry.kind >= FIRST_ANCILLARY_KIND or not (entry.critical or entry.codec in _CODECS):
                continue  # C111
            if entry.codec != Codec.NONE and too_much:
                self._note(entry, FormatError(too_much, section=entry.label))
            elif (body := self.body(entry.id)) is not None:
                if (known := self.file.decoded(entry.id)) is not None:
                    yield from (
                        Batch(KINDS[kind], rows, entry.revision, entry) for kind, rows in known if rows
                    )
                    continue
                try:
                    yield from decode(entry, body)
                except FormatError as error:
                    self._note(entry, error)
