"""An append that is killed, refused or raced at any system call leaves the old image or the new one."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crimg.errors import FileError
from crimg.model import File
from crimg.reader import open_image
from crimg.writer.revise import append_revision, heal
from tests import samples
from tests.fuzz.footprint import footprint
from tests.unit.sparse import write_sparse_image

if TYPE_CHECKING:
    from pathlib import Path

FILES = [row for row in samples.small_records() if isinstance(row, File)]
MOVED = FILES[0].replace(path=b"/new/counter")
_APPEND = """
import sys
from crimg.errors import CrimgError
from crimg.model import File
from crimg.reader import open_image
from crimg.writer.revise import append_revision
path = sys.argv[1]
with open_image(path) as image:
    mark, row = image.fingerprint, image.rows(File)[0]
print("ready", flush=True)
sys.stdin.read(1)
try:
    print(append_revision(path, [row.replace(path=sys.argv[2].encode())], fingerprint=mark))
except CrimgError as error:
    print(type(error).__name__)
"""
_CALLS = ("pwrite64", "fdatasync", "ftruncate", "fsync", "fcntl")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("call", _CALLS)
def test_killed_at_every_system_call(tmp_path: Path, call: str) -> None:
    path = tmp_path / "image.bin"
    whole = samples.small_image()
    torn = whole + b"\xa7SEC" + bytes(100)
    killed, seen = 0, set()
    for when in range(1, 50):
        path.write_bytes(torn)
        words = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}"]
        words += ["-e", f"inject={call}:signal=KILL:when={when}"]
        words += [sys.executable, "-c", _APPEND, str(path), "/new/counter"]
        done = subprocess.run(words, input=b"x", capture_output=True, check=False)
        with open_image(path) as image:
            expected = FILES[0] if image.revision == 1 else MOVED
            assert image.rows(File)[0] == expected
            assert image.revision in (1, 2)
            seen.add(image.revision)
            cut = image.torn
        assert heal(path) == cut
        assert path.read_bytes()[: len(whole)] == whole
        if done.returncode == 0:
            assert image.revision == 2
            break
        killed += 1
        with open_image(path) as image:
            assert append_revision(path, [MOVED], fingerprint=image.fingerprint) == image.revision + 1
    assert killed >= (2 if call in ("pwrite64", "fdatasync") else 1)
    assert seen == {1, 2}


def _refused(path: Path) -> str:
    """What is said of an append of some hundred kilobytes, which must leave the file as it is."""
    before = path.read_bytes()
    with open_image(path) as image, pytest.raises(FileError) as told:
        rows = [MOVED.replace(extra={"filler": bytes([n]) * 4000}, objref=1000 + n) for n in range(100)]
        append_revision(path, rows, fingerprint=image.fingerprint)
    assert path.read_bytes() == before
    return str(told.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "crimg", str(tmp_path)], check=True)
    try:
        path = tmp_path / "image.bin"
        path.write_bytes(samples.small_image())
        assert _refused(path).endswith("No space left on device; the image is as it was")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    path = tmp_path / "image.bin"
    path.write_bytes(samples.small_image())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        assert "File too large" in _refused(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_interrupt_cuts_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "image.bin"
    path.write_bytes(samples.small_image())

    def interrupted(fd: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crimg.writer.revise.os.fdatasync", interrupted)
    with open_image(path) as image, pytest.raises(KeyboardInterrupt):
        append_revision(path, [MOVED], fingerprint=image.fingerprint)
    assert path.read_bytes() == samples.small_image()


def test_two_rewriters_at_once(tmp_path: Path) -> None:
    """One wins, the other says so, and what is in the file is the winner's alone."""
    path = tmp_path / "image.bin"
    lost = set()
    for _ in range(8):
        path.write_bytes(samples.small_image())
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", _APPEND, str(path), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in ("/a", "/b")
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("x")
            racer.stdin.flush()
        told = [racer.communicate()[0].strip() for racer in racers]
        assert told.count("2") == 1, told
        lost.add(told[1 - told.index("2")])
        with open_image(path) as image:
            assert (image.revision, image.torn) == (2, 0)
            assert image.rows(File)[0].path == (b"/a", b"/b")[told.index("2")]
    assert lost <= {"ImageBusyError", "ImageChangedError"}


def stored(path: Path, end: int) -> str:
    """A digest of all that stands in a file before `end`, holes left out."""
    digest, offset = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while offset < end:
            try:
                start = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                break
            offset = min(os.lseek(file.fileno(), start, os.SEEK_HOLE), end)
            if start < end:
                digest.update(b"%d" % start + os.pread(file.fileno(), offset - start, start))
    return digest.hexdigest()


def test_a_rewrite_of_a_large_image_touches_its_end_alone(tmp_path: Path) -> None:
    """4 GiB: what is read is the index and the tables, and all that is written is behind what was there."""
    path = tmp_path / "large.bin"
    write_sparse_image(path, 4 << 30)
    size = path.stat().st_size
    was = stored(path, size)
    before = "from crimg.reader import open_image\nfrom crimg.rewrite import Rule, apply, plan\n"
    before += "from crimg.rewrite import applying, planning\nfrom crimg.writer.revise import undo\n"
    code = "with open_image(path) as image:\n"
    code += f" found = plan(image, [Rule('exact', {FILES[0].path!r}, b'/new')])\n"
    code += " assert len(found.changes) == 1\n apply(found, path, image=image, force=True)"
    taken = footprint(path, code, before=before)
    index = 48 * 1050
    assert taken.read + taken.mapped < 4 * index + (128 << 10)
    growth = path.stat().st_size - size
    assert index - 4096 < growth < index + 4096
    assert growth <= taken.written < growth + 1024  # ... which is nothing of this image
    assert stored(path, size) == was
    taken = footprint(path, "undo(path)", before=before)
    assert taken.read + taken.mapped < 4 * index + (128 << 10)
    assert taken.written < 1024
    assert (path.stat().st_size, stored(path, size)) == (size, was)
