"""The screen that stands there before Textual does: the same lines, and a terminal that is left as it was."""

from __future__ import annotations

import re
import shlex
import sys
import termios
from typing import TYPE_CHECKING

import pytest

from crimg.tui.app import Browser
from crimg.tui.first_screen import ALTERNATE, lines
from crimg.tui.session import Session
from tests.bench.screen import on_screen
from tests.samples import small_image
from tests.tui.screens import drive, shown

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.screen import Screen

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_SCROLL_BAR = re.compile(r" +[▁-▇]$", re.MULTILINE)
SIZES = [(80, 24), (160, 50), (60, 20), (81, 23)]


def plain(session: Session) -> str:
    """Its text, without blanks at the ends of lines."""
    return "\n".join(_SGR.sub("", line).rstrip() for line in lines(session)) + "\n"


def first_drawn(session: Session, size: tuple[int, int]) -> str:
    """What the application draws before it has read any table; its scroll bar left out."""
    app = Browser(session)
    app._begin = lambda: None  # type: ignore[method-assign]
    texts = []

    async def work() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            texts.append(_SCROLL_BAR.sub("", shown(app)))

    drive(work)
    return texts[0]


def both(monkeypatch: pytest.MonkeyPatch, session: Session, size: tuple[int, int]) -> tuple[str, str]:
    """The first screen without Textual, and with it."""
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))
    return plain(session), first_drawn(session, size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_it_is_what_the_application_draws_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "\x1b[31m" + "名前" * 25 + ".crimg"
    (tmp_path / name).write_bytes(small_image())
    session = Session(name)
    mine, drawn = both(monkeypatch, session, size)
    assert mine == drawn
    assert "Will it come back?" in mine
    session.close()


def test_the_first_screen_of_a_comparison_has_the_lower_pane_too(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [Session(small.name), Session(small.name)]
    sessions[1].compare_with(sessions[0])
    mine, drawn = both(monkeypatch, sessions[1], (100, 30))
    assert mine == drawn
    for session in sessions:
        session.close()


def command(*words: str) -> list[str]:
    """A shell that runs words, says how that ended, and waits."""
    return ["sh", "-c", f"{shlex.join([sys.executable, *words])}; echo status=$?; read line"]


def attributes(screen: Screen) -> list[object]:
    """What the terminal does with keys."""
    return termios.tcgetattr(screen.terminal)


def test_the_application_takes_it_over_and_leaves_the_terminal_as_it_was(small: Path) -> None:
    with on_screen(command("-m", "crimg", "tui", str(small)), COLORTERM="", NO_COLOR="1") as screen:
        before = attributes(screen)
        screen.wait_for("Will it come back?")
        assert b"\x1b[?1000h" not in screen.written  # which asks for the mouse: Textual is not there yet
        first = screen.written
        screen.press("?")  # a key that comes too early
        screen.wait_for("Everywhere")
        screen.press("qq")
        screen.wait_for("status=0")
        assert attributes(screen) == before
        assert screen.written.count(ALTERNATE.encode()) == 1
        assert screen.written.count(b"\x1b[?1049l") == 1
        assert not re.search(rb"[34]8;", first), "no colours were asked for"


_BROKEN = """
import sys
from crimg.cli import main
sys.modules["crimg.tui.app"] = None
sys.exit(main(["tui", *sys.argv[1:]]))
"""


def test_where_the_application_does_not_come_up_the_terminal_is_as_it_was(small: Path) -> None:
    with on_screen(command("-c", _BROKEN, str(small))) as screen:
        before = attributes(screen)
        screen.wait_for("Will it come back?")
        screen.wait_for("status=70")
        assert attributes(screen) == before
        left = screen.written.partition(b"\x1b[?1049l")[2]
        assert b"crimg: error: a mistake in crimg" in left
        assert b"\x1b[?25h" in screen.written
