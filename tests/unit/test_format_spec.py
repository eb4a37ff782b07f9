"""specs/format.md, for people, has the numbers of the schema."""

from __future__ import annotations

import re

import pytest

from crimg.model import DEFINITION_ORDER
from tests.schema import FORMAT_DIR, enum_names, load_schema, magic_bytes

SPEC = (FORMAT_DIR.parent / "specs" / "format.md").read_text()
CONTAINER = load_schema("crimg_container")
TABLES = load_schema("crimg_tables")
SIZES = {"u1": 1, "u2": 2, "u4": 4, "u8": 8, "s8": 8}


def table_under(heading: str) -> list[list[str]]:
    """Cells of the rows of the first table behind a heading."""
    text = SPEC.split(f"{heading}\n", 1)[1]
    lines = text[text.index("|") :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(
    "name", ["file_header", "section_header", "index_entry", "trailer_body", "pagemap_run", "blob_extent"]
)
def test_offsets_and_sizes(name: str) -> None:
    expected = []
    offset = 0
    for field in CONTAINER["types"][name]["seq"]:
        if "contents" in field:
            size = len(magic_bytes(field["contents"]))
        else:
            size = field["size"] if "size" in field else SIZES[field["type"]]
        expected.append([str(offset), str(size), field["id"]])
        offset += size
    assert [row[:3] for row in table_under(f"### {name}")] == expected


@pytest.mark.parametrize("name", ["file_header", "section_header", "trailer_body"])
def test_magics(name: str) -> None:
    magic = magic_bytes(CONTAINER["types"][name]["seq"][0]["contents"])
    assert table_under(f"### {name}")[0][3] == f"`{magic.hex(' ')}`"


def test_section_types() -> None:
    named = {int(row[0]): row[1].lower() for row in table_under("### section types")}
    assert named == enum_names(CONTAINER["enums"]["section_type"])


def test_kinds_with_their_keys_and_references() -> None:
    expected = []
    for name, table in TABLES["types"].items():
        if "-kind" not in table:
            continue
        references = [
            column if described["-ref"] == [column] else f"{column} ({', '.join(described['-ref'])})"
            for column, described in table["instances"].items()
            if "-ref" in described
        ]
        expected.append([str(table["-kind"]), name, ", ".join(table["-key"]), ", ".join(references)])
    assert table_under("## 7. Kinds") == expected


def test_order_of_kinds() -> None:
    order = ", ".join(cls.noun for cls in DEFINITION_ORDER)
    assert f"kinds in the order {order};" in re.sub(r"\s+", " ", SPEC)


@pytest.mark.parametrize(("first_cell", "enum"), [("name_state", "name_state"), ("keeper", "keeper")])
def test_enumerations(first_cell: str, enum: str) -> None:
    lines = SPEC.split(f"| {first_cell} | meaning", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    named = re.findall(r"^\| (\d+) (\w+) ", "\n".join(lines), flags=re.MULTILINE)
    assert len(named) == len(lines)
    assert {int(number): name for number, name in named} == enum_names(TABLES["enums"][enum])


def test_special_page_ids() -> None:
    text = SPEC.split("| pages_id | contents |", 1)[1]
    for number, name in enum_names(CONTAINER["enums"]["pages_origin"]).items():
        row = next(
            line for line in text.splitlines() if line.startswith(f"| {number:#x} |".replace("0x0", "0"))
        )
        assert name.rstrip("s") in row
