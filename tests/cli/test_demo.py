"""`crimg demo` from end to end: a real process, dumped, inspected, still counting, and gone at the end."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import crimg as package
from crimg.model import Fd, File, Inode, Vma
from crimg.model.enums import Keeper, NameState
from tests.cli.command import crimg, environment

if TYPE_CHECKING:
    from pathlib import Path


def test_demo_explains_an_image_and_leaves_nothing_behind(tmp_path: Path) -> None:
    result = crimg("demo", env=environment(TMPDIR=str(tmp_path)))
    output = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    pid = re.search(r"runs as process (\d+) in", output)
    assert pid is not None and not os.path.exists(f"/proc/{pid[1]}")
    assert list(tmp_path.iterdir()) == []
    assert f"$ crimg dump {pid[1]} -o " in output
    states = {
        os.path.basename(line.split()[-1]): line for line in output.splitlines() if line.startswith("#")
    }
    assert "deleted" in states["scratch"] and "replaced" in states["config"] and "deleted" in states["table"]
    assert "[replaced]" in output
    counts = re.search(r"its counter was at (\d+), then at (\d+), and is at (\d+) now", output)
    assert counts is not None
    assert int(counts[1]) <= int(counts[2]) < int(counts[3])


def test_what_is_kept_is_the_image_that_was_explained(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    result = crimg("demo", "--keep", folder)
    assert result.returncode == 0, result.stderr.decode()
    assert f"crimg inspect {folder}/demo.crimg --memory" in result.stdout.decode()
    with package.open(folder / "demo.crimg") as image:
        files = {os.path.basename(file.path): file for file in image.rows(File)}
        scratch, config, table = files[b"scratch"], files[b"config"], files[b"table"]
        assert (scratch.name_state, table.name_state) == (NameState.DELETED, NameState.DELETED)
        assert config.name_state == NameState.REPLACED
        inode = image.find(Inode, config.inode)
        assert inode is not None and inode.number != os.stat(folder / "config").st_ino
        for file in (scratch, table):
            inode = image.find(Inode, file.inode)
            assert inode is not None and inode.keeper == Keeper.EMBEDDED
        assert table.objref not in {fd.file for fd in image.rows(Fd)}
        assert table.objref in {vma.file for vma in image.rows(Vma)}


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    result = crimg("demo", "--keep", tmp_path)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == f"crimg: error: {tmp_path}: is not empty\n"
    refused = crimg("demo", "--keep", "/dev/null/x")
    assert refused.returncode == 4
