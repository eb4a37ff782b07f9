"""Saved memory without some of its bytes: what goes, what is patched, where the rest will stand.

Removal is of saved bytes, not of addresses: one saved page can be seen at several addresses, of several
address spaces. A byte that is chosen by one of them is gone for all.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from crimg.format.constants import PAGES_ZERO, SectionType
from crimg.model import Mm
from crimg.pages import PARENT, SAVED, Memory
from crimg.redact.ranges import total, union, within, without
from crimg.writer import PAGES_SECTION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crimg.format.container import IndexEntry
    from crimg.model.image import Image
    from crimg.redact.ranges import Range
    from crimg.writer import ImageWriter

    Run = tuple[int, int, int, int]

_FIRST = itemgetter(0)
_ALL = (0, 1 << 64)


class PageWork:
    """What becomes of the PAGES and PAGEMAP sections of an image.

    gone: id of a PAGES section to the bytes of its decoded body that are removed.  lost: objref of every mm
    to the addresses at which it has lost bytes.  in_parent: bytes that were chosen, but are in the parent
    image.  size: bytes removed.  Raises FormatError for page maps that are damaged.
    """

    def __init__(self, image: Image, chosen: Mapping[int, Sequence[Range]], *, drop: bool = False) -> None:
        """chosen: objref of an mm to ranges of its addresses.  drop: whole pages get no run."""
        self.image = image
        self.page_size = image.page_size
        self.drop = drop
        self.in_parent = 0
        self.memories = {mm.objref: Memory(image, mm) for mm in image.rows(Mm)}
        self.gone = self._stored(chosen)
        self.size = sum(map(total, self.gone.values()))
        self.maps = {mm.pagemap: mm.objref for mm in image.rows(Mm) if mm.pagemap is not None}
        """Id of every page map to an mm that has it."""
        by_map = {pagemap: self._lost(self.memories[mm]) for pagemap, mm in self.maps.items()}
        self.lost = {mm.objref: by_map.get(mm.pagemap or 0, []) for mm in image.rows(Mm)}
        self.kept = self._kept()
        """Id of every PAGES section that is used to the pages of it that are kept."""

    def _stored(self, chosen: Mapping[int, Sequence[Range]]) -> dict[int, list[Range]]:
        found: dict[int, list[Range]] = {}
        for mm, ranges in chosen.items():
            for low, high in ranges:
                for piece in self.memories[mm].cut(low, high):
                    length = piece.end - piece.start
                    if piece.origin == SAVED:
                        found.setdefault(piece.section, []).append((piece.offset, piece.offset + length))
                    elif piece.origin == PARENT:
                        self.in_parent += length
        return {section: union(ranges) for section, ranges in found.items()}

    def _lost(self, memory: Memory) -> list[Range]:
        found = []
        for piece in memory.cut(*_ALL):
            if piece.section in self.gone:
                shift = piece.start - piece.offset
                end = piece.offset + piece.end - piece.start
                found += [
                    (low + shift, high + shift)
                    for low, high in within(self.gone[piece.section], piece.offset, end)
                ]
        return union(found)

    def _kept(self) -> dict[int, list[Range]]:
        used: dict[int, list[Range]] = {}
        for mm in self.maps.values():
            for piece in self.memories[mm].cut(*_ALL):
                if piece.origin == SAVED:
                    first = piece.offset // self.page_size
                    pages = (piece.end - piece.start) // self.page_size
                    used.setdefault(piece.section, []).append((first, first + pages))
        return {section: without(union(pages), self._whole_pages(section)) for section, pages in used.items()}

    def _whole_pages(self, section: int) -> list[Range]:
        """Pages that are removed from the first byte to the last."""
        size = self.page_size
        return [
            (-(-low // size), high // size)
            for low, high in self.gone.get(section, ())
            if -(-low // size) < high // size
        ]

    def is_untouched(self, entry: IndexEntry) -> bool:
        """Whether all of a PAGES section is kept."""
        return entry.id not in self.gone and self.kept[entry.id] == [(0, entry.len_raw // self.page_size)]


class Rebuilt:
    """A PAGES section of which a part is kept: in chunks that can be written one after the other.

    chunks: section id and pages of each.  pieces: first page there, pages, id and first page in the new
    image, ascending; of pages that are not kept there is none.
    """

    def __init__(
        self, entry: IndexEntry, kept: Sequence[Range], page_size: int, take_id: Callable[[], int]
    ) -> None:
        self.entry = entry
        self.chunks: list[tuple[int, list[Range]]] = []
        self.pieces: list[tuple[int, int, int, int]] = []
        most = PAGES_SECTION // page_size
        filled = most
        for low, high in kept:
            while low < high:
                if filled == most:  # the first chunk has the id of the section
                    self.chunks.append((entry.id if not self.chunks else take_id(), []))
                    filled = 0
                end = min(high, low + most - filled)
                section, pages = self.chunks[-1]
                pages.append((low, end))
                self.pieces.append((low, end - low, section, filled))
                filled += end - low
                low = end

    def moved(self, page: int, count: int, index: int) -> Iterator[Run]:
        """The runs in place of one that had these pages of the section; what is not kept is zero bytes."""
        position, end = index, index + count
        first = max(bisect_right(self.pieces, index, key=_FIRST) - 1, 0)
        for number in range(first, len(self.pieces)):
            start, pages, section, place = self.pieces[number]
            if start >= end:
                break
            low, high = max(start, position), min(start + pages, end)
            if low >= high:
                continue
            if low > position:
                yield page + position - index, low - position, PAGES_ZERO, 0
            yield page + low - index, high - low, section, place + low - start
            position = high
        if position < end:
            yield page + position - index, end - position, PAGES_ZERO, 0


class MemoryWriter:
    """Writes the PAGES and PAGEMAP sections that are kept, in the order in which they were.

    All section ids are taken when it is made.
    """

    def __init__(self, work: PageWork, writer: ImageWriter) -> None:
        self.work = work
        self.writer = writer
        self._rebuilt = {
            entry.id: Rebuilt(entry, work.kept[entry.id], work.page_size, writer.take_id)
            for entry in work.image.store.sections
            if work.kept.get(entry.id) and not work.is_untouched(entry)
        }
        self._left_out = {section for section, pages in work.kept.items() if not pages}

    def write(self, progress: Callable[[int], object] | None) -> None:
        """Write all of them. progress: called with bytes of memory gone through.

        Every section is held against its checksum first; no more of it is in memory than `PAGES_SECTION`
        bytes, or what it decodes to. Raises FormatError, FileError.
        """
        done = 0
        for entry in self.work.image.store.sections:
            if entry.id in self.work.maps:
                self._write_map(entry)
            elif self.work.kept.get(entry.id):
                self._write_pages(entry)
                self.work.image.store.release()
                done += entry.len_raw
                if progress is not None:
                    progress(done)

    def _write_map(self, entry: IndexEntry) -> None:
        runs = self.work.memories[self.work.maps[entry.id]].runs
        if any(run[2] in self._rebuilt or run[2] in self._left_out for run in runs):
            self.writer.pagemap(self._moved_runs(runs), entry.id)
        else:
            self._copy(entry)

    def _copy(self, entry: IndexEntry) -> None:
        store = self.work.image.store
        store.check(entry.id)
        self.writer.copy(entry, store.stored(entry))

    def _write_pages(self, entry: IndexEntry) -> None:
        part = self._rebuilt.get(entry.id)
        if part is None:
            self._copy(entry)
            return
        store, size = self.work.image.store, self.work.page_size
        store.check(entry.id)
        body = store.body(entry.id)
        gone = self.work.gone.get(entry.id, ())
        align = size.bit_length() - 1
        for section, pages in part.chunks:
            data = bytearray()
            for first, last in pages:
                shift = len(data) - first * size
                data += body[first * size : last * size]
                for low, high in within(gone, first * size, last * size):
                    data[low + shift : high + shift] = bytes(high - low)
            self.writer.section(
                SectionType.PAGES, data, codec=entry.codec, align_log2=align, section_id=section
            )

    def _moved_runs(self, runs: Sequence[Run]) -> list[Run]:
        """The runs of a page map for the new image; zero pages next to each other are one run."""
        result: list[Run] = []
        for run in runs:
            for moved in self._moved(run):
                if result and moved[2] == PAGES_ZERO == result[-1][2] and sum(result[-1][:2]) == moved[0]:
                    result[-1] = (result[-1][0], result[-1][1] + moved[1], PAGES_ZERO, 0)
                else:
                    result.append(moved)
        return result

    def _moved(self, run: Run) -> list[Run]:
        """What stands in for one run; with drop, no run for pages that are not kept."""
        page, count, section, index = run
        if section in self._rebuilt:
            moved = list(self._rebuilt[section].moved(page, count, index))
        elif section in self._left_out:
            moved = [(page, count, PAGES_ZERO, 0)]
        else:
            return [run]
        return [each for each in moved if each[2] != PAGES_ZERO] if self.work.drop else moved
