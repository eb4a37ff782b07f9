"""Images of real processes after every rewriter: sound, and alike in both implementations of the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from crimg.model import KINDS, File
from crimg.reader import open_image
from crimg.validate import validate
from tests.cli.command import crimg
from tests.dump.cases import CASES
from tests.dump.dumps import save
from tests.kaitai_view import comparable_fields
from tests.node import generate
from tests.unit.test_format_javascript import read_by_javascript, read_by_python

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemas, compiled."""
    directory = tmp_path_factory.mktemp("javascript")
    generate("--javascript", directory)
    return directory


REWRITERS = {
    "rewrite": ["rewrite", "IMAGE", "--map", "/=/moved", "--quiet"],
    "rewrite -o": ["rewrite", "IMAGE", "--map", "/=/moved", "-o", "OTHER", "--quiet"],
    "compact": ["compact", "IMAGE"],
    "wrap": ["wrap", "IMAGE", "--map", "/moved=/again", "--", "cp", "{image}", "OTHER"],
    "undo": ["undo", "IMAGE"],
}
"""In this order on one image: each finds what the one before has left."""


def latest(sections: list[Any]) -> dict[str, dict[str, Any]]:
    """Noun and key to the last row, among all that an implementation lists."""
    tables: dict[str, dict[str, Any]] = {}
    for section in sections:
        for batch in section["batches"] or ():
            cls = KINDS[batch["kind"]]
            names = [cls.fields[index] for index in cls.key_columns]
            for row in batch["rows"]:
                tables.setdefault(cls.noun, {})[json.dumps([row[name] for name in names])] = row
    return tables


def check(path: Path, javascript: Path) -> None:
    """Fail unless the image is sound, and both implementations have the rows that the reader has."""
    data = path.read_bytes()
    seen, expected = read_by_javascript(javascript, data), read_by_python(data)
    assert seen == expected
    with open_image(path) as image:
        assert validate(image).findings == ()
        rows = latest(seen["sections"])
        for cls in KINDS.values():
            read = [comparable_fields(row.as_dict()) for row in image.rows(cls)]
            if cls.noun not in ("log_entry", "history_entry"):
                assert read == list(rows.get(cls.noun, {}).values()), cls.noun


@pytest.mark.parametrize("name", ["static", "sqlite", "bash"])
def test_every_rewriter(name: str, tmp_path: Path, javascript: Path) -> None:
    image = tmp_path / "image"
    with CASES[name].start(tmp_path / "it") as program:
        save(program.pid, image)
    check(image, javascript)
    for verb, words in REWRITERS.items():
        other = tmp_path / "other"
        if verb == "undo":
            assert crimg("rewrite", image, "--map", "/=/x").returncode == 0
        places = {"IMAGE": str(image), "OTHER": str(other)}
        done = crimg(*(places.get(word, word) for word in words))
        assert done.returncode == 0, done.stderr
        made = other if other.exists() else image
        check(made, javascript)
        with open_image(made) as opened:
            names = {row.path[:6] for row in opened.rows(File) if row.path.startswith(b"/")}
        assert names == ({b"/again"} if verb == "wrap" else {b"/moved"}), verb
        other.unlink(missing_ok=True)
