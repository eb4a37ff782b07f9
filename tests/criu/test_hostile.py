"""Damaged CRIU images lead to FormatError or to what is whole, in bounded memory and time."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from functools import cache
from typing import TYPE_CHECKING

import pytest

from crimg import redact
from crimg.criu.framing import entries
from crimg.criu.ghosts import Ghost
from crimg.criu.kinds import KINDS, split_name
from crimg.criu.marks import NAME, Marks
from crimg.errors import ConflictError, FormatError, UnsoundError
from crimg.model import File
from crimg.model.check import fault
from crimg.model.record import KINDS as RECORDS
from crimg.reader import criu_store, open_image
from crimg.redact.criu_files import Remover
from crimg.rewrite import criu as rewriting
from crimg.rewrite.matching import PREFIX, Rule
from crimg.validate import validate
from crimg.views import files, memory, overview
from crimg.views.subject import Subject
from tests.criu.corpus import NAMES, directory
from tests.criu.mutants import MemoryFiles, Mutants, image_of
from tests.criu.synthetic import FDINFO, FILES, GHOST, PAGEMAP, PSTREE, small
from tests.criu.wire import Fields, image, varint

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image

SEED = 7
PARSED, OPENED, SHOWN = 20_000, 4_000, 400
"""Mutants whose one file is decoded, among them those that are opened as a whole, and those that are shown,
validated, rewritten and redacted."""
SLOWEST = 5.0


def look(contents: dict[str, bytes]) -> None:
    """Open, show and validate an image, sound or not: nothing but FormatError may come out."""
    with contextlib.suppress(FormatError):
        image_of(contents, salvage=False).close()
    with image_of(contents, salvage=True) as opened:
        subject = Subject(opened, b"mutant", salvage=True)
        overview.image_record(subject)
        overview.task_records(subject)
        files.file_records(subject)
        files.fd_records(subject)
        files.inode_records(subject)
        memory.vma_records(subject)
        validate(opened)
        change(opened)
        for cls in RECORDS.values():
            assert fault(cls, opened.rows(cls)) == "", cls


def change(opened: Image) -> None:
    """Plan a rewrite and a redaction: what speaks against it is said by one of the project's errors."""
    store = criu_store(opened)
    assert store is not None
    with contextlib.suppress(FormatError):
        rewriting.plan(opened, store, [Rule(PREFIX, b"/srv", b"/opt/elsewhere")])
    with contextlib.suppress(FormatError, ConflictError, UnsoundError):
        Remover(redact.plan(opened, redact.Selection(everything=True)), store)


def originals() -> dict[str, dict[str, bytes]]:
    """The synthetic directory, and those of the corpus where it is here."""
    marks = Marks()
    marks.memory, marks.ghosts, marks.pipes = {100: [(0x600000, 0x600010)]}, {0x1A}, {77}
    found = {"synthetic": {**small().contents(), NAME: marks.encoded(["--environment"])}}
    with contextlib.suppress(pytest.skip.Exception):
        for name in NAMES:
            folder = directory(name)
            found[name] = {
                each.name: each.read_bytes() for each in folder.iterdir() if split_name(each.name)[0]
            }
    return found


@cache
def mutants() -> list[Mutants]:
    return [Mutants(contents, SEED) for contents in originals().values()]


@pytest.mark.sweep
def test_twenty_thousand_damaged_files_are_decoded_or_refused() -> None:
    """One process, since each takes well under a millisecond."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(PARSED):
        name, data = mutants()[number % len(mutants())].changed(number)
        kind = KINDS.get(split_name(name)[0])
        if not data or kind is None or not kind.message:
            continue
        with contextlib.suppress(FormatError):
            if kind.stem == "ghost-file":
                Ghost(MemoryFiles({name: data}).parts[name])
            else:
                list(entries(memoryview(data), kind, name))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


@pytest.mark.sweep
def test_damaged_images_are_shown_as_far_as_they_are_whole() -> None:
    for number in range(SHOWN):
        started = time.process_time()
        look(mutants()[number % len(mutants())][number])
        assert time.process_time() - started < SLOWEST, number


@pytest.mark.sweep
def test_damaged_images_are_opened_or_refused() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(SHOWN, OPENED):
        started = time.process_time()
        image_of(mutants()[number % len(mutants())][number], salvage=True).close()
        assert time.process_time() - started < SLOWEST, number
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


def test_a_few_damaged_images() -> None:
    some = Mutants(small().contents(), SEED)
    for number in range(60):
        look(some[number])


def changed(name: str, data: bytes) -> dict[str, bytes]:
    return {**small().contents(), name: data}


def deep(levels: int) -> bytes:
    """A message nested in itself (member 3 of the root_ids of an inventory is a number: this is garbage)."""
    data = b""
    for _ in range(levels):
        data = b"\x1a" + varint(len(data)) + data
        if len(data) > 60_000:
            break
    return data


def bomb(entry: Fields, count: int, magic: int) -> bytes:
    return image(magic, *repeated(entry, count))


def repeated(entry: Fields, count: int) -> list[Fields]:
    return [entry] * count


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("files.img", b"\x19CVT8104V\xff\xff\xff\x7f"),
        ("files.img", b""),
        ("files.img", image(FILES, {1: 1, 2: 4, 3: {1: 4, 6: b"x\0y", 7: 1}})),
        ("files.img", image(FILES, {1: 99, 2: 4}, {1: 3, 2: 5, 17: {1: 5, 2: 1, 3: 5}})),
        ("files.img", bomb({1: 3, 2: 4, 17: {1: 4, 2: 9, 3: 4}}, 3000, FILES)),
        ("pstree.img", image(PSTREE, {1: 100, 2: 0, 3: 1, 4: 1, 5: [100] * 50_000})),
        ("pstree.img", bomb({1: 100, 2: 0, 3: 1, 4: 1, 5: [100]}, 20_000, PSTREE)),
        ("pagemap-100.img", image(PAGEMAP, {1: 2}, {1: (1 << 64) - 4096, 5: 1 << 63, 4: 4})),
        ("pagemap-100.img", image(PAGEMAP, {1: 2}, *repeated({1: 4096, 5: 1, 4: 4}, 5000))),
        ("pagemap-100.img", image(PAGEMAP, {1: 99}, {1: 4096, 5: 1, 4: 4})),
        ("ghost-file-1a.img", image(GHOST, {1: 0, 2: 0, 3: 0o100644, 9: 1, 10: 1 << 63}, {1: 1 << 60, 2: 0})),
        ("fdinfo-2.img", image(FDINFO, {1: 4, 2: 0, 3: 1, 4: (1 << 32) - 1})),
        ("core-100.img", image(0x55053847, {})),
        ("stats-dump", b"\x40\x59\x10\x55"),
        ("inventory.img", deep(5000)),
    ],
)
def test_what_was_meant_to_hurt(name: str, data: bytes) -> None:
    look(changed(name, data))


def test_many_threads_of_one_name_take_no_memory() -> None:
    data = image(PSTREE, {1: 100, 2: 0, 3: 1, 4: 1, 5: [100] * 100_000})
    with pytest.raises(FormatError, match="thread 100 is in the tree twice"):
        image_of(changed("pstree.img", data), salvage=False)


def test_a_file_that_is_no_regular_file_is_left_alone(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    (folder / "core-100.img").unlink()
    os.mkfifo(folder / "core-100.img")
    with pytest.raises(FormatError, match=r"core-100\.img: is not in the directory"):
        open_image(folder)


def test_errors_name_file_and_offset() -> None:
    data = small().contents()["files.img"]
    with pytest.raises(FormatError, match=r"^files\.img at offset 8 .*an entry of -1 bytes") as caught:
        image_of(changed("files.img", data[:8] + b"\xff\xff\xff\xff" + data[12:]), salvage=False)
    assert (caught.value.section, caught.value.offset) == ("files.img", 8)


@pytest.mark.parametrize(
    "entry",
    [
        {1: 1, 2: 4, 3: {1: 4, 5: {4: 1 << 31, 5: 7}, 6: b"/x", 7: 1}},
        {1: 2, 2: 4, 18: {1: 4, 2: 77, 3: 0, 4: {4: 1 << 31, 5: 7}}},
    ],
)
def test_an_owner_of_a_type_that_none_has_is_noted(entry: Fields) -> None:
    """Of most open files only the path can be wrong; of one with an owner everything is looked at."""
    contents = changed("files.img", image(FILES, entry))
    with pytest.raises(FormatError, match=r"owner_type is 2147483648"):
        image_of(contents, salvage=False)
    with image_of(contents, salvage=True) as opened:
        assert opened.damage
        assert fault(File, opened.rows(File)) == ""
