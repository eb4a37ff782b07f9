"""The real directories of ../shared/corpus/criu, which are never written to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "criu"
NAMES = (
    *("anonfds", "append", "clonefiles", "cwdroot", "fifo", "ghost", "ghostshared", "ghostsparse", "inotify"),
    *("linkremap", "locks", "manymaps", "memfd", "moved", "namespaces", "nonutf8", "oddnames", "pty"),
    *("renamedover", "shmem", "simple", "tcplisten", "threads", "tree", "unix"),
)


def directory(name: str) -> Path:
    """A directory of the corpus; skips the test where there is none."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real CRIU images (../shared/corpus/criu) is not here")
    return CORPUS / name


def expected(name: str) -> Any:
    """What was written down of the living tree, and by another decoder."""
    return json.loads((directory(name) / "expected.json").read_text())
