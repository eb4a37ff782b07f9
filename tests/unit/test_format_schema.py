"""The tables of the schema and the record classes of crimg.model are the same tables."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest

from crimg.model import DEFINITION_ORDER, KINDS, Column, HistoryEntry, LogEntry, Record
from crimg.model.types import RANGES
from tests.schema import enum_names, load_schema

SCHEMA = load_schema("crimg_tables")
TABLES = {name: table for name, table in SCHEMA["types"].items() if "-kind" in table}
RECORDS = sorted(KINDS.values(), key=lambda cls: cls.row_kind)
ACCESSORS = {"bool": ".bool_value", "bytes": ".bytes_value", "str": ".str_value", "map": ""}


def columns_of(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    columns: dict[str, dict[str, Any]] = table["instances"]
    return columns


def docs_of(cls: type[Record]) -> dict[str, str]:
    """The string under each column of a record class."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            assert isinstance(following, ast.Expr), f"{cls.__name__}.{statement.target.id} has no doc string"
            docs[statement.target.id] = str(ast.literal_eval(following.value))
    return docs


def words(text: str) -> str:
    return " ".join(text.split())


def test_both_have_the_same_kinds() -> None:
    in_schema = {table["-kind"]: name for name, table in TABLES.items()}
    assert in_schema == {number: cls.noun for number, cls in KINDS.items()}
    assert enum_names(SCHEMA["enums"]["object_kind"]) == in_schema


def test_each_kind_has_its_rows_parsed_by_its_type() -> None:
    cases = SCHEMA["types"]["batch"]["seq"][3]["type"]["cases"]
    assert cases == {**{f"object_kind::{name}": name for name in TABLES}, "_": "other_row"}


def test_kind_numbers_that_the_schema_lets_through() -> None:
    expression = SCHEMA["types"]["batch"]["seq"][1]["valid"]["expr"]
    bounds = [int(number, 0) for number in re.findall(r"[<>]= (\w+)", expression)]
    ranges = list(zip(bounds[::2], bounds[1::2], strict=True))
    assert ranges[-1] == (0x8000, 0xFFFF)
    assert sorted(KINDS) == [number for low, high in ranges[:-1] for number in range(low, high + 1)]


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.noun)
def test_columns_in_their_order_and_documented(cls: type[Record]) -> None:
    table = TABLES[cls.noun]
    assert tuple(columns_of(table)) == cls.fields
    assert words(table["doc"]) == words(inspect.getdoc(cls) or "")
    assert {name: words(column["doc"]) for name, column in columns_of(table).items()} == {
        name: words(text) for name, text in docs_of(cls).items()
    }
    assert tuple(cls.fields[index] for index in cls.key_columns) == tuple(table["-key"])
    assert cls.fields[-1] == "extra"


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.noun)
def test_types_references_and_nil(cls: type[Record]) -> None:
    for index, column in enumerate(cls.columns):
        place = f"{cls.noun}.{column.name}"
        described = columns_of(TABLES[cls.noun])[column.name]
        assert described["-type"] == column.type, place
        assert described.get("-list", False) == column.many, place
        assert described.get("-path", False) == column.path, place
        assert described.get("-ref", []) == [nouns()[kind] for kind in column.kinds], place
        assert described.get("if") == (f"not cells.items[{index}].is_nil" if column.optional else None), place
        accessor = ".items" if column.many else ACCESSORS.get(column.type, ".int_value")
        assert described["value"] == f"cells.items[{index}]{accessor}", place


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.noun)
def test_rows_are_valid_when_every_cell_has_its_type(cls: type[Record]) -> None:
    parts = TABLES[cls.noun]["seq"][0]["valid"]["expr"].split(" and ")
    assert parts == [
        "_.is_array",
        f"_.len == {len(cls.columns)}",
        *(cell_rule(index, column) for index, column in enumerate(cls.columns)),
    ]


def cell_rule(index: int, column: Column) -> str:
    """What the schema has to demand of a cell."""
    cell = f"_.items[{index}]"
    rule = f"{cell}.is_list" if column.many else f"{cell}.is_{column.type}"
    return f"({cell}.is_nil or {rule})" if column.optional else rule


def nouns() -> dict[str, str]:
    return {cls.__name__: cls.noun for cls in KINDS.values()}


def test_enumerations_are_on_the_columns_that_name_them() -> None:
    used = {
        (name, column_name): column["enum"]
        for name, table in TABLES.items()
        for column_name, column in columns_of(table).items()
        if "enum" in column
    }
    assert used == {
        ("inode", "keeper"): "keeper",
        ("file", "kind"): "file_kind",
        ("file", "name_state"): "name_state",
        ("lock", "kind"): "lock_kind",
        ("log_entry", "severity"): "severity",
        ("shared_memory", "kind"): "memory_kind",
        ("socket", "state"): "socket_state",
    }
    for name, table in TABLES.items():
        for column_name, column in columns_of(table).items():
            named = set(re.findall(r"`(\w+)`", column["doc"])) & set(SCHEMA["enums"])
            assert named == ({column["enum"]} if "enum" in column else set()), (name, column_name)


def test_definers_stand_before_referrers() -> None:
    assert set(DEFINITION_ORDER) | {LogEntry, HistoryEntry} == set(RECORDS)
    defined: set[str] = set()
    for cls in DEFINITION_ORDER:
        for column in cls.columns:
            assert set(column.kinds) <= defined, f"{cls.noun}.{column.name}"
        defined.add(cls.__name__)


def test_msgpack_value_has_a_test_for_each_column_type() -> None:
    instances = load_schema("msgpack_value")["instances"]
    types = {column.type for cls in RECORDS for column in cls.columns}
    assert {f"is_{name}" for name in types} <= set(instances)
    for name in types & set(RANGES):
        low, high = RANGES[name]
        numbers = [
            int(text, 0) for text in re.findall(r"-?0x[0-9a-f]+|\b\d+\b", instances[f"is_{name}"]["value"])
        ]
        # What bounds a type is what 64 bits do not bound already.
        assert (low in numbers) == (low > -(2**63)), name
        assert (high in numbers or high + 1 in numbers) == (high < 2**64 - 1), name


@pytest.mark.parametrize("name", ["crimg", "crimg_container", "crimg_tables", "msgpack_value"])
def test_every_type_of_the_schema_is_documented(name: str) -> None:
    schema = load_schema(name)
    assert schema["meta"]["id"] == name
    undocumented = [type_name for type_name, type_ in schema.get("types", {}).items() if not type_.get("doc")]
    assert schema["doc"]
    assert not undocumented


def test_every_number_of_the_container_is_documented() -> None:
    for type_name, type_ in load_schema("crimg_container")["types"].items():
        for field in type_["seq"]:
            assert "doc" in field or "contents" in field or "repeat" in field, (type_name, field["id"])
