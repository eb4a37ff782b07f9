"""The themes, and the style of each role (crimg.tui.looks) in them."""

from __future__ import annotations

from rich.style import Style
from textual.theme import Theme

from crimg.tui.looks import COLOURS, DARK, LIGHT, SHAPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.looks import Palette

_ANSI = (
    *("ansi-background", "ansi-foreground", "border-blurred"),
    *("block-cursor-foreground", "block-cursor-background"),
    *("input-cursor-background", "input-cursor-foreground"),
    *("input-selection-background", "input-selection-foreground"),
    *("screen-selection-background", "screen-selection-foreground"),
)
_MONO = Theme(
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


def _theme(name: str, palette: Palette, *, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=palette.primary,
        secondary=palette.primary,
        accent=palette.accent,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.background,
        panel=palette.panel,
        success=palette.success,
        warning=palette.warning,
        error=palette.error,
        dark=dark,
    )


THEMES = (_theme("crimg-dark", DARK, dark=True), _theme("crimg-light", LIGHT, dark=False), _MONO)
_made: dict[str, dict[str, Style]] = {}


def styles(theme: Theme) -> dict[str, Style]:
    """Role to style. "cursor" and "cursor-blur" are laid over the row under the cursor."""
    if theme.name not in _made:  # it is asked for each row that is drawn
        _made[theme.name] = _styles(theme)
    return _made[theme.name]


def _styles(theme: Theme) -> dict[str, Style]:
    made = {"chosen": Style(reverse=True, bold=True)}
    for role, shape in SHAPES.items():
        colour = getattr(theme, COLOURS[role]) if role in COLOURS and not theme.ansi else None
        made[role] = Style.parse(f"{shape} {colour or ''}".strip() or "none")
    if theme.ansi:
        made["cursor"], made["cursor-blur"] = Style(reverse=True), Style(bold=True)
    else:
        palette = DARK if theme.dark else LIGHT
        made["cursor"] = Style(bgcolor=palette.cursor, bold=True)
        made["cursor-blur"] = Style(bgcolor=palette.blurred)
    return made
