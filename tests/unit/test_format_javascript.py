"""The second implementation: the schemas compiled to JavaScript read the same values in the same images.

Tables and page data stored with zstd are compared as stored bytes: node 20 has no zstd.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from kaitaistruct import KaitaiStructError

from crimg.model import KINDS
from crimg.reader import open_image
from crimg.redact import Selection
from tests import samples
from tests.builders import FILE_HEADER, INDEX_ENTRY, SECTION_HEADER, TRAILER_BODY, ImageBuilder
from tests.kaitai_view import comparable, comparable_fields, parse_image, view_batches
from tests.node import call_node, generate, run_node
from tests.redact.drafts import redacted, secret_draft
from tests.schema import FORMAT_DIR

if TYPE_CHECKING:
    from pathlib import Path

READER = FORMAT_DIR.parent / "tests" / "js" / "read_image.js"
RUN = ("first_page", "num_pages", "pages_id", "first_index")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("javascript")
    generate("--javascript", directory)
    return directory


def read_by_javascript(compiled: Path, image: bytes) -> Any:
    path = compiled / "image.crimg"
    path.write_bytes(image)
    return json.loads(run_node(READER, compiled, FORMAT_DIR, path))


def names(layout: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(name for name, _ in layout)


def structure(described: Any, fields: tuple[str, ...]) -> dict[str, object]:
    values = {name: getattr(described, name) for name in fields}
    return comparable_fields({name: int(v) if isinstance(v, int) else v for name, v in values.items()})


def batches(frame: Any) -> list[dict[str, object]]:
    return [
        {
            "kind": kind,
            "name": KINDS[kind].noun if kind in KINDS else None,
            "rows": [comparable_fields(row) for row in rows],
        }
        for kind, rows in view_batches(frame.objects)
    ]


def section(frame: Any) -> dict[str, object]:
    return {
        "ofs_header": frame.ofs_header,
        "ofs_body": frame.ofs_body,
        "ofs_next": frame.ofs_next,
        "padding": len(frame.pad_before or b"") + len(frame.pad_after or b""),
        "header": structure(frame.header, names(SECTION_HEADER)),
        "sha256": hashlib.sha256(frame.raw_body).hexdigest(),
        "batches": batches(frame) if frame.objects else None,
        "runs": [structure(run, RUN) for run in frame.pagemap.runs] if frame.pagemap else None,
        "extents": [structure(e, ("ofs", "len")) for e in frame.blob.prefix.extents] if frame.blob else None,
        "data": comparable(frame.blob.data) if frame.blob else None,
        "index": [structure(e, names(INDEX_ENTRY)) for e in frame.index.entries] if frame.index else None,
        "trailer": structure(frame.trailer, names(TRAILER_BODY)) if frame.trailer else None,
    }


def read_by_python(image: bytes) -> dict[str, object]:
    parsed = parse_image(image)
    return {
        "header": structure(parsed.header, names(FILE_HEADER)),
        "trailer": structure(parsed.trailer, names(TRAILER_BODY)),
        "index_offset": parsed.index.ofs_header,
        "sections": [section(frame) for frame in parsed.frames],
    }


def two_revisions() -> bytes:
    moved = samples.small_records()[-1].replace(realtime=-(2**63), monotonic=2**63 - 1, hostname=b"\xff\n")
    return samples.small_builder().objects(1, [moved]).log(samples.LOG).revision().bytes()


def limits() -> bytes:
    """Numbers at both ends of their ranges in every kind of structure."""
    info = samples.small_records()[-1]
    odd: list[Any] = [
        -1,
        -33,
        2**53,
        2**53 + 1,
        -(2**53) - 1,
        2**64 - 1,
        -(2**63),
        "snow ☃",
        b"",
        {"a": [[]]},
    ]
    return (
        ImageBuilder(created=-(2**63), version_minor=65535, page_size=65536, uuid=b"\xff" * 16)
        .objects(1, [info.replace(extra={"odd": tuple(odd), "": None, "x": 1.25})])
        .objects(0x8000, [[1, (), None], ["anything"]])
        .objects(0xFFFF, [])
        .pagemap([(2**52 - 1, 1, 0, 0), (2**52, 2**64 - 1, 0xFFFF_FFF0, 2**32 - 1)])
        .section(99, b"unknown", flags=0, codec=7, kind=0, align_log2=21, len_raw=100)
        .blob([])
        .blob([(2**64 - 1, b"far away")])
        .revision()
        .bytes()
    )


def without_secrets() -> bytes:
    """What `crimg redact` writes."""
    return redacted(secret_draft().bytes(), Selection(environment=True, contents=True, registers=True))[1]


@pytest.mark.parametrize(
    "build",
    [samples.small_image, two_revisions, limits, without_secrets],
    ids=lambda build: build.__name__,
)
def test_javascript_reads_the_same_values(compiled: Path, build: Any) -> None:
    image = build()
    seen = read_by_javascript(compiled, image)
    expected = read_by_python(image)
    assert seen["header"] == expected["header"]
    for found, wanted in zip(seen.pop("sections"), expected.pop("sections"), strict=True):  # type: ignore[call-overload]
        assert found == wanted
    assert seen == expected


def test_the_sample_shows_numbers_that_doubles_cannot_hold(compiled: Path) -> None:
    """The comparison above would be worth less if it rounded both sides alike."""
    rows = read_by_javascript(compiled, samples.small_image())["sections"][5]["batches"]
    inode = next(batch for batch in rows if batch["name"] == "inode")["rows"][2]
    assert inode["number"] == 2**64 - 1
    assert inode["mtime"] == samples.TIME - 5


@pytest.mark.parametrize("build", [samples.small_image, two_revisions], ids=lambda build: build.__name__)
def test_javascript_reads_what_the_reader_reads(compiled: Path, build: Any) -> None:
    """Rows of the production reader, with the changes of later revisions applied to what JavaScript lists."""
    seen = read_by_javascript(compiled, build())
    listed: dict[str, dict[object, object]] = {}
    for part in seen["sections"]:
        for group in part["batches"] or ():
            keys = [KINDS[group["kind"]].fields[index] for index in KINDS[group["kind"]].key_columns]
            table = listed.setdefault(group["name"], {})
            table.update({json.dumps([row[key] for key in keys]): row for row in group["rows"]})
    with open_image(compiled / "image.crimg") as image:
        assert list(image.uuid) == list(range(16))
        for cls in KINDS.values():
            rows = [comparable_fields(row.as_dict()) for row in image.rows(cls)]
            unique = {json.dumps([row[cls.fields[i]] for i in cls.key_columns]): row for row in rows}
            assert list(unique.values()) == list(listed.get(cls.noun, {}).values()), cls.noun


BROKEN = {
    "magic": samples.small_image().replace(b"\x89CRI", b"\x89CRJ"),
    "section magic": ImageBuilder().section(4, bytes(8), magic=b"CRS\n").revision().bytes(),
    "padding": ImageBuilder().section(99, b"x", pad_after=b"\0\0\0\0\0\0\1").revision().bytes(),
    "unknown kind": ImageBuilder().objects(63, []).revision().bytes(),
    "cell of a wrong type": ImageBuilder().objects(9, [(1, b"2", None)]).revision().bytes(),
    "cell out of range": ImageBuilder().objects(9, [(1, 2**32, None)]).revision().bytes(),
    "row too short": ImageBuilder().objects(9, [(1, 2)]).revision().bytes(),
    "behind the trailer": samples.small_image() + bytes(8),
}


@pytest.mark.parametrize("name", BROKEN)
def test_javascript_refuses_what_the_schema_refuses(compiled: Path, name: str) -> None:
    path = compiled / "broken.crimg"
    path.write_bytes(BROKEN[name])
    result = call_node(READER, compiled, FORMAT_DIR, path)
    assert result.returncode != 0
    assert result.stdout == b""
    with pytest.raises(KaitaiStructError):
        read_by_python(BROKEN[name])
