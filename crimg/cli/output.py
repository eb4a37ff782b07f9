"""The standard output: lines of text, tables.

Piped output is UTF-8, whatever the locale, and nothing in it is cut. On a terminal the last column of a
table, which holds the path, is cut in its middle to fit.
"""

from __future__ import annotations

import os
import sys
from itertools import islice

from crimg.cli.streams import output_error
from crimg.errors import FileError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LINES_AT_ONCE = 4096
_LEAST_PATH = 12
_FOLD = 79


def shown_name(name: str | bytes) -> str:
    """The name of an image for people; "-" is the standard input."""
    return "standard input" if name in ("-", b"-") else escape(name)


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to the standard output. Raises FileError, BrokenPipeError."""
    if sys.stdout is None:
        raise FileError("standard output is closed")
    encoding = (sys.stdout.encoding or "utf-8") if sys.stdout.isatty() else "utf-8"
    pending = iter(lines)
    try:
        sys.stdout.flush()
        while chunk := list(islice(pending, _LINES_AT_ONCE)):
            data = ("\n".join(chunk) + "\n").encode(encoding, "backslashreplace")
            sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_error(error) from error


def terminal_columns() -> int | None:
    """Width of the terminal that the standard output is; None where it is none, and nothing is to be cut."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


def width(text: str) -> int:
    """Columns that a printable text takes on a terminal (wide characters of Unicode take two)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def cut_middle(text: str, columns: int) -> str:
    """The text, or its beginning and end around an ellipsis, in at most so many columns."""
    if width(text) <= columns:
        return text
    half = (columns - 1) // 2
    return _fitting(text, columns - 1 - half) + "…" + _fitting(text[::-1], half)[::-1]


def _fitting(text: str, columns: int) -> str:
    """The beginning of a text that takes at most so many columns."""
    while width(text[:columns]) > columns:
        text = text[: columns - 1] if len(text) >= columns else text[:-1]
    return text[:columns]


def folded(lead: str, text: str) -> Iterator[str]:
    """The lead and the words of the text, folded at 79 columns, the words below each other."""
    line = lead
    for word in text.split(" "):
        if len(line) + len(word) > _FOLD and len(line) > len(lead):
            yield line.rstrip()
            line = " " * len(lead)
        line += word + " "
    yield line.rstrip()


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    alignment: str,
    *,
    columns: int | None = None,
    gap: str = "  ",
) -> Iterator[str]:
    """The lines of a table.

    alignment: "<" or ">" for each column but the last, which is never padded, and is cut to fit `columns`.
    Columns that are empty in all rows are left out, but for the last.
    """
    cells = list(zip(*rows, strict=True)) or [()] * len(header)
    return column_table(header, cells, alignment, columns=columns, gap=gap)


def column_table(
    header: Sequence[str],
    cells: Sequence[Sequence[str]],
    alignment: str,
    *,
    columns: int | None = None,
    gap: str = "  ",
) -> Iterator[str]:
    """The same table, of which the cells are given column by column: quicker for one of thousands of rows."""
    *padded, paths = [[title, *below] for title, below in zip(header, cells, strict=True)]
    blocks = [
        _pad(column, side)
        for column, side in zip(padded, alignment, strict=True)
        if len(column) == 1 or any(column[1:])
    ]
    if columns is not None:
        room = max(columns - sum(len(block[0]) + len(gap) for block in blocks), _LEAST_PATH)
        paths = [cut_middle(path, room) for path in paths]
    for line, path in zip(map(gap.join, zip(*blocks, paths, strict=True)), paths, strict=True):
        yield line if path else line.rstrip()  # the blanks at the end of a path are its own


def _pad(cells: list[str], side: str) -> list[str]:
    """The cells, all of one width."""
    if "".join(cells).isascii():
        widest = max(map(len, cells))
        return [cell.rjust(widest) if side == ">" else cell.ljust(widest) for cell in cells]
    widths = list(map(width, cells))
    widest = max(widths)
    blanks = [" " * (widest - each) for each in widths]
    if side == ">":
        return list(map("".join, zip(blanks, cells, strict=True)))
    return list(map("".join, zip(cells, blanks, strict=True)))
