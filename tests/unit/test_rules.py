"""Path rules: what they match, what they make of a path, how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimg.errors import UsageError
from crimg.rewrite.rules import PATH_BYTES, PathRule, PathRules, format_rule, parse_rule

if TYPE_CHECKING:
    import random

components = st.one_of(
    st.sampled_from(
        [b"a", b"b", b"ab", b"a=b", b"a\\", b"\\=", b"\xff", b"\n", b" ", b"...", b"\xe2\x80\xae"]
    ),
    st.binary(min_size=1, max_size=6).filter(
        lambda name: not {0, 0x2F} & set(name) and name not in (b".", b"..")
    ),
)
paths = st.lists(components, max_size=5).map(lambda parts: b"/" + b"/".join(parts))
path_rules = st.builds(PathRule, paths, paths)
rule_sets = st.lists(path_rules, max_size=8, unique_by=lambda rule: rule.old)


def reference(rules: list[PathRule], path: bytes) -> bytes:
    """The semantics on lists of components, without any cleverness."""
    parts = [part for part in path.split(b"/") if part]
    for length in range(len(parts), -1, -1):
        for rule in rules:
            if [part for part in rule.old.split(b"/") if part] == parts[:length]:
                made = [part for part in rule.new.split(b"/") if part] + parts[length:]
                return b"/" + b"/".join(made)
    return path


@given(rule_sets, paths)
def test_as_the_reference(rules: list[PathRule], path: bytes) -> None:
    assert PathRules(rules).apply(path) == reference(rules, path)


@given(rule_sets.filter(bool), st.data())
def test_as_the_reference_where_a_rule_matches(rules: list[PathRule], data: st.DataObject) -> None:
    below = data.draw(paths)
    path = (data.draw(st.sampled_from(rules)).old + below).replace(b"//", b"/").rstrip(b"/") or b"/"
    assert PathRules(rules).find(path) is not None
    assert PathRules(rules).apply(path) == reference(rules, path)


@given(rule_sets, paths, st.randoms(use_true_random=False))
def test_order_means_nothing(rules: list[PathRule], path: bytes, shuffler: random.Random) -> None:
    shuffled = rules[:]
    shuffler.shuffle(shuffled)
    assert PathRules(shuffled).apply(path) == PathRules(rules).apply(path)


@given(paths, paths, paths, paths)
def test_nothing_is_rewritten_twice(first: bytes, second: bytes, third: bytes, below: bytes) -> None:
    """/a=/b and /b=/c together: what was in /a is in /b, and not in /c."""
    if first == second or any(
        longer.startswith(shorter.rstrip(b"/") + b"/")
        for longer, shorter in [(first, second), (second, first)]
    ):
        return
    rules = PathRules([PathRule(first, second), PathRule(second, third)])
    path = (first + below).rstrip(b"/") or b"/"
    if rules.find(path) == PathRule(first, second):
        assert rules.apply(path) == PathRule(first, second).apply(path)
    exchange = PathRules([PathRule(first, second), PathRule(second, first)])
    assert exchange.apply(exchange.apply(first)) == first


@given(rule_sets, paths)
def test_longest_prefix_wins(rules: list[PathRule], path: bytes) -> None:
    found = PathRules(rules).find(path)
    matching = [rule for rule in rules if rule.matches(path)]
    assert found == max(matching, key=lambda rule: len(rule.old), default=None)


@given(path_rules)
def test_written_and_read(rule: PathRule) -> None:
    text = format_rule(rule)
    assert parse_rule(text) == rule
    assert text.isprintable()


@given(path_rules, paths)
def test_back_again(rule: PathRule, path: bytes) -> None:
    if rule.matches(path):
        assert PathRule(rule.new, rule.old).apply(rule.apply(path)) == path


@pytest.mark.parametrize(
    ("rule", "path", "made"),
    [
        ("/srv/a=/srv/b", b"/srv/a/x", b"/srv/b/x"),
        ("/srv/a=/srv/b", b"/srv/a", b"/srv/b"),
        ("/srv/a=/srv/b", b"/srv/abc", b"/srv/abc"),
        ("/srv/a=/srv/b", b"/srv", b"/srv"),
        ("/srv/a/=/srv//b/", b"/srv/a/x", b"/srv/b/x"),
        ("/=/mnt/root", b"/etc/passwd", b"/mnt/root/etc/passwd"),
        ("/=/mnt/root", b"/", b"/mnt/root"),
        ("/mnt/root=/", b"/mnt/root/etc", b"/etc"),
        ("/mnt/root=/", b"/mnt/root", b"/"),
        ("/=/", b"/etc", b"/etc"),
        ("/a=/b", b"", b""),
        ("/a=/b", b"a/x", b"a/x"),
        ("/a=/b", b"pipe:[12]", b"pipe:[12]"),
        (r"/a\=b=/c", b"/a=b/x", b"/c/x"),
        (r"/a\\=/c", b"/a\\/x", b"/c/x"),
        (r"/a\\\=b=/c", b"/a\\=b", b"/c"),
        (r"/a\xffb=/c\x3d", b"/a\xffb/x", b"/c=/x"),
        (r"/\n=/\u202e", b"/\n", "/\u202e".encode()),
        ("/a\udcff=/b", b"/a\xff", b"/b"),
        ("/ä=/ö", "/ä/x".encode(), "/ö/x".encode()),
    ],
)
def test_examples(rule: str, path: bytes, made: bytes) -> None:
    assert PathRules([parse_rule(rule)]).apply(path) == made


def test_of_several_the_longest_whatever_the_order() -> None:
    rules = [parse_rule(text) for text in ("/a=/1", "/a/b=/2", "/a/b/c=/3", "/=/0")]
    for order in (rules, rules[::-1]):
        made = [PathRules(order).apply(path) for path in (b"/a/x", b"/a/b", b"/a/b/c/d", b"/a/bc", b"/b")]
        assert made == [b"/1/x", b"/2", b"/3/d", b"/1/bc", b"/0/b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/a", "has no ="),
        (r"/a\=/b", "has no ="),
        ("/a=/b=/c", r"more than one =; in a path it is written \="),
        ("a=/b", "the old path is relative: a"),
        ("/a=b", "the new path is relative: b"),
        ("=/b", "the old path is empty"),
        ("/a=", "the new path is empty"),
        ("/a/../b=/c", "the old path has a component . or .."),
        ("/a=/./c", "the new path has a component . or .."),
        (r"/a\x00=/b", "the old path holds a NUL byte"),
        ("/a=/" + "b" * PATH_BYTES, "the new path has 4096 bytes, of 4095 possible"),
        (r"/a\q=/b", "is no escape sequence"),
        ("/a\\", "no escape sequence"),
        ("/a=/\ud800", "holds a character that no file name has"),
    ],
)
def test_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_rule(text)
    assert problem in str(raised.value)
    assert str(raised.value).startswith("rule ")
    assert str(raised.value).isprintable()


def test_longest_path_is_taken() -> None:
    assert len(parse_rule("/a=/" + "b" * (PATH_BYTES - 1)).new) == PATH_BYTES


def test_two_rules_for_one_path() -> None:
    with pytest.raises(UsageError, match="two rules for /a: to /b and to /c"):
        PathRules([parse_rule("/a=/b"), parse_rule("/a/=/c")])
    assert len(PathRules([parse_rule("/a=/b"), parse_rule("/a/=/b/")])) == 1


def test_rules_are_listed_in_order() -> None:
    rules = PathRules([parse_rule("/b=/1"), parse_rule("/a=/2")])
    assert [rule.old for rule in rules] == [b"/a", b"/b"]
    assert not PathRules()
    assert PathRules().find(b"/a") is None
