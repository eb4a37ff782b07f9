"""crimg.format.constants says in Python what the schema says."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from crimg.format import bodies, constants
from crimg.format.generated import crimg_container
from crimg.model import enums
from tests.schema import enum_names, load_schema, magic_bytes

if TYPE_CHECKING:
    from enum import IntEnum

CONTAINER = load_schema("crimg_container")
TABLES = load_schema("crimg_tables")
SIZES = {"u1": 1, "u2": 2, "u4": 4, "u8": 8, "s8": 8}


def fields(type_name: str) -> dict[str, dict[str, Any]]:
    return {field["id"]: field for field in CONTAINER["types"][type_name]["seq"]}


def size_of(type_name: str) -> int:
    """Bytes of a structure of fixed-size fields."""
    total = 0
    for field in fields(type_name).values():
        if "contents" in field:
            total += len(magic_bytes(field["contents"]))
        else:
            total += field["size"] if "size" in field else SIZES[field["type"]]
    return total


@pytest.mark.parametrize(
    ("type_name", "size"),
    [
        ("file_header", constants.HEADER_SIZE),
        ("section_header", constants.SECTION_HEADER_SIZE),
        ("index_entry", constants.INDEX_ENTRY_SIZE),
        ("trailer_body", constants.TRAILER_SIZE),
        ("pagemap_run", constants.RUN_SIZE),
        ("blob_extent", constants.EXTENT_SIZE),
    ],
)
def test_sizes_of_structures(type_name: str, size: int) -> None:
    assert size_of(type_name) == size


def test_blob_prefix_is_what_stands_before_the_extents() -> None:
    named = fields("blob_prefix")
    assert (
        SIZES[named["num_extents"]["type"]] + SIZES[named["reserved"]["type"]] == constants.BLOB_PREFIX_SIZE
    )


@pytest.mark.parametrize(
    ("type_name", "magic"),
    [
        ("file_header", constants.FILE_MAGIC),
        ("section_header", constants.SECTION_MAGIC),
        ("trailer_body", constants.TRAILER_MAGIC),
    ],
)
def test_magics(type_name: str, magic: bytes) -> None:
    assert magic_bytes(fields(type_name)["magic"]["contents"]) == magic


def test_limits() -> None:
    header = fields("section_header")
    assert header["align_log2"]["valid"] == {
        "min": constants.MIN_ALIGN_LOG2,
        "max": constants.MAX_ALIGN_LOG2,
    }
    assert header["id"]["valid"] == {"min": 1, "max": constants.MAX_SECTION_ID}
    assert header["len_raw"]["valid"]["expr"].endswith(f"_ <= {constants.MAX_LEN_RAW}")
    sizes = fields("file_header")["page_size"]["valid"]["any-of"]
    assert sizes == [1 << bits for bits in range(12, 17)]
    assert (sizes[0], sizes[-1]) == (constants.MIN_PAGE_SIZE, constants.MAX_PAGE_SIZE)
    assert fields("file_header")["version_major"]["valid"] == constants.VERSION_MAJOR
    assert load_schema("msgpack_value")["instances"]["is_list"]["value"].endswith(f"<= {constants.MAX_LIST}")
    kinds = TABLES["types"]["batch"]["seq"][1]["valid"]["expr"]
    assert f"_.int_value >= {constants.FIRST_ANCILLARY_KIND:#x}" in kinds


def test_index_entry_repeats_the_rules_of_the_section_header() -> None:
    header, entry = fields("section_header"), fields("index_entry")
    for name in ("flags", "codec", "align_log2", "kind", "id", "len_raw"):
        assert header[name].get("valid") == entry[name].get("valid"), name


@pytest.mark.parametrize(
    ("schema", "name", "enumeration"),
    [
        (CONTAINER, "section_type", constants.SectionType),
        (CONTAINER, "codec", constants.Codec),
        (TABLES, "file_kind", enums.FileKind),
        (TABLES, "name_state", enums.NameState),
        (TABLES, "keeper", enums.Keeper),
        (TABLES, "severity", enums.Severity),
        (TABLES, "lock_kind", enums.LockKind),
        (TABLES, "memory_kind", enums.MemoryKind),
        (TABLES, "socket_state", enums.SocketState),
    ],
)
def test_enumerations(schema: dict[str, Any], name: str, enumeration: type[IntEnum]) -> None:
    assert enum_names(schema["enums"][name]) == {member.value: member.name.lower() for member in enumeration}


def test_special_page_ids() -> None:
    assert enum_names(CONTAINER["enums"]["pages_origin"]) == {
        constants.PAGES_PARENT: "parent",
        constants.PAGES_GUARD: "guard",
        constants.PAGES_ZERO: "zeros",
    }
    assert enum_names(CONTAINER["enums"]["machine"]) == {constants.MACHINE_X86_64: "x86_64"}


def test_generated_enumerations_are_those_of_the_schema() -> None:
    generated: Any = crimg_container
    container = generated.CrimgContainer
    for name, enum in CONTAINER["enums"].items():
        cls = getattr(container, name.title().replace("_", ""))
        assert {member.value: member.name for member in cls} == enum_names(enum)


def test_fast_paths_use_the_layout_of_the_schema() -> None:
    codes = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q"}
    for type_name, fast in (("pagemap_run", bodies.RUN), ("blob_extent", bodies.EXTENT)):
        layout = "<" + "".join(codes[field["type"]] for field in CONTAINER["types"][type_name]["seq"])
        assert struct.Struct(layout).format == fast.format
    assert CONTAINER["meta"]["endian"] == "le"


def test_names_of_section_types() -> None:
    assert constants.section_type_name(3) == "PAGES"
    assert constants.section_type_name(0x8123) == "type 33059"
