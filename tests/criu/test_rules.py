"""Every rule about CRIU directories has one that breaks it and no other rule."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from crimg.validate import RULES, open_for_check, validate
from tests.criu.synthetic import GHOST, INVENTORY, MOUNTS, OWNER, PAGE, PAGEMAP, REMAP, Tree, reg, small
from tests.criu.wire import Fields, image, zigzag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES: list[tuple[str, Callable[[Path], None]]] = []


def breaks(rule_id: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """The decorated function writes a directory that breaks this rule."""

    def register(maker: Callable[[Path], None]) -> Callable[[Path], None]:
        CASES.append((rule_id, maker))
        return maker

    return register


def sound() -> Tree:
    """The small tree without the link that rule C606 notes."""
    tree = small()
    tree.files = [entry for entry in tree.files if entry[2] not in (8, 9)]
    tree.fds[100] = [fd for fd in tree.fds[100] if fd[1] != 8]
    tree.images["remap-fpath.img"] = image(REMAP, {1: 7, 2: 0x1A, 3: 1})
    return tree


def with_file(number: int, kind: int, member: int, body: Fields, fd: int = 50) -> Tree:
    tree = sound()
    tree.files.append({1: kind, 2: number, member: body})
    tree.fds[100].append({1: number, 2: 0, 3: kind, 4: fd})
    return tree


@breaks("C601")
def a_file_cut_short(folder: Path) -> None:
    data = sound().contents()["stats-dump"]
    sound().write(folder)
    (folder / "stats-dump").write_bytes(data[:-1])


@breaks("C602")
def a_lost_ghost(folder: Path) -> None:
    sound().write(folder)
    (folder / "ghost-file-1a.img").unlink()


@breaks("C602")
def a_lost_core(folder: Path) -> None:
    sound().write(folder)
    (folder / "core-101.img").unlink()


@breaks("C603")
def another_id_inside(folder: Path) -> None:
    with_file(20, 6, 8, {1: 21, 2: 2, 3: OWNER, 4: 1}).write(folder)


@breaks("C604")
def another_type_at_the_descriptor(folder: Path) -> None:
    tree = sound()
    tree.fds[101][0] = {1: 4, 2: 0, 3: 2, 4: 0}
    tree.write(folder)


@breaks("C605")
def a_remap_of_nothing(folder: Path) -> None:
    tree = sound()
    tree.images["remap-fpath.img"] = image(REMAP, {1: 7, 2: 0x1A, 3: 1}, {1: 70, 2: 0x1A, 3: 1})
    tree.write(folder)


@breaks("C606")
def a_link_beside_the_file(folder: Path) -> None:
    small().write(folder)


@breaks("C607")
def a_ghost_of_two_megabytes(folder: Path) -> None:
    tree = sound()
    ghost: Fields = {1: 0, 2: 0, 3: stat.S_IFREG | 0o600, 4: 1, 5: 2}
    tree.images["ghost-file-1a.img"] = image(GHOST, (ghost, bytes(2 << 20)))
    tree.write(folder)


@breaks("C608")
def a_version_to_come(folder: Path) -> None:
    tree = sound()
    tree.images["inventory.img"] = image(INVENTORY, {1: 9})
    tree.write(folder)


@breaks("C609")
def a_kind_to_come(folder: Path) -> None:
    tree = sound()
    tree.images["hologram-7.img"] = b"?"
    tree.write(folder)


def incremental(folder: Path, entry: Fields) -> None:
    """A dump whose second page is in the one before, whose page map has this entry."""
    before = sound()
    before.images["pagemap-100.img"] = image(PAGEMAP, {1: 2}, entry)
    before.write(folder.parent / "before")
    tree = sound()
    first = 0x600000
    parts: list[Fields] = [{1: first, 2: 1, 4: 4, 5: 1}, {1: first + PAGE, 2: 1, 3: 1, 4: 1, 5: 1}]
    tree.images["pagemap-100.img"] = image(PAGEMAP, {1: 2}, *parts)
    tree.images["pages-2.img"] = bytes(PAGE)
    tree.write(folder)
    (folder / "parent").symlink_to("../before")


@breaks("C610")
def two_files_of_one_name(folder: Path) -> None:
    tree = sound()
    tree.files.append(reg(20, b"/srv/app/bin/prog", stat.S_IFREG | 0o755, 0x3001))
    tree.fds[100].append({1: 20, 2: 0, 3: 1, 4: 50})
    tree.write(folder)


@breaks("C611")
def pages_that_the_parent_lacks(folder: Path) -> None:
    incremental(folder, {1: 0x600000, 2: 1, 4: 4, 5: 1})


@breaks("C611")
def a_parent_that_is_gone(folder: Path) -> None:
    incremental(folder, {1: 0x600000, 2: 2, 4: 4, 5: 2})
    os.rename(folder.parent / "before", folder.parent / "elsewhere")


@breaks("C611")
def a_parent_that_is_its_own(folder: Path) -> None:
    incremental(folder, {1: 0x600000, 2: 2, 4: 4, 5: 2})
    (folder.parent / "before" / "parent").symlink_to(".")


@breaks("C612")
def more_pages_than_counted(folder: Path) -> None:
    tree = sound()
    tree.images["pages-2.img"] = bytes(3 * PAGE)
    tree.write(folder)


@breaks("C453")
def a_peer_outside(folder: Path) -> None:
    body: Fields = {1: 20, 2: 555, 3: 1, 4: 1, 5: 2, 6: 0, 7: 0, 8: 556, 9: OWNER, 11: b""}
    with_file(20, 5, 16, body).write(folder)


@breaks("C613")
def a_watched_descriptor_that_is_not_there(folder: Path) -> None:
    body: Fields = {1: 20, 2: 2, 3: OWNER, 4: {1: 20, 2: 99, 3: 1, 4: 0}}
    with_file(20, 7, 9, body).write(folder)


@breaks("C614")
def a_mount_that_is_not_there(folder: Path) -> None:
    tree = sound()
    mount: Fields = {1: 0, 2: 5, 3: 1, 4: 0, 5: 0, 6: b"/", 7: b"/", 8: b"none", 9: b"", 14: b"ext4"}
    tree.images["mountpoints-9.img"] = image(MOUNTS, mount)
    for entry in tree.files:
        if 3 in entry:
            entry[3] = {**entry[3], 7: zigzag(5)}  # type: ignore[dict-item]
    tree.files.append(reg(20, b"/elsewhere", size=0, mnt_id=6))
    tree.fds[100].append({1: 20, 2: 0, 3: 1, 4: 50})
    tree.write(folder)


def rules_of(folder: Path) -> set[str]:
    with open_for_check(str(folder)) as opened:
        report = validate(opened)
    for finding in report.findings:
        assert finding.text.isprintable() and finding.text
    return {finding.rule for finding in report.findings}


def test_the_sound_directory_has_no_findings(tmp_path: Path) -> None:
    assert rules_of(sound().write(tmp_path / "images")) == set()


def test_a_sound_chain_has_no_findings(tmp_path: Path) -> None:
    incremental(tmp_path / "images", {1: 0x600000, 2: 2, 4: 4, 5: 2})
    assert rules_of(tmp_path / "images") == set()


@pytest.mark.parametrize(("rule_id", "maker"), CASES, ids=[f"{r}-{maker.__name__}" for r, maker in CASES])
def test_a_directory_that_breaks_one_rule(
    rule_id: str, maker: Callable[[Path], None], tmp_path: Path
) -> None:
    maker(tmp_path / "images")
    also = {"C421"} if maker is a_lost_ghost else set()  # which says what is lost with it
    assert rules_of(tmp_path / "images") == {rule_id} | also


@pytest.mark.parametrize(
    ("more", "hits"),
    [
        ({}, []),
        ({8: 0x4000}, ["size"]),
        ({10: stat.S_IFREG | 0o700}, ["mode"]),
        ({11: [1, 2, 4]}, ["build-id"]),
        ({7: zigzag(9), 8: 1}, []),
        ({6: b"file[5:7]", 9: 1, 8: 1}, []),
    ],
)
def test_what_two_files_of_one_name_may_differ_in(more: Fields, hits: list[str], tmp_path: Path) -> None:
    """Not in what CRIU compares; those on another mount, and those given at the restore, are others."""
    tree = sound()
    program = {**tree.files[0][3], 11: [1, 2, 3]}  # type: ignore[dict-item]
    tree.files[0] = {**tree.files[0], 3: program}
    tree.files.append({1: 1, 2: 20, 3: {**program, 1: 20, **more}})
    tree.fds[100].append({1: 20, 2: 0, 3: 1, 4: 50})
    with open_for_check(str(tree.write(tmp_path / "images"))) as opened:
        found = [each.text for each in validate(opened).findings if each.rule == "C610"]
    assert found == [f"/srv/app/bin/prog: {field} differs from that of id 1" for field in hits]


def test_every_rule_has_such_a_directory() -> None:
    assert {rule_id for rule_id in RULES if rule_id.startswith("C6")} == {
        rule_id for rule_id, _ in CASES if rule_id.startswith("C6")
    }


@pytest.mark.parametrize(
    ("change", "rule_id"),
    [
        ({1: 1, 2: 4, 3: {1: 4, 2: 0o100001, 3: 0, 5: OWNER, 6: b"/other", 10: 0o100644}}, "C203"),
        ({1: 1, 2: 30, 3: {1: 30, 2: 0o100000, 3: 0, 5: OWNER, 6: b"og.txt", 10: 0o100644}}, "C412"),
    ],
)
def test_the_rules_of_all_images_hold_too(change: Fields, rule_id: str, tmp_path: Path) -> None:
    """Two files with one id; a name without its first slash."""
    tree = sound()
    tree.files.append(change)
    if change[2] == 30:
        tree.fds[100].append({1: 30, 2: 0, 3: 1, 4: 60})
    assert rule_id in rules_of(tree.write(tmp_path / "images"))


def test_a_descriptor_of_no_file(tmp_path: Path) -> None:
    tree = sound()
    tree.fds[100].append({1: 999, 2: 0, 3: 1, 4: 60})
    assert rules_of(tree.write(tmp_path / "images")) == {"C201"}


def test_a_pages_file_that_is_too_short(tmp_path: Path) -> None:
    """The damage over which criu restore 4.2 spins for ever."""
    tree = sound()
    tree.images["pages-2.img"] = bytes(PAGE)
    assert rules_of(tree.write(tmp_path / "images")) == {"C333"}


def test_overlapping_mappings(tmp_path: Path) -> None:
    tree = sound()
    tree.vmas[100].append(tree.vma(0x601000, 4, file=None, prot=3))
    assert rules_of(tree.write(tmp_path / "images")) == {"C301"}
