"""Digests that are recorded unasked: of files that shared mappings can store into."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.dump.digests import MappedDigests
from crimg.dump.objects import Objects
from crimg.dump.problems import Problems
from crimg.kernel.mountinfo import Mount
from crimg.model import File, Inode, LogEntry
from crimg.preflight import check
from tests.dump.dumps import command, image_of
from tests.dump.programs import Agent
from tests.kernel.forked import become_nobody, in_child, needs_root

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image

CODE = """
import mmap
MIB = 1 << 20
kept = []
def made(name, size, mode="r+b", **options):
    with open(name, "wb") as file:
        file.write(name.encode())
        file.truncate(size)
    file = open(name, mode)
    kept.append((file, mmap.mmap(file.fileno(), size, **options)))
made("stored", 8192)
made("twice", 4096)
kept.append(mmap.mmap(kept[-1][0].fileno(), 4096))
made("private first", 4096, flags=mmap.MAP_PRIVATE)
kept.append(mmap.mmap(kept[-1][0].fileno(), 4096))
made("may store", 4096, prot=mmap.PROT_READ)
made("private", 4096, flags=mmap.MAP_PRIVATE)
made("read only", 4096, mode="rb", prot=mmap.PROT_READ)
made("big", 16 * MIB)
made("middle", 2 * MIB)
made("small again", 4096)
made("deleted", 4096)
import os; os.unlink("deleted")
"""
WITH_DIGEST = {"stored", "twice", "private first", "may store", "middle", "small again"}


@pytest.fixture
def mapper(tmp_path: Path) -> Agent:
    return Agent(CODE, tmp_path / "agent")


def digests(image: Image, folder: Path) -> dict[str, bytes | None]:
    found = {}
    for file in image.rows(File):
        inode = image.find(Inode, file.inode)
        if inode is not None and file.path.startswith(os.fsencode(folder) + b"/") and inode.mode & 0o100000:
            name = os.fsdecode(os.path.basename(file.path))
            found[name] = inode.digest
            assert inode.digest_kind == ("sha256" if inode.digest else None)
    return {name: found[name] for name in found if name not in ("in", "out", "err")}


def test_of_files_that_shared_mappings_can_store_into(mapper: Agent, tmp_path: Path) -> None:
    with mapper, image_of(mapper.pid, tmp_path / "image") as image:
        found = digests(image, mapper.folder)
        assert {name for name, digest in found.items() if digest} == WITH_DIGEST
        assert set(found) - WITH_DIGEST == {"private", "read only", "big", "deleted"}
        for name in WITH_DIGEST:
            assert found[name] == hashlib.sha256((mapper.folder / name).read_bytes()).digest(), name
        notes = [entry.text for entry in image.rows(LogEntry) if "no digest" in entry.text]
        assert len(notes) == 1
        assert f"{mapper.folder}/big: no digest, stores through the mapping will not show" in notes[0]
        verdicts = {os.path.basename(one.path).decode(): one for one in check(image)}
        assert {verdicts[name].verdict for name in WITH_DIGEST} == {"same"}
        assert verdicts["big"].details == ("perhaps through a mapping: contents not verified",)


def test_limits(mapper: Agent, tmp_path: Path) -> None:
    with mapper:
        for limit, expected in (
            ("0", set[str]()),
            ("1", WITH_DIGEST - {"middle"}),
            ("19", WITH_DIGEST | {"big"}),
        ):
            path = tmp_path / f"image{limit}"
            assert command("dump", mapper.pid, "-o", path, "--digest-mapped", limit).returncode == 0
            with crimg.open(path) as image:
                found = digests(image, mapper.folder)
                assert {name for name, digest in found.items() if digest} == expected
                notes = [entry.text for entry in image.rows(LogEntry) if "no digest" in entry.text]
                assert len(notes) == {"0": 0, "1": 2, "19": 0}[limit]
        for wrong in ("-1", "1.5", "many", "1" * 20):
            ran = command("dump", mapper.pid, "-o", tmp_path / "no", f"--digest-mapped={wrong}")
            assert (ran.returncode, ran.stderr.count(b"\n")) == (2, 1)


@pytest.mark.parametrize(("kind", "read"), [(b"ext4", True), (b"fuse.sshfs", False), (b"nfs4", False)])
def test_what_may_never_answer_is_not_read(kind: bytes, read: bool, tmp_path: Path) -> None:
    """Its pages may come from the very process that stands still."""
    (tmp_path / "file").write_text("text")
    mount = Mount(1, 0, 0, b"/", b"/", b"", (), kind, b"", b"")
    problems = Problems(1)
    digests = MappedDigests(1 << 20, problems)
    fd = os.open(tmp_path / "file", os.O_PATH)
    try:
        digests.want(7, fd, 4, mount, "mapping 1-2", b"/file\n")
        digests.want(7, fd, 4, mount, "mapping 3-4", b"/file\n")
        digests.record(Objects())
    finally:
        os.close(fd)
    lines = (
        [] if read else ["process 1, mapping 1-2: /file\\n: no digest, stores through the mapping will not"]
    )
    assert [doubt.text.rpartition(" show: ")[0] for doubt in problems.doubts] == lines


@needs_root
def test_of_what_may_not_be_read_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0)

    def work() -> tuple[list[str], list[str]]:
        problems = Problems(1)
        digests = MappedDigests(1 << 20, problems)
        fd = os.open(tmp_path / "file", os.O_PATH)
        become_nobody()
        digests.want(7, fd, 0, None, "mapping 1-2", b"/file")
        digests.record(Objects())
        return problems.lines, [doubt.text for doubt in problems.doubts]

    lines, doubts = in_child(work)
    assert lines == []
    assert [text.rpartition(": ")[2] for text in doubts] == ["Permission denied"]
