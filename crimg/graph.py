"""The graph of objrefs: who defines, who refers. Derived from the annotations of the model's fields.

A new kind with a reference column is part of it without a line here.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter

from crimg.escape import escape
from crimg.model import EpollWatch, Fd, File, Inode, Task, Thread, Vma
from crimg.model.record import KINDS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from crimg.model.image import Image
    from crimg.model.record import Column


def references(record: Record) -> Iterator[tuple[str, int]]:
    """Column name and objref of every reference that this row makes (nil ones left out)."""
    for index, column in type(record).references:
        value = record[index]
        if value is None:
            continue
        for target in value if column.many else (value,):
            yield column.name, target


def objref_column(cls: type[Record]) -> int | None:
    """Index of the column by which rows of a kind are referred to; None for parts, and for the journal."""
    first = cls.key_columns[0]
    return first if cls.fields[first] == "objref" else None


def owner_column(cls: type[Record]) -> int | None:
    """Index of the column with the objref of a shared object, or of that which a part is a part of; None for
    neither."""
    own = objref_column(cls)
    first = cls.key_columns[0]
    return first if own is not None or cls.columns[first].kinds else None


def targets(rows: Sequence[Record], index: int, column: Column) -> set[int]:
    """All objrefs in one column of some rows."""
    if column.many:
        return {target for row in rows for target in row[index] or ()}
    found = set(map(itemgetter(index), rows))
    found.discard(None)
    return found


_LABELS: dict[type[Record], Callable[[Any], str]] = {
    File: lambda row: f"file {escape(row.path)}" if row.path else "file",
    Fd: lambda row: f"fd {row.fd}",
    EpollWatch: lambda row: f"watch by fd {row.fd}",
    Vma: lambda row: f"vma {row.start:x}-{row.end:x}",
    Task: lambda row: f"task {row.pid} {escape(row.comm)}",
    Thread: lambda row: f"thread {row.tid}",
    Inode: lambda row: f"inode {row.number}",
}


def row_label(row: Record) -> str:
    """A printable name of a row that tells it from the others of its table."""
    cls = type(row)
    if cls in _LABELS:
        return _LABELS[cls](row)
    if objref_column(cls) is not None:
        return cls.noun
    return " ".join([cls.noun, *(str(part) for part in row.key[1:] if part is not None)])


def owner(row: Record) -> int | None:
    """The objref of a shared object; for a part, that of the object it is a part of; None for neither."""
    column = owner_column(type(row))
    return None if column is None else int(row[column])


def count_references(
    tables: Iterable[tuple[type[Record], Sequence[Record]]], to: type[Record] | None = None
) -> dict[int, int]:
    """Objref to the number of references that these rows, by their kind, make to it.

    to: count only the references that can be to this kind.
    """
    counts: Counter[int | None] = Counter()
    for cls, rows in tables:
        for index, column in cls.references:
            if to is not None and to.__name__ not in column.kinds:
                continue
            if column.many:
                counts.update(target for row in rows for target in row[index] or ())
            else:
                counts.update(map(itemgetter(index), rows))
    del counts[None]
    return counts  # type: ignore[return-value]  # nil is out


def count_referrers(tables: Mapping[type[Record], Sequence[Record]]) -> dict[int, int]:
    """Objref to the number of references that the rows of these tables make to it."""
    return count_references(tables.items())


class Graph:
    """Referrers of every object of an image, found once, in O(rows)."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._referrers: dict[int, list[tuple[Record, str]]] = {}
        for cls in KINDS.values():
            if not cls.references:
                continue
            for row in image.rows(cls):
                for name, target in references(row):
                    self._referrers.setdefault(target, []).append((row, name))

    def referrers(self, objref: int) -> Sequence[tuple[Record, str]]:
        """The rows that refer to this object, each with the name of the column that does."""
        return self._referrers.get(objref, ())


class Edge:
    """How one object refers to another.

    source, target: objrefs.  column: the column that refers.  rows: the rows that do: the object itself, or
    parts of it (descriptors of a table, mappings of an address space) all of one kind.
    """

    __slots__ = ("column", "rows", "source", "target")

    def __init__(self, source: int, target: int, column: str) -> None:
        self.source = source
        self.target = target
        self.column = column
        self.rows: list[Record] = []

    @property
    def of_object(self) -> bool:
        """Whether the object refers by itself, in the one row that it has, and not by parts."""
        return len(type(self.rows[0]).key_columns) == 1


class ObjectGraph:
    """Objects and the references between them. Parts of an object refer on its behalf.

    nodes: objref to the object.  edges: in the order of the image; those to one object by one column and
    kind of row are one.  Targets that are not in the image are in no node.
    """

    def __init__(self, image: Image) -> None:
        self.nodes: dict[int, Record] = {}
        found: dict[tuple[int, int, int], Edge] = {}
        for cls in KINDS.values():
            rows = image.rows(cls)
            own = objref_column(cls)
            if rows and own is not None:
                for row in rows:
                    self.nodes.setdefault(row[own], row)
            source = own if own is not None else cls.key_columns[0]
            if rows and (own is not None or cls.columns[source].kinds):
                self._add_edges(cls, rows, source, found)
        self.edges = list(found.values())

    def _add_edges(
        self,
        cls: type[Record],
        rows: Sequence[Record],
        source: int,
        found: dict[tuple[int, int, int], Edge],
    ) -> None:
        for index, column in cls.references:
            if index == source:
                continue
            tag = cls.row_kind << 16 | index
            for row in rows:
                value = row[index]
                if value is None:
                    continue
                for target in value if column.many else (value,):
                    key = (row[source], target, tag)
                    edge = found.get(key)
                    if edge is None:
                        edge = found[key] = Edge(row[source], target, column.name)
                    edge.rows.append(row)

    def near(self, objref: int, depth: int) -> set[int]:
        """Objrefs at most `depth` references away from an object, in either direction; itself included."""
        neighbours: dict[int, list[int]] = {}
        for edge in self.edges:
            neighbours.setdefault(edge.source, []).append(edge.target)
            neighbours.setdefault(edge.target, []).append(edge.source)
        reached = front = {objref}
        for _ in range(depth):
            front = {other for each in front for other in neighbours.get(each, ())} - reached
            if not front:
                break
            reached = reached | front
        return reached
