"""Identity from evidence: the rules, case by case, on made-up inodes."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimg.looking.sightings import Contents, Look, Seen
from crimg.model import Filesystem, Inode
from crimg.preflight.comparison import (
    OTHER,
    SAME,
    SNAPSHOT,
    UNKNOWN,
    identify,
    same_filesystem,
    same_mtime,
    weigh,
)
from crimg.preflight.evidence_words import difference, plain_value
from crimg.preflight.judge import judge_look, needs_contents
from tests import samples

if TYPE_CHECKING:
    from typing import Any

HANDLE = (1, b"\x0c\0\0\0\x11\x22\x33\x44")
OTHER_HANDLE = (1, b"\x0c\0\0\0\x55\x66\x77\x88")
NS = 10**9


def inode(**columns: Any) -> Inode:
    row = next(row for row in samples.small_records() if isinstance(row, Inode) and stat.S_ISREG(row.mode))
    defaults: dict[str, Any] = {
        "device": 8 << 32 | 1, "number": 12, "mode": 0o100644, "uid": 0, "gid": 0, "rdev": 0, "nlink": 1,
        "size": 100, "mtime": 5 * NS + 7, "ctime": 6 * NS, "btime": 4 * NS, "generation": None,
        "handle_type": HANDLE[0], "handle": HANDLE[1], "digest": None, "digest_kind": None, "build_id": None,
    }  # fmt: skip
    return row.replace(**defaults | columns)


def seen(**columns: Any) -> Seen:
    defaults: dict[str, Any] = {
        "device": 8 << 32 | 1, "number": 12, "mode": 0o100644, "uid": 0, "gid": 0, "rdev": 0, "nlink": 1,
        "size": 100, "mtime": 5 * NS + 7, "ctime": 6 * NS, "btime": 4 * NS,
        "handle_type": HANDLE[0], "handle": HANDLE[1], "fsid": 77, "mount_id": 1,
    }  # fmt: skip
    return Seen(**defaults | columns)


def filesystem(**columns: Any) -> Filesystem:
    row = next(row for row in samples.small_records() if isinstance(row, Filesystem))
    defaults: dict[str, Any] = {"type": b"ext4", "fsid": 77, "device": 8 << 32 | 1}
    return row.replace(**defaults | columns)


@pytest.mark.parametrize(
    ("then", "now", "type_now", "same_boot", "expected"),
    [
        ({}, {}, b"ext4", True, True),
        ({}, {"fsid": 78}, b"ext4", True, False),
        ({}, {"fsid": 0}, b"ext4", True, True),
        ({"fsid": 0}, {}, b"ext4", True, True),
        ({}, {"device": 9}, b"ext4", True, True),
        ({}, {"device": 9, "fsid": 78}, b"ext4", True, False),
        ({"type": b"xfs"}, {"device": 9}, b"xfs", True, False),
        ({}, {"device": 9}, None, True, False),
        ({}, {}, b"ext4", False, True),
        ({}, {"device": 9}, b"ext4", False, True),
        ({}, {"fsid": 78}, b"ext4", False, False),
        ({"type": b"xfs"}, {}, b"xfs", False, None),
        ({"type": b"xfs"}, {}, b"ext4", False, False),
        ({}, {}, None, False, None),
        ({"fsid": 0}, {"fsid": 0}, b"ext4", False, None),
    ],
)
def test_same_filesystem(
    then: dict[str, Any], now: dict[str, Any], type_now: bytes | None, same_boot: bool, expected: bool | None
) -> None:
    found = same_filesystem(inode(), filesystem(**then), seen(**now), type_now, same_boot=same_boot)
    assert found is expected


def test_without_a_row_of_the_file_system() -> None:
    assert same_filesystem(inode(), None, seen(), b"ext4", same_boot=True) is True
    assert same_filesystem(inode(), None, seen(device=9), b"ext4", same_boot=True) is False
    assert same_filesystem(inode(), None, seen(), b"ext4", same_boot=False) is None


NO_HANDLE = {"handle": None, "handle_type": None}


@pytest.mark.parametrize(
    ("then", "now", "contents", "same_fs", "expected"),
    [
        ({}, {}, None, True, SAME),
        ({}, {"number": 13}, None, True, OTHER),
        ({}, {"number": 13}, None, None, UNKNOWN),
        ({}, {"number": 13}, None, False, UNKNOWN),
        ({}, {"handle": OTHER_HANDLE[1]}, None, True, OTHER),
        ({}, {"handle": OTHER_HANDLE[1]}, None, None, UNKNOWN),
        ({}, {"btime": 9 * NS}, None, True, SAME),
        (NO_HANDLE, NO_HANDLE, None, True, SAME),
        (NO_HANDLE, NO_HANDLE | {"btime": 9 * NS}, None, True, OTHER),
        (NO_HANDLE | {"generation": 5}, {}, Contents(0, generation=5), True, SAME),
        (NO_HANDLE | {"generation": 5}, {}, Contents(0, generation=6), True, OTHER),
        (NO_HANDLE | {"generation": 5}, {"btime": 9 * NS}, Contents(13), True, OTHER),
        (NO_HANDLE | {"btime": None}, {}, None, True, SAME),
        (NO_HANDLE | {"btime": None}, {"ctime": 9 * NS}, None, True, UNKNOWN),
        (NO_HANDLE | {"btime": 0}, {"btime": 0, "ctime": 9 * NS}, None, True, UNKNOWN),
        ({}, {}, None, None, SAME),
        ({}, {"btime": 9 * NS}, None, None, UNKNOWN),
        (NO_HANDLE, {}, None, None, UNKNOWN),
        ({"btime": None}, {}, None, None, UNKNOWN),
        ({}, {}, None, False, UNKNOWN),
    ],
)
def test_identify(
    then: dict[str, Any], now: dict[str, Any], contents: Contents | None, same_fs: bool | None, expected: str
) -> None:
    assert identify(inode(**then), seen(**now), contents, same_fs) == expected


def test_same_mtime() -> None:
    assert same_mtime(5 * NS + 7, 5 * NS + 7, True)
    assert not same_mtime(5 * NS + 7, 5 * NS, True)
    assert same_mtime(5 * NS + 7, 5 * NS, None), "an archive that keeps whole seconds"
    assert same_mtime(5 * NS + 7, 5 * NS, False)
    assert not same_mtime(5 * NS, 5 * NS + 7, False)
    assert not same_mtime(5 * NS + 7, 6 * NS, False)


def test_evidence_of_a_file() -> None:
    then = inode(digest=b"\1" * 32, digest_kind="sha256", build_id=b"\2" * 20, generation=3)
    found = {
        one.name: one.agrees for one in weigh(then, seen(), Contents(0, b"\1" * 32, b"\3" * 20, 3), True)
    }
    assert found == {
        "device": True, "inode": True, "handle": True, "generation": True, "type": True, "size": True,
        "mtime": True, "ctime": True, "btime": True, "mode": True, "owner": True, "links": True,
        "digest": True, "build_id": False,
    }  # fmt: skip
    unread = {one.name: one.agrees for one in weigh(then, seen(), None, None)}
    assert {name for name, agrees in unread.items() if agrees is None} == {
        "device", "inode", "handle", "generation", "ctime", "btime", "links", "digest", "build_id",
    }  # fmt: skip


def test_evidence_of_other_kinds() -> None:
    directory = {one.name for one in weigh(inode(mode=0o40755), seen(mode=0o40755), None, True)}
    assert directory == {"device", "inode", "handle", "type", "btime", "mode", "owner"}
    device = weigh(inode(mode=0o20666, rdev=1 << 32 | 3), seen(mode=0o20666, rdev=1 << 32 | 5), None, True)
    assert {one.name for one in device if one.agrees is False} == {"rdev"}
    assert {one.name for one in weigh(inode(), seen(mode=0o40755), None, True)} == {
        "device", "inode", "handle", "type",
    }  # fmt: skip


ctimes = st.sampled_from([6 * NS, 9 * NS])
sightings = st.builds(
    lambda **columns: seen(**columns),
    number=st.sampled_from([12, 13]),
    size=st.sampled_from([50, 100, 200]),
    mtime=st.sampled_from([5 * NS + 7, 9 * NS]),
    ctime=ctimes,
    btime=st.sampled_from([4 * NS, 8 * NS, None]),
    handle=st.sampled_from([HANDLE[1], OTHER_HANDLE[1]]),
    mode=st.sampled_from([0o100644, 0o100600, 0o40755, 0o10644, 0o120777]),
    nlink=st.sampled_from([1, 2]),
    uid=st.sampled_from([0, 1]),
)


@given(sightings, st.sampled_from([True, False, None]))
def test_never_same_on_one_file_system_unless_it_is_the_inode(now: Seen, same_fs: bool | None) -> None:
    """Whatever else agrees."""
    judged = judge_look(inode(), Look(0, now), None, same_fs)
    if same_fs and (now.number != 12 or now.handle != HANDLE[1]):
        assert judged.verdict == "replaced"
    if judged.verdict == "same":
        assert stat.S_ISREG(now.mode)
        assert (now.size, stat.S_IMODE(now.mode), now.uid) == (100, 0o644, 0)
        assert not same_fs or now.ctime == 6 * NS
    assert (judged.verdict == "changed") <= bool(judged.details)
    assert {one.name for one in judged.evidence} >= {"device", "inode", "type"}


def test_an_inode_number_alone_is_no_proof() -> None:
    """On a file system without handles, generations and times of creation."""
    then = inode(**NO_HANDLE, btime=None)
    judged = judge_look(then, Look(0, seen(**NO_HANDLE, ctime=9 * NS)), None, True)
    assert (judged.verdict, judged.details) == ("changed", ("ctime alone",))
    assert judge_look(then, Look(0, seen(**NO_HANDLE)), None, True).verdict == "same"


def test_a_mapping_that_could_be_written_hides_stores() -> None:
    then = inode(digest=b"\1" * 32, digest_kind="sha256")
    unread = judge_look(inode(), Look(0, seen()), None, True, mapped=True)
    assert (unread.verdict, unread.details) == (
        "changed",
        ("perhaps through a mapping: contents not verified",),
    )
    agreed = judge_look(then, Look(0, seen()), Contents(0, b"\1" * 32), True, mapped=True)
    assert (agreed.verdict, agreed.details) == ("same", ())
    differs = judge_look(then, Look(0, seen()), Contents(0, b"\2" * 32), True, mapped=True)
    assert (differs.verdict, differs.details) == ("changed", ("rewritten",))
    assert needs_contents(then, seen(), True, always=False, mapped=True)
    assert not needs_contents(inode(), seen(), True, always=False, mapped=True), "nothing to compare"


def test_contents_are_read_only_where_they_tell_more() -> None:
    plain, digested = inode(), inode(digest=b"\1" * 32, digest_kind="sha256")
    assert not needs_contents(plain, seen(ctime=9 * NS), True, always=True)
    assert not needs_contents(digested, seen(), True, always=False)
    assert needs_contents(digested, seen(), True, always=True)
    assert needs_contents(digested, seen(ctime=9 * NS), True, always=False)
    assert needs_contents(digested, seen(), False, always=False)
    assert not needs_contents(digested, seen(mode=0o10644), True, always=True), "a FIFO is never opened"
    assert needs_contents(inode(build_id=b"\1"), seen(number=13), True, always=False)
    assert needs_contents(inode(**NO_HANDLE, generation=4), seen(), True, always=False)


def test_differences_in_words() -> None:
    now = seen(device=9 << 32, size=7, mtime=5 * NS + 8, ctime=3 * NS, mode=0o100600, uid=1, handle=b"")
    found = [difference(one) for one in weigh(inode(build_id=b"\xab" * 20), now, Contents(0), True)]
    assert "handle" in found
    assert "size 100, now 7" in found
    assert "mtime 1 ns later" in found
    assert "ctime 3.0 s earlier" in found
    assert "permissions 0644, now 0600" in found
    assert "owner 0:0, now 1:0" in found
    assert "build-id abababababab..., now none" in found
    assert plain_value("device", 8 << 32 | 1) == "8:1"
    assert plain_value("type", stat.S_IFDIR) == "a directory"
    assert plain_value("digest", None) is None


@pytest.mark.parametrize(
    ("then", "now", "answer"),
    [
        (4 * NS + 9, 4 * NS + 9, SNAPSHOT),
        (4 * NS, 4 * NS, UNKNOWN),  # as builders of file systems give it to all files
        (4 * NS + 9, 4 * NS + 8, UNKNOWN),
        (None, None, UNKNOWN),
    ],
)
def test_a_snapshot_has_number_and_time_of_creation(then: int | None, now: int | None, answer: str) -> None:
    assert identify(inode(btime=then), seen(btime=now), None, False) == answer
    assert identify(inode(btime=then), seen(btime=now, number=13), None, False) == UNKNOWN
    evidence = {one.name: one.agrees for one in weigh(inode(btime=then), seen(btime=now), None, False)}
    assert evidence["ctime"] is (True if answer == SNAPSHOT else None)


def test_a_digest_of_another_kind_says_nothing() -> None:
    then = inode(digest=b"\1" * 32, digest_kind="blake3")
    contents = Contents(0, digest=b"\2" * 32)
    evidence = {one.name: one.agrees for one in weigh(then, seen(), contents, True)}
    assert evidence["digest"] is None
    assert judge_look(then, Look(0, seen()), contents, True).verdict == "same"
    assert not needs_contents(then, seen(), True, always=True)
