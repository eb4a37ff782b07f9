"""`crimg relocate`: text, JSON, exit status, over images of real processes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import crimg, text
from tests.cli.schemas import problems
from tests.dump.dumps import save
from tests.dump.programs import Agent

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import os
os.makedirs("app/db")
opened = []
for name in ("app/db/base", "app/db/wal", "app/config"):
    file = open(name, "w")
    file.write(name)
    file.flush()
    opened.append(file)
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
    result = crimg("relocate", "--json", *words)
    assert result.stderr == b""
    value: dict[str, Any] = json.loads(result.stdout)
    assert problems(value, "relocate") == []
    assert result.returncode == (0 if value["complete"] else 1)
    return value


def test_nothing_has_moved(work: Path) -> None:
    assert text(crimg("relocate", work.parent / "image", work)) == (
        f"{work.parent}/image: no file has to be looked for\n"
    )


def test_a_directory(work: Path) -> None:
    """The rule that is printed can be pasted, and mends it."""
    image = work.parent / "image"
    (work / "app").rename(work / "new app")
    output = text(crimg("relocate", image, work))
    assert output.splitlines() == [
        f"{image}: 3 of 3 files found, among 5 directory entries",
        "",
        "rules: 1, the fewest that explain this",
        f"  --map '{work}/app={work}/new app'",
        "      files: 3 by inode",
    ]
    option = next(line for line in output.splitlines() if "--map" in line)
    assert crimg("preflight", *shlex.split(option), image).returncode == 0
    value = answer(image, work)
    assert value["rules"] == [
        {"old": f"{work}/app", "new": f"{work}/new app", "text": f"{work}/app={work}/new app"}
    ]
    assert {move["path"] for move in value["moves"]} == {
        f"{work}/app/{name}" for name in ("db/base", "db/wal", "config")
    }


def test_what_is_ambiguous_and_what_is_missing(work: Path) -> None:
    image = work.parent / "image"
    trees = [work.parent / "tree1", work.parent / "tree2"]
    for tree in trees:
        shutil.copytree(work / "app/db", tree, copy_function=shutil.copy2)
    (trees[1] / "wal").unlink()
    shutil.rmtree(work / "app")
    result = crimg("relocate", image, *trees)
    assert (result.returncode, result.stderr) == (1, b"")
    output = result.stdout.decode()
    assert f"--map {work}/app/db=" in output
    assert "files: 1 by name, size and mtime (weak)" in output
    assert "ambiguous: what could be it is listed, none is chosen" in output
    assert f"{work}/app/db/base (2 files with its name, size and mtime)" in output
    assert all(f"      {tree}/base\n" in output for tree in trees)
    assert "which is one of them" in output
    assert f"{work}/app/config (1 file of 10 bytes, none with its mtime)" in output
    value = answer(image, *trees)
    assert [one["candidates"] for one in value["ambiguous"]] == [[f"{tree}/base" for tree in trees]]
    assert [one["path"] for one in value["missing"]] == [f"{work}/app/config"]
    assert [move["weak"] for move in value["moves"]] == [True]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    name = b"\x1b[31m\n\xff=\xe2\x80\xae"
    folder = tmp_path / "work"
    folder.mkdir()
    with Agent(f"f = open({name!r}, 'w')", tmp_path / "agent", cwd=folder) as agent:
        save(agent.pid, tmp_path / "image")
    (tmp_path / "tree").mkdir()
    os.rename(os.fsencode(folder) + b"/" + name, os.fsencode(tmp_path) + b"/tree/" + name + b"2")
    result = crimg("relocate", "-v", tmp_path / "image", tmp_path / "tree")
    assert result.returncode == 0
    assert all(line.isprintable() for line in result.stdout.decode().splitlines())
    assert "found:" in result.stdout.decode()
    (rule,) = answer(tmp_path / "image", tmp_path / "tree")["rules"]
    assert bytes.fromhex(rule["new_hex"]).endswith(b"/tree/" + name + b"2")
    assert crimg("preflight", "--map", rule["text"], tmp_path / "image").returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["IMAGE"], 2, "DIR"),
        (["IMAGE", "/no/such"], 4, "/no/such: No such file or directory"),
        (["IMAGE", ""], 2, "an empty name is no directory to search"),
        (["IMAGE", "/dev/null"], 4, "/dev/null: Not a directory"),
        (["--root", "WORK", "IMAGE", "/"], 2, "/: is not inside"),
        (["--timeout", "x", "IMAGE", "/"], 2, "--timeout x"),
        (["/dev/null", "/"], 2, "is no regular file"),
    ],
)
def test_errors_are_one_line(work: Path, words: list[str], status: int, problem: str) -> None:
    places = {"IMAGE": str(work.parent / "image"), "WORK": str(work)}
    result = crimg("relocate", *(places.get(word, word) for word in words))
    assert result.returncode == status
    assert result.stdout == b""
    assert re.fullmatch(rf"crimg: error: .*{re.escape(problem)}.*\n", result.stderr.decode())
