"""Who refers to whom."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from crimg.graph import Graph, count_referrers, references
from crimg.model import KINDS, Fd, File, Inode, Record, Task
from tests import samples
from tests.builders import ImageBuilder
from tests.property.opened import opened
from tests.property.strategies import LAW, Plan, plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.types import U32, FileRef

RECORDS = samples.small_records()


def test_references_of_a_row_are_named() -> None:
    task = next(row for row in RECORDS if isinstance(row, Task))
    assert list(references(task)) == [
        ("mm", samples.MM),
        ("fd_table", samples.FD_TABLE),
        ("fs", samples.FS),
        ("sighand", samples.SIGHAND),
        ("signal", samples.SIGNAL),
        ("cred", samples.CRED),
        ("namespaces", samples.NAMESPACES),
    ]
    assert dict(references(task.replace(mm=None))).keys() == dict(references(task)).keys() - {"mm"}
    assert list(references(RECORDS[0])) == []


def test_referrers_of_a_file() -> None:
    with opened(samples.small_image()) as image:
        graph = Graph(image)
        found = [(type(row).__name__, name) for row, name in graph.referrers(samples.DELETED_FILE)]
        assert found == [("Lock", "file"), ("Lock", "file"), ("Fd", "file"), ("Vma", "file")]
        found = [(type(row).__name__, name) for row, name in graph.referrers(samples.CWD_FILE)]
        assert found == [("Fs", "cwd"), ("Fs", "root")]
        assert graph.referrers(samples.INFO) == ()
        assert graph.referrers(123_456) == ()


def test_counts_are_those_that_the_rows_record() -> None:
    tables: dict[type[Record], list[Record]] = {}
    for row in RECORDS:
        tables.setdefault(type(row), []).append(row)
    counts = count_referrers(tables)
    for row in RECORDS:
        if "referrers" in type(row).fields:
            assert counts.get(row[0], 0) == row[1]


@pytest.fixture
def list_kind() -> Iterator[type[Record]]:
    """A kind whose references are in a list, as no kind of today has."""

    class Watch(Record, kind=29, noun="watch"):
        objref: U32
        files: tuple[FileRef, ...]

    yield Watch
    del KINDS[29]


def test_each_element_of_a_list_is_a_reference(list_kind: type[Record]) -> None:
    row = list_kind.from_row((5, (7, 8, 7)))
    assert list(references(row)) == [("files", 7), ("files", 8), ("files", 7)]
    assert count_referrers({list_kind: [row]}) == {7: 2, 8: 1}
    with opened(ImageBuilder().objects(29, [row]).revision().bytes()) as image:
        assert Graph(image).referrers(7) == [(row, "files")] * 2


@given(plans())
@settings(LAW, max_examples=50)
def test_every_reference_is_found_once(plan: Plan) -> None:
    expected = Counter(
        (target, type(row).__name__, name)
        for rows in plan.tables.values()
        for row in rows
        for name, target in references(row)
    )
    with opened(plan.write()) as image:
        graph = Graph(image)
        found = Counter(
            (target, type(row).__name__, name)
            for target in {key[0] for key in expected}
            for row, name in graph.referrers(target)
        )
        assert found == expected
        counts = count_referrers(plan.tables)
        assert sum(counts.values()) == expected.total()
        for target, count in counts.items():
            assert len(graph.referrers(target)) == count


def test_a_new_reference_column_needs_no_line_in_the_graph() -> None:
    for cls in (File, Fd, Inode):
        named = [column.name for column in cls.columns if column.kinds]
        assert [column.name for _, column in cls.references] == named
