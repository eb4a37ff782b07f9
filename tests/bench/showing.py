"""The application on a terminal: how soon it shows an image, and what it takes in memory."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.install import scripts
from tests.bench.loading import write_large_tables
from tests.bench.measure import Series, alternate
from tests.bench.screen import on_screen
from tests.bench.table import Row
from tests.many_files import write_many_files
from tests.unit.sparse import write_sparse_image
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.bench.settings import Settings

TITLE = "Showing"
_FOLDERS = 1000
_FIRST = "Will it come back?"
"""What stands on the first screen, below what the image is."""
_EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("It is empty")
Empty().run()
"""
_MOST_MEMORY = 300
_BETWEEN = 0.3
"""Seconds between two letters of one who types fast."""


def first_paint(command: Sequence[str | Path], text: str) -> float:
    """Seconds from the start of a command to the text on its screen."""
    with on_screen(command) as screen:
        return screen.wait_for(text)


def first_answer(command: Sequence[str | Path]) -> float:
    """Seconds from the start of a command to the answer of a key, pressed as soon as there is a screen."""
    with on_screen(command) as screen:
        screen.wait_for(_FIRST)
        screen.press("?")
        return screen.wait_for("Everywhere")


def memory(command: Sequence[str | Path]) -> float:
    """MiB that the application has had when all tables are read, all is checked, and all ends were seen."""
    with on_screen(command) as screen:
        screen.wait_for(_FIRST)
        screen.press("5")
        screen.wait_for(" rules", "15")  # which stands there when validate has ended
        screen.press("G")
        for key, title in (("4", "Objects ("), ("2", "mappings)"), ("6", "files differ")):
            screen.press(key)
            screen.wait_for(title)
            screen.press("Gg")
        return screen.peak_memory() / (1 << 20)


def typing(command: Sequence[str | Path]) -> float:
    """Seconds from a letter of a rule for all paths to its echo, the one in the middle of several.

    The plan is made anew with each, and what comes of the letters before it arrives meanwhile.
    """
    typed, waited = "", []
    with on_screen(command) as screen:
        screen.wait_for("differ here")  # all tables are read
        screen.press("r")
        screen.wait_for("only")
        screen.press("\t")
        for letter in "/other":
            typed += letter
            screen.watch(_BETWEEN)
            started = time.perf_counter()
            screen.press(letter)
            screen.wait_for(typed)
            waited.append(time.perf_counter() - started)
    return median(waited)


def rows(settings: Settings) -> Iterator[Row]:
    """An image larger than memory, and one with large tables, beside an application that shows one line."""
    python, crimg, _ = scripts(settings.folder)
    large, tables = settings.folder / "large.crimg", settings.folder / "tables.crimg"
    write_sparse_image(large, settings.image)
    if not tables.exists():
        write_large_tables(tables, settings.rows)
    images = {
        f"an image of {settings.image >> 30} GiB": large,
        f"{settings.rows:,} vmas and {settings.rows:,} fds": tables,
    }
    commands = [[crimg, "tui", path] for path in images.values()]
    empty, *figures = alternate(
        settings.rounds,
        lambda: first_paint([python, "-c", _EMPTY], "It is empty"),
        *(lambda command=command: first_paint(command, _FIRST) for command in commands),
        *(lambda command=command: first_answer(command) for command in commands),
    )
    shown, answered = figures[: len(commands)], figures[len(commands) :]
    against = ("empty Textual application", empty.times(1e3))
    for what, figure in zip(images, shown, strict=True):
        text = f"first screen of {what}, ms from the start"
        yield Row(text, figure.times(1e3), at_most=500, note="drawn before Textual is imported")
        yield Row(text, figure.times(1e3), *against, note="its first screen")
    for what, figure in zip(images, answered, strict=True):
        text = f"first key answered with {what}, ms from the start"
        yield Row(text, figure.times(1e3), *against, note="? pressed as soon as there is a screen: its help")
    for what, path in images.items():
        peak = Series([memory([crimg, "tui", path])])
        yield Row(
            f"all pages of {what}, peak RSS MiB", peak, at_most=_MOST_MEMORY, note="without its children"
        )
    large.unlink()
    yield from _typing(settings, crimg)


def _typing(settings: Settings, crimg: Path) -> Iterator[Row]:
    """A rule over very many files, beside one over a few."""
    many, few = settings.folder / "many-files.crimg", settings.folder / "few-files.crimg"
    write_many_files(many, settings.rows, _FOLDERS)
    few.write_bytes(Draft().bytes())
    rounds = min(settings.rounds, 3)
    figures = alternate(rounds, *(lambda path=path: typing([crimg, "tui", path]) for path in (many, few)))
    over_many, over_few = (series.times(1e3) for series in figures)
    text = f"a letter of a rule over {settings.rows:,} files until it is seen, ms"
    yield Row(text, over_many, at_most=100, note="while plans are made and checks run")
    yield Row(text, over_many, "over 10 files", over_few)
