from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples import small_image
from tests.validate.sound import Draft


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound image, as a file in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("sound.crimg")
    path.write_bytes(Draft().bytes())
    return path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small sample image, as a file in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.crimg"
    path.write_bytes(small_image())
    return path
