from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimg.errors import UsageError
from crimg.escape import escape, escape_all, unescape

UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

hostile_text = st.text(
    st.one_of(
        st.sampled_from(
            "\x1b\x9b\x07\x00\n\r\t\\\x7f\u202e\u2066\u200b\u2028\u2029\ufeff\xad\U000e0001 ax7u0"
        ),
        st.characters(codec="utf-8"),
    )
)
hostile_bytes = st.one_of(st.binary(), hostile_text.map(lambda text: text.encode()))


@given(hostile_bytes)
def test_unescape_gives_the_exact_bytes_back(data: bytes) -> None:
    assert unescape(escape(data)) == data


@given(hostile_bytes)
def test_nothing_but_printable_characters_comes_out(data: bytes) -> None:
    shown = escape(data)
    assert shown.isprintable()
    assert not {unicodedata.category(char) for char in shown} & UNSAFE_CATEGORIES
    assert shown.encode("utf-8").decode("utf-8") == shown  # no surrogate either


@given(hostile_bytes, hostile_bytes)
def test_different_bytes_look_different(first: bytes, second: bytes) -> None:
    assert (escape(first) == escape(second)) == (first == second)


def test_every_single_character_is_safe_and_comes_back() -> None:
    for code in range(0x110000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        data = chr(code).encode()
        shown = escape(data)
        assert shown.isprintable(), hex(code)
        assert unescape(shown) == data, hex(code)


def test_every_single_byte_comes_back() -> None:
    for code in range(256):
        assert unescape(escape(bytes([code]))) == bytes([code])


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"/srv/app/db", "/srv/app/db"),
        (b"", ""),
        (b"a b", "a b"),
        ("/tmp/größe-日本".encode(), "/tmp/größe-日本"),
        (b"a\\b", "a\\\\b"),
        (b"a\\x1bb", "a\\\\x1bb"),
        (b"line\nforged", "line\\nforged"),
        (b"\t\r", "\\t\\r"),
        (b"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        (b"\x7f", "\\x7f"),
        (b"\x9b31m", "\\x9b31m"),  # a lone byte, no UTF-8
        ("\x9b31m".encode(), "\\u009b31m"),  # the C1 control itself
        (b"caf\xe9", "caf\\xe9"),
        ("\u202egnp.exe".encode(), "\\u202egnp.exe"),
        ("a\u2028b\u2029c".encode(), "a\\u2028b\\u2029c"),
        ("\xa0".encode(), "\\u00a0"),  # looks like a blank
        ("\ue000".encode(), "\\ue000"),
        ("\U000e0041".encode(), "\\U000e0041"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),  # a surrogate, which is no UTF-8
    ],
)
def test_forms(data: bytes, shown: str) -> None:
    assert escape(data) == shown
    assert unescape(shown) == data


def test_text_is_escaped_as_its_bytes_would_be() -> None:
    assert escape("caf\udce9") == "caf\\xe9"
    assert escape("a\x1b[0m\\") == "a\\x1b[0m\\\\"
    assert escape("\ud800") == "\\ud800"


def test_plain_characters_may_stay_plain_when_typed() -> None:
    assert unescape("größe\t") == "größe\t".encode()
    assert unescape("caf\udce9") == b"caf\xe9"
    assert unescape("\\XYZ"[1:]) == b"XYZ"


@pytest.mark.parametrize(
    "text", ["\\", "a\\q", "\\x", "\\x1", "\\xg0", "\\u12", "\\U0011000", "\\U00110000", "\\x+1"]
)
def test_what_escape_never_makes_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        unescape(text)


def test_refusal_does_not_carry_the_control_characters_on() -> None:
    with pytest.raises(UsageError) as caught:
        unescape("\x1b[2J\\q")
    assert str(caught.value).isprintable()


@given(st.lists(hostile_bytes))
def test_many_are_escaped_as_one_is(values: list[bytes]) -> None:
    assert escape_all(values) == [escape(value) for value in values]
