"""Evidence in words, for lines and for JSON."""

from __future__ import annotations

import time

from crimg.preflight.judge import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.preflight.comparison import Evidence

_NAMES = {"build_id": "build-id", "rdev": "device number", "mode": "permissions"}
_TIMES = ("mtime", "ctime", "btime")
_HEX_SHOWN = 12
_NS = 10**9


def shown_name(name: str) -> str:
    """The name of a property for people ("build-id")."""
    return _NAMES.get(name, name)


def difference(evidence: Evidence) -> str:
    """ "size 11, now 15": a property that differs."""
    then, now = evidence.then, evidence.now
    name = shown_name(evidence.name)
    if evidence.name in _TIMES and isinstance(then, int) and isinstance(now, int):
        return f"{name} {_span(abs(now - then))} {'later' if now > then else 'earlier'}"
    if evidence.name == "handle":
        return name
    return f"{name} {_value(evidence.name, then)}, now {_value(evidence.name, now)}"


def _span(nanoseconds: int) -> str:
    for unit, factor in (
        ("days", 86400 * _NS),
        ("h", 3600 * _NS),
        ("min", 60 * _NS),
        ("s", _NS),
        ("ms", 10**6),
    ):
        if nanoseconds >= factor:
            return f"{nanoseconds / factor:.1f} {unit}"
    return f"{nanoseconds} ns"


def _value(name: str, value: object) -> str:
    plain = plain_value(name, value)
    if plain is None:
        return "none"
    if isinstance(value, bytes) and len(str(plain)) > _HEX_SHOWN:
        return f"{str(plain)[:_HEX_SHOWN]}..."
    return str(plain)


def utc(nanoseconds: int) -> str:
    """A time as ISO 8601 in UTC, with all digits of its second."""
    seconds, rest = divmod(nanoseconds, _NS)
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{rest:09d}Z"


def plain_value(name: str, value: object) -> str | int | None:
    """A value of a property as a number or a text.

    "8:1" for a device, octal for permissions, hexadecimal for bytes, ISO 8601 for times.
    """
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return ":".join(map(str, value))
    if not isinstance(value, int):
        return None
    if name in ("device", "rdev"):
        return f"{value >> 32}:{value & 0xFFFFFFFF}"
    if name in _TIMES:
        return utc(value)
    if name == "mode":
        return f"{value:04o}"
    return type_name(value) if name == "type" else value
