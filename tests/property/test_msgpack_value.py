"""MessagePack as the schema has it against msgpack-python, both ways, and against the tests' own encoder."""

from __future__ import annotations

import math
import struct
from io import BytesIO
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kaitaistruct import KaitaiStream, KaitaiStructError

from tests.kaitai_view import parse_msgpack, plain
from tests.msgpack_encoder import encode

integers = st.integers(-(2**63), 2**64 - 1)
scalars = (
    st.none()
    | st.booleans()
    | integers
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
keys = st.none() | st.booleans() | integers | st.text(max_size=8) | st.binary(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=20).map(tuple) | st.dictionaries(keys, inner, max_size=20),
    max_leaves=30,
)


def unpack(data: bytes) -> Any:
    return msgpack.unpackb(data, use_list=False, strict_map_key=False)


def write_back(value: Any, length: int) -> bytes:
    """What the generated class writes for a value that it read."""
    stream = KaitaiStream(BytesIO(bytes(length)))
    value._write(stream)
    return bytes(stream.to_byte_array())


@settings(max_examples=200)
@given(values)
def test_reads_what_msgpack_python_wrote_and_writes_it_back(value: Any) -> None:
    data = msgpack.packb(value, use_bin_type=True)
    parsed = parse_msgpack(data)
    assert plain(parsed) == unpack(data)
    assert write_back(parsed, len(data)) == data


@settings(max_examples=200)
@given(values)
def test_own_encoder_agrees_with_msgpack_python(value: Any) -> None:
    assert encode(value) == msgpack.packb(value, use_bin_type=True)


@pytest.mark.parametrize(
    "value", [2**bits + delta for bits in (5, 7, 8, 15, 16, 31, 32, 63) for delta in (-1, 0, 1)]
)
def test_integers_at_the_edges_of_the_forms(value: int) -> None:
    for signed in (value, -value):
        if signed < -(2**63):
            continue
        data = msgpack.packb(signed)
        parsed = parse_msgpack(data)
        assert (parsed.int_value, encode(signed)) == (signed, data)
        assert parsed.is_u8 == (0 <= signed < 2**8)
        assert parsed.is_u32 == (0 <= signed < 2**32)
        assert parsed.is_u64 == (0 <= signed < 2**64)
        assert parsed.is_s32 == (-(2**31) <= signed < 2**31)
        assert parsed.is_s64 == (-(2**63) <= signed < 2**63)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536])
@pytest.mark.parametrize("kind", ["bytes", "str", "array", "map"])
def test_lengths_at_the_edges_of_the_forms(kind: str, length: int) -> None:
    value: Any
    if kind in ("array", "map"):
        length = min(length, 300) if length < 65535 else length
        value = (None,) * length if kind == "array" else dict.fromkeys(range(length))
    else:
        value = b"x" * length if kind == "bytes" else "é" * (length // 2) + "x" * (length % 2)
    data = msgpack.packb(value, use_bin_type=True)
    parsed = parse_msgpack(data)
    assert parsed.len == length
    assert plain(parsed) == value
    assert encode(value) == data
    assert parsed.is_list == (kind == "array" and length <= 4096)


@pytest.mark.parametrize("length", [1, 2, 4, 8, 16, 0, 3, 17, 255, 256, 65535, 65536])
@pytest.mark.parametrize("code", [-1, 0, 127, -128])
def test_extensions(code: int, length: int) -> None:
    data = (
        msgpack.packb(msgpack.ExtType(code, b"e" * length)) if code >= 0 else extension(code, b"e" * length)
    )
    parsed = parse_msgpack(data)
    assert plain(parsed) == (code, b"e" * length)
    assert write_back(parsed, len(data)) == data


def extension(code: int, payload: bytes) -> bytes:
    """An extension with a number below 0, which msgpack-python will not write."""
    fixed = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}
    if len(payload) in fixed:
        return struct.pack(">Bb", fixed[len(payload)], code) + payload
    for marker, form in ((0xC7, "B"), (0xC8, "H"), (0xC9, "I")):
        if len(payload) < 1 << 8 * struct.calcsize(form):
            return struct.pack(f">B{form}b", marker, len(payload), code) + payload
    raise AssertionError


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (b"\xca\x3f\xc0\x00\x00", 1.5),
        (b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", math.inf),
        (b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00", -0.0),
    ],
)
def test_floats(data: bytes, number: float) -> None:
    parsed = parse_msgpack(data)
    assert parsed.is_float
    assert not parsed.is_int
    assert struct.pack(">d", parsed.float_value) == struct.pack(">d", number)


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (b"\xcc\x05", 5),
        (b"\xcf\x00\x00\x00\x00\x00\x00\x00\x05", 5),
        (b"\xd3\xff\xff\xff\xff\xff\xff\xff\xff", -1),
        (b"\xd0\x05", 5),
    ],
)
def test_integers_in_longer_forms_than_they_need(data: bytes, number: int) -> None:
    parsed = parse_msgpack(data)
    assert parsed.int_value == number == unpack(data)
    assert write_back(parsed, len(data)) == data


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\xa5abc", b"\x92\x01", b"\xdc", b"\xcf\x00", b"\xc7\x01"])
def test_what_is_cut_short_or_undefined_is_refused(data: bytes) -> None:
    with pytest.raises(KaitaiStructError):
        parse_msgpack(data)


def test_views_of_another_type_are_absent() -> None:
    """A view of the wrong type is None: it never gives a value that is not there."""
    parsed = parse_msgpack(b"\x07")
    assert parsed.is_int
    assert [parsed.bool_value, parsed.float_value, parsed.str_value, parsed.bytes_value] == [None] * 4
    assert parse_msgpack(b"\xa17").int_value is None
    assert parse_msgpack(b"\xc4\x01a").str_value is None


@settings(max_examples=300)
@given(st.binary(max_size=24))
def test_any_bytes_are_read_as_msgpack_python_reads_them_or_refused(data: bytes) -> None:
    unpacker = msgpack.Unpacker(use_list=False, strict_map_key=False, raw=True)
    unpacker.feed(data)
    try:
        wanted = unpacker.unpack()
    except (msgpack.OutOfData, msgpack.FormatError):
        with pytest.raises(KaitaiStructError):
            parse_msgpack(data)
        return
    except (ValueError, TypeError):
        return  # msgpack-python's own limits: lengths, keys that it cannot hash, its view of timestamps
    parsed = parse_msgpack(data)
    assert parsed._io.pos() == unpacker.tell()
    if parsed.is_nil or parsed.is_bool or parsed.is_int or parsed.is_float or parsed.is_bytes:
        assert repr(plain(parsed)) == repr(wanted)
