"""Columns of a terminal that a text takes."""

from __future__ import annotations


def _is_narrow(text: str) -> bool:
    """Whether each character takes one column: Latin letters and the edges of the panes."""
    return text.isascii() or all(letter < "\u0300" or letter in "│─" for letter in text)


def cells(text: str) -> int:
    """How many columns a text takes."""
    if _is_narrow(text):
        return len(text)
    from rich.cells import cell_len  # not needed for most, and slow to import

    return cell_len(text)


def fitting(text: str, width: int) -> int:
    """How many characters of a text fit into so many columns."""
    if _is_narrow(text):
        return min(len(text), width)
    for number, letter in enumerate(text):
        width -= cells(letter)
        if width < 0:
            return number
    return len(text)
