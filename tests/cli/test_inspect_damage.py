"""Damaged images: refused with the place of the first damage; with --salvage, shown as far as whole."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from crimg.cli import main
from tests.builders import ImageBuilder
from tests.cli.json_schema import problems
from tests.samples import HEAP, TIME, small_builder, small_image

if TYPE_CHECKING:
    from pathlib import Path

SOUND = small_image()
OFFSETS = small_builder().offsets
PAGEMAP_SECTION, PAGES_SECTION, TABLES, LOG_SECTION, INDEX_SECTION = 1, 2, 6, 7, 9


def flipped(offset: int) -> bytes:
    data = bytearray(SOUND)
    data[offset] ^= 0x41
    return bytes(data)


def damaged(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "damaged.crimg"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "header at offset 0 (0x0): the file is empty"),
        (b"root:x:0:0\n" * 9, "header at offset 0 (0x0): starts with"),
        (SOUND[:40], "header at offset 0"),
        (flipped(20), "header at offset 0"),
        (SOUND[: OFFSETS[TABLES] + 100], f"section 6 (OBJECTS) at offset {OFFSETS[TABLES]} "),
        (flipped(OFFSETS[TABLES] + 6), f"section header at offset {OFFSETS[TABLES]} "),
        (flipped(OFFSETS[TABLES] + 1000), f"section 6 (OBJECTS) at offset {OFFSETS[TABLES] + 48} "),
        (flipped(OFFSETS[LOG_SECTION] + 60), f"section 7 (LOG) at offset {OFFSETS[LOG_SECTION] + 48} "),
        (SOUND[:-1], "trailer"),
    ],
)
def test_the_first_damage_is_named(
    data: bytes, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damaged(tmp_path, data)
    assert main(["inspect", path]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"crimg: error: {path}: ") and captured.err.count("\n") == 1
    if place != "trailer":
        assert place in captured.err


def test_the_first_of_several_damages_is_named_whichever_is_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(flipped(OFFSETS[LOG_SECTION] + 60))
    data[OFFSETS[PAGES_SECTION] + 6000] ^= 1
    assert main(["inspect", damaged(tmp_path, bytes(data))]) == 3
    assert (
        f"section 2 (PAGES) at offset {-(-OFFSETS[PAGES_SECTION] // 4096) * 4096} " in capsys.readouterr().err
    )


def test_a_hint_tells_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", damaged(tmp_path, SOUND[:-100])])
    assert "; --salvage shows what is whole\n" in capsys.readouterr().err
    main(["inspect", damaged(tmp_path, b"#!/bin/sh\n" * 9)])
    assert "; this is no image of crimg\n" in capsys.readouterr().err
    main(["inspect", damaged(tmp_path, ImageBuilder(version_major=2).revision().bytes())])
    assert "--salvage" not in capsys.readouterr().err


def test_salvage_of_a_sound_image_is_the_same_and_fine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damaged(tmp_path, SOUND)
    assert main(["inspect", path, "--all"]) == 0
    plain = capsys.readouterr()
    assert main(["inspect", path, "--all", "--salvage"]) == 0
    assert capsys.readouterr() == plain


def test_salvage_shows_the_tables_when_the_end_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damaged(tmp_path, SOUND[: OFFSETS[LOG_SECTION] + 50])
    assert main(["inspect", path, "--salvage"]) == 3
    captured = capsys.readouterr()
    assert "/usr/bin/counter" in captured.out and "node-7" in captured.out
    assert "stopped for" not in captured.out  # that was in the log
    *damages, last = captured.err.splitlines()
    assert len(damages) == 1
    assert damages[0].startswith(f"crimg: damaged: section 7 (LOG) at offset {OFFSETS[LOG_SECTION]} ")
    assert last == f"crimg: error: {path}: damaged in 1 place; shown is what is whole"


def test_salvage_shows_the_rest_when_the_tables_are_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damaged(tmp_path, flipped(OFFSETS[TABLES] + 1000))
    assert main(["inspect", path, "--salvage", "--log", "--sections"]) == 3
    output = capsys.readouterr().out
    assert "stopped for 1.5 ms" in output and "PAGES" in output and "OBJECTS" not in output
    assert main(["inspect", path, "--salvage"]) == 3
    output = capsys.readouterr().out
    assert "revision 1" in output and "/usr/bin/counter" not in output


def test_salvage_marks_lost_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = damaged(tmp_path, flipped(OFFSETS[PAGES_SECTION] + 6000))
    assert main(["inspect", path, "--salvage", "--hex", f"{HEAP + 0xFF0:x}:{0x1020:#x}"]) == 3
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"{HEAP + 0xFF0:x}  (4112 bytes lost: this part of the image is damaged)",
        f"{HEAP + 0x2000:x}  (16 bytes not stored: zero)",
    ]
    assert "section 2 (PAGES)" in captured.err


def test_salvage_without_a_page_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = damaged(tmp_path, flipped(OFFSETS[PAGEMAP_SECTION] + 50))
    assert main(["inspect", path]) == 0 or "PAGEMAP" in capsys.readouterr().err
    capsys.readouterr()
    assert main(["inspect", path, "--salvage", "--memory", "--tasks"]) == 3
    assert "[heap]" in capsys.readouterr().out
    assert main(["inspect", path, "--salvage", "--hex", f"{HEAP:x}:16"]) == 3
    assert "lost" in capsys.readouterr().out


def test_salvage_lists_the_damage_in_the_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = damaged(tmp_path, flipped(OFFSETS[LOG_SECTION] + 60))
    assert main(["inspect", path, "--salvage", "--json"]) == 3
    value = json.loads(capsys.readouterr().out)
    assert problems(value) == []
    assert [(entry["section"], entry["offset"]) for entry in value["damage"]] == [
        ("section 7 (LOG)", OFFSETS[LOG_SECTION] + 48)
    ]


def test_a_table_that_cannot_be_decoded_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = ImageBuilder(created=TIME).objects(19, [[1, 2, 3]]).log([[TIME, 1, "a remark", None, None]])
    path = damaged(tmp_path, builder.revision().bytes())
    assert main(["inspect", path]) == 3
    assert "a row of task" in capsys.readouterr().err
    assert main(["inspect", path, "--salvage", "--log"]) == 0  # nothing of the bad table was asked for
    assert "a remark" in capsys.readouterr().out
    assert main(["inspect", path, "--salvage", "--log", "--tasks"]) == 3
    captured = capsys.readouterr()
    assert "a remark" in captured.out
    assert captured.err.count("a row of task") == 1


def test_wherever_a_file_is_cut_or_flipped_there_is_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = [SOUND[:end] for end in range(64, len(SOUND), 331)]
    spoiled = [flipped(offset) for offset in range(0, len(SOUND), 83)]
    detected = 0
    for data in cut + spoiled:
        path = damaged(tmp_path, data)
        status = main(["inspect", path])
        captured = capsys.readouterr()
        assert status in (0, 3), captured.err
        if status == 3:
            detected += 1
            assert captured.out == "" and re.search(r"at offset \d+ \(0x", captured.err), captured.err
        salvaged = main(["inspect", path, "--salvage", "--all", "--json"])
        captured = capsys.readouterr()
        assert salvaged == 3 or status == 0, captured.err
        assert captured.err.startswith("crimg: ") or salvaged == 0
        if captured.out:  # not for a version, machine or flag that is not known
            value = json.loads(captured.out)
            assert problems(value) == []
            assert bool(value["damage"]) == (salvaged == 3)
    assert detected > len(cut)
