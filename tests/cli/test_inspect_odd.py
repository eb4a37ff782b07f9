"""Sound and yet odd images: things missing, references to nothing, several tasks, values unheard of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crimg.cli import main
from crimg.cli.inspect import SECTIONS
from crimg.model import (
    DEFINITION_ORDER,
    Fd,
    FdTable,
    File,
    ImageInfo,
    Inode,
    Mm,
    Record,
    Signal,
    Task,
    Thread,
    Vma,
)
from tests.builders import ImageBuilder
from tests.cli.json_schema import problems
from tests.samples import FD_TABLE, FS, MM, PROGRAM_FILE, TASK, TTY_FILE, small_records, tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OBJECTS = sorted({row[0] for row in small_records() if "objref" in type(row).fields})
Capture = pytest.CaptureFixture[str]


def written(tmp_path: Path, records: Sequence[Record]) -> str:
    path = tmp_path / "odd.crimg"
    path.write_bytes(ImageBuilder().batches(tables(records)).revision().bytes())
    return str(path)


def without_pages(records: Sequence[Record]) -> list[Record]:
    return [row.replace(pagemap=None) if isinstance(row, Mm) else row for row in records]


def parsed(path: str, capsys: Capture, *words: str) -> Any:
    assert main(["inspect", path, "--json", *words]) == 0
    value = json.loads(capsys.readouterr().out)
    assert problems(value) == []
    return value


def shown(path: str, capsys: Capture, *words: str) -> str:
    assert main(["inspect", path, *words]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize("cls", DEFINITION_ORDER, ids=lambda cls: cls.noun)
def test_whatever_kind_is_missing_the_rest_is_shown(
    cls: type[Record], tmp_path: Path, capsys: Capture
) -> None:
    path = written(tmp_path, [row for row in without_pages(small_records()) if type(row) is not cls])
    assert shown(path, capsys) and shown(path, capsys, "--all")
    parsed(path, capsys, "--all")
    for number in OBJECTS:
        status = main(["inspect", path, "--object", str(number)])
        assert status in (0, 2)
    capsys.readouterr()


def test_an_image_without_any_rows(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "empty.crimg"
    path.write_bytes(ImageBuilder().revision().bytes())
    assert "revision 1" in shown(str(path), capsys, "--all") + shown(str(path), capsys)
    parsed(str(path), capsys, "--all")
    assert main(["inspect", str(path), "--hex", "1000"]) == 2
    assert "no address space" in capsys.readouterr().err


def test_references_to_nothing_are_said(tmp_path: Path, capsys: Capture) -> None:
    records = [row for row in without_pages(small_records()) if not isinstance(row, (File, Inode))]
    path = written(tmp_path, records)
    assert "(not in the image)" in shown(path, capsys, "--fds")
    assert "?     --object 34  not in the image" in shown(path, capsys, "--object", str(FS))
    first = parsed(path, capsys, "--fds")["fds"][0]
    assert (first["file"], first["path"], first["state"]) == (TTY_FILE, None, None)


def test_numbers_without_a_name_stay_numbers(tmp_path: Path, capsys: Capture) -> None:
    odd = {"kind": 77, "name_state": 78, "access": 0, "flags": 1 << 31}
    records: list[Record] = []
    for row in without_pages(small_records()):
        if isinstance(row, File) and row.objref == PROGRAM_FILE:
            row = row.replace(**odd)
        elif isinstance(row, Inode):
            row = row.replace(keeper=79, mode=0xFFFF_FFFF)
        elif isinstance(row, Task):
            row = row.replace(state=0, exit_signal=-7)
        elif isinstance(row, Thread):
            row = row.replace(policy=80, state=255, registers=b"short", cpus=b"\xff" * 128)
        elif isinstance(row, Signal):
            row = row.replace(rlimits=(1, 2, 3), itimers=(5,))
        records.append(row)
    path = written(tmp_path, records)
    file = next(row for row in parsed(path, capsys)["files"] if row["objref"] == PROGRAM_FILE)
    assert (file["kind"], file["state"], file["access"]) == ("77?", "78?", "-")
    assert file["flags"] == ["O_RDONLY", "020000000000"]
    thread = parsed(path, capsys, "--threads")["threads"][0]
    assert (thread["policy"], thread["state"], thread["registers"]) == ("80?", "?", None)
    assert "79?" in shown(path, capsys, "--all")
    for number in OBJECTS:
        shown(path, capsys, "--object", str(number))


def test_two_tasks_are_told_apart(tmp_path: Path, capsys: Capture) -> None:
    records = without_pages(small_records())
    second = {FD_TABLE: 1040, MM: 1042, TASK: 1046}
    for row in list(records):
        if isinstance(row, (FdTable, Mm)):
            records.append(row.replace(objref=second[row.objref]))
        elif isinstance(row, Fd) and row.fd < 2:
            records.append(row.replace(table=1040))
        elif isinstance(row, Vma):
            records.append(row.replace(mm=1042))
        elif isinstance(row, Task):
            records.append(row.replace(objref=1046, pid=5555, ppid=row.pid, mm=1042, fd_table=1040))
    path = written(tmp_path, records)
    fds = shown(path, capsys, "--fds").splitlines()
    assert fds[0].split()[:2] == ["PID", "FD"]
    assert [line.split()[:2] for line in fds[1:] if line.split()[0] == "5555"] == [
        ["5555", "0"],
        ["5555", "1"],
    ]
    assert " 4 fds " in shown(path, capsys, "--files")
    memory = shown(path, capsys, "--memory").splitlines()
    assert memory[0].split()[0] == "MM" and any(line.startswith("#1042 ") for line in memory)
    rows = parsed(path, capsys, "--tasks")["tasks"]
    assert [(row["pid"], row["fds"], row["vmas"]) for row in rows] == [(4242, 7, 5), (5555, 2, 5)]
    assert "Task     4242 " in shown(path, capsys)


def test_extra_attributes_of_any_shape(tmp_path: Path, capsys: Capture) -> None:
    nested: object = b"\xff"
    for _ in range(40):
        nested = {"in": [nested]}
    odd: dict[str, object] = {
        "nan": float("nan"),
        "inf": float("-inf"),
        "deep": nested,
        "n": [None, True, 2**64 - 1],
    }
    records = [row.replace(extra=odd) if isinstance(row, ImageInfo) else row for row in small_records()]
    path = written(tmp_path, without_pages(records))
    fields = parsed(path, capsys, "--object", str(0xFFFF_FFFF))["object"]["fields"]
    extra = next(field for field in fields if field["name"] == "extra")["value"]
    assert (extra["nan"], extra["inf"], extra["n"]) == ("nan", "-inf", [None, True, 2**64 - 1])
    assert "(nested too deep)" in json.dumps(extra["deep"])
    assert "'n': [None, True, 18446744073709551615]" in shown(path, capsys, "--object", str(0xFFFF_FFFF))


def test_long_columns_leave_room_for_the_path(tmp_path: Path, capsys: Capture) -> None:
    flags = 0o100000 | 0o2000 | 0o4000 | 0o40000 | 0o1000000 | 2
    records: list[Record] = []
    for row in without_pages(small_records()):
        if isinstance(row, File):
            row = row.replace(position=2**63 - 1, flags=flags, name_state=4)
        records.append(row)
    records += [
        row.replace(fd=1000 + 7 * number) for row in records if isinstance(row, Fd) for number in range(1, 40)
    ]
    path = written(tmp_path, records)
    for section in ("--files", "--fds"):
        lines = shown(path, capsys, section).splitlines()
        column = lines[0].index("PATH")
        assert column <= 80
    assert "rw +4" in shown(path, capsys, "--files")


def test_objects_and_hex_refuse_what_is_not_there(small: Path, capsys: Capture) -> None:
    for words, message in (
        (("--object", "7777"), "no object #7777 in this image"),
        (("--object", "x"), "an objref is a number"),
        (("--object", "٣"), "an objref is a number"),
        (("--hex", "zz"), "is not ADDR, ADDR:LEN or START-END"),
        (("--hex", "0:0"), "from 1 byte to 1 GiB"),
    ):
        assert main(["inspect", str(small), *words]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and message in captured.err
    assert shown(str(small), capsys, "--object", "#30") == shown(str(small), capsys, "--object", "30")
    assert set(SECTIONS) >= {"tasks", "files", "fds", "memory"}
