"""What the generated classes read in an image, as plain values: the formal side of every comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crimg.format.generated import crimg as generated_crimg
from crimg.format.generated import crimg_tables, msgpack_value
from crimg.model import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_crimg: Any = generated_crimg
_tables: Any = crimg_tables
_msgpack: Any = msgpack_value


def parse_image(data: bytes) -> Any:
    """The whole file as `Crimg`; parts are read when they are asked for. For sound images only."""
    image = _crimg.Crimg.from_bytes(data)
    image._read()
    return image


def parse_batches(body: bytes) -> list[tuple[int, list[dict[str, object]]]]:
    """Kind and rows of each batch of a decoded body, columns by the names that the schema gives them."""
    batches = _tables.CrimgTables.Batches.from_bytes(body)
    batches._read()
    return view_batches(batches)


def view_batches(batches: Any) -> list[tuple[int, list[dict[str, object]]]]:
    """The same of a parsed `Batches`."""
    return [
        (batch.kind_number.int_value, [view_row(batch.kind_number.int_value, row) for row in batch.rows])
        for batch in batches.batches
    ]


def view_row(kind: int, row: Any) -> dict[str, object]:
    """Column name to value; an unknown kind has one "column", cells."""
    if kind not in KINDS:
        return {"cells": plain(row.cells)}
    return {name: plain(getattr(row, name)) for name in KINDS[kind].fields}


def parse_msgpack(data: bytes) -> Any:
    """One MessagePack value as `MsgpackValue`."""
    value = _msgpack.MsgpackValue.from_bytes(data)
    value._read()
    return value


def plain(value: Any) -> Any:
    """A view of a column, or a MessagePack value, as msgpack.unpackb would give it; arrays as tuples."""
    if isinstance(value, list):
        return tuple(map(plain, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if not isinstance(value, _msgpack.MsgpackValue):
        return value
    if value.is_nil:
        return None
    if value.is_map:
        return {plain(pair.key): plain(pair.value) for pair in value.pairs}
    if value.is_array:
        return tuple(map(plain, value.items))
    if value.is_ext:
        return value.ext_type, value.payload
    for kind in ("bool", "int", "float", "str", "bytes"):
        if getattr(value, f"is_{kind}"):
            return getattr(value, f"{kind}_value")
    raise AssertionError(f"marker {value.marker:#x} is of no type")


def comparable(value: object) -> object:
    """A value as read_image.js prints it: bytes, floats and maps as objects with one key that names them."""
    match value:
        case bytes():
            return {"hex": value.hex()}
        case float():
            return {"float": value}
        case list() | tuple():
            return [comparable(item) for item in value]
        case dict():
            return {"map": [[comparable(key), comparable(item)] for key, item in value.items()]}
    return value


def comparable_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """The same for a row or a structure: names to values."""
    return {name: comparable(value) for name, value in fields.items()}
