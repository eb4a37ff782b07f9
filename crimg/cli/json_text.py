"""JSON as every verb prints it: one object, each element of a list on a line of its own."""

from __future__ import annotations

import json

from crimg.views.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

VERSION = 1
"""Of the JSON output: keys are only added within a version."""


def object_lines(kind: str, members: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """The lines of a JSON object of this kind. members: key and value; they are taken one by one."""
    line = f'{{"crimg": {VERSION}, "kind": "{kind}"'
    for key, value in members:
        yield f"{line},"
        if not isinstance(value, list) or not value:
            line = f' "{key}": {_dump(value)}'
            continue
        yield f' "{key}": ['
        last = len(value) - 1
        for number, row in enumerate(value):
            yield f"  {_dump(row)}{',' if number < last else ''}"
        line = " ]"
    yield f"{line}}}"


def _dump(value: Any) -> str:
    text = json.dumps(plain(value), allow_nan=False)
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON lets stand
