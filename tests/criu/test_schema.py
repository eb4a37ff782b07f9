"""The schema of CRIU's messages, and the module that was compiled from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crimg.criu.generated import schema
from crimg.criu.kinds import FILE_TYPES, KINDS, RAW_STEMS
from crimg.criu.messages import message_class
from crimg.criu.paths import LEFT_ALONE, PLACES, UNDECODED
from tests.criu import schema_compiler

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_committed_module_is_of_this_schema() -> None:
    assert schema_compiler.digest() == schema.SCHEMA_SHA256, "run make regenerate-criu"


def test_the_compiler_makes_the_same_module() -> None:
    space: dict[str, bytes] = {}
    exec(schema_compiler.compiled(), space)  # the text itself is compared by what it says
    assert space["DESCRIPTOR"] == schema.DESCRIPTOR


def test_every_kind_has_its_message() -> None:
    for kind in KINDS.values():
        for name in filter(None, (kind.message, kind.head)):
            fields = message_class(name).DESCRIPTOR.fields_by_name
            assert not kind.payload or kind.payload in fields
    members = message_class("FileEntry").DESCRIPTOR.fields_by_name
    assert {each.member for each in FILE_TYPES.values()} == set(members) - {"type", "id"}
    assert [each.number for each in FILE_TYPES.values()] == list(range(1, 21))


def _strings() -> set[str]:
    """Every field of the schema that is a string, as "Message.field"."""
    messages = message_class("Batch").DESCRIPTOR.file.message_types_by_name.values()
    return {
        f"{message.name}.{field.name}"
        for message in messages
        for field in message.fields
        if field.type in (field.TYPE_BYTES, field.TYPE_STRING)
    }


def _rewritten(message: Any, tree: Any) -> Iterator[str]:
    for number, inside in tree.items():
        field = message.fields_by_number[number]
        if isinstance(inside, str):
            yield f"{message.name}.{field.name}"
        else:
            yield from _rewritten(field.message_type, inside)


def test_every_string_is_rewritten_or_left_alone_for_a_reason() -> None:
    reached = {
        name
        for stem, tree in PLACES.items()
        for name in _rewritten(message_class(KINDS[stem].message).DESCRIPTOR, tree)
    }
    assert not reached & LEFT_ALONE.keys()
    assert _strings() == reached | LEFT_ALONE.keys()
    assert all(LEFT_ALONE.values())


def test_a_string_is_reached_in_every_file_that_has_it() -> None:
    """A message that can hold a path is rewritten in each kind of image file in which it stands."""
    reached = {
        stem: set(_rewritten(message_class(KINDS[stem].message).DESCRIPTOR, PLACES[stem])) for stem in PLACES
    }
    for kind in KINDS.values():
        if kind.message:
            paths = set(_held(message_class(kind.message).DESCRIPTOR, ())) - LEFT_ALONE.keys()
            assert paths == reached.get(kind.stem, set()), kind.stem


def _held(message: Any, above: tuple[str, ...]) -> Iterator[str]:
    """Every string in a message and those inside it."""
    for field in message.fields:
        if field.message_type is not None and field.message_type.name not in above:
            yield from _held(field.message_type, (*above, message.name))
        elif field.type in (field.TYPE_BYTES, field.TYPE_STRING):
            yield f"{message.name}.{field.name}"


def test_every_file_that_is_not_looked_into_has_a_reason() -> None:
    undecoded = {kind.stem for kind in KINDS.values() if not kind.message}
    assert undecoded | {"tmpfs", "tmpfs-dev"} == UNDECODED.keys()
    assert UNDECODED.keys() - undecoded <= set(RAW_STEMS)
