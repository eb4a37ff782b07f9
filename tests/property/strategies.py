"""Random images: rows of every kind from the model's columns, sound references, page maps, blobs.

What an image is to hold is said by a `Plan`; `write` makes it of that with the project's writer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from crimg.format.constants import PAGES_GUARD, PAGES_PARENT, PAGES_ZERO, Codec, SectionType
from crimg.format.container import FileHeader
from crimg.model import DEFINITION_ORDER, HistoryEntry, Inode, LogEntry, Mm, Pipe, Record, Socket
from crimg.model.types import RANGES
from crimg.writer import BytesOutput, ImageWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crimg.model import Column

    Run = tuple[int, int, int, int]
    Extents = tuple[tuple[int, bytes], ...]
    Draw = Callable[[st.SearchStrategy[Any]], Any]

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Settings of tests that take plans: what an example takes is no finding on a machine with other work."""
MAX_ROWS = 3
_FILE_END = 2**63 - 1


@dataclass(frozen=True)
class Plan:
    """What an image is to hold. blobs, pages, pagemaps: by section id, which count up in this order."""

    header: FileHeader
    codec: int
    blobs: Mapping[int, Extents]
    pages: Mapping[int, bytes]
    pagemaps: Mapping[int, Sequence[Run]]
    tables: Mapping[type[Record], Sequence[Record]]
    log: Sequence[LogEntry] = field(default=())
    history: Sequence[HistoryEntry] = field(default=())

    def write(self) -> bytes:
        """The image, by `ImageWriter`; in the canonical form where the codec is none."""
        output = BytesOutput()
        writer = ImageWriter(output, self.header, codec=self.codec)
        for section_id, extents in self.blobs.items():
            taken = writer.blob(
                [(offset, len(data)) for offset, data in extents], [data for _, data in extents]
            )
            assert taken == section_id
        for section_id in (*self.pages, *self.pagemaps):
            assert writer.take_id() == section_id
        writer.tables(self.tables)
        for section_id, data in self.pages.items():
            writer.pages(data, section_id)
        for section_id, runs in self.pagemaps.items():
            writer.pagemap(runs, section_id)
        writer.table(self.log, type_=SectionType.LOG)
        writer.table(self.history, type_=SectionType.HISTORY)
        writer.finish()
        return bytes(output.data)


def integers(type_: str) -> st.SearchStrategy[int]:
    """Integers of a column type: all of its range, and its edges and those of MessagePack's forms often."""
    low, high = RANGES[type_]
    edges = {low, high, 0, 1, -1, -32, -33, -128, -129} | {
        2**bits + step for bits in _BITS for step in (-1, 0)
    }
    return st.one_of(
        st.sampled_from(sorted(edge for edge in edges if low <= edge <= high)),
        st.integers(max(low, -200), min(high, 1000)),
        st.integers(low, high),
    )


_BITS = (5, 7, 8, 15, 16, 31, 32, 63, 64)

paths = st.one_of(
    st.sampled_from((b"", b"/", b"/tmp/\xff\xfe\n\x1b[1m (deleted)", b"/" + b"x" * 4094)),
    st.binary(max_size=12).map(lambda data: data.replace(b"\0", b"/")),
)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    integers("u64"),
    integers("s64"),
    st.floats(allow_nan=False),
    st.binary(max_size=8),
    texts,
)
_inner = st.one_of(_scalars, st.lists(_scalars, max_size=2).map(tuple))
values = st.one_of(
    _scalars, st.lists(_inner, max_size=2).map(tuple), st.dictionaries(texts, _inner, max_size=2)
)
extras = st.one_of(st.none(), st.none(), st.dictionaries(texts, values, min_size=1, max_size=3))


@cache
def column_values(column: Column) -> st.SearchStrategy[Any]:
    """Values that a column may hold, references and section ids left out."""
    plain: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "bytes": paths if column.path else st.binary(max_size=20),
        "str": texts,
        "map": extras,
    }
    one = plain[column.type] if column.type in plain else integers(column.type)
    if column.many:
        one = st.lists(one, max_size=4).map(tuple)
    return st.one_of(st.none(), one) if column.optional and column.type != "map" else one


class _Objects:
    """Objrefs given out so far, by the name of their class."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.defined: dict[str, list[int]] = {}
        self._free = iter(draw(st.lists(integers("u32").filter(bool), unique=True, min_size=40, max_size=40)))

    def define(self, cls: type[Record]) -> int:
        """A new objref for an object of this class."""
        self.defined.setdefault(cls.__name__, []).append(next(self._free))
        return self.defined[cls.__name__][-1]

    def referable(self, column: Column) -> list[int]:
        """What a reference column may point to."""
        return [objref for kind in column.kinds for objref in self.defined.get(kind, ())]


def _row(draw: Draw, cls: type[Record], objects: _Objects, sections: Mapping[str, Sequence[int]]) -> Record:
    cells: dict[str, Any] = {}
    for column in cls.columns:
        if column.kinds:
            targets = objects.referable(column)
            choices = st.sampled_from([None, *targets] if column.optional else targets)
            cells[column.name] = draw(choices)
        elif column.name in sections and cls in (Inode, Pipe, Socket, Mm):
            cells[column.name] = _section_cell(draw, column, sections[column.name])
        elif column.name != "objref":
            cells[column.name] = draw(column_values(column))
    if cls.shared:
        cells["objref"] = objects.define(cls)
    return cls(**cells)


def _section_cell(draw: Draw, column: Column, ids: Sequence[int]) -> object:
    if column.many:
        return tuple(draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))) if ids else ()
    return draw(st.sampled_from([None, *ids]))


def _tables(draw: Draw, sections: Mapping[str, Sequence[int]]) -> dict[type[Record], list[Record]]:
    objects = _Objects(draw)
    tables: dict[type[Record], list[Record]] = {}
    for cls in DEFINITION_ORDER:
        needed = [column for column in cls.columns if column.kinds and not column.optional]
        if all(objects.referable(column) for column in needed):
            count = draw(st.integers(0, MAX_ROWS))
            tables[cls] = [_row(draw, cls, objects, sections) for _ in range(count)]
    return tables


@st.composite
def rows_of(draw: Draw, cls: type[Record]) -> Record:
    """A row of a kind, whose references and section ids are any numbers."""
    cells = {
        column.name: draw(column_values(column) if column.type != "map" else extras) for column in cls.columns
    }
    return cls(**cells)


@st.composite
def extents(draw: Draw) -> Extents:
    """Extents of a kept file: some near each other, some near the largest offset of a file."""
    data = draw(st.lists(st.binary(min_size=1, max_size=30), max_size=3))
    if draw(st.booleans()):
        gaps = [draw(st.integers(0, 5000)) for _ in data]
        start = 0
    else:
        gaps = [draw(st.integers(0, 3)) for _ in data]
        start = _FILE_END - sum(gaps) - sum(map(len, data))
    placed = []
    for gap, part in zip(gaps, data, strict=True):
        placed.append((start + gap, part))
        start += gap + len(part)
    return tuple(placed)


@st.composite
def page_runs(draw: Draw, page_size: int, pages: Mapping[int, bytes]) -> tuple[Run, ...]:
    """Runs of one address space that point into these PAGES sections, or to no section."""
    limit = 2**64 // page_size
    page = draw(st.sampled_from([0, 1, 0x5555_5555_4000 // page_size, limit - 40]))
    runs = []
    for _ in range(draw(st.integers(0, 5))):
        page += draw(st.integers(0, 3))
        section = draw(st.sampled_from([*pages, PAGES_ZERO, PAGES_GUARD, PAGES_PARENT]))
        there = len(pages[section]) // page_size if section in pages else 4
        count = draw(st.integers(1, there))
        index = draw(st.integers(0, there - count)) if section in pages else 0
        runs.append((page, count, section, index))
        page += count
    return tuple(runs)


@st.composite
def plans(draw: Draw) -> Plan:
    """Any image that the model can hold, in one revision."""
    page_size = draw(st.sampled_from([4096, 4096, 16384]))
    header = FileHeader(
        uuid=draw(st.binary(min_size=16, max_size=16)), created=draw(integers("s64")), page_size=page_size
    )
    number = iter(range(1, 100))
    blobs = {next(number): draw(extents()) for _ in range(draw(st.integers(0, 3)))}
    contents = st.binary(min_size=1, max_size=8)
    pages = {
        next(number): b"".join(
            (draw(contents) * page_size)[:page_size] for _ in range(draw(st.integers(1, 3)))
        )
        for _ in range(draw(st.integers(0, 2)))
    }
    pagemaps = {next(number): draw(page_runs(page_size, pages)) for _ in range(draw(st.integers(0, 2)))}
    return Plan(
        header=header,
        codec=draw(st.sampled_from([Codec.NONE, Codec.ZSTD])),
        blobs=blobs,
        pages=pages,
        pagemaps=pagemaps,
        tables=_tables(draw, {"blobs": list(blobs), "pagemap": list(pagemaps)}),
        log=draw(st.lists(rows_of(LogEntry), max_size=2)),
        history=draw(st.lists(rows_of(HistoryEntry), max_size=2)),
    )
