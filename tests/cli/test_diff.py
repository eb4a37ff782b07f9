"""`crimg diff` and `crimg log`: transcripts, JSON, exit status."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from crimg.model import Fd, File, HistoryEntry
from tests import samples
from tests.builders import ImageBuilder
from tests.cli.command import crimg, text
from tests.cli.golden import check
from tests.cli.schemas import problems
from tests.compare.pairs import OTHER, image, renumbered

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pair(small: Path) -> tuple[Path, Path]:
    """The small image, and another dump of its process some time later."""
    rows = [renumbered(row) for row in samples.small_records()]
    rows = [row.replace(position=99) if isinstance(row, File) and row.inode == 111 else row for row in rows]
    rows = [row.replace(fd=33) if isinstance(row, Fd) and row.fd == 1 else row for row in rows]
    pages = b"Z" * samples.PAGE + samples.SAVED_PAGES[samples.PAGE :]
    other = small.with_name("later.crimg")
    other.write_bytes(image(rows, uuid=OTHER, pages=pages))
    return small, other


@pytest.fixture
def rewritten(tmp_path: Path) -> Path:
    """An image with a second revision, in which one path is another."""
    files = [row for row in samples.small_records() if isinstance(row, File) and row.path == b"/tmp/gone"]
    entry = HistoryEntry(
        revision=2,
        time=samples.TIME + 10**9,
        tool_version="0.1.0",
        command=(b"crimg", b"rewrite", b"--map", b"/tmp=/\x1b[1m"),
        rules=(b"/tmp=/new",),
        note="1 path",
    )
    builder: ImageBuilder = samples.small_builder()
    builder.objects(File.row_kind, [row.replace(path=b"/new/gone") for row in files])
    path = tmp_path / "rewritten.crimg"
    path.write_bytes(builder.history([entry]).revision().bytes())
    return path


def shortened(output: str, *paths: Path) -> str:
    for path in paths:
        output = output.replace(str(path), path.name)
    return output


def test_text(pair: tuple[Path, Path]) -> None:
    result = crimg("diff", *pair)
    assert (result.returncode, result.stderr) == (1, b"")
    check("diff/two_dumps.txt", shortened(result.stdout.decode(), *pair))


def test_equal(small: Path) -> None:
    assert text(crimg("diff", small, small)).endswith("\nno differences\n")
    tables = text(crimg("diff", "--no-memory", small, small))
    assert tables.endswith("\nno differences (memory was not compared)\n")


def test_two_revisions(rewritten: Path) -> None:
    result = crimg("diff", rewritten)
    assert (result.returncode, result.stderr) == (1, b"")
    check("diff/two_revisions.txt", shortened(result.stdout.decode(), rewritten))
    assert crimg("diff", rewritten, "--from", "1", "--to", "2").stdout == result.stdout
    assert text(crimg("diff", rewritten, "--from", "2")).endswith("\nno differences\n")


def test_json(pair: tuple[Path, Path], rewritten: Path) -> None:
    for words in (pair, (rewritten,)):
        result = crimg("diff", "--json", *words)
        value = json.loads(result.stdout)
        assert (result.returncode, result.stderr, problems(value, "diff")) == (1, b"", [])
        assert not value["equal"]
        assert sum(value["counts"][way] for way in ("added", "gone", "changed")) == len(value["objects"])


def test_log(rewritten: Path) -> None:
    check("log/two_revisions.txt", text(crimg("log", rewritten)))
    check("log/two_revisions_verbose.txt", text(crimg("log", "-v", rewritten)))
    value = json.loads(text(crimg("log", "--json", rewritten)))
    assert problems(value, "log") == []
    assert [row["revision"] for row in value["revisions"]] == [2, 1]
    assert sum(row["added_bytes"] for row in value["revisions"]) == rewritten.stat().st_size
    assert [len(row["changes"] or ()) for row in value["revisions"]] == [1, 0]


def test_log_of_a_compacted_image(rewritten: Path) -> None:
    """What there was before is shown, also after another one: numbers can be there twice."""

    def headings() -> list[tuple[str, str]]:
        return re.findall(
            r"^revision (\d+)( \(before a compaction\))?", text(crimg("log", rewritten)), re.MULTILINE
        )

    before = " (before a compaction)"
    assert crimg("compact", rewritten).returncode == 0
    assert headings() == [("1", ""), ("2", before), ("1", before)]
    rewrite = crimg("rewrite", rewritten, "--force", "--map", "/new=/newer")
    assert rewrite.returncode == 0, rewrite.stderr
    output = text(crimg("log", rewritten))
    assert headings() == [("2", ""), ("1", ""), ("2", before), ("1", before)]
    assert output.count("not to be had any more, the image was compacted since") == 2
    assert "command: crimg rewrite --map /tmp=/\\x1b[1m" in output
    assert "changed: file: 1 (path)" in output
    assert crimg("compact", rewritten).returncode == 0
    assert headings() == [("1", ""), ("2", before), ("1", before), ("2", before), ("1", before)]
    value = json.loads(text(crimg("log", "--json", rewritten)))
    assert problems(value, "log") == []
    assert [row["in_file"] for row in value["revisions"]] == [True] + [False] * 4


@pytest.mark.parametrize("earlier", [7, ({},), ({"revision": 1, "time": "x"},), (b"row",)])
def test_log_of_what_is_no_history(tmp_path: Path, earlier: object) -> None:
    (first,) = samples.HISTORY
    builder = ImageBuilder(created=samples.TIME).batches(samples.tables(samples.small_records()))
    path = tmp_path / "hostile.crimg"
    path.write_bytes(builder.history([first.replace(extra={"earlier": earlier})]).revision().bytes())
    result = crimg("log", path)
    assert result.returncode == 3
    assert "revision 1: earlier holds what is no row: history_entry." in result.stderr.decode()


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["diff", "-"], 2, "read once only"),
        (["diff", "IMAGE"], 2, "revision 1 has none before it"),
        (["diff", "IMAGE", "--from", "9"], 2, "9"),
        (["diff", "IMAGE", "--to", "7"], 2, "there is no revision 7; the last is 1"),
        (["diff", "IMAGE", "IMAGE", "IMAGE"], 2, "one or two"),
        (["diff", "IMAGE", "/no/such"], 4, "/no/such"),
        (["diff", "IMAGE", "/etc/passwd"], 3, "/etc/passwd: "),
        (["log", "/etc/passwd"], 3, "/etc/passwd: "),
        (["log", "-"], 2, "read once only"),
    ],
)
def test_errors_are_one_line(small: Path, words: list[str], status: int, problem: str) -> None:
    result = crimg(*(str(small) if word == "IMAGE" else word for word in words))
    assert (result.returncode, result.stdout) == (status, b"")
    assert re.fullmatch(rf"crimg: error: .*{re.escape(problem)}.*\n", result.stderr.decode())
