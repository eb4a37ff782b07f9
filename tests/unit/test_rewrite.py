"""Plans: what rules make of the paths of an image, what speaks against it, what is written."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.errors import ConflictError, ImageChangedError, UsageError
from crimg.model import File, Filesystem, Inode, Socket
from crimg.model.enums import FileKind, SocketState
from crimg.model.record import KINDS
from crimg.rewrite import Plan, Rule, RuleSet, apply, parse_rules, plan
from crimg.rewrite.places import LEFT_ALONE, REWRITTEN, needs_name
from crimg.validate import validate
from crimg.writer.revise import undo
from tests.cli.command import crimg as run_crimg
from tests.many_files import write_many_files
from tests.validate.broken_special import more, socket
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from crimg.model.image import Image


@pytest.fixture
def path(tmp_path: Path) -> Path:
    image = tmp_path / "image"
    image.write_bytes(Draft().bytes())
    return image


def rows(image: Image) -> dict[str, list[dict[str, object]]]:
    """Everything but the journal, paths left out."""
    paths = {(cls, column) for cls, column, _ in REWRITTEN}
    return {
        cls.noun: [
            {name: value for name, value in row.as_dict().items() if (cls, name) not in paths}
            for row in image.rows(cls)
        ]
        for cls in KINDS.values()
        if cls.noun not in ("log_entry", "history_entry")
    }


def made(kind: str, old: str, new: str, path: str) -> str | None:
    match = RuleSet([Rule(kind, old.encode(), new.encode())]).find(path.encode())
    return match.made.decode() if match else None


@pytest.mark.parametrize(
    ("kind", "old", "new", "path", "expected"),
    [
        ("exact", "/a", "/b", "/a", "/b"),
        ("exact", "/a", "/b", "/a/x", None),
        ("glob", "/srv/*/log", "/log/{1}", "/srv/a/log", "/log/a"),
        ("glob", "/srv/*/log", "/log/{1}", "/srv/a/log/x", "/log/a/x"),
        ("glob", "/srv/*/log", "/log/{1}", "/srv/a/b/log", None),
        ("glob", "/srv/*/log", "/log/{1}", "/srv/a/logs", None),
        ("glob", "/srv/**/log", "/log/{1}", "/srv/a/b/log", "/log/a/b"),
        ("glob", "/srv/**/log", "/log/{1}", "/srv/log", "/log"),
        ("glob", "/a?c", "/{1}", "/abc", "/b"),
        ("glob", "/a?c", "/{1}", "/a/c", None),
        ("glob", "/a[!x]c", "/{1}", "/a/c", None),
        ("glob", "/[a-c]", "/{{{1}", "/b", "/{b"),
        ("regex", r"/v(\d+)/(.*)", "/{2}/{1}", "/v12/x", "/x/12"),
        ("regex", r"/v(\d+)", "/{1}", "/v12/x", None),
    ],
)
def test_kinds(kind: str, old: str, new: str, path: str, expected: str | None) -> None:
    assert made(kind, old, new, path) == expected


def test_the_furthest_wins_whatever_the_order() -> None:
    rules = [
        Rule("prefix", b"/a", b"/1"),
        Rule("glob", b"/a/*", b"/2"),
        Rule("prefix", b"/a/b/c", b"/3"),
        Rule("regex", b"/a/b/c/d", b"/4"),
        Rule("exact", b"/a/b/c", b"/5"),
    ]
    for order in (rules, rules[::-1]):
        found = RuleSet(order)
        paths = (b"/a", b"/a/b/x", b"/a/b/c/x", b"/a/b/c/d", b"/a/b/c")
        assert [match.made for path in paths if (match := found.find(path))] == [
            b"/1", b"/2/x", b"/3/x", b"/4", b"/5",
        ]  # fmt: skip


def test_every_path_column_is_listed() -> None:
    listed = {(cls, column) for cls, column, _ in REWRITTEN} | set(LEFT_ALONE)
    columns = {(cls, column.name) for cls in KINDS.values() for column in cls.columns if column.path}
    assert columns == listed


BYTES_THAT_ARE_NO_PATHS = """
    inode.handle inode.digest inode.build_id tty.termios history_entry.command history_entry.rules
    image_info.hostname image_info.command image_info.parent filesystem.type filesystem.source
    filesystem.options cred.label mm.auxv vma.name vma.vm_flags siginfo.info shared_memory.name socket.address
    socket.peer_address task.comm thread.comm thread.registers thread.xsave thread.cpus
"""


def test_every_column_of_bytes_was_looked_at() -> None:
    """A new one is a path, and then has its type, or is none, and then stands here (specs/rewriting.md)."""
    columns = {
        f"{cls.noun}.{column.name}"
        for cls in KINDS.values()
        for column in cls.columns
        if column.type == "bytes" and not column.path
    }
    assert columns == set(BYTES_THAT_ARE_NO_PATHS.split())


def test_every_place_is_in_the_specification() -> None:
    text = (Path(__file__).parents[2] / "specs" / "rewriting.md").read_text()
    listed = [(cls.__name__, column) for cls, column, _ in REWRITTEN]
    listed += [(cls.__name__, column) for cls, column in LEFT_ALONE]
    for name, column in listed:
        assert f"| `{name}.{column}`" in text


def add_sockets(path: Path, *names: bytes) -> None:
    """Make it an image with unix sockets that are bound to these names."""
    draft = Draft()
    for number, name in enumerate(names, 900):
        row = socket(file=number, number=number, path=name, state=SocketState.UNCONNECTED)
        more(draft, FileKind.SOCKET, row, objref=number, fd=number)
    path.write_bytes(draft.counted().bytes())


def test_names_of_sockets(path: Path) -> None:
    """Several sockets have one name, as those that accept(2) made have; a relative name stays."""
    add_sockets(path, b"/run/a", b"/run/a", b"/run/b", b"here")
    with crimg.open(str(path)) as image:
        first, second, third, relative = (row.file for row in image.rows(Socket))
        rule = Rule("prefix", b"/run", b"/new", places=["socket"])
        found = plan(image, [rule])
        assert [(change.objref, change.kind, change.after) for change in found.changes] == [
            (first, "socket", b"/new/a"),
            (second, "socket", b"/new/a"),
            (third, "socket", b"/new/b"),
        ]
        assert [(each.places, [by.place for by in each.referrers]) for each in found.changes][:1] == [
            (("socket",), ["fd"])
        ]
        assert not found.conflicts
        assert Plan.from_json(found.to_json()).changes == found.changes
        in_fds = plan(image, [Rule("prefix", b"/run", b"/new", places=["fd"])])
        assert {change.kind for change in in_fds.changes} == {"file"}
        joined = plan(image, [Rule("exact", b"/run/a", b"/run/b")])
        assert [each.objref for each in joined.conflicts] == [first]
        taken = next(row for row in image.rows(File) if row.path.startswith(b"/") and needs_name(row))
        assert plan(image, edits={third: taken.path}).conflicts
        for made, fits in ((b"/" + b"x" * 107, True), (b"/" + b"x" * 108, False), (b"x", False)):
            assert (not plan(image, edits={relative: made}).conflicts) == fits
        assert apply(found, path, image=image) == 2
    with crimg.open(str(path)) as image:
        assert [row.path for row in image.rows(Socket)] == [b"/new/a", b"/new/a", b"/new/b", b"here"]
    told = run_crimg("log", path, "-v").stdout.decode()
    assert f"~ #{first} " in told
    assert "~\n" not in told


def test_nothing_but_paths_changes_and_undo_is_exact(path: Path) -> None:
    old_bytes = path.read_bytes()
    with crimg.open(str(path)) as image:
        before = rows(image)
        found = plan(image, [Rule("prefix", b"/var", b"/moved")])
        assert found.changes
        assert not found.conflicts
    assert Plan.from_json(found.to_json()).changes == found.changes
    assert apply(found, path) == 2
    with crimg.open(str(path)) as image:
        assert rows(image) == before
        assert not any(file.path.startswith(b"/var/") for file in image.rows(File))
        assert validate(image, page_data=False).is_sound()
        back = plan(image, [Rule("prefix", b"/moved", b"/var")])
        assert [(c.before, c.after) for c in back.changes] == [(c.after, c.before) for c in found.changes]
    with pytest.raises(ImageChangedError):
        apply(found, path)
    undo(path)
    assert path.read_bytes() == old_bytes


def test_a_changed_plan_is_refused(path: Path) -> None:
    with crimg.open(str(path)) as image:
        value = plan(image, [Rule("prefix", b"/var", b"/moved")]).to_json()
    value["changes"][0]["after"] = "relative"
    with pytest.raises(ConflictError, match="relative"):
        apply(Plan.from_json(value), path)
    value["changes"][0]["column"] = "flags"
    with pytest.raises(UsageError, match="does not change flags"):
        Plan.from_json(value)
    assert path.read_bytes() == Draft().bytes()


def test_conflicts(path: Path) -> None:
    with crimg.open(str(path)) as image:
        linked = [file for file in image.rows(File) if file.name_state == 1]
        first, other = next((a, b) for a in linked for b in linked if a.inode != b.inode)
        taken = plan(image, edits={first.objref: other.path})
        assert [conflict.objref for conflict in taken.conflicts] == [first.objref]
        assert "would get the path of" in taken.conflicts[0].text
        both = plan(image, edits={first.objref: b"/n", other.objref: b"/n"})
        assert "would both be at /n" in both.conflicts[0].text
        swapped = plan(image, edits={first.objref: other.path, other.objref: first.path})
        assert not swapped.conflicts
        for target, word in (
            (b"x", "relative"),
            (b"", "empty"),
            (b"/\0", "NUL"),
            (b"/" + b"a" * 4095, "4096"),
        ):
            assert word in plan(image, edits={first.objref: target}).conflicts[0].text
        with pytest.raises(UsageError, match="no object #99999"):
            plan(image, edits={99999: b"/x"})


def test_a_number_of_two_rows_is_not_changed(path: Path) -> None:
    """Only an image that is not sound has one: one of the rows would become the other."""
    draft = Draft()
    row = socket(file=900, path=b"/run/a", state=SocketState.UNCONNECTED)
    more(draft, FileKind.SOCKET, row, objref=900, fd=900)
    draft.records.append(row.replace(length=7))
    path.write_bytes(draft.counted().bytes())
    with crimg.open(str(path)) as image:
        found = plan(image, [Rule("prefix", b"/run", b"/moved"), Rule("prefix", b"/dev", b"/devices")])
    assert [conflict.text for conflict in found.conflicts] == [
        "#900 stands in several rows of the socket table: which of them is to change is unclear"
    ]


def test_limits(path: Path) -> None:
    with crimg.open(str(path)) as image:
        keepers = plan(image, [Rule("prefix", b"/", b"/new", places=["keeper"])])
        assert {change.kind for change in keepers.changes} == {Inode.noun}
        mounts = plan(image, [Rule("prefix", b"/", b"/new", places=["mount"])])
        assert {change.kind for change in mounts.changes} == {Filesystem.noun}
        descriptors = plan(image, [Rule("prefix", b"/", b"/new", places=["fd"])])
        assert all("fd" in change.places for change in descriptors.changes)
        objref = descriptors.changes[0].objref
        assert len(plan(image, [Rule("prefix", b"/", b"/new", objects=[objref])]).changes) == 1


def test_rules_in_toml() -> None:
    rules = parse_rules(b'[[rule]]\nold = "/a"\nnew = "/b"\nplaces = ["fd"]\n')
    assert [rule.text for rule in rules] == ["prefix /a=/b in fd"]
    for text, problem in (
        (b'[[rule]]\nold = "/a"\nnew = "/b"\nodd = 1\n', "rule 1: odd is no key"),
        (b"[[rules]]\n", "rules means nothing"),
        (b'[[rule]]\nold = "/a"\n', "rule 1: has no new"),
        (b"=", "is no TOML"),
    ):
        with pytest.raises(UsageError, match=problem):
            parse_rules(text)


def test_a_directory_is_looked_up_once_and_still_right() -> None:
    """Law: the way for plain prefixes gives what trying every rule gives."""
    names = [b"", b"a", b"b", b"ab", b"a/b", b"a/b/a", b"b/a", b"a/", b"a//b"]
    rules = [Rule("prefix", b"/" + old, b"/" + new) for old, new in pairwise(names)]
    for chosen in (rules[:1], rules[1:3], rules[1:7], rules[:7]):
        plain, general = RuleSet(chosen), RuleSet([*chosen, Rule("exact", b"/not/there", b"/x")])
        for path in (b"/" + name for name in names + [name + b"/x" for name in names]):
            assert plain.find(path) == general.find(path), (chosen, path)


def reference() -> float:
    """Seconds of a loop that has nothing to do with crimg: how fast this machine is in this minute."""
    started = time.process_time()
    made = {}
    for number in range(400_000):
        made[b"%d" % number] = (number, str(number))
    return time.process_time() - started


def test_many_files_and_many_rules(path: Path) -> None:
    """100,000 files, 1,000 rules, in 2 s with the check for soundness, where the loop takes 0.2 s.

    It takes about seven times the loop, and what others do on the machine changes that by a third.
    """
    write_many_files(path, 100_000, 1000)
    for _ in range(3):
        loop = reference()
        with crimg.open(str(path)) as image:
            for cls in KINDS.values():
                image.rows(cls)
            started = time.process_time()
            found = plan(image, [Rule("prefix", b"/d%d" % n, b"/new/%d" % n) for n in range(1000)])
            assert (len(found.changes), len(found.conflicts)) == (100_000, 0)
            assert apply(found, path, image=image) == 3
            spent = time.process_time() - started
        print(f"{spent:.2f} s, the loop {loop:.2f} s")
        undo(path)
        if spent < 10 * max(loop, reference()):
            return
    pytest.fail(f"three times too slow: {spent:.2f} s, the loop {loop:.2f} s")
