"""Descriptors are put to their numbers, whatever the numbers before."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from crimg.restart.placement import free_numbers, moves

NUMBERS = st.integers(0, 12)


@given(st.dictionaries(NUMBERS, NUMBERS))
def test_everything_gets_to_its_place(wanted: dict[int, int]) -> None:
    table = {number: f"file {number}" for number in range(13)}
    before = dict(table)
    for source, target in moves(wanted, spare=99):
        assert source in table
        table[target] = table[source]
    assert all(table[target] == before[source] for target, source in wanted.items())


def test_free_numbers_are_the_lowest() -> None:
    assert list(islice(free_numbers({0, 1, 3}), 3)) == [2, 4, 5]
