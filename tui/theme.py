"""Looks: what a role looks like in each theme, and the marks that say the same without colour."""

from __future__ import annotations

import os

from rich.style import Style
from textual.theme import Theme

DARK = Theme(
    name="crimg-dark",
    primary="#56B4E9",
    secondary="#56B4E9",
    accent="#E69F00",
    foreground="#E4E4E4",
    background="#12161C",
    surface="#12161C",
    panel="#20262F",
    success="#2FC49B",
    warning="#E69F00",
    error="#FF7043",
    dark=True,
)
LIGHT = Theme(
    name="crimg-light",
    primary="#005A8C",
    secondary="#005A8C",
    accent="#8A5A00",
    foreground="#1A1A1A",
    background="#FAFAF7",
    surface="#FAFAF7",
    panel="#E6E6E0",
    success="#006B4F",
    warning="#8A5A00",
    error="#B03A00",
    dark=False,
)
_ANSI = (
    *("ansi-background", "ansi-foreground", "border-blurred"),
    *("block-cursor-foreground", "block-cursor-background"),
    *("input-cursor-background", "input-cursor-foreground"),
    *("input-selection-background", "input-selection-foreground"),
    *("screen-selection-background", "screen-selection-foreground"),
)
MONO = Theme(
    name="crimg-mono",
    primary="ansi_default",
    secondary="ansi_default",
    accent="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    success="ansi_default",
    warning="ansi_default",
    error="ansi_default",
    dark=True,
    ansi=True,
    boost="ansi_default",
    variables={  # themes of this kind have no others
        **dict.fromkeys(_ANSI, "ansi_default"),
        "input-cursor-text-style": "reverse",
    },
)
THEMES = (DARK, LIGHT, MONO)

_SHAPES = {
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
_COLOURS = {
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
"""Role to the colour of the theme; the others have that of plain text."""
ROLES = tuple(_SHAPES)

MARKS = {"error": "x", "warning": "!", "note": ".", "ok": "+", "edited": "*", "": " "}
"""Role of a verdict to the mark before it: colour is never all that tells them apart."""


def wants_mono() -> bool:
    """Whether the user asked for no colour (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


_made: dict[str, dict[str, Style]] = {}


def styles(theme: Theme) -> dict[str, Style]:
    """Role to style. "cursor" and "cursor-blur" are laid over the row under the cursor."""
    if theme.name not in _made:  # it is asked for each row that is drawn
        _made[theme.name] = _styles(theme)
    return _made[theme.name]


def _styles(theme: Theme) -> dict[str, Style]:
    made = {"chosen": Style(reverse=True, bold=True)}
    for role, shape in _SHAPES.items():
        colour = getattr(theme, _COLOURS[role]) if role in _COLOURS and not theme.ansi else None
        made[role] = Style.parse(f"{shape} {colour or ''}".strip() or "none")
    if theme.ansi:
        made["cursor"], made["cursor-blur"] = Style(reverse=True), Style(bold=True)
    else:
        made["cursor"] = Style(bgcolor="#2B4A63" if theme.dark else "#BFDDF0", bold=True)
        made["cursor-blur"] = Style(bgcolor="#242B35" if theme.dark else "#E3E8EC")
    return made
