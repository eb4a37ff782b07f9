"""What a row is: a named, immutable tuple whose columns are declared once, as annotated class fields.

`class Fd(Record, kind=8): table: FdTableRef; ...` makes a tuple subclass without instance dictionaries.
From the annotations (read as text, never evaluated) comes everything else that must know the columns: the
reader's type and range checks, the reference graph, the comparison with the schema. A row read from an
image becomes a record by `Vma.from_row(row)`, at the cost of one tuple, which is why these are no
dataclasses: 100,000 of them are made in a few hundredths of a second, and the module that imports no
dataclasses starts 20 ms earlier.
"""

from __future__ import annotations

from operator import itemgetter

from crimg.model.types import ALIASES, REFERENCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Self, dataclass_transform
else:

    def dataclass_transform(**_options: object):  # noqa: ANN201 - only the type checker's twin is typed
        """At run time the decorator does nothing: its reader is the type checker."""
        return lambda target: target


class Column:
    """One column of a table.

    name: as in the schema.  type: base type name ("u32", "bytes", ...; see model/types.py).
    optional: nil is allowed.  many: a list of values of this type.
    kinds: names of the record classes this reference may point to, () where it is no reference.
    path: the value is a path in the file system of the task.
    """

    __slots__ = ("kinds", "many", "name", "optional", "path", "type")

    def __init__(self, name: str, annotation: str) -> None:
        self.name = name
        self.optional = annotation.endswith(" | None")
        inner = annotation.removesuffix(" | None")
        self.many = inner.startswith("tuple[")
        if self.many:
            inner = inner.removeprefix("tuple[").removesuffix(", ...]")
        if inner not in ALIASES:
            raise TypeError(f"column {name}: unknown column type {annotation!r}")
        self.type = ALIASES[inner]
        self.kinds = REFERENCES.get(inner, ())
        self.path = inner == "Path"

    def __repr__(self) -> str:
        return f"<Column {self.name}: {self.type}>"


@dataclass_transform(kw_only_default=True, frozen_default=True)
class RecordMeta(type):
    """Turns the annotations of a record class into columns and read-only attributes."""

    row_kind: int
    noun: str
    fields: tuple[str, ...]
    key_columns: tuple[int, ...]
    _annotations: dict[str, str]
    _cells: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    _columns: tuple[Column, ...] | None
    _defaults: dict[str, Any]

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        kind: int = 0,
        noun: str = "",
        key: tuple[str, ...] = (),
    ) -> RecordMeta:
        """kind: the number of the table.  noun: its name.  key: the columns that tell its rows apart."""
        annotations: dict[str, str] = namespace.get("__annotations__", {})
        defaults = {field: namespace.pop(field) for field in annotations if field in namespace}
        key_columns = tuple(map(list(annotations).index, key or ("objref",))) if kind else ()
        if kind:
            for index, field in enumerate(annotations):
                namespace[field] = property(itemgetter(index))
            namespace["key"] = property(_key_of(key_columns))
        namespace["__slots__"] = ()
        cls = super().__new__(mcs, name, bases, namespace)
        if kind:
            cls.row_kind = kind
            cls.noun = noun or name.lower()
            cls._annotations = annotations
            cls._columns = None
            cls._cells = itemgetter(*annotations)
            cls.fields = tuple(annotations)
            cls.key_columns = key_columns
            cls._defaults = defaults
            KINDS[kind] = cls  # type: ignore[assignment]  # every class with a kind derives from Record
        return cls

    @property
    def columns(cls) -> tuple[Column, ...]:
        """The columns in the schema's order; made when first asked for, which keeps the import cheap."""
        if cls._columns is None:
            cls._columns = tuple(Column(field, text) for field, text in cls._annotations.items())
        return cls._columns

    @property
    def shared(cls) -> bool:
        """Whether its rows are shared objects, told apart by objref. (Of the metaclass: a column may have
        this name.)"""
        return cls.fields[cls.key_columns[0]] == "objref"

    @property
    def references(cls) -> tuple[tuple[int, Column], ...]:
        """Index and column of those that hold references."""
        return tuple(pair for pair in enumerate(cls.columns) if pair[1].kinds)


KINDS: dict[int, type[Record]] = {}
"""Every record class by its table number (`object_kind` of the schema)."""


class Record(tuple, metaclass=RecordMeta):  # type: ignore[type-arg]  # columns are typed one by one
    """Base of all rows. Immutable; equal when of one class with equal columns."""

    if not TYPE_CHECKING:

        def __new__(cls, **values: object) -> Self:
            fields = cls.fields
            if len(values) != len(fields):
                values = {**cls._defaults, **values}
            try:
                row: Self = tuple.__new__(cls, cls._cells(values))
            except KeyError:
                raise TypeError(cls._misfit(values)) from None
            if len(values) != len(row):
                raise TypeError(cls._misfit(values))
            return row

    @classmethod
    def _misfit(cls, values: Mapping[str, object]) -> str:
        """What is wrong with values of columns that are not just those of this kind."""
        missing = [field for field in cls.fields if field not in cls._defaults and field not in values]
        if missing:
            return f"{cls.__name__} needs {', '.join(missing)}"
        return f"{cls.__name__} has no column {', '.join(sorted(values.keys() - set(cls.fields)))}"

    @classmethod
    def from_row(cls, row: Iterable[Any]) -> Self:
        """The record whose columns, in the schema's order, are `row`. Nothing is checked."""
        return tuple.__new__(cls, row)

    def replace(self, **changes: Any) -> Self:
        """A copy with some columns changed; TypeError for a name that is no column."""
        cls = type(self)
        cells = list(self)
        for name, value in changes.items():
            if name not in cls.fields:
                raise TypeError(f"{cls.__name__} has no column {name}")
            cells[cls.fields.index(name)] = value
        return tuple.__new__(cls, cells)

    def as_dict(self) -> dict[str, Any]:
        """Column name to value, in the schema's order."""
        return dict(zip(type(self).fields, self, strict=True))

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this row from others of its kind: the objref, or the columns of a part's place."""
        raise NotImplementedError  # every class with columns has its own: all rows of a revision are asked

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), tuple(self))

    def __repr__(self) -> str:
        columns = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).__name__}({columns})"


_NOTHING: frozenset[str] = frozenset()


def unrecorded(row: Record) -> frozenset[str]:
    """Names of columns in which a row holds no more than a zero, since what made the image did not record
    them (attribute "unrecorded"); images of our own have none."""
    extra = row[-1]  # of every kind, the map of further attributes is the last column
    names = extra.get("unrecorded") if isinstance(extra, dict) else None
    return frozenset(names) if isinstance(names, tuple) else _NOTHING


def _key_of(columns: tuple[int, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of these columns of a row."""
    if len(columns) > 1:
        return itemgetter(*columns)
    (only,) = columns
    return lambda row: (row[only],)


def _rebuild(cls: type[Record], row: tuple[Any, ...]) -> Record:
    return cls.from_row(row)
