"""`crimg rewrite` of images of CRIU: --restamp, --set, plans in files, what is refused and why."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from crimg.criu.splicing import numbered, zeroed
from crimg.errors import FormatError
from crimg.model import File, Inode, Socket
from crimg.preflight import check
from crimg.reader import open_image
from tests.cli.command import text
from tests.cli.schemas import problems
from tests.criu.inside import crimg
from tests.criu.synthetic import MOUNTS, OWNER, Tree, reg, small
from tests.criu.test_archives import archive
from tests.criu.test_preflight import BUILD_ID, elf
from tests.criu.wire import Fields, entries_of, fields_of, image, zigzag

if TYPE_CHECKING:
    from pathlib import Path

ROUNDED = bytes(range(18))
"""A build-id of a length that is no number of words."""


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def names_of(data: bytes) -> dict[int, dict[int, Any]]:
    """Id of every entry with a name to its fields; by the tests' own decoder. Repeated numbers are a list."""
    found: dict[int, dict[int, Any]] = {}
    for entry, _ in entries_of(data):
        body = next((field.value for field in fields_of(entry) if field.number == 3), None)
        if isinstance(body, bytes):
            fields: dict[int, Any] = {11: []}
            for field in fields_of(body):
                if field.number == 11:
                    fields[11].append(field.value)
                else:
                    fields[field.number] = field.value
            found[fields[1]] = fields
    return found


def words(build_id: bytes) -> list[int]:
    padded = build_id + bytes(-len(build_id) % 4)
    return [int.from_bytes(padded[start : start + 4], "little") for start in range(0, len(padded), 4)]


def with_program(tree: Tree) -> Tree:
    """The program of the tree has a build-id; a field that nobody knows is behind it."""
    entry: Any = reg(1, b"/srv/app/bin/prog", stat.S_IFREG | 0o755, 0x3000)
    entry[3] |= {11: words(BUILD_ID), 99: 5}
    tree.files[0] = entry
    return tree


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Images, and in tmp_path/root the files at their new places, not as they were."""
    app = tmp_path / "root/opt/app"
    (app / "bin").mkdir(parents=True)
    (app / "work").mkdir(mode=0o700)
    for name, data, mode in (
        ("bin/prog", elf(ROUNDED), 0o700),
        ("log", b"abc", 0o640),
        ("link_remap.9", b"123456", 0o600),
    ):
        (app / name).write_bytes(data)
        (app / name).chmod(mode)
    return with_program(small()).write(tmp_path / "images")


def stamp(images: Path, *more: str | Path) -> tuple[int, str]:
    root = images.parent / "root"
    result = crimg("rewrite", images, "--map", "/srv/app=/opt/app", "--restamp", "--root", root, *more)
    return result.returncode, (result.stdout + result.stderr).decode()


def test_restamp_takes_what_criu_compares(images: Path) -> None:
    before = contents(images)
    old = names_of(before["files.img"])
    assert stamp(images)[0] == 0
    new = names_of((images / "files.img").read_bytes())
    program = {6: b"/opt/app/bin/prog", 8: len(elf(ROUNDED)), 10: stat.S_IFREG | 0o700, 11: words(ROUNDED)}
    assert new[1] == {**old[1], **program}
    assert new[2] == {**old[2], 6: b"/opt/app/work", 10: stat.S_IFDIR | 0o700}
    # Of the log, which is appended to, no size was recorded: none is taken.
    assert new[4] == {**old[4], 6: b"/opt/app/log", 10: stat.S_IFREG | 0o640}
    link = {8: 6, 10: stat.S_IFREG | 0o600}
    assert new[9] == {**old[9], 6: b"/opt/app/link_remap.9", **link}
    # The restore gives the link the old name, and then compares it with the entry of the file.
    assert new[8] == {**old[8], 6: b"/opt/app/renamed", **link}
    assert new[7] == {**old[7], 6: b"/opt/app/gone"}
    assert new[3] == old[3]
    with open_image(images) as opened:
        verdicts = check(opened, root=images.parent / "root", timeout=None)
    assert [each.path for each in verdicts if not each.fine] == []
    assert crimg("undo", images).returncode == 0
    assert contents(images) == before


def test_restamp_alone_takes_all_that_have_a_name(images: Path) -> None:
    assert crimg("rewrite", images, "--map", "/srv/app=/opt/app").returncode == 0
    old = names_of((images / "files.img").read_bytes())
    root = images.parent / "root"
    assert crimg("rewrite", images, "--restamp", "--root", root).returncode == 0
    new = names_of((images / "files.img").read_bytes())
    assert {number for number in old if old[number] != new[number]} == {1, 2, 3, 4, 8, 9} - _unchanged(images)
    assert new[1][11] == words(ROUNDED)


def _unchanged(images: Path) -> set[int]:
    """The root, if its mode is that of the image."""
    return {3} if (images.parent / "root").stat().st_mode & 0o7777 == 0o755 else set()


def test_a_file_that_lost_its_build_id(images: Path) -> None:
    (images.parent / "root/opt/app/bin/prog").write_bytes(b"#!/bin/sh\n")
    status, shown = stamp(images)
    assert status == 0
    assert f"build_id 1: {BUILD_ID.hex()} -> none  (restamp)" in shown
    assert names_of((images / "files.img").read_bytes())[1][11] == []


@pytest.mark.parametrize("fault", ["missing", "type"])
def test_what_does_not_fit_is_a_conflict(fault: str, images: Path) -> None:
    log = images.parent / "root/opt/app/log"
    log.unlink()
    if fault == "type":
        log.mkdir()
    before = contents(images)
    status, shown = stamp(images)
    words = "cannot be looked at: No such file" if fault == "missing" else "is of another type now"
    assert status == 1 and f"/opt/app/log {words}" in shown
    assert contents(images) == before


def test_older_images_keep_names_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"12345")
    tree = small()
    tree.images["reg-files.img"] = image(
        0x50363636,
        *(entry[3] for entry in [*tree.files, reg(90, b"/data", size=1)] if 3 in entry),  # type: ignore[arg-type]
    )
    folder = tree.write(tmp_path / "images")
    (folder / "files.img").unlink()
    for part in folder.glob("fdinfo-*"):
        part.write_bytes(part.read_bytes()[:8])
    exact = f"/data={tmp_path}/data"
    assert crimg("rewrite", folder, "--exact", exact, "--restamp").returncode == 0
    fields = [
        {field.number: field.value for field in fields_of(data)}
        for data, _ in entries_of((folder / "reg-files.img").read_bytes())
    ]
    assert (fields[-1][6], fields[-1][8]) == (f"{tmp_path}/data".encode(), 5)


def test_a_plan_in_a_file_is_carried_out(images: Path, tmp_path: Path) -> None:
    plan, copy = tmp_path / "plan.json", with_program(small()).write(tmp_path / "copy")
    before = contents(images)
    assert stamp(images, "--save-plan", plan)[0] == 0
    assert contents(images) == before
    value = json.loads(plan.read_bytes())
    assert problems(value, "rewrite") == []
    shown = json.loads(stamp(images, "-n", "--json")[1])
    assert shown == value
    assert {(each["kind"], each["column"]) for each in value["changes"]} == {
        *(
            ("file", "path"),
            ("inode", "keeper_path"),
            ("inode", "size"),
            ("inode", "mode"),
            ("inode", "build_id"),
        )
    }
    assert crimg("rewrite", copy, "--plan", plan).returncode == 0
    assert stamp(images)[0] == 0
    assert contents(copy) == contents(images)
    again = crimg("rewrite", copy, "--plan", plan)
    assert (again.returncode, b"not the one that the plan was made from" in again.stderr) == (1, True)
    packed = tmp_path / "a.tar"
    packed.write_bytes(archive(with_program(small()).contents()))
    assert crimg("rewrite", packed, "--plan", plan, "-o", tmp_path / "new.tar").returncode == 0
    assert (images / "files.img").read_bytes() in (tmp_path / "new.tar").read_bytes()


def _broken(value: Any, path: str, new: Any) -> bytes:
    *keys, last = path.split("/")
    place = value
    for key in keys:
        place = place[int(key) if key.isdigit() else key]
    place[last] = new
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("path", "new", "status", "problem"),
    [
        ("changes/0/after", "relative", 1, "the new path is relative"),
        ("changes/0/after", "/opt/app/log", 1, "would"),
        ("changes/0/before", "/elsewhere", 1, "is not in the image"),
        ("changes/0/criu", {"place": "pid", "id": 1}, 2, "changes no pid"),
        ("changes/0/criu", 5, 2, "is no dict"),
        ("changes/6/after", -1, 2, "is no size"),
        ("changes/6/after", "x", 2, "is no int"),
        ("fingerprint", "0" * 16, 1, "make the plan anew"),
        ("kind", "inspect", 2, "no plan of this version"),
    ],
)
def test_a_plan_that_somebody_changed(
    path: str, new: Any, status: int, problem: str, images: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert stamp(images, "--save-plan", plan)[0] == 0
    plan.write_bytes(_broken(json.loads(plan.read_bytes()), path, new))
    before = contents(images)
    result = crimg("rewrite", images, "--plan", plan)
    assert (result.returncode, result.stderr.count(b"\n")) == (status, 1), result.stderr
    assert problem in result.stderr.decode()
    assert contents(images) == before


def test_single_objects_get_another_path(images: Path) -> None:
    with open_image(images) as opened:
        log = next(row.objref for row in opened.rows(File) if row.path == b"/srv/app/log")
        link = next(row.objref for row in opened.rows(Inode) if row.keeper_path is not None)
    edits = ("--set", f"{log}=/var/log", "--set", rf"{link}=/srv/app/\xff")
    assert "set #" in text(crimg("rewrite", images, "--quiet", "--map", "/srv=/opt", *edits))
    new = names_of((images / "files.img").read_bytes())
    assert (new[4][6], new[9][6], new[1][6]) == (b"/var/log", b"/srv/app/\xff", b"/opt/app/bin/prog")


def test_a_socket_gets_a_name_that_fits(tmp_path: Path) -> None:
    tree = small()
    body: Fields = {1: 20, 2: 5, 3: 1, 4: 10, 7: 1, 9: OWNER, 11: b"/srv/socket\0"}
    tree.files.append({1: 5, 2: 20, 16: body})
    tree.fds[100].append({1: 20, 2: 0, 3: 5, 4: 20})
    folder = tree.write(tmp_path / "images")
    with open_image(folder) as opened:
        (socket,) = [row.file for row in opened.rows(Socket)]
    assert crimg("rewrite", folder, "--set", f"{socket}=/run/s").returncode == 0
    with open_image(folder) as opened:
        assert [row.path for row in opened.rows(Socket)] == [b"/run/s"]
    long = crimg("rewrite", folder, "--set", f"{socket}=/{'x' * 120}")
    assert (long.returncode, b"of 108 possible" in long.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["--drop-keeper", "all"], 2, "crimg redact --contents-of"),
        (["--set", "9999=/x"], 2, "no object #9999"),
        (["--set", "1=/x"], 2, "#1 has no absolute path"),
        (["--root", "/tmp", "--map", "/a=/b"], 2, "--root goes with --restamp"),
        (["--plan", "/no/such"], 4, "/no/such"),
        (["--plan", "/dev/null", "--map", "/a=/b"], 2, "no further rules"),
        ([], 2, "nothing to do"),
    ],
)
def test_what_is_refused(words: list[str], status: int, problem: str, images: Path) -> None:
    before = contents(images)
    result = crimg("rewrite", images, *words)
    assert (result.returncode, result.stderr.count(b"\n")) == (status, 1), result.stderr
    assert problem in result.stderr.decode()
    assert contents(images) == before


def test_an_image_with_errors_is_rewritten_by_force_alone(tmp_path: Path) -> None:
    tree = small()
    tree.fds[100].append({1: 999, 2: 0, 3: 1, 4: 60})
    folder = tree.write(tmp_path / "images")
    refused = crimg("rewrite", folder, "--map", "/srv=/opt")
    assert (refused.returncode, b"C201" in refused.stderr, b"--force" in refused.stderr) == (3, True, True)
    assert crimg("rewrite", folder, "--map", "/srv=/opt", "--force").returncode == 0


def test_a_rule_for_a_place_reaches_a_fifo(tmp_path: Path) -> None:
    """Its name is in an entry of its own, to which no descriptor refers."""
    tree = small()
    tree.files += [
        reg(30, b"/srv/fifo", stat.S_IFIFO | 0o600, None),
        {1: 3, 2: 31, 17: {1: 31, 2: 78, 3: 30}},
    ]
    tree.fds[100].append({1: 31, 2: 0, 3: 3, 4: 31})
    folder = tree.write(tmp_path / "images")
    assert crimg("rewrite", folder, "--map", "/srv/fifo=/opt/fifo", "--only", "fd").returncode == 0
    assert names_of((folder / "files.img").read_bytes())[30][6] == b"/opt/fifo"


def test_two_mounts_at_one_place_are_refused(tmp_path: Path) -> None:
    tree = mounted(mount(5, b"/"), mount(6, b"/a"), mount(7, b"/b"))
    for number, on in ((4, 6), (7, 7)):
        entry: Any = next(each for each in tree.files if each[2] == number)
        entry[3][7] = zigzag(on)
    folder = tree.write(tmp_path / "images")
    result = crimg("rewrite", folder, "--exact", "/a=/b")
    assert (result.returncode, b"would get the path of" in result.stderr) == (1, True), result.stderr


@pytest.mark.parametrize(
    ("data", "values", "new"),
    [
        (b"\x08\x05", {1: [300]}, b"\x08\xac\x02"),
        (b"\x08\x05\x10\x01\x08\x06", {1: [7, 8]}, b"\x08\x07\x08\x08\x10\x01"),
        (b"\x0a\x02\x05\x06\x10\x01", {1: [7]}, b"\x08\x07\x10\x01"),
        (b"\x10\x01", {1: [0]}, b"\x10\x01\x08\x00"),
        (b"\x08\x05\x10\x01", {1: []}, b"\x10\x01"),
        (b"", {}, b""),
    ],
)
def test_numbers_are_put_where_they_were(data: bytes, values: dict[int, list[int]], new: bytes) -> None:
    """Those of a packed field, and of one that is there twice, too."""
    assert numbered(data, values) == new


def test_zeros_in_all_fields_but_some() -> None:
    inner = b"\x08\xff\x7f\x12\x03abc"
    data = b"\x08\xff\x01\x15abcd\x1a" + bytes([len(inner)]) + inner + b"\x22\x02ab"
    zeros = b"\x08\x00\x12\x03\0\0\0"
    assert zeroed(data, (1,), (3,)) == b"\x08\xff\x01\x15\0\0\0\0\x1a\x07" + zeros + b"\x22\x02\0\0"
    with pytest.raises(FormatError):
        zeroed(b"\x0b")


def mounted(*mounts: Fields) -> Tree:
    """The small tree, all of whose files are on the first of these mounts."""
    tree = small()
    tree.images["mountpoints-9.img"] = image(MOUNTS, *mounts)
    for entry in tree.files:
        if isinstance(entry.get(3), dict):
            entry[3] = {**entry[3], 7: zigzag(5)}  # type: ignore[dict-item]
    return tree


def mount(number: int, point: bytes, device: int = 1, **more: bytes) -> Fields:
    body: Fields = {1: 0, 2: number, 3: device, 4: 0, 5: 0, 6: more.get("root", b"/"), 7: point}
    return body | {8: more.get("source", b"none"), 9: more.get("options", b"")}


def mounts_of(folder: Path) -> list[dict[int, int | bytes]]:
    data = (folder / "mountpoints-9.img").read_bytes()
    return [{field.number: field.value for field in fields_of(entry)} for entry, _ in entries_of(data)]


def test_every_path_of_a_mount(tmp_path: Path) -> None:
    overlay = rb"rw,lowerdir=/srv/low:/srv/lower:rel,upperdir=/srv/up,workdir=/srv\,x,data=/srv/not"
    external = {13: 1, 18: b"/srv/key"}
    tree = mounted(
        mount(5, b"/", root=b"/srv/root", source=b"/srv/disk", options=overlay),
        mount(6, b"/srv/outside", root=b"/srv/key") | external,
    )
    folder = tree.write(tmp_path / "images")
    assert crimg("rewrite", folder, "--map", "/srv=/mnt/other").returncode == 0
    first, second = mounts_of(folder)
    assert (first[6], first[7], first[8]) == (b"/mnt/other/root", b"/", b"/mnt/other/disk")
    assert first[9] == (
        b"rw,lowerdir=/mnt/other/low:/mnt/other/lower:rel,upperdir=/mnt/other/up,"
        rb"workdir=/srv\,x,data=/srv/not"
    )
    assert (second[6], second[7], second[18]) == (b"/srv/key", b"/mnt/other/outside", b"/srv/key")


def test_a_file_in_an_archive_of_a_tmpfs_keeps_its_name(tmp_path: Path) -> None:
    tree = mounted(mount(5, b"/"), mount(6, b"/tmp", device=48))
    tree.files.append(reg(40, b"/tmp/dir/file", mnt_id=6))
    tree.fds[100].append({1: 40, 2: 0, 3: 1, 4: 40})
    tree.images["tmpfs-dev-48.tar.gz.img"] = b"\x1f\x8b"
    folder = tree.write(tmp_path / "images")
    for rule in ("/tmp/dir=/tmp/other", "/tmp/dir/file=/srv/file"):
        refused = crimg("rewrite", folder, "--map", rule)
        assert (refused.returncode, b"is in tmpfs-dev-48.tar.gz.img" in refused.stderr) == (1, True)
    assert crimg("rewrite", folder, "--map", "/tmp=/run/tmp").returncode == 0
    assert mounts_of(folder)[1][7] == b"/run/tmp"
    assert names_of((folder / "files.img").read_bytes())[40][6] == b"/run/tmp/dir/file"


@pytest.mark.parametrize(
    ("name", "magic", "body", "old"),
    [
        ("binfmt-misc.img", 0x67343323, {1: b"qemu", 2: 1, 3: b"/srv/bin/qemu"}, b"/srv/bin/qemu"),
        ("inotify.img", 0x48424431, {1: 9, 5: {1: 9, 7: {4: b"/srv/watched"}}}, b"/srv/watched"),
        ("fanotify.img", 0x55096122, {1: 9, 6: {1: 9, 8: {2: b"/srv/mount"}}}, b"/srv/mount"),
        ("irmap-cache", 0x57004059, {1: 1, 2: 5, 3: b"/srv/hint"}, b"/srv/hint"),
    ],
)
def test_files_with_paths_of_their_own(
    name: str, magic: int, body: Fields, old: bytes, tmp_path: Path
) -> None:
    tree = small()
    tree.images[name] = image(magic, body)
    folder = tree.write(tmp_path / "images")
    assert crimg("rewrite", folder, "--map", "/srv=/opt/longer").returncode == 0
    new = (folder / name).read_bytes()
    assert old not in new and old.replace(b"/srv", b"/opt/longer") in new
    assert crimg("undo", folder).returncode == 0
    assert (folder / name).read_bytes() == tree.images[name]
