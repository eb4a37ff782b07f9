"""One table: everything that can happen to a file, over real dumps, on real file systems."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.preflight import check
from tests.dump.dumps import image_of
from tests.dump.programs import Agent
from tests.kernel.forked import become_nobody, in_child, needs_root, private_mounts
from tests.kernel.name_cases import FILE_SYSTEMS, make_file_system, skip_unless_possible
from tests.preflight.cases import EXPECTED, FOUND, WITH_DIGEST, dumped, verdicts_by_name, without_hints

if TYPE_CHECKING:
    from crimg.model.image import Image

    Judged = dict[str, tuple[str, tuple[str, ...], str | None, bool]]
    """Name to verdict, details, where it was found, and whether there is evidence."""


def judge(top: Path, *, digest: bool = False) -> Judged:
    return judged_of(dumped(top, digest=digest), top)


def judged_of(images: list[Image], top: Path) -> Judged:
    found = verdicts_by_name(images, top)
    assert all(verdict.fine or verdict.remedies for verdict in found.values())
    return {
        name: (
            verdict.verdict,
            without_hints(verdict.details),
            os.fsdecode(os.path.relpath(verdict.found, os.fsencode(top))) if verdict.found else None,
            bool(verdict.evidence),
        )
        for name, verdict in found.items()
        if name in EXPECTED
    }


def expected(*, digest: bool) -> dict[str, tuple[str, tuple[str, ...]]]:
    return EXPECTED | (WITH_DIGEST if digest else {})


def compare(judged: Judged, *, digest: bool = False) -> None:
    table = expected(digest=digest)
    if os.geteuid() != 0:
        table["owner"] = ("same", ())
    assert {name: row[:2] for name, row in judged.items()} == table
    assert {name: row[2] for name, row in judged.items() if row[2]} == FOUND
    assert {name for name, row in judged.items() if not row[3]} == {"deleted"}


@pytest.mark.parametrize("digest", [False, True], ids=["", "digest"])
def test_in_the_temporary_directory(tmp_path: Path, digest: bool) -> None:
    compare(judge(tmp_path, digest=digest), digest=digest)


@pytest.mark.parametrize("kind", FILE_SYSTEMS)
def test_on(kind: str, tmp_path: Path) -> None:
    skip_unless_possible(kind)

    def work() -> Judged:
        private_mounts()
        return judge(make_file_system(kind, tmp_path))

    compare(in_child(work))


_MAPPER = """
import mmap
file = open({path!r}, "w+b")
file.write(b"before")
file.flush()
memory = mmap.mmap(file.fileno(), 6)
memory[:1] = b"B"
def store():
    memory[:] = b"behind"
    return True
reading = open({path!r}, "rb")
"""


def stored_through_a_mapping(top: Path, **options: int) -> dict[str, object]:
    """The verdicts on a file before and after its process stores into it: ctime, if it is as it was."""
    path = top / "mapped"
    with Agent(_MAPPER.format(path=str(path)), top / "agent") as agent:
        image = image_of(agent.pid, top / "image", **options)
        before = path.stat()
        untouched = [one.verdict for one in check(image) if one.path == os.fsencode(path)]
        assert agent.ask("store()") is True
        assert path.read_bytes() == b"behind"
        after = path.stat()
    found = [(one.verdict, one.details) for one in check(image) if one.path == os.fsencode(path)]
    return {"unmoved": before.st_ctime_ns == after.st_ctime_ns, "untouched": untouched, "found": found}


@pytest.mark.parametrize("digest", [False, True], ids=["no digest", "by default"])
@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_store_through_a_mapping_after_the_dump(kind: str, digest: bool, tmp_path: Path) -> None:
    """The page was dirty: neither time moves. Without digest, every file object of the inode is in doubt."""
    skip_unless_possible(kind)
    options = {} if digest else {"digest_mapped": 0}

    def work() -> dict[str, object]:
        private_mounts()
        return stored_through_a_mapping(make_file_system(kind, tmp_path), **options)

    answer = in_child(work)
    assert answer["unmoved"] or kind != "tmpfs"
    assert answer["untouched"] == (["same"] * 2 if digest else ["changed"] * 2)
    details = ("rewritten",) if digest else ("perhaps through a mapping: contents not verified",)
    if not answer["unmoved"] and not digest:
        details = ("rewritten or touched",)  # the page was written back in between
    assert answer["found"] == [("changed", details)] * 2


@needs_root
def test_for_an_ordinary_user() -> None:
    """Without the kernel's help in finding files by their handles."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        top = Path(name)
        top.chmod(0o755)
        images = dumped(top)

        def work() -> Judged:
            become_nobody()
            return judged_of(images, top)

        compare(in_child(work))
