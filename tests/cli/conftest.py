from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.samples import small_image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small sample image, as a file."""
    path = tmp_path / "small.crimg"
    path.write_bytes(small_image())
    return path
