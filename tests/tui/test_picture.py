"""The picture in README is one of the application as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from crimg.tui.heads import TABS
from tests.cli.command import environment

_ROOT = Path(__file__).parents[2]
_PICTURE = _ROOT / "docs" / "tui.svg"


def words(picture: Path) -> str:
    """The text in a picture, rows one after the other."""
    text = "".join(ElementTree.parse(picture).getroot().itertext())
    return re.sub(r"[ \xa0\n]+", " ", text)


def test_the_picture_can_be_made_and_shows_what_the_committed_one_does(tmp_path: Path) -> None:
    made = tmp_path / "new.svg"
    subprocess.run(
        [sys.executable, "-m", "tests.picture", str(made)],
        cwd=_ROOT,
        env=environment(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    for picture in (made, _PICTURE):
        told = words(picture)
        assert " ".join(f"{number} {name}" for number, name in enumerate(TABS, 1)) in told
        for text in ("crimg tui demo.crimg", "Files (", "replaced", "deleted", "journal", "here: kept"):
            assert text in told, (picture, text)
        assert "url(http" not in picture.read_text()


def test_readme_shows_it() -> None:
    assert f"]({_PICTURE.relative_to(_ROOT)})" in (_ROOT / "README.md").read_text()
