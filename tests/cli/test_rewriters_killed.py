"""The verbs that rewrite, killed at every system call that matters, and on a full disk: nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crimg.model import File
from crimg.reader import open_image
from crimg.writer.locking import locked
from crimg.writer.private import PREFIX
from crimg.writer.revise import append_revision
from tests.cli.command import TIMEOUT, crimg, environment
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULE = ("--exact", "/usr/bin/counter=/opt/counter")
VERBS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "undo": (("undo", "IMAGE"), ("ftruncate", "fsync")),
    "compact": (("compact", "IMAGE"), ("writev", "fchmod", "rename", "fsync")),
    "rewrite": (("rewrite", "IMAGE", *RULE), ("pwrite64", "fdatasync")),
    "rewrite -o": (("rewrite", "IMAGE", *RULE, "-o", "OTHER"), ("copy_file_range", "pwrite64", "linkat")),
    "redact -o": (("redact", "IMAGE", "--contents", "-o", "OTHER"), ("writev", "linkat")),
    "wrap": (("wrap", "IMAGE", *RULE, "--", "true", "{image}"), ("mkdir", "pwrite64", "unlink", "rmdir")),
}
"""What is run, and the system calls at which it is killed."""
BESIDE = ("rewrite -o", "redact -o", "wrap")
"""Those that leave the image alone."""


def two_revisions(path: Path) -> tuple[bytes, bytes]:
    """Make a sound image of two revisions; its bytes at each of them."""
    path.write_bytes(Draft().bytes())
    first = path.read_bytes()
    with open_image(path) as image:
        row = next(file for file in image.rows(File) if file.path == b"/usr/bin/counter")
        append_revision(path, [row.replace(referrers=row.referrers)], fingerprint=image.fingerprint)
    return first, path.read_bytes()


def paths(path: Path) -> list[bytes]:
    with open_image(path) as image:
        return [file.path for file in image.rows(File)]


def words_for(verb: str, image: Path, other: Path) -> list[str]:
    places = {"IMAGE": str(image), "OTHER": str(other)}
    return [places.get(word, word) for word in VERBS[verb][0]]


def check_image(verb: str, image: Path, states: tuple[bytes, bytes]) -> bool:
    """Fail unless the image is the old or the new one; whether it is the new one."""
    data = image.read_bytes()
    if verb == "undo":
        assert data in states
        return data == states[0]
    if verb in BESIDE:
        assert data == states[1]
        return False
    with open_image(image) as opened:
        if verb == "compact":
            assert opened.torn == 0
            assert opened.revision == 1 or data == states[1]
            return opened.revision == 1
        assert data.startswith(states[1])
        assert (opened.revision == 3) == (b"/opt/counter" in paths(image))
        return opened.revision == 3


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(("verb", "call"), [(verb, call) for verb in VERBS for call in VERBS[verb][1]])
def test_killed_at_every_system_call(tmp_path: Path, verb: str, call: str) -> None:
    image, other = tmp_path / "image.bin", tmp_path / "other.bin"
    states = two_revisions(image)
    made: bytes | None = None
    killed = 0
    for when in (*range(1, 5), *range(5, 60, 5), 80, 160):  # each section is written, or read, in its turn
        image.write_bytes(states[1])
        trace = ["strace", "-o", os.devnull, "-e", f"trace={call}"]
        trace += ["-e", f"inject={call}:signal=KILL:when={when}"]
        done = subprocess.run(
            [*trace, sys.executable, "-m", "crimg", *words_for(verb, image, other)],
            capture_output=True,
            env=environment(),
            timeout=TIMEOUT,
            check=False,
        )
        new = check_image(verb, image, states)
        if other.exists():
            made = other.read_bytes()
            assert (b"/opt/counter" in paths(other)) == (verb == "rewrite -o")
            other.unlink()
        if done.returncode == 0:
            assert new == (verb not in BESIDE)
            break
        killed += 1
        _check_leftovers(image, verb)
    assert killed, f"{verb} never calls {call}"
    assert (made is not None) == verb.endswith("-o")
    if verb == "wrap":
        assert crimg(*words_for("wrap", image, other)).returncode == 0  # it removes what a killed one left
        assert [name for name in os.listdir(tmp_path) if name.startswith(PREFIX)] == []


def _check_leftovers(image: Path, verb: str) -> None:
    """What a killed compaction left beside the image is removed by the next command, which says so."""
    left = [name for name in os.listdir(image.parent) if name.endswith(".part")]
    assert not left or verb == "compact"
    for name in left:
        healed = crimg("undo", image, "0")
        assert f"{name}: removed; the program that wrote it was killed" in healed.stderr.decode()
        assert not (image.parent / name).exists()


def dead_process() -> int:
    """The number of a process that was there."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_leftovers_in_use_stay(tmp_path: Path) -> None:
    """Neither a file that its writer still has, nor anything that only looks like one, is removed."""
    image = tmp_path / "image.bin"
    two_revisions(image)
    used, free = (tmp_path / f".image.bin.{gone}.part" for gone in (dead_process(), dead_process()))
    names = (f".image.bin.{os.getpid()}.part", ".image.bin.x.part", f".other.{dead_process()}.part")
    others = [tmp_path / name for name in names]
    for path in (used, free, *others):
        path.write_bytes(b"x")
    with locked(used):
        done = crimg("compact", image)
    assert (done.returncode, done.stderr.count(b"removed")) == (0, 1)
    assert not free.exists()
    assert all(path.exists() for path in (used, *others))
    assert crimg("rewrite", image, *RULE, "--quiet").stderr == b""
    assert not used.exists()


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A sound image of two revisions on a file system with no room left."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "crimg-test", str(tmp_path)], check=True)
    try:
        image = tmp_path / "image.bin"
        two_revisions(image)
        with open(tmp_path / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        yield image
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("verb", VERBS)
def test_a_full_disk(full: Path, verb: str) -> None:
    before, there = full.read_bytes(), sorted(os.listdir(full.parent))
    result = crimg(*words_for(verb, full, full.with_name("other.bin")))
    if verb == "undo":
        assert (result.returncode, result.stderr) == (0, b"")
        assert before.startswith(full.read_bytes())
    else:
        assert result.returncode == 4
        assert b"No space left on device" in result.stderr.splitlines()[-1]
        assert full.read_bytes() == before
    assert sorted(os.listdir(full.parent)) == there
