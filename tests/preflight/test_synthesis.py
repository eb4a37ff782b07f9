"""The rules that explain moves: they do so exactly, touch nothing else, and are as few as can be."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crimg.preflight.synthesis import shortest_rules, widen
from crimg.rewrite.rules import PathRule, PathRules, parse_rule

names = st.sampled_from([b"a", b"b", b"c", b"ab"])
paths = st.lists(names, max_size=4).map(lambda parts: b"/" + b"/".join(parts))
few_paths = st.lists(names, max_size=3).map(lambda parts: b"/" + b"/".join(parts))
directory_moves = st.lists(st.tuples(paths, paths), min_size=1, max_size=3)


def rules_of(*texts: str) -> list[PathRule]:
    return [parse_rule(text) for text in texts]


def check_exact(rules: list[PathRule], moves: dict[bytes, bytes], fixed: set[bytes]) -> None:
    made = PathRules(rules)
    for path in fixed - moves.keys():
        assert made.apply(path) == path
    for old, new in moves.items():
        assert made.apply(old) == new


@given(st.dictionaries(paths, paths, max_size=8), st.sets(paths, max_size=8))
def test_any_moves_are_explained_and_nothing_else_is_touched(
    moves: dict[bytes, bytes], fixed: set[bytes]
) -> None:
    rules = shortest_rules(moves, fixed)
    check_exact(rules, moves, fixed)
    assert len(rules) <= len(moves.keys() | fixed)


@given(st.data(), st.sets(paths, min_size=1, max_size=12))
def test_moves_of_directories(data: st.DataObject, files: set[bytes]) -> None:
    """Files that were moved by rules are explained by no more rules than those."""
    moved_by = PathRules({old: PathRule(old, new) for old, new in data.draw(directory_moves)}.values())
    places = {path: moved_by.apply(path) for path in files}
    moves = {old: new for old, new in places.items() if old != new}
    fixed = {old for old, new in places.items() if old == new}
    rules = shortest_rules(moves, fixed)
    check_exact(rules, moves, fixed)
    assert len(rules) <= len(moved_by)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(few_paths, few_paths, max_size=3), st.sets(few_paths, max_size=3))
@example({b"/a/b": b"/b/b", b"/a/c": b"/b/c"}, {b"/a/a"})
@example({b"/a": b"/b", b"/b": b"/a"}, set())
def test_there_are_no_fewer_that_do_it(moves: dict[bytes, bytes], fixed: set[bytes]) -> None:
    """Against all smaller sets of the rules that could matter."""
    found = shortest_rules(moves, fixed)
    wanted = {path: path for path in fixed} | moves
    candidates = set()
    for old, new in wanted.items():
        below = b""
        while True:
            candidates.add((old, new))
            below = b"/" + old.rpartition(b"/")[2]
            if old == b"/" or new == b"/" or below != b"/" + new.rpartition(b"/")[2]:
                break
            old, new = old.rpartition(b"/")[0] or b"/", new.rpartition(b"/")[0] or b"/"
    rules = [PathRule(old, new) for old, new in sorted(candidates)]
    for fewer in (some for size in range(len(found)) for some in combinations(rules, size)):
        if len({rule.old for rule in fewer}) == len(fewer):
            made = PathRules(fewer)
            assert any(made.apply(old) != new for old, new in wanted.items()), fewer


@pytest.mark.parametrize(
    ("moves", "fixed", "rules"),
    [
        ({}, ["/a"], []),
        ({"/a/x": "/b/x"}, [], ["/a/x=/b/x"]),
        ({"/a/x": "/b/x", "/a/y": "/b/y"}, [], ["/a=/b"]),
        ({"/a/x": "/b/x", "/a/y": "/b/y"}, ["/", "/a"], ["/a/x=/b/x", "/a/y=/b/y"]),
        ({"/a/x": "/b/x", "/a/y": "/b/y", "/a/z": "/b/z"}, ["/a"], ["/a/x=/b/x", "/a/y=/b/y", "/a/z=/b/z"]),
        ({"/a/x": "/b/x", "/a/y": "/b/y", "/a/z": "/b/z"}, ["/a/q"], ["/a=/b", "/a/q=/a/q"]),
        ({"/a/d/x": "/b/d/x", "/a/d/y": "/b/d/y"}, [], ["/a/d=/b/d"]),
        ({"/a/d/x": "/b/d/x", "/a/e/y": "/b/e/y"}, [], ["/a=/b"]),
        ({"/a/d/x": "/b/d/x", "/a/e/y": "/c/y"}, [], ["/a/d/x=/b/d/x", "/a/e/y=/c/y"]),
        ({"/log": "/log.1", "/log.1": "/log.2"}, [], ["/log=/log.1", "/log.1=/log.2"]),
        ({"/a/x": "/b/x", "/b/x": "/a/x"}, [], ["/a/x=/b/x", "/b/x=/a/x"]),
        ({"/x": "/mnt/x", "/y/z": "/mnt/y/z"}, [], ["/=/mnt"]),
        ({"/mnt/x": "/x", "/mnt/y/z": "/y/z"}, [], ["/mnt=/"]),
        ({"/a": "/b", "/a/x": "/b/x", "/a/y": "/b/z"}, [], ["/a=/b", "/a/y=/b/z"]),
    ],
)  # fmt: skip
def test_examples(moves: dict[str, str], fixed: list[str], rules: list[str]) -> None:
    found = shortest_rules(
        {old.encode(): new.encode() for old, new in moves.items()}, [path.encode() for path in fixed]
    )
    assert found == rules_of(*rules)


def test_a_path_of_two_thousand_components() -> None:
    deep = b"/a" * 2046
    assert shortest_rules({deep + b"/x": deep + b"/y"}) == [PathRule(deep + b"/x", deep + b"/y")]
    moves = {deep + b"/x": b"/b" + deep[2:] + b"/x", deep + b"/y": b"/b" + deep[2:] + b"/y"}
    assert shortest_rules(moves, [b"/a/b"]) == [PathRule(deep, b"/b" + deep[2:])]


def widened(moves: dict[bytes, bytes], fixed: set[bytes], moved: set[tuple[bytes, bytes]]) -> list[PathRule]:
    return widen(shortest_rules(moves, fixed), moves, fixed, lambda old, new: (old, new) in moved)


def test_a_directory_that_is_gone_has_moved_as_a_whole() -> None:
    moves = {b"/srv/a/db/x": b"/srv/b/db/x"}
    moved = {(b"/srv/a/db", b"/srv/b/db"), (b"/srv/a", b"/srv/b")}
    assert widened(moves, set(), moved) == rules_of("/srv/a=/srv/b")
    assert widened(moves, set(), {(b"/srv/a", b"/srv/b")}) == rules_of("/srv/a/db/x=/srv/b/db/x")
    assert widened(moves, {b"/srv/a/y"}, moved) == rules_of("/srv/a/db=/srv/b/db")
    assert widened(moves, {b"/srv/a/y", b"/srv/a0"}, moved) == rules_of("/srv/a/db=/srv/b/db")
    assert widened(moves, {b"/srv/a"}, moved) == rules_of("/srv/a/db=/srv/b/db")


@given(st.dictionaries(paths, paths, max_size=8), st.sets(paths, max_size=8))
def test_widened_rules_do_the_same(moves: dict[bytes, bytes], fixed: set[bytes]) -> None:
    narrow = shortest_rules(moves, fixed)
    wide = widen(narrow, moves, fixed, lambda _old, _new: True)
    check_exact(wide, moves, fixed)
    assert len(wide) == len(narrow)
