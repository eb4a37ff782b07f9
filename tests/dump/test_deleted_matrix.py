"""Deleted files: three ways to keep them, on five file systems, however they are held: exact, or refused."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from crimg.errors import UnsupportedResourceError
from crimg.model import Fd, File, LogEntry, Vma
from crimg.model.enums import Keeper
from tests.dump.deleted import CODE, NAMES, embedded_facts, findings, kept, path_facts
from tests.dump.dumps import image_of, save
from tests.dump.programs import Agent, needs_root
from tests.needed import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crimg.model.image import Image
    from tests.dump.deleted import Known

EVERY = (*NAMES, "unnamed")


def check_holders(image: Image, known: Known) -> None:
    """How each is held, by both tasks: descriptors, mappings, another open file of the second task."""
    for name, fds, files, mappings in (
        *(("opened", 3, 2, 0), ("both", 2, 1, 2), ("linked", 2, 1, 0), ("only", 0, 1, 2)),
        ("unnamed", 2, 1, 0),
    ):
        inode = kept(image, known, name).objref
        held = {file.objref for file in image.rows(File) if file.inode == inode}
        found = [row for row in image.rows(Fd) if row.file in held]
        mapped = [row for row in image.rows(Vma) if row.file in held]
        assert (len(found), len(held), len(mapped)) == (fds, files, mappings), name
        assert len({row.mm for row in mapped}) == mappings, name


def refused(pid: int, area: Path, folder: Path) -> list[str]:
    """What the dump says where all have to be linked again."""
    with pytest.raises(UnsupportedResourceError) as caught:
        save(pid, folder / "refused", deleted=["relink"], keep_dir=str(area))
    assert all("[relink]" in line for line in caught.value.problems)
    return list(caught.value.problems)


def check_embedded(pid: int, known: Known, path: Path) -> None:
    with image_of(pid, path) as image:
        check_holders(image, known)
        for name in EVERY:
            row = kept(image, known, name)
            assert (row.keeper, embedded_facts(image, row)) == (Keeper.EMBEDDED, known[name][1]), name
    assert findings(path) == []


def check_copied(pid: int, known: Known, area: Path, path: Path) -> None:
    with image_of(pid, path, deleted=["copy"], keep_dir=str(area)) as image:
        for name in EVERY:
            row = kept(image, known, name)
            assert (row.keeper, path_facts(row.keeper_path)) == (Keeper.COPIED, known[name][1]), name
    assert len(os.listdir(area)) == len(EVERY)
    assert findings(path) == []


def check_ways(pid: int, known: Known, area: Path, folder: Path) -> None:
    """All ways, for a process that runs CODE; area: on the file system of its files."""
    check_embedded(pid, known, folder / "embedded")
    check_copied(pid, known, area, folder / "copied")
    lines = refused(pid, area, folder)  # what has a name left, or never had one, can be
    assert len(lines) == 3
    assert all(os.strerror(2) in line for line in lines)
    assert len(os.listdir(area)) == 6  # the name of what never had one stays: the process may want to link it
    with image_of(pid, folder / "auto", deleted=["auto"], keep_dir=str(area)) as image:
        for name in EVERY:
            row = kept(image, known, name)
            relinked = name in ("linked", "unnamed")
            assert row.keeper == (Keeper.RELINKED if relinked else Keeper.COPIED), name
            assert path_facts(row.keeper_path) == known[name][1], name
            assert row.keeper_path is not None
            assert (os.stat(row.keeper_path).st_ino == row.number) == relinked
        reasons = [row.text for row in image.rows(LogEntry) if "cannot be linked again" in row.text]
        assert len(reasons) == 3
    assert findings(folder / "auto") == []


def test_three_ways(tmp_path: Path, folder: Path) -> None:
    with Agent(CODE, tmp_path / "target") as agent:
        check_ways(agent.pid, agent.ask("known"), tmp_path / "area", folder)
        there = "[ctypes.string_at(where + (1 << 20), 4) for where in (shared, alone)]"
        assert agent.ask(there) == [b"both", b"only"]


@pytest.fixture(params=["ext4", "xfs", "btrfs", "overlay", "tmpfs"])
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A directory on a file system of its own."""
    kind, point = request.param, tmp_path / "mounted"
    point.mkdir()
    if kind == "overlay":
        for name in ("lower", "upper", "work"):
            (tmp_path / name).mkdir()
        layers = ",".join(f"{name}dir={tmp_path / name}" for name in ("lower", "upper", "work"))
        command_line = ["mount", "-t", "overlay", "crimg-test", "-o", layers, str(point)]
    elif kind == "tmpfs":
        command_line = ["mount", "-t", "tmpfs", "crimg-test", str(point)]
    else:
        require(f"mkfs.{kind}")
        disk = tmp_path / "disk"
        with open(disk, "wb") as file:
            file.truncate(512 << 20)
        subprocess.run([f"mkfs.{kind}", "-q", str(disk)], check=True, capture_output=True)
        command_line = ["mount", "-o", "loop", str(disk), str(point)]
    if subprocess.run(command_line, capture_output=True).returncode:
        pytest.skip(f"no {kind} can be mounted here")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


@needs_root
@pytest.mark.sweep
def test_file_systems(mounted: Path, tmp_path: Path, folder: Path) -> None:
    """On the file system itself, and into copies on another."""
    with Agent(CODE, mounted / "target") as agent:
        known = agent.ask("known")
        assert all("user.note" in str(found) for _, found in known.values())
        check_copied(agent.pid, known, tmp_path / "elsewhere", folder / "elsewhere")
        lines = refused(agent.pid, tmp_path / "elsewhere", folder)
        assert len(lines) == 5
        assert sum(os.strerror(18) in line for line in lines) >= 1
        check_ways(agent.pid, known, mounted / "area", folder)
