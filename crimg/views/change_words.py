"""Objects that differ (crimg.views.changes), as lines of text; `+` added, `-` gone, `~` changed."""

from __future__ import annotations

from crimg.escape import escape
from crimg.views.changes import count_records
from crimg.views.values import value_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.compare import Difference

    Row = dict[str, Any]

MARKS = {"added": "+", "gone": "-", "changed": "~"}
_SHOWN_AT_ONCE = 20
_LONGEST_HEX = 64
_HEX_AROUND = 16


def object_lines(rows: list[Row], *, every: bool, verbose: bool) -> Iterator[str]:
    """The rows of one kind that differ. every, verbose: as of `text_lines`."""
    shown = rows if every else rows[:_SHOWN_AT_ONCE]
    for row in shown:
        place = row["after"] or row["before"]
        number = f"#{place[row['kind']]} " if len(place) == 1 and row["kind"] in place else ""
        yield f"  {MARKS[row['change']]} {number}{escape(row['what'])}".rstrip()
        for field in row["fields"]:
            yield f"      {field_text(field, verbose=verbose)}"
    if len(shown) < len(rows):
        yield f"  ... and {len(rows) - len(shown)} more (--all shows them)"


def field_text(field: Row, *, verbose: bool) -> str:
    """One column of an object: "position: 8 -> 12". verbose: long values whole."""
    before, after = field["before"], field["after"]
    name = f"{field['name']}:"
    if field["differs_at"] is not None:
        return f"{name} the contents differ from byte {field['differs_at']} on"
    if not verbose and _is_long(field):
        return f"{name} {_hex_difference(before, after)}"
    meanings = [field["before_meaning"], field["after_meaning"]]
    if all(isinstance(each, list) for each in meanings) and len(meanings[0]) == len(meanings[1]):
        pairs = [pair for pair in zip(*meanings, strict=True) if pair[0] != pair[1]]
        if pairs:
            return f"{name} " + ", ".join(f"{left} -> {right}" for left, right in pairs)
    values = [_value(field, side) for side in ("before", "after")]
    return f"{name} {values[0]} -> {values[1]}"


def _value(field: Row, side: str) -> str:
    """One of the two values. References and texts of the image are escaped."""
    meaning = field[f"{side}_meaning"]
    if isinstance(meaning, bytes):
        return escape(meaning)
    return value_words({"name": field["name"], "value": field[side], "meaning": meaning})


def _is_long(field: Row) -> bool:
    return any(
        isinstance(field[side], str) and len(field[side]) > _LONGEST_HEX for side in ("before", "after")
    )


def _hex_difference(before: str | None, after: str | None) -> str:
    """Where two long strings of bytes, in hexadecimal digits, begin to differ."""
    left, right = before or "", after or ""
    start = next((i for i, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
    start = min(len(left), len(right)) if start is None else start
    start -= start % 2
    parts = [
        f"{side[start : start + _HEX_AROUND]}{'...' if len(side) > start + _HEX_AROUND else ''}" or "nothing"
        for side in (left, right)
    ]
    lengths = f"{len(left) // 2} bytes" + (f", now {len(right) // 2}" if len(left) != len(right) else "")
    return f"{lengths}; from byte {start // 2}: {parts[0]} -> {parts[1]}"


def pages_text(memory: Row) -> str:
    """How many pages of an address space differ, by how (a record of `memory_change_records`)."""
    return ", ".join(
        f"{count_words(memory[change]['pages'], 'page')} {change}"
        for change in MARKS
        if memory[change]["pages"]
    )


def count_words(number: int, what: str) -> str:
    """ "3 pages"."""
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def summary(found: Difference) -> str:
    """One line that counts what differs."""
    counts = count_records(found)
    objects = [f"{counts[change]:,} {change}" for change in MARKS if counts[change]]
    pages = [f"{counts[f'pages_{change}']:,} {change}" for change in MARKS if counts[f"pages_{change}"]]
    parts = [f"objects: {', '.join(objects)}"] if objects else []
    parts += [f"pages: {', '.join(pages)}"] if pages else []
    told = "; ".join(parts) or "no differences"
    return told if found.contents else f"{told} (memory was not compared)"
