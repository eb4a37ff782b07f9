"""Images of CRIU: a directory, and archives of container engines. They are browsed and checked only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.criu.synthetic import small
from tests.criu.test_archives import archive, packed
from tests.tui.screens import answering, drive, opened, shown, type_over, until, until_shown

if TYPE_CHECKING:
    from pathlib import Path

_DIRECTORY = "it is a directory of CRIU: crimg rewrite changes it"
_ARCHIVE = "it is an archive: crimg rewrite -o writes a changed one"


def made(folder: Path, form: str) -> Path:
    """The same dump in one of the forms."""
    path = folder / f"checkpoint.{form}"
    if form != "directory":
        path.write_bytes(packed(archive(small().contents()), form))
        return path
    path.mkdir()
    for name, data in small().contents().items():
        (path / name).write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("form", "reason"),
    [("directory", _DIRECTORY), ("tar", _ARCHIVE), ("tar.zst", _ARCHIVE)],
)
def test_it_is_browsed_and_checked_and_says_why_it_is_read_only(
    tmp_path: Path, form: str, reason: str
) -> None:
    path = made(tmp_path, form)

    async def work() -> None:
        async with opened(path, (200, 30)) as (app, pilot):
            assert app.session.checks.state == {"validate": "done", "preflight": "done"}
            assert f"read-only    {reason}" in shown(app)
            assert f"read-only: {reason}" in shown(app).splitlines()[0]
            await pilot.press("3", "enter")
            await until_shown(pilot, app, "Referred to by")
            await pilot.press("colon", *"600000", "enter")
            await until_shown(pilot, app, "000000600000  02 02 02 02")
            await pilot.press("3", "e")
            await answering(pilot, app)
            await type_over(pilot, app, "/elsewhere")
            await until_shown(pilot, app, "+ 1 path to change")
            await pilot.press("enter")
            await until(pilot, lambda: len(app.session.draft.edits) == 1)
            await pilot.press("8", "w")
            await until_shown(pilot, app, "-> /elsewhere", f"read-only: {reason}")
            assert app.session.draft.pending

    drive(work)
