"""What a row may hold: one check for the rows that are read and for those that are to be written.

Rows are checked a column at a time, which costs a tenth of checking each cell.
"""

from __future__ import annotations

from itertools import chain
from operator import itemgetter

from crimg.format.constants import MAX_LEN_RAW, MAX_LIST
from crimg.model.types import RANGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from crimg.model.record import Column, Record

MAX_PACKED_TABLES = MAX_LEN_RAW
"""Bytes to which the tables of an image that are stored with a codec may decode, all together: rows take up
to 50 times the bytes that encode them, and some hundred bytes of zstd can stand for millions of rows."""
MAX_PACKED_RATIO = 16
"""Times its stored length to which such a table decodes, as a rule."""
MAX_PACKED_EXCESS = 1 << 20
"""Bytes that these tables decode to beyond that, all together, at the most."""
MAX_PATH = 4095
"""Bytes of a path at the most (PATH_MAX of limits.h, without the NUL)."""
MAX_NESTING = 100
"""Arrays and maps within one another in a column, at the most."""

_NONE = type(None)
_PYTHON_TYPES = {"bool": bool, "bytes": bytes, "str": str, "map": dict, **dict.fromkeys(RANGES, int)}
_SCALARS = frozenset({_NONE, bool, int, float, bytes, str})
_SMALLEST, _LARGEST = RANGES["s64"][0], RANGES["u64"][1]


class PackedTables:
    """The tables of an image that are stored with a codec, held against the limits above.

    Any part of what these limits allow is allowed too: a writer may leave sections out, and copy others.
    """

    __slots__ = ("excess", "raw")

    def __init__(self) -> None:
        self.raw = 0
        self.excess = 0

    def add(self, len_raw: int, len_stored: int) -> bool:
        """Count a section, where the limits allow it; whether they do."""
        raw = self.raw + len_raw
        excess = self.excess + max(0, len_raw - MAX_PACKED_RATIO * len_stored)
        if raw > MAX_PACKED_TABLES or excess > MAX_PACKED_EXCESS:
            return False
        self.raw, self.excess = raw, excess
        return True


def packed_fault(lengths: Sequence[tuple[int, int]]) -> str:
    """What is wrong with tables that are stored with a codec, by raw and stored lengths; "" for nothing."""
    packed = PackedTables()
    if all(packed.add(*each) for each in lengths):
        return ""
    raw, stored = (sum(column) for column in zip(*lengths, strict=True))
    return f"compressed tables of {raw} bytes from {stored} are more than specs/format.md, 12, allows"


def fault(cls: type[Record], rows: Sequence[Sequence[Any]], only: Sequence[str] | None = None) -> str:
    """What is wrong with the first column that holds what the schema does not allow there; "" for nothing.

    only: the columns that are looked at, where whoever made the rows vouches for all others.
    """
    width = len(cls.columns)
    if set(map(len, rows)) - {width}:
        return f"a row of {cls.noun} has not {width} columns"
    if only is None:
        looked_at: Iterable[tuple[Column, tuple[Any, ...]]] = zip(
            cls.columns, zip(*rows, strict=True), strict=False
        )
    else:
        indexes = map(cls.fields.index, only)
        looked_at = ((cls.columns[index], tuple(map(itemgetter(index), rows))) for index in indexes)
    for column, values in looked_at:
        wrong = _column_fault(column, values)
        if wrong:
            return f"{cls.noun}.{column.name} {wrong}"
    return ""


def _column_fault(column: Column, values: Sequence[Any]) -> str:
    found = set(map(type, values))
    if column.optional and _NONE in found:
        found.discard(_NONE)
        if not found:
            return ""
        values = [value for value in values if value is not None]
    if column.many:
        if found - {tuple}:
            return _wrong_type(found - {tuple}, f"a list of {column.type}")
        if values and max(map(len, values)) > MAX_LIST:
            return f"has more than {MAX_LIST} elements"
        values = tuple(chain.from_iterable(values))
        found = set(map(type, values))
    expected = _PYTHON_TYPES[column.type]
    unexpected = {each for each in found - {expected} if expected is not int or not _is_number(each)}
    if unexpected:
        return _wrong_type(unexpected, column.type)
    if not values:
        return ""
    if expected is int:
        return _range_fault(column.type, values)
    if column.path:
        return _path_fault(values)
    return _maps_fault(values) if expected is dict else ""


def _is_number(cls: type) -> bool:
    """Members of enumerations are numbers, truth values are none."""
    return issubclass(cls, int) and cls is not bool


def _wrong_type(found: set[type], expected: str) -> str:
    names = ", ".join(sorted("nil" if each is _NONE else each.__name__ for each in found))
    return f"is {names}, not {expected}"


def _range_fault(type_: str, values: Iterable[int]) -> str:
    low, high = RANGES[type_]
    smallest, largest = min(values), max(values)
    if low <= smallest and largest <= high:
        return ""
    return f"is {smallest if smallest < low else largest}, which is no {type_}"


def _path_fault(values: Sequence[bytes]) -> str:
    longest = max(map(len, values))
    if longest > MAX_PATH:
        return f"is a path of {longest} bytes; {MAX_PATH} are possible"
    return "is a path with a NUL" if b"\0" in b"".join(values) else ""


def _maps_fault(maps: Sequence[dict[Any, Any]]) -> str:
    """What is wrong with maps of further attributes; most are small, flat, and much the same in all rows."""
    if set(map(type, chain.from_iterable(maps))) <= {str}:
        flat = list(chain.from_iterable(map(dict.values, maps)))
        found = set(map(type, flat))
        if found <= _SCALARS and max(map(len, maps)) <= MAX_LIST:
            numbers = flat if found == {int} else [value for value in flat if type(value) is int]
            if not numbers or (min(numbers) >= _SMALLEST and max(numbers) <= _LARGEST):
                return ""
    different = {id(each): each for each in maps}
    return next(filter(None, map(_nested_fault, different.values())), "")


def _nested_fault(extra: dict[Any, Any]) -> str:
    """What is wrong with a map of further attributes, at whatever depth."""
    pending: list[tuple[Any, int]] = [(extra, 1)]
    while pending:
        value, depth = pending.pop()
        if type(value) is dict:
            if set(map(type, value)) - {str}:
                return "has a key that is no str"
            inner: Iterable[Any] = value.values()
        elif type(value) is tuple:
            inner = value
        elif type(value) not in _SCALARS:
            return f"holds a value of type {type(value).__name__}"
        else:
            if type(value) is int and not _SMALLEST <= value <= _LARGEST:
                return f"holds {value}, which does not fit in 64 bits"
            continue
        if len(value) > MAX_LIST:
            return f"holds more than {MAX_LIST} elements in one value"
        if depth > MAX_NESTING:
            return f"is nested deeper than {MAX_NESTING}"
        pending.extend((each, depth + 1) for each in inner)
    return ""
