"""The values of an object's columns in words."""

from __future__ import annotations

from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = dict[str, Any]


def value_words(field: Row) -> str:
    """A column's value in words, with the number behind them where they hide it."""
    value, meaning = field["value"], field["meaning"]
    if meaning is None:
        return _raw(value)
    text = meaning if isinstance(meaning, str) else " ".join(meaning) or "none"
    if field["name"] == "mode" or text.startswith("O_"):
        return f"{text} ({_octal(value)})"
    return f"{text} ({value:#x})" if isinstance(meaning, list) and isinstance(value, int) else text


def _octal(value: int) -> str:
    """As C and the manual pages write it."""
    return f"0{value:o}" if value else "0"


def _raw(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (bytes, str)):
        return escape(value) or '""'
    if isinstance(value, list):
        return " ".join(map(_raw, value)) or "none"
    if isinstance(value, dict):
        from crimg.views.plain import plain

        return escape(str(plain(value)))
    return str(value)
