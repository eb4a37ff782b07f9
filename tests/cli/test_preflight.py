"""`crimg preflight`: text, JSON, rules, exit status, over images of real processes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from crimg.preflight.verdicts import MEANINGS
from tests.cli.command import crimg, text
from tests.cli.schemas import problems
from tests.cli.terminal import on_terminal
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.preflight.cases import EXPECTED, FOUND, happen, processes
from tests.samples import small_image

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import os
log = open("log", "a")
log.write("first line\\n")
log.flush()
scratch = open("scratch", "w+")
scratch.write("kept")
scratch.flush()
os.unlink("scratch")
os.mkdir("data")
data = open("data/base", "w")
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A directory with the files of a process that is gone; its image is `image` beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    with Agent(CODE, tmp_path / "agent", cwd=folder) as agent:
        save(agent.pid, tmp_path / "image")
    time.sleep(0.02)
    return folder


def answer(*words: str | Path) -> dict[str, Any]:
    """What --json printed, checked against its schema."""
    result = crimg("preflight", "--json", *words)
    assert result.stderr == b""
    value: dict[str, Any] = json.loads(result.stdout)
    assert problems(value, "preflight") == []
    assert result.returncode == (0 if value["fine"] else 1)
    return value


def test_nothing_has_changed(work: Path) -> None:
    image = work.parent / "image"
    lines = text(crimg("preflight", image)).splitlines()
    assert re.match(r".*image: all \d+ files are as a restart needs them$", lines[0])
    assert "  #" + str(answer(image)["files"][3]["objref"]) not in "\n".join(lines)
    assert any(re.match(r"same: \d+ files as before$", line) for line in lines)
    assert re.match(r"known by inode \(\d+\)$", lines[2])
    assert (answer(image)["weak"], "weak" in "\n".join(lines)) == (0, False)
    assert any("scratch (its 4 bytes are in the image)" in line for line in lines)


def test_a_log_that_grew_and_a_directory_that_moved(work: Path) -> None:
    image = work.parent / "image"
    with (work / "log").open("a") as file:
        file.write("second line\n")
    (work / "data").rename(work / "data.old")
    result = crimg("preflight", image)
    assert (result.returncode, result.stderr) == (1, b"")
    output = result.stdout.decode()
    words = " ".join(output.split())
    assert "2 of " in output.splitlines()[0]
    assert "changed: the same file, not as it was" in output
    assert f"{work}/log (grown)" in output
    assert "size 11, now 23" in words
    assert "with O_APPEND what it writes goes behind the 12 bytes added since" in words
    assert f"truncate -s 11 {work}/log" in words
    assert f"{work}/data/base -> {work}/data.old/base" in output
    option = next(line.split("mend:", 1)[1] for line in output.splitlines() if "--map" in line)
    mapped = answer(*shlex.split(option), image)
    assert mapped["counts"]["moved"] == 0
    assert mapped["counts"]["changed"] == 1
    assert mapped["rules"] == [
        {"old": f"{work}/data", "new": f"{work}/data.old", "text": f"{work}/data={work}/data.old"}
    ]
    text_with_rules = crimg("preflight", *shlex.split(option), "-v", image).stdout.decode()
    assert f"{work}/data/base => {work}/data.old/base (by inode)" in text_with_rules


def test_every_case_as_json_and_as_text(tmp_path: Path) -> None:
    with processes(tmp_path) as running:
        for number, process in enumerate(running):
            save(process.pid, tmp_path / f"image{number}")
        time.sleep(0.02)
        happen(tmp_path, as_root=os.geteuid() == 0)
    for number in range(2):
        image = tmp_path / f"image{number}"
        value = answer(image)
        by_path = {row["path"]: row for row in value["files"]}
        names = [name for name in EXPECTED if f"{tmp_path}/{name}" in by_path]
        assert names
        for name in names:
            row = by_path[f"{tmp_path}/{name}"]
            expected = "same" if name == "owner" and os.geteuid() else EXPECTED[name][0]
            assert row["verdict"] == expected
            assert row["found"] == (f"{tmp_path}/{FOUND[name]}" if name in FOUND else None)
            assert (row["restart"] is None) == (row["verdict"] == "same")
            assert bool(row["remedies"]) == (row["verdict"] != "same")
        assert sum(value["counts"].values()) == len(value["files"])
        lines = crimg("preflight", image).stdout.decode().splitlines()
        headings = [line.partition(":")[0] for line in lines if re.match(r"[a-z]+: ", line)]
        assert headings == [kind for kind in MEANINGS if value["counts"][kind]]
        for row in value["files"]:
            one_line = [line for line in lines if re.match(rf"  #{row['objref']} ", line)]
            assert len(one_line) == (row["verdict"] != "same" or bool(row["details"]))
            assert all(not row["path"] or row["path"] in line for line in one_line)


def test_names_reach_the_terminal_escaped(tmp_path: Path) -> None:
    name = b"\x1b[31m\n\xff=\xe2\x80\xae"
    folder = tmp_path / "work"
    folder.mkdir()
    with Agent(f"f = open({name!r}, 'w')", tmp_path / "agent", cwd=folder) as agent:
        save(agent.pid, tmp_path / "image")
    path = os.fsencode(folder) + b"/" + name
    os.rename(path, path + b"2")
    output = crimg("preflight", tmp_path / "image").stdout.decode()
    assert all(line.isprintable() for line in output.splitlines())
    assert f"{folder}/\\x1b[31m\\n\\xff=\\u202e -> " in output
    row = next(row for row in answer(tmp_path / "image")["files"] if row["verdict"] == "moved")
    assert bytes.fromhex(row["path_hex"]) == path
    assert bytes.fromhex(row["found_hex"]) == path + b"2"
    assert answer("--map", row["remedies"][0]["rule"], tmp_path / "image")["fine"]


def test_below_a_root(work: Path) -> None:
    root = work.parent / "root"
    (root / str(work).lstrip("/")).mkdir(parents=True)
    shutil.copy2(work / "log", root / str(work).lstrip("/") / "log")
    value = answer("--root", root, work.parent / "image")
    assert value["root"] == str(root)
    row = next(row for row in value["files"] if row["path"] == f"{work}/log")
    assert (row["verdict"], row["basis"], row["weak"]) == ("same", "size and mtime", True)
    known = {one["basis"]: (one["count"], one["weak"]) for one in value["known_by"]}
    assert known["size and mtime"] == (1, True)
    assert value["weak"] == sum(count for count, weak in known.values() if weak)
    output = crimg("preflight", "--root", root, work.parent / "image").stdout.decode()
    assert f"; {value['weak']} others by weak evidence alone" in output.splitlines()[0]
    assert "size and mtime (1, weak)" in " ".join(output.split())


def test_from_a_pipe(work: Path) -> None:
    image = (work.parent / "image").read_bytes()
    result = crimg("preflight", "-", stdin=image)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.startswith(b"standard input: all ")


def test_an_image_from_elsewhere_says_how_files_are_known(tmp_path: Path) -> None:
    """The sample image: no file of it is here."""
    (tmp_path / "small").write_bytes(small_image())
    result = crimg("preflight", tmp_path / "small")
    assert (result.returncode, result.stderr) == (1, b"")
    assert "in another boot or on another machine" in " ".join(result.stdout.decode().split())
    assert not answer(tmp_path / "small")["same_boot"]


def test_a_rule_that_matches_nothing_is_said(work: Path) -> None:
    image = work.parent / "image"
    result = crimg("preflight", "--map", "/no/such=/thing", image)
    assert result.returncode == 0
    assert result.stderr == b"crimg: note: --map /no/such=/thing matches no path of the image\n"
    assert crimg("preflight", "-q", "--map", "/no/such=/thing", image).stderr == b""


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["--map", "/a", "IMAGE"], 2, "rule /a: has no =; a rule is OLD=NEW"),
        (["--map", "/a=/b", "--map", "/a=/c", "IMAGE"], 2, "two rules for /a"),
        (["--timeout", "0", "IMAGE"], 2, "--timeout 0"),
        (["--timeout", "nan", "IMAGE"], 2, "--timeout nan"),
        (["--root", "", "IMAGE"], 2, "an empty name is no root directory"),
        (["--root", "/no/such/root", "IMAGE"], 4, "/no/such/root: No such file or directory"),
        (["NONE"], 4, "No such file or directory"),
        (["/dev/null"], 2, "is no regular file"),
        ([], 2, "IMAGE"),
    ],
)
def test_errors_are_one_line(work: Path, words: list[str], status: int, problem: str) -> None:
    places = {"IMAGE": str(work.parent / "image"), "NONE": str(work.parent / "none")}
    result = crimg("preflight", *(places.get(word, word) for word in words))
    assert result.returncode == status
    assert result.stdout == b""
    assert re.fullmatch(rf"crimg: error: .*{re.escape(problem)}.*\n", result.stderr.decode())


def test_a_damaged_image(work: Path) -> None:
    image = work.parent / "image"
    data = bytearray(image.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    image.write_bytes(data)
    result = crimg("preflight", image)
    assert (result.returncode, result.stdout) == (3, b"")
    assert result.stderr.startswith(b"crimg: error: ")
    assert result.stderr.count(b"\n") == 1


def test_nothing_is_cut_and_no_colour_on_a_terminal(work: Path) -> None:
    output = on_terminal("preflight", work.parent / "image", columns=40)
    assert "\x1b" not in output
    assert f"{work}/scratch" in output


def test_it_loads_no_dumper_and_no_terminal_interface(work: Path) -> None:
    code = (
        "import sys\nfrom crimg.cli import main\n"
        f"main(['preflight', {str(work.parent / 'image')!r}])\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(result.stderr.split())
    assert "crimg.preflight" in loaded
    assert loaded.isdisjoint({"textual", "rich", "asyncio", "crimg.dump", "crimg.writer", "json", "hashlib"})
