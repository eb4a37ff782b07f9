"""What things look like, in words and numbers: colours, shapes, and the marks that say the same without them.

Nothing here knows of Textual: the first screen is drawn before that is imported.
"""

from __future__ import annotations

import os
from typing import NamedTuple


class Palette(NamedTuple):
    """Colours of a theme, as "#RRGGBB".

    cursor, blurred: behind the row under the cursor, in the list with the keys and in the others.
    """

    primary: str
    accent: str
    foreground: str
    background: str
    panel: str
    success: str
    warning: str
    error: str
    cursor: str
    blurred: str


DARK = Palette(
    primary="#56B4E9",
    accent="#E69F00",
    foreground="#E4E4E4",
    background="#12161C",
    panel="#20262F",
    success="#2FC49B",
    warning="#E69F00",
    error="#FF7043",
    cursor="#2B4A63",
    blurred="#242B35",
)
LIGHT = Palette(
    primary="#005A8C",
    accent="#8A5A00",
    foreground="#1A1A1A",
    background="#FAFAF7",
    panel="#E6E6E0",
    success="#006B4F",
    warning="#8A5A00",
    error="#B03A00",
    cursor="#BFDDF0",
    blurred="#E3E8EC",
)
SHAPES = {
    "": "",
    "dim": "dim",
    "head": "bold",
    "key": "bold",
    "link": "underline",
    "path": "",
    "number": "",
    "error": "bold",
    "warning": "bold",
    "note": "",
    "ok": "",
    "edited": "bold",
    "match": "reverse",
}
"""Role to what is left of it without colour."""
COLOURS = {
    "head": "primary",
    "key": "accent",
    "link": "primary",
    "number": "primary",
    "error": "error",
    "warning": "warning",
    "note": "primary",
    "ok": "success",
    "edited": "accent",
}
"""Role to the colour of the palette; the others have that of plain text."""

MARKS = {"error": "x", "warning": "!", "note": ".", "ok": "+", "edited": "*", "": " "}
"""Role of a verdict to the mark before it: colour is never all that tells them apart."""

LEAST = (80, 24)
"""Columns and lines of a terminal below which there is room for one pane only."""
TREE, DETAIL = 26, 8
"""Columns of the tree, lines of the lower pane, as long as the user wants no others."""


def wants_mono() -> bool:
    """Whether the user asked for no colour (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))
