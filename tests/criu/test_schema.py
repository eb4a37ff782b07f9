"""The schema of CRIU's messages, and the module that was compiled from it."""

from __future__ import annotations

from crimg.criu.generated import schema
from crimg.criu.kinds import FILE_TYPES, KINDS
from crimg.criu.messages import message_class
from tests.criu import schema_compiler


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
