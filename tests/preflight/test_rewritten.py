"""Files moved after a real dump, and the image rewritten so that it comes back right where they are now."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import crimg
from crimg.cli import main
from crimg.looking.looker import Looker
from crimg.model import File, HistoryEntry, Inode
from crimg.preflight import check
from crimg.validate import validate
from tests.preflight.test_relocate import dumped

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import pytest


def below(image_path: Path, top: Path) -> dict[str, tuple[str, str]]:
    """Path below `top` to the verdict and its basis."""
    start = bytes(top) + b"/"
    with crimg.open(image_path) as image:
        return {
            verdict.path[len(start) :].decode(): (verdict.verdict, verdict.basis)
            for verdict in check(image)
            if verdict.path.startswith(start)
        }


FILES = {"app", "app/db/base", "app/db/wal", "app/log/out", "app/config"}


def test_a_directory_that_was_moved(tmp_path: Path) -> None:
    with dumped(tmp_path):
        pass
    image, work = tmp_path / "image", tmp_path / "work"
    (work / "app").rename(tmp_path / "new")
    before = below(image, tmp_path)
    assert {before[f"work/{name}"][0] for name in FILES} == {"moved"}
    assert main(["rewrite", str(image), "--quiet", "--map", f"{work}/app={tmp_path}/new"]) == 0
    after = below(image, tmp_path)
    assert {name.replace("app", "new", 1) for name in FILES} < after.keys()
    assert set(after.values()) == {("same", "inode")}
    assert main(["preflight", str(image), "--quiet"]) == 0
    with crimg.open(image) as opened:
        assert validate(opened).is_sound()


def test_copies_are_taken_for_the_files_by_restamp(tmp_path: Path) -> None:
    with dumped(tmp_path):
        pass
    image, work = tmp_path / "image", tmp_path / "work"
    shutil.copytree(work / "app", tmp_path / "copy")
    shutil.rmtree(work / "app")
    rules = ["rewrite", str(image), "--quiet", "--map", f"{work}/app={tmp_path}/copy"]
    assert main(rules) == 0
    assert below(image, tmp_path)["copy/config"][0] == "replaced"
    assert main(["undo", str(image)]) == 0
    assert main([*rules, "--restamp"]) == 0
    after = below(image, tmp_path)
    assert {name.replace("app", "copy", 1) for name in FILES} < after.keys()
    assert set(after.values()) == {("same", "inode")}
    with crimg.open(image) as opened:
        numbers = {row.path: row.inode for row in opened.rows(File)}
        inode = opened.find(Inode, numbers[bytes(tmp_path / "copy/config")])
        assert inode is not None
        assert inode.number == (tmp_path / "copy/config").stat().st_ino
        assert opened.rows(HistoryEntry)[-1].note.startswith("restamped: the evidence of 5 inodes")
        assert validate(opened).is_sound()


def test_restamp_does_not_wait_for_what_gives_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file that hangs is a conflict; the image stays as it is."""
    with dumped(tmp_path):
        pass
    columns = Looker.columns

    def slow(self: Looker, path: bytes, *arguments: Any) -> object:
        if path.endswith(b"/config"):
            time.sleep(60)
        return columns(self, path, *arguments)

    monkeypatch.setattr(Looker, "columns", slow)
    image = tmp_path / "image"
    before = image.read_bytes()
    assert main(["rewrite", str(image), "--restamp", "--timeout", "0.25"]) == 1
    output, errors = capfd.readouterr()
    assert f"{tmp_path}/work/app/config gives no answer" in output + errors
    assert image.read_bytes() == before
