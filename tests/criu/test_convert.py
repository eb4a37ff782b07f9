"""`crimg convert`: an image of our own from images of CRIU says the same, and is sound."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crimg.reader import open_image
from tests.cli.command import text
from tests.cli.schemas import problems
from tests.criu.corpus import NAMES, directory
from tests.criu.inside import crimg
from tests.criu.synthetic import small

if TYPE_CHECKING:
    from pathlib import Path

_OF_THE_FILE = ("image", "sections", "history")
_OTHER_KINDS = {"inotify"}


def converted(source: Path, target: Path) -> Any:
    result = crimg("convert", source, "-o", target, "--json")
    assert (result.returncode, result.stderr) == (0, b"")
    value = json.loads(result.stdout)
    assert problems(value, "convert") == []
    return value


def inspected(path: Path) -> Any:
    value = json.loads(text(crimg("inspect", path, "--all", "--json")))
    return {name: rows for name, rows in value.items() if name not in _OF_THE_FILE}


@pytest.mark.parametrize("name", NAMES)
def test_the_image_says_what_the_directory_says(name: str, tmp_path: Path) -> None:
    target = tmp_path / "image.bin"
    report = converted(directory(name), target)
    before, after = inspected(directory(name)), inspected(target)
    kinds = {file["kind"] for file in before["files"]} & _OTHER_KINDS
    for value in (before, after):
        for file in (*value["files"], *value["fds"]):
            if file["kind"] in (*_OTHER_KINDS, "placeholder"):
                file["kind"] = "other"
                file.pop("link", None)
    assert after == before
    assert all(any(kind in each["what"] for each in report["lost"]) for kind in kinds)
    findings = json.loads(crimg("validate", target, "--json").stdout)["findings"]
    assert [each for each in findings if each["severity"] == "error"] == report["errors"] == []


def test_memory_and_what_is_refused(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    converted(folder, tmp_path / "new")
    assert "02 02 02 02" in text(crimg("inspect", tmp_path / "new", "--hex", "600000:16"))
    with open_image(tmp_path / "new") as image:
        assert image.revision == 1
    assert crimg("convert", folder, "-o", tmp_path / "new").returncode == 2
    assert crimg("convert", tmp_path / "new", "-o", tmp_path / "other").returncode == 2
