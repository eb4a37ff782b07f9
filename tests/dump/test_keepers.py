"""Deleted files kept in the image, in a copy, by a new name; `crimg keepers` lists, checks, removes them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.dump import DumpOptions
from crimg.dump.keeping import parse_rule
from crimg.errors import UnsupportedResourceError, UsageError
from crimg.model import File, Fs, Inode, LogEntry
from crimg.model.enums import FileKind, Keeper, NameState
from crimg.validate import Severity, open_for_check, validate
from tests.cli.schemas import problems
from tests.dump.dumps import Dumper, command, image_of, save
from tests.dump.programs import Agent, needs_root
from tests.dump.rows import contents, file_of, inode_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image

CODE = """
import mmap
def gone(name, link=False):
    number = os.open(name, os.O_RDWR | os.O_CREAT, 0o640)
    os.pwrite(number, name.encode() * 100, 1 << 20)
    os.ftruncate(number, 3 << 20)
    os.utime(number, ns=(10**18, 10**18 + 5))
    if link:
        os.link(name, name + ".other")
    os.unlink(name)
    return number
opened, both, linked = gone("opened"), gone("both"), gone("linked", link=True)
tmpfile = os.open(".", os.O_RDWR | os.O_TMPFILE)
os.write(tmpfile, b"never had a name")
shared = mmap.mmap(both, 3 << 20)
only = gone("only")
mapped = mmap.mmap(only, 3 << 20)
os.close(only)
if os.fork() == 0:
    import signal
    while True:
        signal.pause()
"""
NAMES = ("opened", "both", "linked", "only")


def kept(image: Image, name: str) -> Inode:
    """The inode of a deleted file by its last component; all that open or map it share it."""
    files = [file for file in image.rows(File) if file.path.endswith(b"/" + name.encode())]
    (inode,) = {file.inode for file in files}
    row = image.find(Inode, inode)
    assert row is not None
    return row


def check_copy(path: bytes, name: str, original: Inode) -> None:
    """Contents, holes, size, mode, owner, times."""
    found = os.stat(path)
    assert (found.st_size, stat.S_IMODE(found.st_mode), found.st_uid) == (3 << 20, 0o640, original.uid)
    assert found.st_mtime_ns == original.mtime == 10**18 + 5
    assert found.st_blocks <= original.blocks + 16
    data = Path(os.fsdecode(path)).read_bytes()
    assert data == bytes(1 << 20) + name.encode() * 100 + bytes((2 << 20) - 100 * len(name))


def findings(path: Path) -> list[object]:
    with open_for_check(str(path)) as image:
        return [each for each in validate(image).findings if each.severity > Severity.NOTE]


def check_ways(pid: int, area: Path, folder: Path) -> None:
    """All ways, for a process that runs CODE; area: on the file system of its files."""
    with image_of(pid, folder / "embedded") as image:
        for name in NAMES:
            inode = kept(image, name)
            assert inode.keeper == Keeper.EMBEDDED
            assert contents(image, inode)[1 << 20 :][: 100 * len(name)] == name.encode() * 100
    with image_of(pid, folder / "copied", deleted=["copy"], keep_dir=str(area)) as image:
        for name in NAMES:
            inode = kept(image, name)
            assert inode.keeper == Keeper.COPIED
            assert inode.keeper_path is not None
            check_copy(inode.keeper_path, name, inode)
    assert len(os.listdir(area)) == 5
    with pytest.raises(UnsupportedResourceError) as caught:
        save(pid, folder / "relinked", deleted=["relink"], keep_dir=str(area))
    assert len(caught.value.problems) == 3  # what has a name left, or never had one, can be
    assert all("[relink]" in line for line in caught.value.problems)
    assert len(os.listdir(area)) == 6  # the name of what never had one stays: the process may want to link it
    with image_of(pid, folder / "auto", deleted=["auto"], keep_dir=str(area)) as image:
        ways = {name: kept(image, name).keeper for name in NAMES}
        assert ways == {name: Keeper.RELINKED if name == "linked" else Keeper.COPIED for name in NAMES}
        linked = kept(image, "linked")
        assert linked.keeper_path is not None
        assert os.stat(linked.keeper_path).st_ino == linked.number
        reasons = [row.text for row in image.rows(LogEntry) if "cannot be linked again" in row.text]
        assert len(reasons) == 3
    for name in ("embedded", "copied", "auto"):
        assert findings(folder / name) == []


def test_three_ways(tmp_path: Path, folder: Path) -> None:
    with Agent(CODE, tmp_path / "target") as agent:
        check_ways(agent.pid, tmp_path / "area", folder)
        assert agent.ask("shared[1 << 20 : (1 << 20) + 4], mapped[1 << 20 : (1 << 20) + 4]") == (
            b"both",
            b"only",
        )


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
        if shutil.which(f"mkfs.{kind}") is None:
            pytest.skip(f"no mkfs.{kind} on this machine")
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
    with Agent(CODE, mounted / "target") as agent:
        check_ways(agent.pid, mounted / "area", folder)


def test_rules_by_size_and_name(tmp_path: Path, folder: Path) -> None:
    rules = ["copy:path=*/opened", "embed:size<4M", "copy"]
    area = str(tmp_path / "area")
    with Agent(CODE, tmp_path / "target") as agent:
        image = image_of(agent.pid, folder / "image", deleted=rules, keep_dir=area)
        with image:
            assert [kept(image, name).keeper for name in NAMES] == [2, 1, 1, 1]


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
