"""The writer takes a row if and only if the reader would: whatever stands in one of its columns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimg.errors import FormatError, ModelError
from crimg.format.constants import SectionType
from crimg.model import KINDS, Fd, File, Filesystem, HistoryEntry, Inode, LogEntry, Record, Signal
from crimg.writer import encode_rows
from tests.builders import ImageBuilder
from tests.property.opened import opened
from tests.property.strategies import LAW, column_values, integers, rows_of, values
from tests.schema import load_schema

_SECTION = {LogEntry.row_kind: SectionType.LOG, HistoryEntry.row_kind: SectionType.HISTORY}
_COLUMNS = [(cls, column) for cls in KINDS.values() for column in cls.columns]

strange = st.one_of(
    values,
    integers("u64"),
    integers("s64"),
    st.lists(values, max_size=3).map(tuple),
    st.dictionaries(st.one_of(st.text(max_size=2), st.binary(max_size=2)), values, max_size=2),
    st.sampled_from([(0,) * 4096, (0,) * 4097, b"a\0b", b"x" * 4095, b"x" * 4096, (b"",), (None,), (True,)]),
)


def written(row: Record) -> list[bytes] | None:
    """The bodies with this row, or None where the writer refuses it."""
    try:
        return list(encode_rows([row]))
    except ModelError:
        return None


def read(row: Record) -> list[Record] | None:
    """The row out of an image that the tests' own assembler made, or None where the reader refuses it."""
    kind = type(row).row_kind
    builder = ImageBuilder().objects(kind, [row])
    if kind in _SECTION:
        builder = ImageBuilder()
        builder = builder.log([row]) if kind == LogEntry.row_kind else builder.history([row])
    with opened(builder.revision().bytes()) as image:
        try:
            return list(image.rows(type(row)))
        except FormatError:
            return None


@st.composite
def rows_with_a_strange_cell(draw: st.DrawFn) -> Record:
    """A row of any kind in which one column may hold anything that MessagePack can say."""
    cls, column = draw(st.sampled_from(_COLUMNS))
    row = draw(rows_of(cls))
    return cls.from_row(
        draw(strange) if each is column else cell for each, cell in zip(cls.columns, row, strict=True)
    )


@given(rows_with_a_strange_cell())
@settings(LAW, max_examples=1000)
def test_writer_and_reader_refuse_the_same(row: Record) -> None:
    bodies, rows = written(row), read(row)
    assert (bodies is None) == (rows is None)
    if rows is not None:
        assert rows == [row]


def sample(cls: type[Record], **columns: object) -> Record:
    """A row with the least values, but for these columns."""
    zero: dict[str, object] = {"bool": False, "bytes": b"", "str": "", "map": None}
    cells = {
        column.name: None if column.optional else () if column.many else zero.get(column.type, 0)
        for column in cls.columns
    }
    return cls(**{**cells, **columns})


def nested(depth: int) -> object:
    """Arrays within one another."""
    value: object = ()
    for _ in range(depth):
        value = (value,)
    return value


ACCEPTED = [
    sample(Fd, fd=2**32 - 1),
    sample(File, position=-(2**63)),
    sample(File, path=b"/" + b"x" * 4094),
    sample(Signal, rlimits=(2**64 - 1,) * 4096),
    sample(Filesystem, extra={"a": nested(90)}),
    sample(Filesystem, extra={str(number): None for number in range(4096)}),
    sample(Filesystem, extra={"a": -(2**63), "b": 2**64 - 1, "": {"": ({},)}}),
]
REFUSED = [
    (sample(Fd, fd=2**32), "fd.fd is 4294967296, which is no u32"),
    (sample(Fd, fd=-1), "fd.fd is -1, which is no u32"),
    (sample(Fd, fd=True), "fd.fd is bool, not u32"),
    (sample(Fd, fd=1.0), "fd.fd is float, not u32"),
    (sample(Fd, cloexec=1), "fd.cloexec is int, not bool"),
    (sample(Fd, cloexec=None), "fd.cloexec is nil, not bool"),
    (sample(File, position=2**63), "file.position is 9223372036854775808, which is no s64"),
    (sample(File, path="/tmp"), "file.path is str, not bytes"),
    (sample(File, path=b"/tmp/a\0b"), "file.path is a path with a NUL"),
    (sample(File, path=b"x" * 4096), "file.path is a path of 4096 bytes; 4095 are possible"),
    (sample(Inode, keeper_path=b"\0"), "inode.keeper_path is a path with a NUL"),
    (sample(Inode, blobs=None), "inode.blobs is nil, not a list of u32"),
    (sample(Inode, blobs=(1, -1)), "inode.blobs is -1, which is no u32"),
    (sample(Inode, blobs=(1, None)), "inode.blobs is nil, not u32"),
    (sample(LogEntry, text=b"text"), "log_entry.text is bytes, not str"),
    (sample(Filesystem, extra=()), "filesystem.extra is tuple, not map"),
    (sample(Filesystem, extra={b"a": 1}), "filesystem.extra has a key that is no str"),
    (sample(Filesystem, extra={"a": ({b"a": 1},)}), "filesystem.extra has a key that is no str"),
    (sample(Filesystem, extra={"a": nested(100)}), "filesystem.extra is nested deeper than 100"),
]


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: type(row).noun)
def test_largest_values(row: Record) -> None:
    assert read(row) == [row]
    assert written(row) is not None


@pytest.mark.parametrize(("row", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_is_wrong_is_named(row: Record, text: str) -> None:
    with pytest.raises(ModelError) as told:
        list(encode_rows([row]))
    assert str(told.value) == text
    kind = type(row).row_kind
    builder = ImageBuilder()
    builder = builder.log([row]) if kind == LogEntry.row_kind else builder.objects(kind, [row])
    with opened(builder.revision().bytes()) as image, pytest.raises(FormatError) as damage:
        image.rows(type(row))
    assert damage.value.detail == text


def test_lists_are_limited_on_both_sides() -> None:
    row = sample(Signal, rlimits=(1,) * 4097)
    assert written(row) is None
    assert read(row) is None


@pytest.mark.parametrize("value", ["\ud800", {"a": [1]}, {"a": 2**64}, {"a": {1}}, {"a": (1,) * 4097}])
def test_writer_refuses_what_messagepack_or_the_schema_cannot_say(value: Any) -> None:
    row = sample(Filesystem, extra=value if isinstance(value, dict) else {"a": value})
    with pytest.raises(ModelError):
        list(encode_rows([row]))


def test_no_further_attributes_are_written_as_none() -> None:
    (body,) = encode_rows([sample(Filesystem, extra={})])
    assert list(encode_rows([sample(Filesystem)])) == [body]


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("cls", KINDS.values(), ids=lambda cls: cls.noun)
def test_rows_with_a_column_too_many_or_too_few(cls: type[Record], change: int) -> None:
    row = cls.from_row([*sample(cls), None][: len(cls.columns) + change])
    assert written(row) is None
    assert read(row) is None


def test_paths_are_those_of_the_schema() -> None:
    marked = {
        (name, column)
        for name, type_ in load_schema("crimg_tables")["types"].items()
        for column, view in type_.get("instances", {}).items()
        if view.get("-path")
    }
    assert {(cls.noun, column.name) for cls, column in _COLUMNS if column.path} == marked


@given(st.data())
@LAW
def test_values_of_the_strategies_are_valid(data: st.DataObject) -> None:
    """The other laws mean nothing if the strategies only make rows that are refused."""
    cls, column = data.draw(st.sampled_from(_COLUMNS))
    assert written(sample(cls, **{column.name: data.draw(column_values(column))})) is not None
