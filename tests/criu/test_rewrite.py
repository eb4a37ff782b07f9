"""`crimg rewrite` of CRIU directories: only the paths change, `undo` is exact, a copy shares its pages."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from crimg.criu.directory import JOURNAL
from crimg.criu.kinds import KINDS, split_name
from crimg.criu.splicing import spliced
from crimg.errors import ConflictError, FormatError, UsageError
from crimg.reader import criu_store, open_image
from crimg.rewrite import criu as rewriting
from crimg.rewrite import criu_applying as applying
from crimg.rewrite.matching import PREFIX, Rule
from crimg.validate import validate
from tests.cli.command import crimg as in_a_process
from tests.cli.command import text
from tests.criu.corpus import NAMES, directory
from tests.criu.inside import crimg
from tests.criu.synthetic import FILES, OWNER, small
from tests.criu.wire import BYTES, Fields, entries_of, fields_of, image, message, varint

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.rewrite.criu_plan import CriuPlan


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def planned(folder: Path, *rules: tuple[bytes, bytes]) -> CriuPlan:
    with open_image(folder) as opened:
        store = criu_store(opened)
        assert store is not None
        return rewriting.plan(opened, store, [Rule(PREFIX, *sides) for sides in rules])


def apply(folder: Path, *rules: tuple[bytes, bytes]) -> None:
    made = planned(folder, *rules)
    with open_image(folder) as opened:
        store = criu_store(opened)
        assert store is not None
        applying.apply(made, store)


def moved(old: bytes, rule: tuple[bytes, bytes]) -> bytes:
    """What a prefix rule makes of a string, by whole components."""
    before, after = rule
    return (
        after + old[len(before) :]
        if old == before or old.startswith((before + b"/", before + b"\0"))
        else old
    )


def differences(old: bytes, new: bytes, rule: tuple[bytes, bytes]) -> list[bytes]:
    """The strings that the rule has changed in a message; fails for any other difference."""
    found: list[bytes] = []
    before, after = fields_of(old), fields_of(new)
    assert [(field.number, field.wire) for field in before] == [(field.number, field.wire) for field in after]
    for one, other in zip(before, after, strict=True):
        if one.value == other.value:
            continue
        assert one.wire == BYTES and isinstance(one.value, bytes) and isinstance(other.value, bytes)
        if other.value == moved(one.value, rule):
            found.append(one.value)
        else:
            found += differences(one.value, other.value, rule)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_only_the_strings_in_question_differ(name: str, tmp_path: Path) -> None:
    """By a decoder of the tests' own; then undo gives the same bytes."""
    folder = tmp_path / "images"
    shutil.copytree(directory(name), folder, symlinks=True)
    os.chmod(folder, 0o755)
    for each in folder.iterdir():
        os.chmod(each, 0o644)
    before = contents(folder)
    root = f"/srv/criu/{name}/fs".encode() if name != "namespaces" else b"/data"
    rule = (root, b"/mnt/a longer place than before/\xff" + b"x" * (130 if name != "unix" else 20))
    apply(folder, rule)
    after = contents(folder)
    changed = []
    assert before.keys() == after.keys()
    for part, old in before.items():
        if old == after[part]:
            continue
        payload = {"bytes": 2, "length": 2}.get(KINDS[split_name(part)[0]].payload, 0)
        ours, theirs = entries_of(after[part], payload), entries_of(old, payload)
        for (one, data), (other, rest) in zip(theirs, ours, strict=True):
            assert data == rest
            changed += differences(one, other, rule)
    there = sum(old.count(root + b"/") for part, old in before.items() if part == "files.img")
    assert len(changed) >= there and changed
    for part, data in after.items():  # by no decoder at all
        assert root + b"/" not in data or part.startswith(("pages-", "fs.tar", "expected", "DESC")), part
    with open_image(folder) as opened:
        assert not [each for each in validate(opened).findings if each.severity == 3]
    assert applying.undo(str(folder)) == 1
    assert contents(folder) == before
    assert not (folder / JOURNAL).exists()


@pytest.mark.parametrize("name", NAMES)
def test_without_a_change_the_files_are_the_same(name: str, tmp_path: Path) -> None:
    """Read, and written to a new directory: byte-identical, and nothing is copied that can be shared."""
    with open_image(directory(name)) as opened:
        store = criu_store(opened)
        assert store is not None
        made = rewriting.plan(opened, store, [Rule(PREFIX, b"/nowhere", b"/else")])
        assert (made.contents, made.changes) == ({}, ())
        applying.write_copy(made, store, str(tmp_path / "copy"))
    assert contents(tmp_path / "copy") == contents(directory(name))


def test_every_file_is_written_entry_by_entry_as_it_was() -> None:
    """What is put together again from the entries, with no path changed, is the same."""
    from crimg.criu.paths import rewritten
    from tests.criu.mutants import MemoryFiles

    files = MemoryFiles(small().contents())
    seen: list[bytes] = []

    def same(_place: str, _number: int, path: bytes) -> bytes:
        seen.append(path)
        return path

    assert rewritten(files, same) == {}
    assert b"/srv/app/link_remap.9" in seen and b"/srv/app/gone" in seen


def test_the_command_line(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    before = contents(folder)
    plan = text(crimg("rewrite", folder, "--map", "/srv/app=/opt/app", "-n"))
    assert "name 4: /srv/app/log -> /opt/app/log  (prefix /srv/app=/opt/app)" in plan
    assert contents(folder) == before
    result = crimg("rewrite", folder, "--map", "/srv/app=/opt/app")
    assert (result.returncode, b"rewrite 1 is done" in result.stderr) == (0, True)
    assert "/opt/app/log" in text(crimg("inspect", folder, "--fds"))
    assert crimg("rewrite", folder, "--map", "/opt=/usr").returncode == 0
    assert "took back rewrite 2\ntook back rewrite 1\n" in text(crimg("undo", folder, "2"))
    assert contents(folder) == before
    assert crimg("undo", folder).returncode == 2


def test_a_rewrite_that_was_cut_short_is_said_to_be(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    assert crimg("rewrite", folder, "--map", "/srv/app=/opt/app").returncode == 0
    assert crimg("inspect", folder).stderr == b""
    (folder / JOURNAL / "1" / "done").unlink()
    for verb in ("inspect", "graph", "validate"):
        assert b"was cut short" in crimg(verb, folder).stderr
    assert b"crimg undo" in crimg("rewrite", folder, "--map", "/opt=/usr").stderr
    assert crimg("undo", folder).returncode == 0
    assert crimg("inspect", folder).stderr == b""


def test_a_new_directory_shares_the_pages(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    before = contents(folder)
    assert crimg("rewrite", folder, "--map", "/srv=/opt", "-o", tmp_path / "new").returncode == 0
    assert contents(folder) == before
    assert os.path.samefile(folder / "pages-2.img", tmp_path / "new/pages-2.img")
    assert not os.path.samefile(folder / "files.img", tmp_path / "new/files.img")
    assert crimg("rewrite", folder, "--map", "/srv=/opt", "-o", tmp_path / "new").returncode == 2
    assert sorted(os.listdir(tmp_path)) == ["images", "new"]


def test_what_can_have_no_further_name_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of another user's files (protected_hardlinks), and on another file system."""
    folder = small().write(tmp_path / "images")
    os.utime(folder / "pages-2.img", ns=(5, 7))
    made = planned(folder, (b"/srv", b"/opt"))

    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    with open_image(folder) as opened:
        store = criu_store(opened)
        assert store is not None
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", refused)
            applying.write_copy(made, store, str(tmp_path / "new"))
    new = tmp_path / "new/pages-2.img"
    assert not os.path.samefile(folder / "pages-2.img", new)
    assert (new.read_bytes(), new.stat().st_mtime_ns) == ((folder / "pages-2.img").read_bytes(), 7)


def test_images_of_no_known_kind_go_through_a_rewrite(tmp_path: Path) -> None:
    tree = small()
    tree.images |= {"hologram-7.img": b"\x19CVT /srv/app/log", "tcp-stream-a.img": b"\0\xff /srv/app"}
    folder = tree.write(tmp_path / "images")
    assert crimg("rewrite", folder, "--map", "/srv=/opt", "-o", tmp_path / "new").returncode == 0
    assert crimg("rewrite", folder, "--map", "/srv=/opt").returncode == 0
    for name in ("hologram-7.img", "tcp-stream-a.img"):
        assert (folder / name).read_bytes() == (tmp_path / "new" / name).read_bytes() == tree.images[name]


def test_wrap_gives_a_command_a_rewritten_copy(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    before = contents(folder)
    words = ("sh", "-c", 'grep -c /opt/app/log "$0/files.img"; ls -a "$0" | wc -l; exit 7', "{image}")
    result = in_a_process("wrap", folder, "--map", "/srv=/opt", "--", *words)
    assert (result.returncode, result.stdout.split()[:1]) == (7, [b"1"]), result.stderr
    assert contents(folder) == before
    assert os.listdir(tmp_path) == ["images"]
    refused = in_a_process("wrap", folder, "--map", "/srv/app/log=/srv/app/bin/prog", "--", "true", "{image}")
    assert refused.returncode == 1
    assert os.listdir(tmp_path) == ["images"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (((b"/srv/app/log", b"/srv/app/bin/prog"),), "would get the path of"),
        (((b"/srv/app/log", b"/srv/app/data/../log"),), "component"),
        (((b"/srv", b"/" + b"x/" * 2040),), "bytes"),
    ],
)
def test_conflicts_are_refused_before_anything_is_written(
    rules: tuple[tuple[bytes, bytes], ...], words: str, tmp_path: Path
) -> None:
    folder = small().write(tmp_path / "images")
    before = contents(folder)
    with pytest.raises((ConflictError, UsageError), match=words):
        apply(folder, *rules)
    assert contents(folder) == before


@pytest.mark.parametrize("stop", range(1, 12))
def test_a_rewrite_that_is_cut_short_is_taken_back(
    stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends before its Nth change of a name; whatever was done, undo gives the bytes of before."""
    tree = small()
    tree.files.append({1: 5, 2: 20, 16: {1: 20, 2: 5, 9: OWNER, 11: b"/srv/app/socket\0"}})
    folder = tree.write(tmp_path / "images")
    (folder / "reg-files.img").write_bytes(image(0x50363636, {1: 90, 2: 0, 5: OWNER, 6: b"/srv/app/old"}))
    before = contents(folder)
    calls = 0

    class Cut(Exception):
        pass

    def counted(function: object) -> object:
        def call(*arguments: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == stop:
                raise Cut
            return function(*arguments, **more)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "link", "fsync", "makedirs"):
            patch.setattr(os, name, counted(getattr(os, name)))
        with contextlib.suppress(Cut):
            apply(folder, (b"/srv/app", b"/opt/app"))
    if (folder / JOURNAL / "1").exists():
        applying.undo(str(folder))
    assert {name: data for name, data in contents(folder).items() if not name.startswith(".crimg-")} == before
    apply(folder, (b"/srv/app", b"/opt/app"))


@pytest.mark.parametrize("names", [["../../victim.img"], ["/etc/passwd"], 7, None, [3]])
def test_a_hostile_journal_moves_nothing(names: object, tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    entry = folder / JOURNAL / "1"
    entry.mkdir(parents=True)
    (entry / "rewrite.json").write_text(json.dumps({"files": names}))
    before = contents(folder)
    with pytest.raises(FormatError):
        applying.undo(str(folder))
    assert contents(folder) == before


def test_strange_messages_are_kept_to_the_byte() -> None:
    """Numbers longer than they need be, fields that nobody knows, in any order."""
    inner = b"\x32\x88\x00/srv/app" + b"\xba\x3e\x83\x80\x00abc"  # field 6, then field 999
    data = b"\xa0\x7d\x81\x80\x00" + b"\x1a" + varint(len(inner)) + inner + b"\x08\x01"
    same = spliced(data, {3: {6: "name"}}, lambda _word, old: old)
    assert same is data
    new = spliced(data, {3: {6: "name"}}, lambda _word, _old: b"/x")
    inside = b"\x32\x02/x" + b"\xba\x3e\x83\x80\x00abc"
    assert new == b"\xa0\x7d\x81\x80\x00" + b"\x1a" + varint(len(inside)) + inside + b"\x08\x01"


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x0b", b"\xff" * 11, b"\x09\x01"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        spliced(data, {1: "name"}, lambda _word, old: old)


def test_abstract_and_relative_names_stay() -> None:
    from crimg.criu.paths import rewritten
    from tests.criu.mutants import MemoryFiles

    sockets: list[Fields] = [
        {1: 5, 2: number, 16: {1: number, 2: number, 9: OWNER, 11: name}}
        for number, name in enumerate((b"\0/srv/abstract", b"srv/relative\0", b"/srv/socket\0"), 30)
    ]
    files = MemoryFiles({"files.img": image(FILES, *sockets)})
    (data,) = rewritten(files, lambda _place, _number, path: b"/opt" + path).values()
    assert [message(sockets[0]), message(sockets[1])] == [entry for entry, _ in entries_of(data)[:2]]
    assert b"/opt/srv/socket\0" in entries_of(data)[2][0]
