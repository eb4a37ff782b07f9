"""What a row is."""

from __future__ import annotations

import copy
import pickle

import pytest

from crimg.model import (
    KINDS,
    Column,
    Fd,
    FdTable,
    File,
    Inode,
    Lock,
    LogEntry,
    Namespaces,
    Record,
    Sighand,
    Thread,
)
from crimg.model.types import ALIASES, RANGES, REFERENCES

ROW = Fd(table=1, fd=2, cloexec=True, file=3)


def test_columns_are_read_by_name_and_by_place() -> None:
    cells = (ROW.table, ROW.fd, ROW.cloexec, ROW.file, ROW.extra)
    assert cells == (1, 2, True, 3, None)
    assert cells == tuple(ROW)
    assert Fd.fields == ("table", "fd", "cloexec", "file", "extra")
    assert ROW.as_dict() == {"table": 1, "fd": 2, "cloexec": True, "file": 3, "extra": None}


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        ROW.fd = 5  # type: ignore[misc]  # that it is refused is what is tested
    with pytest.raises(AttributeError):
        ROW.other = 5  # type: ignore[attr-defined]
    assert not hasattr(ROW, "__dict__")


def test_a_changed_copy() -> None:
    other = ROW.replace(fd=7, extra={"a": 1})
    assert (other.fd, other.extra, other.file, ROW.fd) == (7, {"a": 1}, 3, 2)
    assert type(other) is Fd
    with pytest.raises(TypeError, match="Fd has no column fdd"):
        ROW.replace(fdd=1)


def test_columns_must_be_given_by_name_and_all_of_them() -> None:
    with pytest.raises(TypeError, match="Fd needs cloexec, file"):
        Fd(table=1, fd=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Fd has no column name, path"):
        Fd(table=1, fd=2, cloexec=True, file=3, path=b"", name=b"")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Fd(1, 2, True, 3)  # type: ignore[call-arg]


def test_equality_is_of_kind_and_columns() -> None:
    assert Fd(table=1, fd=2, cloexec=True, file=3) == ROW
    assert hash(ROW) == hash(ROW.replace())
    assert ROW.replace(fd=3) != ROW
    table, sighand = FdTable(objref=1, referrers=2), Sighand(objref=1, referrers=2)
    assert table.as_dict() == sighand.as_dict()
    assert table != sighand
    assert not table == sighand  # noqa: SIM201 - both operators are defined
    plain = (1, 2, True, 3, None)
    assert plain != ROW
    assert plain != ROW
    assert len({table, sighand, table.replace()}) == 2


def test_keys() -> None:
    assert ROW.key == (1, 2)
    assert FdTable(objref=9, referrers=0).key == (9,)
    lock = Lock(file=1, kind=2, write=True, pid=-1, start=0, end=None)
    assert lock.key == (1, 2, 0, None, -1)
    for cls in KINDS.values():
        assert cls.key_columns
        if cls.shared:
            assert cls.key_columns == (cls.fields.index("objref"),)
    assert not LogEntry.shared  # it names an object, and is none


def test_rows_can_be_sent_to_another_process() -> None:
    for same in (pickle.loads(pickle.dumps(ROW)), copy.copy(ROW), copy.deepcopy(ROW)):
        assert same == ROW
        assert type(same) is Fd


def test_repr_is_the_call() -> None:
    assert repr(ROW) == "Fd(table=1, fd=2, cloexec=True, file=3, extra=None)"
    assert eval(repr(ROW)) == ROW


def test_columns_know_what_they_may_hold() -> None:
    columns = {column.name: column for column in Inode.columns}
    blobs, keeper_path = columns["blobs"], columns["keeper_path"]
    assert (blobs.type, blobs.many, blobs.optional, blobs.kinds) == ("u32", True, False, ())
    assert (keeper_path.type, keeper_path.path, keeper_path.optional) == ("bytes", True, True)
    assert not columns["handle"].path
    (file,) = [column for column in Fd.columns if column.name == "file"]
    assert (file.type, file.kinds, file.optional) == ("u32", ("File",), False)
    assert repr(file) == "<Column file: u32>"
    assert [column.name for _, column in File.references] == ["inode", "pipe", "tty", "cred"]


def test_every_annotation_is_of_a_known_type() -> None:
    for cls in KINDS.values():
        for column in cls.columns:
            assert column.type in {*RANGES, "bool", "bytes", "str", "map"}
            assert all(name in {kind.__name__ for kind in KINDS.values()} for name in column.kinds)
    assert ALIASES.keys() >= REFERENCES.keys()
    with pytest.raises(TypeError, match="column x: unknown column type 'complex'"):
        Column("x", "complex")


def test_columns_are_documented_and_typed_once() -> None:
    """`extra` is last and the only one with a default; no name hides an attribute of a tuple or of Record."""
    for cls in KINDS.values():
        assert cls.fields[-1] == "extra"
        assert cls._defaults == {"extra": None}
        assert not set(cls.fields) & {*dir(tuple), "key", "as_dict", "replace", "from_row"}
        assert not set(cls.fields) & {"row_kind", "noun", "fields", "key_columns"}
        assert cls.__doc__


def test_subclasses_of_several_kinds_have_several_numbers() -> None:
    assert all(KINDS[cls.row_kind] is cls for cls in KINDS.values())
    assert len({cls.noun for cls in KINDS.values()}) == len(KINDS)
    assert Thread.noun == "thread"
    assert Namespaces.row_kind == 18
    assert issubclass(Record, tuple)
