"""Running the schema compiler and the second implementation, both of which need node.

Where node or its packages are missing, a test is skipped with the reason; with CI=true it fails, since drift
would go unseen otherwise. Packages are installed by `npm ci` in format/generator, never by a test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.needed import missing
from tests.schema import FORMAT_DIR

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR_DIR = FORMAT_DIR / "generator"
_TIMEOUT = 120


def require_node() -> str:
    """The path of node; skips the test, or fails it in CI, where node or a package is missing."""
    node = shutil.which("node")
    if node is None:
        missing("node is not installed")
    if not (GENERATOR_DIR / "node_modules" / "kaitai-struct-compiler").is_dir():
        missing("npm packages are not installed: run `npm ci` in format/generator")
    assert node is not None
    return node


def call_node(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run node with these arguments and the generator's packages; what came of it."""
    return subprocess.run(
        [require_node(), *map(str, arguments)],
        capture_output=True,
        env={**os.environ, "NODE_PATH": str(GENERATOR_DIR / "node_modules")},
        timeout=_TIMEOUT,
        check=False,
    )


def run_node(*arguments: str | Path) -> bytes:
    """Its standard output, where it succeeds; what it says of an error is part of the failure."""
    result = call_node(*arguments)
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return result.stdout


def generate(*arguments: str | Path) -> None:
    """Run the generator."""
    run_node(GENERATOR_DIR / "generate.js", *arguments)
