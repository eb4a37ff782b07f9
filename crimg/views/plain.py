"""Records in the types of JSON."""

from __future__ import annotations

from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Row = dict[str, Any]

_DEEPEST = 24


def plain(value: Any, depth: int = 0) -> Any:
    """A record in the types of JSON."""
    if isinstance(value, dict):
        return _plain_map(value, depth) if depth < _DEEPEST else "(nested too deep)"
    if isinstance(value, (list, tuple)):
        return [plain(each, depth + 1) for each in value] if depth < _DEEPEST else "(nested too deep)"
    if isinstance(value, bytes):
        return _text(value)[0]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


def _plain_map(record: Mapping[Any, Any], depth: int) -> Row:
    result: Row = {}
    for name, value in record.items():
        key = name if isinstance(name, str) else escape(name)
        if isinstance(value, bytes):
            result[key], is_text = _text(value)
            if not is_text:
                result[f"{key}_hex"] = value.hex()
            continue
        result[key] = plain(value, depth + 1)
        if isinstance(value, list) and any(isinstance(each, bytes) and not _text(each)[1] for each in value):
            result[f"{key}_hex"] = [each.hex() if isinstance(each, bytes) else None for each in value]
    return result


def _text(data: bytes) -> tuple[str, bool]:
    try:
        return data.decode(), True
    except UnicodeDecodeError:
        return escape(data), False
