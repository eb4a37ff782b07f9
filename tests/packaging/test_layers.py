"""Rules about the code that no linter of ours knows."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("crimg", "format", "tui")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts and "generated" not in path.parts
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_things_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if tree.body:
        assert ast.get_docstring(tree), f"{path} has no module docstring"
    parents: list[ast.Module | ast.ClassDef] = [tree]
    parents += [node for node in tree.body if isinstance(node, ast.ClassDef)]
    missing = [
        node.name
        for parent in parents
        for node in parent.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not (isinstance(parent, ast.ClassDef) and parent.name.startswith("_"))
    ]
    assert not missing, f"{path}: no docstring: {missing}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_can_be_seen_whole(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_generated_code_and_node_modules_are_as_git_knows_them() -> None:
    """What npm installs never gets into a commit."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no git checkout")
    assert not [line for line in done.stdout.splitlines() if "node_modules" in line]
