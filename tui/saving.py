"""A page as a text file."""

from __future__ import annotations

import asyncio
import os

from crimg.errors import CrimgError, FileError, UsageError
from crimg.escape import unescape
from crimg.tui.bars import Prompt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.app import Browser
    from crimg.tui.rows import Rows

_AT_ONCE = 500
_MOST = 1_000_000


async def save(name: str, title: str, rows: Rows) -> int:
    """Write all rows to a new file; how many. name: in the escaped form. Raises FileError, UsageError."""
    if len(rows) > _MOST:
        raise UsageError(f"{len(rows):,} rows are too many to save: filter them, or use crimg inspect")
    try:
        fd = os.open(os.path.expanduser(unescape(name)), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(f"{title}\n{rows.header}\n" if rows.header else f"{title}\n")
            for index in range(len(rows)):
                file.write(rows.row(index).text.rstrip() + "\n")
                if index % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # the keys have a turn
    except (OSError, ValueError) as error:
        raise FileError(f"{name}: {getattr(error, 'strerror', None) or error}") from error
    return len(rows)


def ask_and_save(app: Browser) -> None:
    """Ask for a file, and save what the page shows."""

    async def work(name: str, rows: Rows) -> None:
        try:
            count = await save(name, app.page.title, rows)
        except CrimgError as error:
            app.say(str(error), "error")
        else:
            app.say(f"{count:,} rows saved")

    def named(name: str) -> None:
        app.run_worker(work(name, app.view("main").rows), group="save")

    app.query_one(Prompt).ask("Save the page as (a new file):", named)
