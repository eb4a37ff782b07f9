"""`crimg inspect --json`: the schema, and that text and JSON tell the same."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from crimg.cli.inspect import SECTIONS
from crimg.escape import unescape
from tests.cli import golden
from tests.cli.command import crimg, text
from tests.cli.json_schema import problems
from tests.samples import HEAP, SCRATCH, STACK, small_records

if TYPE_CHECKING:
    from pathlib import Path

OBJECTS = sorted({row[0] for row in small_records() if type(row).shared})


def parsed(*words: str | Path) -> Any:
    return json.loads(text(crimg("inspect", *words, "--json")))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--all",),
        *((f"--{name}",) for name in SECTIONS),
        *(("--object", str(number)) for number in OBJECTS),
        ("--hex", f"{HEAP:x}-{HEAP + 0x3010:x}"),
        ("--hex", f"{SCRATCH:x}:8192"),
        ("--hex", "0:0xffffffffff601000"[:6]),
        ("--hex", "ffffffffff600000:16"),
    ],
    ids=" ".join,
)
def test_output_is_what_the_schema_says(words: tuple[str, ...], small: Path) -> None:
    value = parsed(small, *words)
    assert problems(value) == []
    kind = {"--object": "object", "--hex": "hex"}.get(words[0] if words else "", "inspect")
    assert (value["crimg"], value["kind"]) == (1, kind)


def test_the_schema_is_not_lenient(small: Path) -> None:
    good = parsed(small, "--all")
    changes: list[tuple[str, dict[str, object]]] = [
        ("image", {"uuid": "7"}),
        ("image", {"surprise": 1}),
        ("files", {"objref": "30"}),
        ("files", {"objref": -1}),
        ("files", {"surprise": None}),
        ("vmas", {"start": 4096}),
        ("fds", {"cloexec": 0}),
    ]
    for member, change in changes:
        bad = copy.deepcopy(good)
        (bad[member][0] if isinstance(bad[member], list) else bad[member]).update(change)
        assert problems(bad) != [], change
    assert problems({**good, "kind": "other"}) != []
    assert problems({name: good[name] for name in good if name != "image"}) != []
    del good["image"]["uuid"]
    assert problems(good) != []


def test_transcript(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)
    golden.check("inspect/small/all.json", text(crimg("inspect", "small.crimg", "--all", "--json")))


def test_every_row_has_its_line_and_all_is_ascii(small: Path) -> None:
    shown = text(crimg("inspect", small, "--all", "--json"))
    assert shown.isascii()
    for table in ("files", "vmas", "fds", "sections"):
        rows = parsed(small, "--all")[table]
        for row in rows:
            assert any(line.strip().rstrip(",") == json.dumps(row) for line in shown.splitlines())


def test_members_of_the_first_screen_and_of_sections(small: Path) -> None:
    assert list(parsed(small)) == ["crimg", "kind", "image", "tasks", "memory_kinds", "files", "damage"]
    assert list(parsed(small, "--fds", "--tasks"))[3:-1] == ["tasks", "fds"]


def test_bytes_that_are_no_utf8_are_given_twice(small: Path) -> None:
    replaced = next(file for file in parsed(small)["files"] if file["state"] == "replaced")
    assert bytes.fromhex(replaced["path_hex"]) == b"/tmp/\xff\xfe name (deleted)"
    assert unescape(replaced["path"]) == b"/tmp/\xff\xfe name (deleted)"
    assert [file for file in parsed(small)["files"] if "path_hex" in file] == [replaced]


def test_text_and_json_show_the_same_files(small: Path) -> None:
    lines = text(crimg("inspect", small, "--files")).splitlines()[1:]
    for line, row in zip(lines, parsed(small, "--files")["files"], strict=True):
        words = line.split()
        assert words[0] == f"#{row['objref']}"
        assert words[2] == row["access"]
        assert words[3] == str(row["position"])
        nameless = "anon_inode:[eventpoll]" if row["kind"] == "epoll" else f"pipe:[{row['pipe_number']}]"
        assert line.endswith(row["path"] or nameless)
        assert (row["state"] in line) == (row["state"] not in ("linked", "none"))


def test_values_of_the_sample(small: Path) -> None:
    value = parsed(small, "--all")
    image = value["image"]
    assert (image["pid"], image["hostname"], image["stopped_ns"]) == (4242, "node-7", 1_500_000)
    assert image["stopped_at"] == "2023-11-14T22:13:20.123456789Z"
    assert image["command"] == ["crimg", "dump", "4242", "-o", "counter.crimg"]
    assert [
        (kind["kind"], kind["mappings"], kind["size"], kind["stored"]) for kind in value["memory_kinds"]
    ] == [
        ("heap", 1, 12288, 8192),
        ("stack", 1, 4096, 4096),
        ("file private", 1, 8192, 0),
        ("file shared", 1, 8192, 4096),
        ("vdso, vvar", 1, 4096, 0),
    ]
    stack = next(vma for vma in value["vmas"] if int(vma["start"], 16) == STACK)
    assert (stack["permissions"], stack["name"], stack["vm_flags"][:2]) == ("rw-p", "[stack]", ["rd", "wr"])
    deleted = next(file for file in value["files"] if file["path"] == "/tmp/gone")
    assert deleted["used_by"]["fd"] == [{"table": 40, "fd": 3}]
    assert deleted["used_by"]["vma"] == [{"mm": 42, "start": f"{SCRATCH:#x}"}]
    assert [fd["fd"] for fd in value["fds"] if fd["cloexec"]] == [3, 9]
    assert [thread["blocked"] for thread in value["threads"]] == [[], ["SIGUSR1"]]
    assert value["threads"][0]["registers"]["rip"] == "0x10"
    assert value["log"][0]["extra"] == {"stopped_ns": 1_500_000}
    assert value["limits"][0] == {
        "signal_struct": 44,
        "pids": [4242],
        "resource": "RLIMIT_CPU",
        "soft": None,
        "hard": None,
    }


def test_hex_as_json_has_the_bytes(small: Path) -> None:
    memory = parsed(small, "--hex", f"{HEAP + 0x1FF8:x}:16")["memory"]
    assert [(part["origin"], part["bytes"]) for part in memory["stretches"]] == [
        ("saved", "a2" * 8),
        ("zero", None),
    ]
