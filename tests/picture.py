"""The picture in README: `python -m tests.picture FILE.svg` (`make picture`).

It is made by the application itself, on the image of `crimg demo`.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from crimg.tui.app import Browser
from crimg.tui.places import FILES
from crimg.tui.session import Session
from tests.tui.screens import until, until_shown

_SIZE = (124, 24)
_PREFIX = "demo-"
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Textual names fonts in the network; a reader of README must not fetch anything."""


async def picture(name: str) -> str:
    """The files of the demo's program when all checks are done, the cursor on a replaced one: SVG.

    They alone are shown: libraries have paths of the machine that the picture is made on.
    """
    session = Session(name)
    app = Browser(session)
    try:
        async with app.run_test(size=_SIZE, notifications=True) as pilot:
            await until(pilot, lambda: set(session.checks.state.values()) == {"done"})
            await until(pilot, lambda: not app.checking.news)
            app.go(FILES)
            view = app.view("main")
            await pilot.press("slash")
            await pilot.press(*_PREFIX, "enter")
            await until_shown(pilot, app, "filter: ")
            texts = [view.rows.row(number).text for number in range(len(view.rows))]
            view.move_to(next(number for number, text in enumerate(texts) if "replaced" in text))
            await until_shown(pilot, app, "name_state", "replaced")
            return _FONTS.sub("", app.export_screenshot(title=f"crimg tui {name}"))
    finally:
        session.close()


def make(target: Path) -> None:
    """Write the picture."""
    target = target.absolute()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        command = [sys.executable, "-m", "crimg", "demo", "--keep", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        os.chdir(folder)
        target.write_text(asyncio.run(picture("demo.crimg")))
        os.chdir(target.parent)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
