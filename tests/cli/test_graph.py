"""`crimg graph`: DOT, JSON, neighbourhoods, and that no name gets out of its quotes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from crimg.cli import main
from crimg.cli.graph import dot_string
from crimg.escape import escape
from crimg.graph import ObjectGraph, references
from crimg.model import Fd, File
from crimg.reader import open_image
from tests.cli import golden
from tests.cli.command import crimg, text
from tests.cli.schemas import problems
from tests.samples import (
    CRED,
    DELETED_FILE,
    EPOLL_FILE,
    FD_TABLE,
    FILESYSTEM,
    MM,
    PIPE,
    PROGRAM,
    PROGRAM_FILE,
    READ_END,
    TASK,
    WRITE_END,
)
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = b'/tmp/"];\nevil [label="\\N \\" \\\\ <b> {a|b} \x1b]0;owned\x07 \xff \xe2\x80\xae'

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NODE = re.compile(r"  n(\d+) \[label=(\".*\")(, style=dashed)?\];")
_EDGE = re.compile(r"  n(\d+) -> n(\d+) \[label=(\".*\")\];")


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sound image, in the folder where commands run."""
    path = tmp_path / "sound.crimg"
    path.write_bytes(Draft().bytes())
    monkeypatch.chdir(tmp_path)
    return path


def shown(quoted: str) -> str:
    """The text that graphviz shows for a quoted string of a label (lib/cgraph/scan.l, make_label)."""
    match = _STRING.fullmatch(quoted)
    assert match, quoted
    inside = match[1].replace('\\"', '"')
    return re.sub(r"\\(.)", lambda found: found[1] if found[1] == "\\" else f"<{found[1]}>", inside)


def parsed(output: str) -> tuple[dict[int, str], list[tuple[int, int, str]], set[int]]:
    """Nodes with their labels, edges with theirs, and dashed nodes, of a DOT file of ours."""
    first, *lines, last = output.splitlines()
    assert re.fullmatch(r'digraph "(?:[^"\\]|\\.)*" \{', first) and last == "}"
    nodes, edges, dashed = {}, [], set()
    for line in lines[2:]:
        if node := _NODE.fullmatch(line):
            nodes[int(node[1])] = shown(node[2])
            dashed |= {int(node[1])} if node[3] else set()
        else:
            edge = _EDGE.fullmatch(line)
            assert edge, line
            edges.append((int(edge[1]), int(edge[2]), shown(edge[3])))
    return nodes, edges, dashed


def test_transcripts(image: Path) -> None:
    golden.check("graph/sound.dot", text(crimg("graph", "sound.crimg")))
    golden.check("graph/pipe.json", text(crimg("graph", "sound.crimg", "--object", str(PIPE), "--json")))


def test_every_object_and_every_reference_is_there(image: Path) -> None:
    nodes, edges, dashed = parsed(text(crimg("graph", image)))
    draft = Draft()
    assert nodes.keys() == {row.key[0] for row in draft.records if "objref" in type(row).fields}
    assert not dashed
    wanted = set()
    for row in draft.records:
        owner = row.key[0]
        wanted |= {(owner, target) for _, target in references(row) if target != owner}
    assert {(source, target) for source, target, _ in edges} == wanted


def test_parts_are_named_on_the_edges_of_what_they_are_part_of(image: Path) -> None:
    _, edges, _ = parsed(text(crimg("graph", image)))
    labels: dict[tuple[int, int], list[str]] = {}
    for source, target, label in edges:
        labels.setdefault((source, target), []).append(label)
    assert labels[FD_TABLE, DELETED_FILE] == ["fd 3"]
    assert labels[TASK, CRED] == ["cred", "thread 4242, thread 4243 cred"]
    assert sorted(labels[MM, PROGRAM_FILE]) == ["exe", "vma 555555554000-555555556000"]


def test_many_parts_are_counted(tmp_path: Path) -> None:
    draft = Draft()
    for fd in range(100, 110):
        draft.add(Fd(table=FD_TABLE, fd=fd, cloexec=False, file=READ_END))
    path = tmp_path / "image"
    path.write_bytes(draft.counted().bytes())
    _, edges, _ = parsed(text(crimg("graph", path)))
    assert (FD_TABLE, READ_END, "fd 5, fd 100, fd 101 +8") in edges
    value = json.loads(text(crimg("graph", path, "--json")))
    (edge,) = (each for each in value["edges"] if (each["from"], each["to"]) == (FD_TABLE, READ_END))
    assert edge["parts"] == ["fd 5", *(f"fd {fd}" for fd in range(100, 110))]


def test_neighbourhoods(image: Path) -> None:
    def near(*words: str) -> set[int]:
        return set(parsed(text(crimg("graph", image, *words)))[0])

    assert near("--object", str(PIPE), "--depth", "0") == {PIPE}
    assert near("--object", str(PIPE)) == {PIPE, READ_END, WRITE_END}
    assert near("--object", f"#{PIPE}", "--depth", "2") == {PIPE, READ_END, WRITE_END, FD_TABLE, EPOLL_FILE}
    assert {PROGRAM, MM} <= near("--object", str(PROGRAM_FILE)) and FILESYSTEM not in near(
        "--object", str(PROGRAM_FILE)
    )
    assert near("--object", str(PIPE), "--depth", "1000") == set(parsed(text(crimg("graph", image)))[0])


def test_json_is_what_the_schema_says(image: Path) -> None:
    value = json.loads(text(crimg("graph", image, "--json")))
    assert problems(value, "graph") == []
    nodes, edges, _ = parsed(text(crimg("graph", image)))
    assert [node["objref"] for node in value["nodes"]] == sorted(nodes)
    assert [(edge["from"], edge["to"]) for edge in value["edges"]] == [edge[:2] for edge in edges]
    assert problems({**value, "edges": [{**value["edges"][0], "surprise": 1}]}, "graph")


def test_what_is_not_in_the_image_is_dashed(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(Draft().change(Fd, (FD_TABLE, 3), file=999).bytes())
    nodes, edges, dashed = parsed(text(crimg("graph", path)))
    assert dashed == {999} and nodes[999] == "#999 not in the image"
    assert (FD_TABLE, 999, "fd 3") in edges
    value = json.loads(text(crimg("graph", path, "--json")))
    assert {"objref": 999, "kind": None, "what": "not in the image"} in value["nodes"]
    assert problems(value, "graph") == []


def test_no_name_gets_out_of_its_quotes(tmp_path: Path) -> None:
    path = tmp_path / 'im"age\n'
    path.write_bytes(Draft().change(File, DELETED_FILE, path=HOSTILE).bytes())
    output = text(crimg("graph", path))
    assert all(char.isprintable() or char == "\n" for char in output)
    nodes, _, _ = parsed(output)
    assert nodes[DELETED_FILE].endswith(escape(HOSTILE))
    value = json.loads(text(crimg("graph", path, "--json")))
    (node,) = (each for each in value["nodes"] if each["objref"] == DELETED_FILE)
    assert bytes.fromhex(node["what_hex"]).endswith(HOSTILE)
    assert problems(value, "graph") == []


@pytest.mark.parametrize("plain", ["", "a", '"', "\\", "\\N", 'a\\"b', "\\\\", "\\n", "ends in \\"])
def test_strings_are_shown_as_they_are(plain: str) -> None:
    assert shown(dot_string(plain)) == plain


def test_errors(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("hello\n" * 20)
    (tmp_path / "cut").write_bytes(image.read_bytes()[:-9])
    cases: list[tuple[list[str], int, str]] = [
        (["text"], 3, "text: header at offset 0"),
        (["cut"], 3, "cut: "),
        (["sound.crimg", "--object", "999"], 2, "no object #999"),
        (["sound.crimg", "--object", "x"], 2, "an objref is a number"),
        (["sound.crimg", "--depth", "2"], 2, "--depth goes with --object"),
        (["sound.crimg", "--object", "10", "--depth", "-1"], 2, "--depth goes with --object"),
    ]
    for words, status, told in cases:
        assert main(["graph", *words]) == status
        captured = capsys.readouterr()
        assert told in captured.err and captured.err.count("\n") == 1 and captured.out == ""


def test_graph_of_an_image(image: Path) -> None:
    with open_image(str(image)) as opened:
        graph = ObjectGraph(opened)
        rows: list[Any] = [edge for edge in graph.edges if edge.source == FD_TABLE]
        assert {row.key[1] for edge in rows for row in edge.rows} == set(range(10)) - {2}
        assert graph.near(FD_TABLE, 0) == {FD_TABLE}
