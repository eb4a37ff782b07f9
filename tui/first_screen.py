"""The first screen, before Textual is there: to import that takes longer than to open an image.

It has the lines that the application draws first, on the alternate screen, which the application takes over.
Keys that are pressed meanwhile wait in the terminal, and are answered then.
"""

from __future__ import annotations

import os
import shutil
import sys
import termios
from contextlib import suppress

from crimg.tui.cells import cells, fitting
from crimg.tui.heads import head_spans, status_spans, tab_spans
from crimg.tui.looks import COLOURS, DARK, DETAIL, LEAST, SHAPES, TREE, wants_mono
from crimg.tui.navigator import Tree
from crimg.tui.pages import page_of
from crimg.tui.rows import Fixed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any, Self

    from crimg.tui.rows import Rows, Span
    from crimg.tui.session import Session

ALTERNATE = "\x1b[?1049h"
"""What makes a terminal show its other screen, and clears that (xterm, ctlseqs)."""
_BACK = "\x1b[0m\x1b[?25h\x1b[?1049l"
_SGR = {"": "", "bold": ";1", "dim": ";2", "underline": ";4", "reverse": ";7"}
_IFLAG, _LFLAG, _CC = 0, 3, 6
_TRANSLATED = termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR


class FirstScreen:
    """A context in which the first screen of a session is shown until the application takes it over.

    standing: it is on the terminal, and nobody has taken it over.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before: list[Any] | None = None
        self.standing = False

    def __enter__(self) -> Self:
        """Show it."""
        text = "".join(f"\x1b[{at};1H{line}" for at, line in enumerate(lines(self._session), 1))
        self._before = _hold_keys()
        self.standing = True
        _write(f"{ALTERNATE}\x1b[?25l{text}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away, unless it was taken over: then the application does so."""
        if self.standing:
            _write(_BACK)
            _give_keys_back(self.taken_over())

    def taken_over(self) -> list[Any] | None:
        """The application stands there now; the attributes that the terminal is to have after it."""
        self.standing = False
        return self._before


def _write(text: str) -> None:
    """To where the application writes, too."""
    sys.stderr.write(text)
    sys.stderr.flush()


def _hold_keys() -> list[Any] | None:
    """Have the terminal keep each key as it is, and echo none; its attributes before. Signals stay."""
    try:
        before = termios.tcgetattr(sys.stderr)
        held = termios.tcgetattr(sys.stderr)
        held[_IFLAG] &= ~_TRANSLATED
        held[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        held[_CC][termios.VSUSP] = os.fpathconf(sys.stderr.fileno(), "PC_VDISABLE").to_bytes()
        termios.tcsetattr(sys.stderr, termios.TCSANOW, held)
    except termios.error:  # it is gone: the application will say so
        return None
    return before


def _give_keys_back(before: list[Any] | None) -> None:
    if before is not None:
        with suppress(termios.error):
            termios.tcsetattr(sys.stderr, termios.TCSANOW, before)


def lines(session: Session) -> list[str]:
    """The lines of the terminal, from the first one, with their looks."""
    width, height = shutil.get_terminal_size()
    paint = _Paint()
    room = max(height - 3, 1)
    if width < LEAST[0] or height < LEAST[1]:
        left, right = [""] * room, width
    else:
        edge = paint.line([("dim", "│")], 1)
        left = [one + edge for one in paint.rows(Tree(session), TREE, room, "blurred")]
        right = width - TREE - 1
    session.room = right - 1
    page = page_of(session, session.trail.place)
    lower = (DETAIL + 1) * (page.split and right < width)
    main = [paint.line([("head", page.title)], right)]
    main += paint.rows(page.rows, right, room - 1 - lower, "cursor")
    if lower:
        main.append(paint.line([("dim", "─" * right)], right))
        main += paint.rows(_beneath(session, page.rows), right, DETAIL, "background")
    return [
        paint.line(head_spans(session, width), width, "panel"),
        paint.line(tab_spans(session), width),
        *map("".join, zip(left, main, strict=True)),
        paint.line(status_spans(page, "", width), width, "panel"),
    ]


def _beneath(session: Session, rows: Rows) -> Rows:
    """What the lower pane says of the first row."""
    place = rows.row(0).beside if len(rows) else None
    return page_of(session, place).rows if place is not None else Fixed([])


class _Paint:
    """Turns spans into text for the terminal, with the colours of the theme where it has them."""

    def __init__(self) -> None:
        self._mono = wants_mono()
        self._coloured = not self._mono and os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")

    def rows(self, rows: Rows, width: int, height: int, cursor: str) -> list[str]:
        """So many lines of a list, its first row under the cursor; beside a longer one is a scroll bar."""
        shown = min(len(rows), height)
        room = width - (len(rows) > height)
        made = [self.line(rows.row(at).spans, room, "background" if at else cursor) for at in range(shown)]
        beside = self.line((), width - room)
        return [line + beside for line in made + [self.line((), room)] * (height - shown)]

    def line(self, spans: Iterable[Span], width: int, ground: str = "background") -> str:
        """One line. ground: the colour of the palette behind it."""
        base = f"\x1b[0{self._ground(ground)}"
        parts = []
        for role, text in spans:
            shown = text[: fitting(text, width)]
            width -= cells(shown)
            parts.append(f"{base}{self._look(role)}m{shown}")
        return "".join((*parts, f"{base}m", " " * width))

    def _ground(self, name: str) -> str:
        if self._coloured:
            bold = ";1" if name == "cursor" else ""
            return f";38;2{_rgb(DARK.foreground)};48;2{_rgb(getattr(DARK, name))}{bold}"
        return {"cursor": ";7", "blurred": ";1"}.get(name, "")

    def _look(self, role: str) -> str:
        if role == "chosen":
            return ";1;7"
        colour = f";38;2{_rgb(getattr(DARK, COLOURS[role]))}" if self._coloured and role in COLOURS else ""
        return _SGR[SHAPES[role]] + colour


def _rgb(colour: str) -> str:
    """ "#FF7043" as numbers."""
    return "".join(f";{int(colour[at : at + 2], 16)}" for at in (1, 3, 5))
