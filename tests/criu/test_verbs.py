"""graph, diff and the TUI on directories of CRIU."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import text
from tests.cli.schemas import problems
from tests.criu.corpus import directory
from tests.criu.inside import crimg
from tests.criu.synthetic import small
from tests.tui.screens import drive, opened, until_shown

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return small().write(tmp_path / "images")


def test_graph(images: Path) -> None:
    value = json.loads(text(crimg("graph", images, "--json")))
    assert problems(value, "graph") == []
    names = {node["what"] for node in value["nodes"]}
    assert {"process 100, prog", "[deleted] /srv/app/gone", "pipe:[77], 5 bytes in it"} <= names


def test_diff_tells_what_a_rewrite_changed(images: Path, tmp_path: Path) -> None:
    assert crimg("diff", images, images).returncode == 0
    assert (
        crimg("rewrite", images, "--exact", "/srv/app/log=/var/log/app", "-o", tmp_path / "new").returncode
        == 0
    )
    result = crimg("diff", images, tmp_path / "new", "--json")
    assert result.returncode == 1
    value = json.loads(result.stdout)
    assert problems(value, "diff") == []
    fields = [field for change in value["objects"] for field in change["fields"]]
    paths = [(field["before"], field["after"]) for field in fields if field["name"] == "path"]
    assert paths == [("/srv/app/log", "/var/log/app")]


def test_keepers(images: Path) -> None:
    kept = json.loads(crimg("keepers", images, "--json").stdout)["keepers"]
    assert {each["way"] for each in kept} == {"embedded", "relinked"}


def test_hexadecimal_and_objects(images: Path) -> None:
    assert "02 02 02 02" in text(crimg("inspect", images, "--hex", "600000:16"))
    shown = text(crimg("inspect", images, "--sections"))
    assert "pages-2.img" in shown and "ghost-file-1a.img" in shown


def test_the_application_shows_a_directory_and_changes_nothing(images: Path) -> None:
    async def work() -> None:
        async with opened(images, (120, 40)) as (app, pilot):
            await until_shown(pilot, app, "it is a directory of CRIU", "prog")
            await pilot.press("3")
            await until_shown(pilot, app, "/srv/app/log", "/srv/app/gone")
            await pilot.press("5")
            await until_shown(pilot, app, "C606")

    drive(work)


def test_the_application_on_a_real_directory() -> None:
    folder = directory("tree")

    async def work() -> None:
        async with opened(folder, (120, 40)) as (app, pilot):
            await until_shown(pilot, app, "grandchild", "zombie")

    drive(work)
