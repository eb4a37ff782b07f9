"""Programs and places that the tests of dumping share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dump.disturbed import AGENT, new_counter, new_watch
from tests.dump.programs import Agent, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def image_path(tmp_path: Path) -> Path:
    """Where an image may go."""
    return tmp_path / "image"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for an image, and for nothing else."""
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with Agent(AGENT, tmp_path / "target") as agent:
        yield agent


@pytest.fixture
def image(folder: Path) -> Path:
    """Where the image goes; its folder is for it alone."""
    return folder / "image"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Program]:
    with new_counter(tmp_path / "target") as program:
        yield program


@pytest.fixture
def threads(tmp_path: Path) -> Iterator[Program]:
    with new_watch(tmp_path / "target") as program:
        yield program
