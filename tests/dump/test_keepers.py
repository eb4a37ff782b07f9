"""Deleted files kept in the image, in a copy, by a new name; `crimg keepers` lists, checks, removes them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from crimg.dump import DumpOptions
from crimg.dump.keeping import parse_rule
from crimg.errors import UsageError
from crimg.model import File, Fs
from crimg.model.enums import FileKind, NameState
from tests.cli.schemas import problems
from tests.dump.deleted import CODE, NAMES, findings, kept
from tests.dump.dumps import Dumper, command, image_of
from tests.dump.programs import Agent
from tests.dump.rows import file_of, inode_of

if TYPE_CHECKING:
    from pathlib import Path


def test_rules_by_size_and_name(tmp_path: Path, folder: Path) -> None:
    rules = ["copy:path=*/opened", "embed:size<4M", "copy"]
    area = str(tmp_path / "area")
    with Agent(CODE, tmp_path / "target") as agent:
        known = agent.ask("known")
        with image_of(agent.pid, folder / "image", deleted=rules, keep_dir=area) as image:
            assert [kept(image, known, name).keeper for name in NAMES] == [2, 1, 1, 1]


@pytest.mark.parametrize("text", ["burn", "copy:", "copy:size>x", "embed:age>3", "copy:size>5T", "copy:fs="])
def test_wrong_rules(text: str) -> None:
    with pytest.raises(UsageError, match="--deleted"):
        parse_rule(text)
    assert DumpOptions(deleted=["copy"]).deleted[0].way == "copy"


def test_keepers_are_listed_checked_and_removed(tmp_path: Path, folder: Path) -> None:
    area = tmp_path / "area"
    with Agent(CODE, tmp_path / "target") as agent:
        words = ("--deleted", "auto", "--keep-dir", area)
        assert command("dump", agent.pid, "-o", folder / "image", *words).returncode == 0
    listed = command("keepers", folder / "image")
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert [listed.stdout.count(way) for way in (b" copied ", b" relinked ", b" embedded ")] == [3, 1, 1]
    victim = sorted(os.listdir(area))[0]
    os.truncate(area / victim, 5)
    changed = command("keepers", "--json", "--remove", folder / "image")
    assert changed.returncode == 1
    value = json.loads(changed.stdout)
    assert problems(value, "keepers") == []
    assert sorted(each["removed"] for each in value["keepers"]) == [False, False, True, True, True]
    assert os.listdir(area) == [victim]
    assert command("dump", "1", "-o", folder / "other", "--deleted", "copy").returncode == 2


def test_nothing_is_left_where_the_dump_fails(tmp_path: Path, folder: Path) -> None:
    with Agent(CODE + "data = bytearray(os.urandom(4096) * 512)", tmp_path / "target") as agent:
        area = tmp_path / "area"

        def limit() -> None:
            import resource

            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, hard))

        dumper = Dumper(
            agent.pid, folder / "image", "--deleted", "copy", "--keep-dir", str(area), before=limit
        )
        assert dumper.wait() == 4
        assert os.listdir(area) == []


def test_deleted_directories(tmp_path: Path, image_path: Path) -> None:
    """As a working directory, and open; they are empty by their nature."""
    code = "os.mkdir('here'); os.chdir('here'); fd = os.open('.', os.O_RDONLY); os.rmdir('../here')"
    with Agent(code, tmp_path / "target") as agent:
        number = agent.ask("fd")
        with image_of(agent.pid, image_path) as image:
            file = file_of(image, number)
            assert (file.kind, file.name_state) == (FileKind.DIRECTORY, NameState.DELETED)
            assert file.path.endswith(b"/here")
            (fs,) = image.rows(Fs)
            cwd = image.find(File, fs.cwd)
            assert cwd is not None
            assert inode_of(image, cwd).objref == inode_of(image, file).objref
        assert findings(image_path) == []
