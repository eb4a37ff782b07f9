"""What is still to come of an address space, and what two processes share of it."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimg.kernel import uffd
from crimg.paging.journal import Journal, JournalFullError
from crimg.paging.missing import RAW, Missing, Part
from crimg.paging.source import ROOM, Source

if TYPE_CHECKING:
    from pathlib import Path

PAGES = 40

numbers = st.integers(0, PAGES)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("drop"), numbers, numbers, st.just(0)),
        st.tuples(st.just("move"), numbers, numbers, st.integers(0, 12)),
    ),
    max_size=12,
)
lengths = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), max_size=8)


def pages_of(missing: Missing) -> dict[int, tuple[int, int]]:
    """Address of each page to where it comes from, by `at`."""
    found = {}
    for page in range(4 * PAGES):
        part = missing.at(page)
        if part is not None:
            assert part.start <= page < part.end
            found[page] = part.section, part.offset + page - part.start
    return found


@given(lengths, changes)
def test_parts_behave_as_pages_do(
    lengths: list[tuple[int, int]], changes: list[tuple[str, int, int, int]]
) -> None:
    """Held against a table of single pages (of one byte each)."""
    parts, model, at = [], {}, 0
    for number, (length, gap) in enumerate(lengths):
        at += gap
        parts.append(Part(at, at + length, number % 3, 100 * number))
        model.update({at + page: (number % 3, 100 * number + page) for page in range(length)})
        at += length
    missing = Missing(reversed(parts))
    before, twin = dict(model), missing.copy()
    for what, one, other, length in changes:
        if what == "drop":
            taken = missing.drop(one, other)
            expected = {page: model.pop(page) for page in list(model) if one <= page < other}
            assert {p: (t.section, t.offset + p - t.start) for t in taken for p in range(t.start, t.end)} == (
                expected
            )
        elif abs(one - other) >= length:  # mremap(2): the places do not overlap
            moved = {page: model.pop(page) for page in list(model) if one <= page < one + length}
            model = {page: value for page, value in model.items() if not other <= page < other + length}
            model.update({page - one + other: value for page, value in moved.items()})
            missing.move(one, other, length)
        assert pages_of(missing) == model
        assert bool(missing) == bool(model)
        if model:
            assert missing.first().start == min(model)
        for page in set(range(2 * PAGES)) - model.keys():
            low, high = missing.gap(page)
            assert not any(low <= other < high for other in model)
            assert low <= page < high
    assert pages_of(twin) == before


def message(event: int, first: int = 0, second: int = 0, third: int = 0) -> bytes:
    """As the kernel has it."""
    return struct.pack("<B7x3Q", event, first, second, third)


def test_journal_keeps_all_but_page_faults() -> None:
    """Also for another process, which sees them when the one that has read them is killed."""
    journal = Journal()
    read, write = os.pipe()
    os.set_blocking(read, False)
    assert journal.read(read) is None
    child = os.fork()
    if child == 0:
        for raw in (
            message(uffd.PAGE_FAULT, 0, 0x1000),
            message(uffd.UNMAP, 0x1000, 0x2000),
            message(uffd.PAGE_FAULT, 0, 0x3000),
            message(uffd.REMAP, 1, 2, 3),
            message(uffd.FORK, 77 | 5 << 40),
            message(uffd.PAGE_FAULT, 0, 0x5000),
        ):
            os.write(write, raw)
            journal.read(read)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    found = [(fd, one.event, one.first, one.second, one.third) for fd, one in journal.messages()]
    assert found == [
        (read, uffd.UNMAP, 0x1000, 0x2000, 0),
        (read, uffd.REMAP, 1, 2, 3),
        (read, uffd.FORK, 77, 0, 0),
    ]
    journal.close()
    os.close(read)
    os.close(write)


def test_journal_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crimg.paging.journal._SLOTS", 1)
    journal = Journal()
    read, write = os.pipe()
    os.write(write, message(uffd.REMOVE, 1, 2) * 2)
    assert journal.read(read) is not None
    with pytest.raises(JournalFullError):
        journal.read(read)
    assert len(list(journal.messages())) == 1
    os.close(read)
    os.close(write)


def test_source_gives_what_is_there(tmp_path: Path) -> None:
    """In steps, from what was read ahead, and not beyond the end of the file."""
    data = os.urandom(ROOM + 3 * 4096)
    (tmp_path / "file").write_bytes(data)
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    source = Source(fd)

    def brought(part: Part, ahead: int = 0) -> bytes:
        address, length = source.bring(part, ahead)
        start = address - source._address
        return source._buffer[start : start + length]

    assert brought(Part(0, 4096, RAW, 8192)) == data[8192 : 8192 + 4096]
    assert brought(Part(0, 2 * ROOM, RAW, 4096)) == data[4096 : 4096 + ROOM]
    assert brought(Part(0, 4096, RAW, 4096 + ROOM - 4096)) == data[ROOM : ROOM + 4096]
    assert brought(Part(0, 4096, RAW, ROOM + 2 * 4096), ROOM) == data[ROOM + 2 * 4096 :]
    with pytest.raises(OSError, match="became shorter"):
        brought(Part(0, 8192, RAW, ROOM + 2 * 4096))
    os.truncate(tmp_path / "file", 4096)
    with pytest.raises(OSError, match="became shorter"):
        brought(Part(0, 4096, RAW, 4096))
    os.close(fd)
