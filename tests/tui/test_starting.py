"""The way to the first screen."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.tui.screens import drive, opened

if TYPE_CHECKING:
    from pathlib import Path

_LOADED = """
import sys
from crimg.cli import parser, tui
from crimg.tui.session import Session
from crimg.tui.first_screen import lines
assert "Will it come back?" in "".join(lines(Session(sys.argv[1])))
print(*sys.modules)
import crimg.tui.app
print(*sys.modules)
"""


def test_what_is_not_needed_for_the_first_screen_is_not_imported(small: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, str(small)], capture_output=True, text=True, check=True
    )
    first, loaded = (set(line.split()) for line in done.stdout.splitlines())
    assert not first & {"textual", "rich", "asyncio"}
    assert "textual" in loaded
    parts = ("preflight", "compare", "dump", "kernel", "criu")
    assert not loaded & {f"crimg.{part}" for part in parts}


def test_cycles_are_collected_again_when_the_first_screen_is_there(small: Path) -> None:
    async def work() -> None:
        async with opened(small, checks=False):
            assert gc.isenabled()

    assert gc.isenabled()
    gc.disable()
    try:
        drive(work)
    finally:
        gc.enable()
