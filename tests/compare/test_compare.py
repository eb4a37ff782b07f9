"""Laws of the comparison: nothing differs from itself, a change is named and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crimg.compare import Difference, PageRun, Side, compare
from crimg.model import EpollWatch, Fd, File, Inode, Record, Vma
from crimg.reader import open_image
from tests import samples
from tests.compare.pairs import OTHER, difference, image, renumbered
from tests.property.opened import memory_file
from tests.property.strategies import Plan, column_values, plans

ROWS = samples.small_records()
SAME_UUID = bytes(16)
SECTIONS = ("objref", "referrers", "blobs", "pagemap", "extra")


def named(found: Difference) -> set[tuple[type[Record], str, str]]:
    """Kind, way, and column of all that differs."""
    result = set()
    for kind in found.kinds:
        result |= {(kind.kind, "added", "") for _ in kind.added}
        result |= {(kind.kind, "gone", "") for _ in kind.gone}
        for changed in kind.changed:
            result |= {(kind.kind, "changed", column.column.name) for column in changed.columns}
    return result


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_nothing_differs_from_itself(plan: Plan) -> None:
    with memory_file(plan.write()) as path, open_image(path) as one, open_image(path) as other:
        assert compare(Side(one), Side(other)).equal


def test_numbers_of_objects_are_no_difference() -> None:
    other = image([renumbered(row) for row in reversed(ROWS)], uuid=OTHER)
    assert difference(image(ROWS), other).equal
    assert difference(other, image(ROWS)).equal


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_change_is_named_and_nothing_else(data: st.DataObject) -> None:
    """One column of one row, in a later state of the same image."""
    index = data.draw(st.integers(0, len(ROWS) - 1))
    row = ROWS[index]
    cls = type(row)
    keys = {cls.fields[key] for key in cls.key_columns}
    columns = [c for c in cls.columns if not c.kinds and c.name not in {*SECTIONS, *keys}]
    if not columns:
        return
    column = data.draw(st.sampled_from(columns))
    value = data.draw(column_values(column))
    changed = [*ROWS[:index], row.replace(**{column.name: value}), *ROWS[index + 1 :]]
    found = named(difference(image(ROWS), image(changed), contents=False))
    old: Any = row.as_dict()[column.name]
    assert found == (set() if value == old and type(value) is type(old) else {(cls, "changed", column.name)})


@pytest.mark.parametrize("uuid", [SAME_UUID, OTHER])
def test_descriptors_added_gone_and_moved(uuid: bytes) -> None:
    rows = [row for row in ROWS if not (isinstance(row, Fd) and row.fd in (1, 5))]
    moved = next(row for row in ROWS if isinstance(row, Fd) and row.fd == 5)
    rows += [moved.replace(file=samples.WRITE_END), moved.replace(fd=99)]
    if uuid == OTHER:
        rows = [renumbered(row) for row in rows]
    found = difference(image(ROWS), image(rows, uuid=uuid))
    (kind,) = [kind for kind in found.kinds if kind.kind is Fd]
    assert [row.fd for row in kind.gone if isinstance(row, Fd)] == [1]
    assert [row.fd for row in kind.added if isinstance(row, Fd)] == [99]
    (changed,) = kind.changed
    assert [column.column.name for column in changed.columns] == ["file"]


def test_files_are_known_by_inode_and_path() -> None:
    """Renamed: the path changed. Replaced: another inode has the path."""
    renamed = [
        row.replace(path=b"/new") if isinstance(row, File) and row.objref == samples.DELETED_FILE else row
        for row in ROWS
    ]
    found = difference(image(ROWS), image([renumbered(row) for row in renamed], uuid=OTHER))
    assert {(kind.__name__, way, column) for kind, way, column in named(found)} == {
        ("File", "changed", "path")
    }
    replaced = [
        row.replace(number=4711, handle=b"another.")
        if isinstance(row, Inode) and row.objref == samples.DELETED
        else row
        for row in ROWS
    ]
    found = difference(image(ROWS), image([renumbered(row) for row in replaced], uuid=OTHER))
    assert {(kind.__name__, way, column) for kind, way, column in named(found)} == {
        ("File", "changed", "inode"),
        ("Inode", "gone", ""),
        ("Inode", "added", ""),
    }


@pytest.mark.parametrize("uuid", [SAME_UUID, OTHER])
def test_pages(uuid: bytes) -> None:
    """Changed by one byte, gone, added; zeros that were written are as good as zeros that were not."""
    page, heap = samples.PAGE, samples.HEAP
    pages = samples.SAVED_PAGES[:page] + b"x" + samples.SAVED_PAGES[page + 1 :] + bytes(page)
    runs = [
        (heap // page, 2, samples.PAGES_ID, 0),
        (heap // page + 2, 1, samples.PAGES_ID, 3),
        (heap // page + 3, 2, samples.PAGES_ID, 0),
        *samples.RUNS[2:4],
    ]
    found = difference(image(ROWS), image(ROWS, uuid=uuid, pages=pages, runs=runs))
    assert found.kinds == ()
    (memory,) = found.memory
    assert memory.runs == [
        PageRun("changed", heap + page, heap + 2 * page),
        PageRun("added", heap + 3 * page, heap + 5 * page),
        PageRun("gone", samples.STACK, samples.STACK + page),
    ]
    assert memory.counts == {"added": [1, 2], "gone": [1, 1], "changed": [1, 1]}
    assert difference(image(ROWS), image(ROWS, uuid=uuid, pages=pages, runs=runs), contents=False).equal


def test_kept_contents() -> None:
    first, second = samples.DELETED_CONTENTS
    other = image(ROWS, uuid=OTHER, blob=[first, (second[0], b"A" + second[1][1:])])
    (kind,) = difference(image(ROWS), other).kinds
    assert kind.kind is Inode
    assert [column.position for column in kind.changed[0].columns] == [second[0]]


def test_many_rows_take_time_by_their_number() -> None:
    """10,000 mappings and as many descriptors: comparing each with each would take far longer."""
    import time

    vma = next(row for row in ROWS if isinstance(row, Vma))
    fd = next(row for row in ROWS if isinstance(row, Fd))
    count = 10_000
    many: list[Record] = [row for row in ROWS if type(row) not in (Fd, Vma)]
    many += [fd.replace(fd=number) for number in range(count)]
    many += [vma.replace(start=number << 13, end=(number << 13) + 4096) for number in range(count)]
    one, other = image(many), image([renumbered(row) for row in many], uuid=OTHER)
    start = time.process_time()
    found = difference(one, other)
    assert time.process_time() - start < 3
    assert found.equal


def test_epoll_instances_are_known_by_who_uses_them_and_not_taken_for_pipes() -> None:
    """The instance has other numbers and watches another end of the pipe now."""
    before = image(ROWS)
    rows = [row.replace(file=samples.WRITE_END) if isinstance(row, EpollWatch) else row for row in ROWS]
    found = difference(before, image([renumbered(row) for row in rows], uuid=OTHER))
    assert named(found) == {(EpollWatch, "added", ""), (EpollWatch, "gone", "")}
