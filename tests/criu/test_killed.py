"""Rewriters of images of CRIU, killed at every system call that matters: nothing is lost or left."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import TIMEOUT, environment
from tests.cli.test_rewriters_killed import dead_process
from tests.criu.inside import crimg
from tests.criu.synthetic import small

if TYPE_CHECKING:
    from pathlib import Path

RULE = ("--map", "/srv/app=/opt/longer/app")
VERBS = {
    "rewrite": (("rewrite", "IMAGES", *RULE), ("rename", "fsync", "link", "mkdir")),
    "rewrite -o": (("rewrite", "IMAGES", *RULE, "-o", "NEW"), ("linkat", "rename", "fsync")),
    "redact": (("redact", "IMAGES", "--all", "-o", "NEW"), ("pwrite64", "rename", "mkdir")),
}
"""What is run, and the system calls at which it is killed."""


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("verb", "call"), [(verb, call) for verb, (_, calls) in VERBS.items() for call in calls]
)
def test_killed_at_every_system_call(verb: str, call: str, tmp_path: Path) -> None:
    folder, new = small().write(tmp_path / "images"), tmp_path / "new"
    before = contents(folder)
    places = {"IMAGES": str(folder), "NEW": str(new)}
    words = [places.get(word, word) for word in VERBS[verb][0]]
    killed = 0
    for when in (1, 2, 3, 20):
        trace = ["strace", "-o", os.devnull, "-e", f"trace={call}"]
        trace += ["-e", f"inject={call}:signal=KILL:when={when}"]
        command = [*trace, sys.executable, "-m", "crimg", *words]
        done = subprocess.run(command, capture_output=True, env=environment(), timeout=TIMEOUT, check=False)
        if verb == "rewrite":
            if (folder / ".crimg-journal").exists():
                crimg("undo", folder)
            there = contents(folder).items()
            now = {name: data for name, data in there if not name.startswith(".crimg-new-")}
        else:
            now = contents(folder)
            if new.exists():  # it was whole when it got its name
                assert crimg("validate", new).returncode == 0
                shutil.rmtree(new)
        assert now == before
        if done.returncode == 0:
            break
        killed += 1
    assert killed, f"{verb} never calls {call}"
    (folder / ".crimg-new-core-5.img").write_bytes(b"of another rewrite, that was killed")
    assert crimg(*words).returncode == 0
    if verb == "rewrite":
        assert contents(folder).keys() == before.keys()
    left = [name for name in os.listdir(tmp_path) if name not in ("images", "new")]
    assert left == [], "what killed programs left goes with the next one"


def test_leftovers_in_use_stay(tmp_path: Path) -> None:
    """Of directories that only look like one, or whose writer has the lock, none is removed."""
    folder = small().write(tmp_path / "images")
    used, free = (tmp_path / f".new.{dead_process()}.part" for _ in range(2))
    names = (f".new.{os.getpid()}.part", ".new.x.part", f".other.{dead_process()}.part")
    others = [tmp_path / name for name in names]
    for path in (used, free, *others):
        path.mkdir()
    (tmp_path / "link").symlink_to(used)
    os.rename(tmp_path / "link", tmp_path / f".new.{dead_process()}.part")
    fd = os.open(used, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        kept = set(os.listdir(tmp_path)) - {free.name}
        os.rmdir(others[0])  # the number of this process: `crimg` runs in it
        assert crimg("rewrite", folder, *RULE, "-o", tmp_path / "new").returncode == 0
    finally:
        os.close(fd)
    assert set(os.listdir(tmp_path)) == kept - {others[0].name} | {"new"}
