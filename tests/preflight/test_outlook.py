"""What a restart would do, in words, by how the file is used; and commands that can be pasted."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from crimg.looking.sightings import Look
from crimg.model import File, Inode
from crimg.preflight import outlook as outlooks
from crimg.preflight import verdicts
from crimg.preflight.judge import Judgement
from crimg.preflight.remedies import remedies as remedies_for
from crimg.preflight.remedies import shell_path, shell_word
from crimg.preflight.verdicts import Remedy, Users
from tests import samples
from tests.preflight.test_comparison import inode, seen

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

FD = Users(fds=(3,))
MAPPED = Users(private=2)


def file(**columns: Any) -> File:
    row = next(row for row in samples.small_records() if isinstance(row, File))
    defaults: dict[str, Any] = {"access": 3, "flags": os.O_RDWR, "position": 40, "kind": 1}
    return row.replace(**defaults | columns)


def outlook(
    opened: File, then: Inode, users: Users, judged: Judgement, look: Look, path: bytes
) -> tuple[str, tuple[Remedy, ...]]:
    return outlooks.outlook(opened, then, users, judged, look), remedies_for(opened, then, judged, path)


def said(
    judged: Judgement, users: Users, opened: File | None = None, then: Inode | None = None, **now: Any
) -> str:
    look = Look(0, seen(**now))
    return outlook(opened or file(), then or inode(), users, judged, look, b"/a b")[0]


def changed(*details: str) -> Judgement:
    return Judgement(verdicts.CHANGED, details)


REPLACED = Judgement(verdicts.REPLACED, ("another file",))
APPENDING = {"access": 2, "flags": os.O_WRONLY | os.O_APPEND}


@pytest.mark.parametrize(
    ("opened", "users", "sentence"),
    [
        ({"access": 1}, FD, "it reads the other file from position 40 on"),
        ({"access": 2}, FD, "it writes into the other file at position 40"),
        (APPENDING, FD, "it appends to the other file"),
        ({}, MAPPED, "it maps the other file"),
        ({}, Users(shared=1), "it maps the other file, and stores into it"),
        ({}, Users(private=3, executable=1), "it runs other code under the pages that were saved"),
        ({}, Users(), "it opens the other file"),
    ],
)
def test_replaced(opened: dict[str, Any], users: Users, sentence: str) -> None:
    assert said(REPLACED, users, file(**opened)) == sentence


@pytest.mark.parametrize(
    ("opened", "users", "part"),
    [
        (APPENDING, FD, "with O_APPEND what it writes goes behind the 20 bytes added since"),
        ({"access": 2, "position": 100}, FD, "it writes over the 20 bytes added since, from position 100 on"),
        ({"access": 2}, FD, "it writes at position 40, before the 20 bytes added since"),
        ({"access": 1}, FD, "it reads on at position 40, and meets the 20 bytes added since"),
        ({}, MAPPED, "its mappings show the file as it is now"),
    ],
)
def test_grown(opened: dict[str, Any], users: Users, part: str) -> None:
    assert part in said(changed("grown"), users, file(**opened), size=120)


@pytest.mark.parametrize(
    ("opened", "users", "sentence"),
    [
        ({"access": 1}, FD, "position 40 is past the end, which is at 30; reads find nothing"),
        ({"access": 2}, FD, "position 40 is past the end, which is at 30; writes leave a hole of zeros"),
        (APPENDING, FD, "position 40 is past the end, which is at 30; writes go to the end"),
        ({"position": 10}, FD, "it opens the shorter file of 30 bytes"),
        ({}, MAPPED, "pages past the end give SIGBUS"),
    ],
)
def test_shrunk(opened: dict[str, Any], users: Users, sentence: str) -> None:
    assert said(changed("shrunk"), users, file(**opened), size=30) == sentence


def test_other_types() -> None:
    judged = Judgement(verdicts.REPLACED, ("a FIFO now",))
    assert "waits for a writer" in said(judged, FD, mode=0o10644)
    assert "opens a directory in place of a regular file" in said(judged, FD, mode=0o40755)
    assert said(judged, FD, mode=0o120777) == "it fails: the link leads nowhere"
    look = Look(0, seen(mode=0o120777), target=seen(number=99))
    assert "it follows the link, to a regular file" in outlook(file(), inode(), FD, judged, look, b"/a")[0]


def test_remedies() -> None:
    judged = changed("permissions", "owner")
    _, remedies = outlook(file(), inode(uid=5, gid=6), FD, judged, Look(0, seen()), b"/a b")
    assert [remedy.text for remedy in remedies][:2] == ["chmod 0644 '/a b'", "chown 5:6 '/a b'"]
    _, remedies = outlook(file(**APPENDING), inode(), FD, changed("grown"), Look(0, seen(size=120)), b"/a b")
    assert remedies[0].text == (
        "truncate -s 100 '/a b'  # right only if it was appended to; stop its writer first"
    )
    _, remedies = outlook(
        file(), inode(), FD, changed("grown", "what it had is intact"), Look(0, seen(size=120)), b"/a"
    )
    assert remedies[0].text == "truncate -s 100 /a  # stop its writer first"
    _, remedies = outlook(file(**APPENDING), inode(), FD, changed("grown"), Look(0, seen(size=120)), b"/a b")
    assert remedies[-1].text == "harmless for a log that is only appended to"
    missing = Judgement(verdicts.MISSING)
    then = inode(build_id=b"\xab\xcd", digest=b"\x12", digest_kind="sha256", mtime=7)
    _, remedies = outlook(file(), then, FD, missing, Look(2), b"/a b")
    assert remedies[1].text == (
        "bring back '/a b', 100 bytes of 1970-01-01T00:00:00.000000007Z, build-id abcd, sha256 12"
    )


@pytest.mark.parametrize(
    "details",
    [
        ("permissions", "contents not verified"),
        ("ctime alone", "links 1, now 2"),
        ("perhaps through a mapping: contents not verified",),
    ],
)
def test_what_was_not_verified_is_not_called_harmless(details: tuple[str, ...]) -> None:
    restart, remedies = outlook(file(), inode(), FD, changed(*details), Look(0, seen()), b"/a")
    assert "contents can have changed unseen" in restart
    assert not any("harmless" in remedy.text for remedy in remedies)
    assert any(remedy.text.startswith("bring back /a, ") for remedy in remedies)
    _, remedies = outlook(file(), inode(), FD, changed("permissions"), Look(0, seen()), b"/a")
    assert [remedy.action for remedy in remedies] == ["repair", "accept"], "with a digest that agrees"


def test_the_truncation_runs_in_a_shell(tmp_path: Path) -> None:
    log = tmp_path / "a log"
    log.write_text("x" * 120)
    _, remedies = outlook(file(), inode(), FD, changed("grown"), Look(0, seen(size=120)), os.fsencode(log))
    subprocess.run(["bash", "-c", remedies[0].text], check=True)
    assert log.stat().st_size == 100


@pytest.mark.parametrize(
    "path", [b"/plain", b"/a b", b"/it's", b"/\xff\n\\'\x1b[31m", "/\u202e".encode(), b"/$HOME`x`", b"/*~!"]
)
def test_paths_can_be_pasted_into_a_shell(path: bytes) -> None:
    word = shell_path(path)
    assert word.isprintable()
    printed = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert printed == path


def test_an_empty_word() -> None:
    assert shell_word("") == "''"
