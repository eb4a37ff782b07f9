"""What the way to a prompt answer must not import. Times are for `make bench`; this is exact."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import TIMEOUT, environment

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "textual",
    "rich",
    "asyncio",
    "dataclasses",
    "typing",
    "json",
    "logging",
    "subprocess",
    "zstandard",
    "inspect",
    "pathlib",
    "shutil",
    "difflib",
    "unicodedata",
    "locale",
    "tempfile",
    "traceback",
    "importlib.metadata",
    "crimg.writer",
    "crimg.dump",
    "crimg.kernel",
    "crimg.criu",
    "google.protobuf",
    "crimg.tui",
    "crimg.cli.inspect_json",
    "crimg.cli.inspect_details",
)


def modules_after(*words: str) -> set[str]:
    """Names of the modules that are loaded when `crimg` with these words is done."""
    code = (
        "import sys\nfrom crimg.cli import main\n"
        f"status = main({list(words)!r})\n"
        "sys.stderr.write(' '.join(sys.modules))\nraise SystemExit(status)"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        env=environment(PYTHONPATH=":".join(sys.path)),
        timeout=TIMEOUT,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout
    return set(result.stderr.decode().split())


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("inspect", "IMAGE")])
def test_nothing_heavy_is_imported(words: tuple[str, ...], small: Path) -> None:
    loaded = modules_after(*(str(small) if word == "IMAGE" else word for word in words))
    assert "crimg.cli" in loaded
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_only_the_verb_that_is_asked_for_is_imported(small: Path) -> None:
    loaded = modules_after("inspect", str(small))
    assert {name for name in loaded if name.startswith("crimg.cli.")} == {
        "crimg.cli.streams",
        "crimg.cli.parser",
        "crimg.cli.inspect",
        "crimg.cli.output",
        "crimg.cli.inspect_text",
    }
    assert not any(name.startswith("crimg.cli.") and "inspect" in name for name in modules_after("--help"))


def test_protobuf_is_for_images_of_criu_only(small: Path) -> None:
    for words in (["validate", "--rule", "C301"], ["graph"]):
        assert modules_after(*words, str(small)).isdisjoint({"crimg.criu", "google.protobuf"})


def test_sections_import_only_what_they_need(small: Path) -> None:
    assert modules_after("inspect", str(small), "--fds").isdisjoint({"json", "typing", "zstandard"})
    assert modules_after("inspect", str(small), "--json").isdisjoint({"typing", "zstandard", "asyncio"})
