"""Images of real processes after every rewriter: sound, and alike in both implementations of the schema."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from crimg.model import KINDS, File, Inode, Socket
from crimg.model.enums import Keeper, Severity
from crimg.reader import open_image
from crimg.validate import validate
from tests.cli.command import crimg
from tests.dump.cases import CASES
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.kaitai_view import comparable_fields
from tests.node import generate
from tests.unit.test_format_javascript import read_by_javascript, read_by_python

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemas, compiled."""
    directory = tmp_path_factory.mktemp("javascript")
    generate("--javascript", directory)
    return directory


REWRITERS = {
    "rewrite": ["rewrite", "IMAGE", "--map", "/=/moved", "--quiet"],
    "rewrite -o": ["rewrite", "IMAGE", "--map", "/=/moved", "-o", "OTHER", "--quiet"],
    "compact": ["compact", "IMAGE"],
    "wrap": ["wrap", "IMAGE", "--map", "/moved=/again", "--", "cp", "{image}", "OTHER"],
    "redact": ["redact", "IMAGE", "--environment", "--arguments", "--vma", "anonymous", "-o", "OTHER"],
    "redact all": ["redact", "IMAGE", "--all", "--drop", "-o", "OTHER"],
    "compact --compress": ["compact", "IMAGE", "--compress", "-o", "OTHER"],
    "undo": ["undo", "IMAGE"],
}
"""In this order on one image: each finds what the one before has left."""


def latest(sections: list[Any]) -> dict[str, dict[str, Any]]:
    """Noun and key to the last row, among all that an implementation lists."""
    tables: dict[str, dict[str, Any]] = {}
    for section in sections:
        for batch in section["batches"] or ():
            cls = KINDS[batch["kind"]]
            names = [cls.fields[index] for index in cls.key_columns]
            for row in batch["rows"]:
                tables.setdefault(cls.noun, {})[json.dumps([row[name] for name in names])] = row
    return tables


def check(path: Path, javascript: Path, mark: str | None = None, schema: bool = True) -> None:
    """Fail unless the image is sound, and both implementations have the rows that the reader has.

    mark: what each finding says; None: there must be none.  schema: read it by the schema, too; what is
    compressed has no rows there.
    """
    if schema:
        data = path.read_bytes()
        seen, expected = read_by_javascript(javascript, data), read_by_python(data)
        assert seen == expected
    with open_image(path) as image:
        findings = validate(image).findings
        assert bool(findings) == (mark is not None), findings
        assert all(one.severity == Severity.WARNING and (mark or "") in one.text for one in findings)
        if not schema or any(section["batches"] is None for section in seen["sections"]):
            return
        rows = latest(seen["sections"])
        for cls in KINDS.values():
            read = [comparable_fields(row.as_dict()) for row in image.rows(cls)]
            if cls.noun not in ("log_entry", "history_entry"):
                assert read == list(rows.get(cls.noun, {}).values()), cls.noun


DELETED = """
fd = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(fd, b"deleted")
os.unlink("gone")
"""
LARGE = ("20,000 fds", "20,000 vmas")
"""Not read by the schema, which would take its time; other tests do it."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.sweep] if name in LARGE else [])
        for name in CASES
        if name != "sleep"
    ],
)
def test_every_rewriter(name: str, tmp_path: Path, javascript: Path) -> None:
    image = tmp_path / "image"
    with CASES[name].start(tmp_path / "it") as program:
        save(program.pid, image)
    check(image, javascript, schema=name not in LARGE)
    for verb, words in REWRITERS.items():
        if verb == "undo":
            assert crimg("rewrite", image, "--map", "/=/x").returncode == 0
        mark = "removed" if words[0] == "redact" else None
        made = run(words, image, javascript, mark, name not in LARGE)
        with open_image(made) as opened:
            names = {row.path[:6] for row in opened.rows(File) if row.path.startswith(b"/")}
        assert names == ({b"/again"} if verb == "wrap" else {b"/moved"}), verb


def run(
    words: list[str], image: Path, javascript: Path, mark: str | None = None, schema: bool = True
) -> Path:
    """The image that a verb makes, checked: OTHER in its words, or the IMAGE itself."""
    other = image.with_name("other")
    other.unlink(missing_ok=True)
    done = crimg(*({"IMAGE": str(image), "OTHER": str(other)}.get(word, word) for word in words))
    assert done.returncode == 0, done.stderr
    made = other if other.exists() else image
    check(made, javascript, mark, schema)
    return made


def test_evidence_of_copies(tmp_path: Path, javascript: Path) -> None:
    """--restamp: the files at the new paths are others, and the image is as sound with their evidence."""
    image, there, copy = tmp_path / "image", tmp_path / "it", tmp_path / "copy"
    with CASES["sqlite"].start(there) as program:
        save(program.pid, image)
        subprocess.run(["cp", "-a", there, copy], check=True)
    run(["rewrite", "IMAGE", "--map", f"{there}={copy}", "--restamp"], image, javascript)
    path = copy / "data.sqlite"
    with open_image(image) as opened:
        (file,) = (row for row in opened.rows(File) if row.path == bytes(path))
        inode = opened.find(Inode, file.inode)
        assert inode is not None
        assert inode.number == path.stat().st_ino


def test_keepers(tmp_path: Path, javascript: Path) -> None:
    """Of a deleted file that is kept as a copy: moved, then given up."""
    image, kept, moved = tmp_path / "image", tmp_path / "kept", tmp_path / "moved"
    kept.mkdir()
    with Agent(DELETED, tmp_path / "it") as program:
        save(program.pid, image, deleted=["copy"], keep_dir=str(kept))
    run(["rewrite", "IMAGE", "--keeper-area", f"{kept}={moved}"], image, javascript)
    with open_image(image) as opened:
        (inode,) = (row for row in opened.rows(Inode) if row.keeper == Keeper.COPIED)
        assert (inode.keeper_path or b"").startswith(bytes(moved))
    run(["rewrite", "IMAGE", "--drop-keeper", "all"], image, javascript, "are not in the image")
    with open_image(image) as opened:
        assert not [row for row in opened.rows(Inode) if row.keeper == Keeper.COPIED]


def test_a_socket_gets_a_path(tmp_path: Path, javascript: Path) -> None:
    """--set: the name is in the row of the socket, its file has none."""
    image = tmp_path / "image"
    with Agent(
        "import socket\none = socket.socket(socket.AF_UNIX)\none.bind('name')\none.listen()", tmp_path / "it"
    ) as agent:
        save(agent.pid, image)
    with open_image(image) as opened:
        (socket,) = (row for row in opened.rows(Socket) if row.path)
    run(["rewrite", "IMAGE", "--set", f"{socket.file}=/run/name"], image, javascript)
    with open_image(image) as opened:
        assert [row.path for row in opened.rows(Socket) if row.path] == [b"/run/name"]
