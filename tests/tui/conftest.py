from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.samples import small_image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small sample image, as a file in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.crimg"
    path.write_bytes(small_image())
    return path
