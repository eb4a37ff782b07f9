"""`crimg preflight` and `relocate` of CRIU directories: what criu restore would refuse, all at once."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from crimg.preflight import check, relocate
from crimg.reader import open_image
from tests.cli.schemas import problems
from tests.criu.corpus import directory
from tests.criu.inside import crimg
from tests.criu.synthetic import MOUNTS, REMAP, Tree, reg
from tests.criu.wire import Fields, image

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.preflight import Verdict

BUILD_ID = bytes(range(20))
_ELF = (
    b"\x7fELF\x02\x01" + bytes(26) + (64).to_bytes(8, "little") + bytes(14) + b"\x38\0\x01\0" + bytes(6)
)  # one program header


def elf(build_id: bytes) -> bytes:
    """The least ELF file with a build-id note."""
    note = b"\x04\0\0\0" + len(build_id).to_bytes(4, "little") + b"\x03\0\0\0GNU\0" + build_id
    header = b"\x04\0\0\0\x04\0\0\0" + (120).to_bytes(8, "little") + bytes(16)
    header += len(note).to_bytes(8, "little") * 2 + bytes(8)
    return _ELF + header + note


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A root directory with the files of the image in tmp_path/images, as they were."""
    root = tmp_path / "root"
    (root / "srv/app").mkdir(parents=True)
    program = elf(BUILD_ID)
    tree = Tree()
    entry: Any = reg(1, b"/srv/app/prog", stat.S_IFREG | 0o755, len(program))
    entry[3][11] = [int.from_bytes(BUILD_ID[start : start + 4], "little") for start in range(0, 20, 4)]
    tree.files[0] = entry
    tree.files[1] = reg(2, b"/srv/app", stat.S_IFDIR | 0o755, None)
    tree.files += [
        reg(4, b"/srv/app/log", flags=0o102001, size=None, pos=3),
        reg(5, b"/srv/app/data", size=7),
        reg(8, b"/srv/app/renamed", size=5),
        reg(9, b"/srv/app/link_remap.9", size=5),
        {1: 6, 2: 10, 8: {1: 10, 2: 2, 3: {1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, 4: 42}},
    ]
    tree.task(100, 0, [(0, 4, 1), (3, 5, 1), (4, 8, 1), (5, 10, 6)])
    tree.images["remap-fpath.img"] = image(REMAP, {1: 8, 2: 9, 3: 0})
    tree.write(tmp_path / "images")
    for name, data in (("prog", program), ("log", b"abc"), ("data", b"1234567"), ("link_remap.9", b"12345")):
        (root / "srv/app" / name).write_bytes(data)
        os.chmod(root / "srv/app" / name, 0o644)
    os.chmod(root / "srv/app/prog", 0o755)
    for folder in ("", "srv/app"):
        os.chmod(root / folder, 0o755)
    return root


def verdicts(root: Path) -> dict[str, Verdict]:
    with open_image(root.parent / "images") as opened:
        return {verdict.path.decode(): verdict for verdict in check(opened, root=root, timeout=None)}


def test_all_is_as_it_was(house: Path) -> None:
    found = verdicts(house)
    assert all(verdict.fine for verdict in found.values()), found
    assert "CRIU would not see other contents" in found["/srv/app/data"].details[0]
    assert "CRIU takes any file" in found["/srv/app/log"].details[0]
    assert not found["/srv/app/prog"].details


def test_everything_that_criu_would_refuse_is_told_at_once(house: Path) -> None:
    app = house / "srv/app"
    (app / "data").write_bytes(b"12345678")
    (app / "log").unlink()
    (app / "prog").write_bytes(elf(bytes(20)))
    (app / "link_remap.9").unlink()
    found = verdicts(house)
    assert (found["/srv/app/data"].verdict, found["/srv/app/data"].details) == ("changed", ("grown",))
    assert found["/srv/app/data"].restart.endswith("has bad size 8 (expect 7)")
    assert found["/srv/app/log"].verdict == "missing"
    assert found["/srv/app/prog"].restart.endswith("has bad build-ID")
    assert found["/srv/app/renamed"].verdict == "missing"
    assert "restore removes it" in found["/srv/app/renamed"].details[0]


def test_modes_and_types(house: Path) -> None:
    app = house / "srv/app"
    os.chmod(app / "data", 0o600)
    (app / "log").unlink()
    (app / "log").mkdir()
    found = verdicts(house)
    assert found["/srv/app/data"].restart.endswith("has bad mode 0100600 (expect 0100644)")
    assert found["/srv/app/data"].remedies[0].text.startswith("chmod 0644")
    assert found["/srv/app/log"].verdict == "replaced"


def test_what_criu_would_not_see(house: Path) -> None:
    """The same size and other contents: CRIU takes it, and so it is said to be the same."""
    (house / "srv/app/data").write_bytes(b"7654321")
    assert verdicts(house)["/srv/app/data"].fine


def test_moved_files_are_found_by_what_criu_recorded(house: Path) -> None:
    os.rename(house / "srv", house / "new")
    with open_image(house.parent / "images") as opened:
        found = relocate(opened, [house], root=house, timeout=None)
    assert {(move.old, move.new, move.basis) for move in found.moves} == {
        (b"/srv/app/prog", b"/new/app/prog", "build-id"),
        (b"/srv/app/data", b"/new/app/data", "name and size"),
    }
    assert {rule.old: rule.new for rule in found.rules} == {move.old: move.new for move in found.moves}
    (log,) = [one for one in found.missing if one.old == b"/srv/app/log"]
    assert log.reason == "neither its size nor its inode is recorded"


def test_the_command_line(house: Path) -> None:
    images = house.parent / "images"
    (house / "srv/app/data").write_bytes(b"")
    for verb, more in (("preflight", ()), ("relocate", (house,))):
        result = crimg(verb, images, *more, "--root", house, "--json")
        assert result.returncode == 1, result.stderr
        assert problems(json.loads(result.stdout), verb) == []
    shown = crimg("preflight", images, "--root", house)
    assert b"has bad size 0 (expect 7)" in shown.stdout


@pytest.mark.parametrize("name", ["simple", "linkremap", "namespaces", "unix", "ghost"])
def test_on_the_corpus_every_file_has_a_verdict(name: str, tmp_path: Path) -> None:
    """In an empty root what needs a file is missing; what CRIU makes anew needs none."""
    with open_image(directory(name)) as opened:
        found = check(opened, root=tmp_path, timeout=None)
        needed = {verdict.path for verdict in found if not verdict.fine}
    assert needed and all(path.startswith(b"/") for path in needed)
    assert all(verdict.restart or verdict.verdict == "unreachable" for verdict in found if not verdict.fine)


def test_sizes_and_logs(house: Path) -> None:
    """A log that is appended to may grow: no size of it was recorded. Other files may not change theirs."""
    app = house / "srv/app"
    (app / "log").write_bytes(b"abc and more")
    (app / "data").write_bytes(b"123")
    found = verdicts(house)
    assert (found["/srv/app/log"].verdict, found["/srv/app/log"].fine) == ("same", True)
    shrunk = found["/srv/app/data"]
    assert shrunk.details == ("shrunk",)
    assert shrunk.restart == "criu restore ends: File /srv/app/data has bad size 3 (expect 7)"
    assert [remedy.action for remedy in shrunk.remedies] == ["bring back"]


def test_a_program_without_a_build_id_and_with_another_mode(house: Path) -> None:
    """CRIU compares in this order: size, build-id, mode; one of the three is told."""
    program = house / "srv/app/prog"
    size = len(program.read_bytes())
    program.write_bytes(b"#!/bin/sh\n".ljust(size, b"\n"))
    found = verdicts(house)["/srv/app/prog"]
    assert found.fine  # without a build-id in the file CRIU has nothing to compare
    program.write_bytes(elf(BUILD_ID))
    program.chmod(0o4755)
    assert verdicts(house)["/srv/app/prog"].restart.endswith("has bad mode 0104755 (expect 0100755)")
    program.write_bytes(elf(bytes(20)))
    assert verdicts(house)["/srv/app/prog"].restart.endswith("has bad build-ID")


def test_a_moved_log_is_not_found_by_what_was_recorded(house: Path) -> None:
    os.rename(house / "srv/app/log", house / "srv/log.1")
    with open_image(house.parent / "images") as opened:
        found = relocate(opened, [house], root=house, timeout=None)
    assert [(one.old, one.reason) for one in found.missing] == [
        (b"/srv/app/log", "neither its size nor its inode is recorded")
    ]
    assert found.rules == ()


def mounted(root: Path, *mounts: Fields) -> dict[str, Verdict]:
    """The verdicts on /srv/app/data, and on a file on each of these mounts."""
    first: Fields = {1: 0, 2: 5, 3: 7, 4: 4, 5: 0, 6: b"/vol", 7: b"/", 8: b"none", 9: b""}
    tree = Tree()
    tree.files[0] = reg(1, b"/srv/app/data", size=7, mnt_id=5)
    tree.files[1:] = [reg(number, b"/", stat.S_IFDIR | 0o755, None, mnt_id=5) for number in (2, 3)]
    for each in mounts:
        number = each[2]
        assert isinstance(number, int) and isinstance(each[7], bytes)
        tree.files.append(reg(number, b"%b/data" % each[7], size=7, mnt_id=number))
    tree.task(100, 0, [(each[2], each[2], 1) for each in mounts])  # type: ignore[misc]
    tree.images["mountpoints-9.img"] = image(MOUNTS, first, *mounts)
    tree.images["tmpfs-dev-48.tar.gz.img"] = b"\x1f\x8b"
    tree.write(root.parent / "mounted")
    with open_image(root.parent / "mounted") as opened:
        return {verdict.path.decode(): verdict for verdict in check(opened, root=root, timeout=None)}


def mount(number: int, device: int, root: bytes, point: bytes, **more: int) -> Fields:
    return {1: 0, 2: number, 3: device, 4: more.get("parent", 5), 5: 0, 6: root, 7: point, 8: b"none", 9: b""}


def test_files_on_mounts_that_criu_makes(house: Path) -> None:
    """Each mount is predicted by what it shows: of the root's file system, of an archive, of the outside."""
    for name in ("bind", "outer", "tmp", "given", "other"):
        (house / name).mkdir()
    external: Fields = {13: 1, 18: b"volume"}
    found = mounted(
        house,
        mount(10, 7, b"/vol/srv/app", b"/bind"),
        mount(11, 7, b"/elsewhere", b"/outer"),
        mount(12, 48, b"/", b"/tmp"),
        mount(13, 9, b"/", b"/given") | external,
        mount(14, 9, b"/", b"/other"),
        mount(15, 48, b"/", b"/gone"),
        mount(16, 48, b"/", b"/tmp/below", parent=12),
    )
    told = {path: (each.verdict, each.details, each.restart) for path, each in found.items()}
    assert told["/bind/data"][0] == told["/srv/app/data"][0] == "same"
    assert told["/outer/data"][0] == told["/other/data"][0] == "unreachable"
    assert (
        told["/tmp/data"][:2] == told["/tmp/below/data"][:2] == ("kept", ("from the archive of its tmpfs",))
    )
    assert "--external mnt[volume]:SOURCE" in told["/given/data"][1][0]
    assert told["/gone/data"] == (
        "missing",
        ("its mount point /gone is not there",),
        "criu restore ends: Can't mount at /gone: No such file or directory",
    )
    (house / "srv/app/data").write_bytes(b"12345678")
    found = mounted(house, mount(10, 7, b"/vol/srv/app", b"/bind"))
    assert found["/bind/data"].restart.endswith("File /bind/data has bad size 8 (expect 7)")


def test_what_is_told_of_images_of_criu_is_what_criu_compares(house: Path) -> None:
    shown = crimg("preflight", house.parent / "images", "--root", house, "-v").stdout
    assert b"compared with what criu restore compares: type, size, mode, build-id\n" in shown
    assert b"by )" not in shown
