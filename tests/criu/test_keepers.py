"""`crimg keepers` of images of CRIU: ghost files, and links that a dump makes beside files."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.schemas import problems
from tests.criu.corpus import directory
from tests.criu.inside import crimg
from tests.criu.synthetic import MOUNTS, REMAP, Tree, reg
from tests.criu.wire import image

if TYPE_CHECKING:
    from pathlib import Path


def listed(*words: str | Path, status: int = 0) -> dict[str, Any]:
    """Name of the link, or of the deleted file, to its record."""
    result = crimg("keepers", *words, "--json")
    assert (result.returncode, result.stderr) == (status, b"")
    value = json.loads(result.stdout)
    assert problems(value, "keepers") == []
    return {os.path.basename(each["path"] or each["name"]): each for each in value["keepers"]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The images of the corpus with links, for files that are in tmp_path/fs as they were at the dump."""
    with tarfile.open(directory("linkremap") / "fs.tar") as tar:
        tar.extractall(tmp_path, filter="tar")
    words = ("--map", f"/srv/criu/linkremap/fs={tmp_path}/fs", "--quiet", "-o", tmp_path / "images")
    assert crimg("rewrite", directory("linkremap"), *words).returncode == 0
    return tmp_path / "images"


def test_links_are_held_against_what_was_recorded(copy: Path) -> None:
    files = copy.with_name("fs")
    found = listed(copy)
    assert {name: each["state"] for name, each in found.items()} == {
        "link_remap.5": "kept",
        "link_remap.7": "kept",
    }
    assert found["link_remap.5"]["name"] == f"{files}/name1.txt"
    with (files / "link_remap.5").open("ab") as file:
        file.write(b"more")
    (files / "link_remap.7").chmod(0o600)
    states = {name: each["state"] for name, each in listed(copy, status=1).items()}
    assert states == {"link_remap.5": "26 bytes, not 22", "link_remap.7": "mode 0600, not 0644"}
    (files / "link_remap.5").unlink()
    os.mkfifo(files / "link_remap.5")
    (files / "link_remap.7").unlink()
    states = {name: each["state"] for name, each in listed(copy, status=1).items()}
    assert states == {"link_remap.5": "no regular file", "link_remap.7": "missing"}


def test_links_of_an_image_that_is_not_wanted_are_removed(copy: Path) -> None:
    before = set(os.listdir(copy.with_name("fs")))
    assert all(each["removed"] for each in listed(copy, "--remove").values())
    assert before - set(os.listdir(copy.with_name("fs"))) == {"link_remap.5", "link_remap.7"}
    assert (copy.with_name("fs") / "name2.txt").read_bytes()


def test_of_other_names_none_is_removed(copy: Path) -> None:
    """After a rewrite a keeper can have any name: that of a file which somebody still needs."""
    files = copy.with_name("fs")
    os.rename(files / "link_remap.5", files / "mine")
    assert crimg("rewrite", copy, "--exact", f"{files}/link_remap.5={files}/mine").returncode == 0
    found = listed(copy, "--remove")
    assert {name: each["removed"] for name, each in found.items()} == {"mine": False, "link_remap.7": True}
    assert (files / "mine").exists()


def test_links_that_no_image_needs(copy: Path) -> None:
    files = copy.with_name("fs")
    (files / "link_remap.99").write_bytes(b"left behind")
    (files / "link_remap.x").write_bytes(b"no name of CRIU's")
    (files / "link_remap.98").mkdir()
    os.symlink(files, files.with_name("other name"))
    states = {each["state"] for each in listed("--abandoned", files, status=1).values()}
    assert states == {"of a dump of CRIU: give the image, too"}
    kept = listed("--abandoned", files, "--remove", status=1)
    assert not any(each["removed"] for each in kept.values())
    for folder in (files, files.with_name("other name")):
        assert listed(copy, "--abandoned", folder, status=1).keys() == {"link_remap.99"}
    found = listed(copy, "--abandoned", files, "--remove")
    assert {name: each["removed"] for name, each in found.items()} == {"link_remap.99": True}
    assert sorted(each for each in os.listdir(files) if each.startswith("link_remap")) == [
        *("link_remap.5", "link_remap.7", "link_remap.98", "link_remap.x")
    ]
    assert b"nothing was abandoned" in crimg("keepers", copy, "--abandoned", files).stdout


def test_links_in_a_mount_namespace_are_not_looked_for_here(tmp_path: Path) -> None:
    (tmp_path / "link_remap.9").write_bytes(b"12345")
    tree = Tree()
    named = [
        reg(8, b"/renamed", size=5, mnt_id=5),
        reg(9, f"{tmp_path}/link_remap.9".encode(), size=5, mnt_id=5),
    ]
    tree.files += named
    tree.task(100, 0, [(3, 8, 1)])
    tree.images["remap-fpath.img"] = image(REMAP, {1: 8, 2: 9, 3: 0})
    tree.images["mountpoints-9.img"] = image(
        MOUNTS, {1: 0, 2: 5, 3: 1, 4: 0, 5: 0, 6: b"/", 7: b"/", 8: b"none", 9: b"", 14: b"ext4"}
    )
    folder = tree.write(tmp_path / "images")
    (record,) = listed(folder, "--remove", status=1).values()
    assert (record["state"], record["removed"]) == (
        "its links are in the mount namespace of the image",
        False,
    )
    refused = crimg("keepers", folder, "--abandoned", tmp_path, "--remove")
    assert (refused.returncode, (tmp_path / "link_remap.9").exists()) == (2, True)


def test_ghost_files_are_in_the_image(tmp_path: Path) -> None:
    found = listed(directory("ghost"), "--remove")
    assert {each["state"] for each in found.values()} == {"kept"}
    assert not any(each["removed"] for each in found.values())
    folder = tmp_path / "images"
    shutil.copytree(directory("ghost"), folder)
    next(folder.glob("ghost-file-*")).unlink()
    lost = crimg("keepers", folder)
    assert (lost.returncode, b"ghost-file" in lost.stderr) == (3, True)


def test_what_does_not_go_together(tmp_path: Path) -> None:
    assert crimg("keepers").returncode == 2
    assert crimg("keepers", directory("simple"), "--abandoned", tmp_path / "no").returncode == 4
    assert b"no deleted file" in crimg("keepers", directory("simple")).stdout
