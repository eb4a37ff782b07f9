"""Strings of an image are an attacker's: none of their control characters reaches the output."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from crimg.cli import main
from crimg.cli.inspect import SECTIONS
from crimg.escape import unescape
from crimg.model import HistoryEntry, LogEntry, Record
from tests.builders import ImageBuilder
from tests.cli.json_schema import problems
from tests.samples import (
    BLOB_ID,
    DELETED_CONTENTS,
    HEAP,
    HISTORY,
    LOG,
    PACKED_PAGES,
    PIPE_CONTENTS,
    RUNS,
    SAVED_PAGES,
    small_records,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TEXT = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\nforged: line\r\t\x7f"
    "\u202egnp\u2066\u200b\u2028\u2029\ufeff\\x41 日本"
)
BYTES = TEXT.encode() + b"\xff\x9b\xed\xa0\x80"
PATH = BYTES.replace(b"\0", b"")  # no path has one, and the reader refuses it
OBJECTS = sorted({row[0] for row in small_records() if "objref" in type(row).fields})


def hostile(record: Record) -> Record:
    """The record with the hostile string in every column of bytes or text."""
    values: dict[str, object] = {}
    for column, value in zip(type(record).columns, record, strict=True):
        spoiled = {"bytes": BYTES, "str": TEXT, "map": {TEXT: [BYTES, TEXT, {"deeper": BYTES}]}}.get(
            column.type
        )
        if column.name == "parent":
            values[column.name] = b"\x1b" * 16
        elif spoiled is None:
            values[column.name] = value
        else:
            spoiled = PATH if column.path else spoiled
            values[column.name] = (spoiled, b"", spoiled) if column.many else spoiled
    return type(record)(**values)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evil") / "evil\x1b[1m\n\u202e.crimg"
    log: Sequence[Record] = [hostile(row) for row in LOG]
    history: Sequence[Record] = [hostile(row) for row in HISTORY]
    builder = (
        ImageBuilder()
        .pagemap(RUNS)
        .pages(SAVED_PAGES)
        .pages(PACKED_PAGES, codec=1)
        .blob(DELETED_CONTENTS)
        .blob([(0, PIPE_CONTENTS)])
        .batches(tables([hostile(row) for row in small_records()]))
        .log(log)
        .history(history)
        .revision()
    )
    assert BLOB_ID == 4 and {type(row) for row in (*log, *history)} == {LogEntry, HistoryEntry}
    path.write_bytes(builder.bytes())
    return path


def assert_safe(output: str) -> None:
    assert output
    for char in set(output):
        assert char == "\n" or unicodedata.category(char)[0] not in "C", repr(char)
        assert char == "\n" or char.isprintable(), repr(char)


VIEWS = [
    (),
    ("--all",),
    *((f"--{name}",) for name in SECTIONS),
    *(("--object", str(number)) for number in OBJECTS),
    ("--hex", "555555554000:9000"),
    ("--hex", f"{HEAP:x}"),
]


@pytest.mark.parametrize("words", VIEWS, ids=" ".join)
def test_no_control_character_reaches_the_text(
    words: tuple[str, ...], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(image), *words]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert_safe(captured.out)
    assert "\nforged" not in captured.out


@pytest.mark.parametrize("words", VIEWS, ids=" ".join)
def test_no_control_character_reaches_the_json(
    words: tuple[str, ...], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(image), *words, "--json"]) == 0
    output = capsys.readouterr().out
    assert_safe(output)
    assert problems(json.loads(output)) == []


def test_every_string_comes_back_exactly_from_the_json(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(image), "--all", "--json"]) == 0
    value: Any = json.loads(capsys.readouterr().out)
    for row in value["files"]:
        assert bytes.fromhex(row["path_hex"]) == PATH
        assert unescape(row["path"]) == PATH
    assert value["image"]["kernel_release"] == TEXT
    assert [unescape(word) for word in value["image"]["command"]] == [BYTES, b"", BYTES]
    assert value["image"]["command_hex"] == [BYTES.hex(), "", BYTES.hex()]


def test_the_path_in_the_text_is_exact(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(image), "--fds"]) == 0
    lines = capsys.readouterr().out.splitlines()
    column = lines[0].index("PATH")
    assert {unescape(line[column:]) for line in lines[1:]} == {PATH}


def test_messages_are_one_safe_line(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = str(image)
    for words, status in (
        (["inspect", evil + "gone"], 4),
        (["inspect", evil, f"--{TEXT}"], 2),
        (["inspect", evil, "--hex", TEXT], 2),
        (["inspect", evil, "--object", TEXT], 2),
        (["inspect", evil, "--object", "7777"], 2),
        ([evil], 2),
        ([TEXT], 2),
        (["inspect", str(image.parent)], 2),
    ):
        assert main(words) == status
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert_safe(captured.err)


def test_messages_about_damage_are_safe(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = image.with_name("broken\x1b[1m.crimg")
    broken.write_bytes(image.read_bytes()[:-300])
    for words in (["inspect", str(broken)], ["inspect", str(broken), "--salvage"]):
        assert main(words) == 3
        captured = capsys.readouterr()
        assert_safe(captured.err)
        assert captured.out == "" or "--salvage" in words
