"""Rules in a TOML file:

    [[rule]]
    kind = "prefix"             # or exact, glob, regex; prefix where it is left out
    old = "/srv/db"
    new = "/mnt/db"
    places = ["fd", "vma"]      # only there
    objects = [13, 15]          # only these

`old` and `new` are written in the escapes in which crimg shows paths (crimg.escape); `old` of a regex is
taken as it is, since regular expressions have escapes of their own.
"""

from __future__ import annotations

from crimg.errors import FileError, UsageError
from crimg.escape import escape, one_line, unescape
from crimg.rewrite.matching import PREFIX, REGEX, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONGEST = 64 << 20
_KEYS = ("kind", "old", "new", "places", "objects")


def read_rules(path: str) -> list[Rule]:
    """The rules of a file. Raises FileError where it cannot be read, UsageError for what is wrong in it."""
    data = read_whole(path, _LONGEST)
    try:
        return parse_rules(data)
    except UsageError as error:
        raise UsageError(f"{escape(path)}: {error}") from error


def read_whole(path: str, most: int) -> bytes:
    """The bytes of a file, a pipe too. Raises FileError, and UsageError for more than `most`."""
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise FileError(f"{escape(path)}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > most:
        raise UsageError(f"{escape(path)}: has more than {most >> 20} MiB")
    return data


def parse_rules(data: bytes) -> list[Rule]:
    """The rules that a TOML document has, in its order. Raises UsageError."""
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(one_line(f"is no TOML: {error}")) from error
    for key in document:
        if key != "rule":
            raise UsageError(f"{escape(key)} means nothing here; a rule begins with [[rule]]")
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError("rule is no list of tables; a rule begins with [[rule]]")
    rules = []
    for number, table in enumerate(tables, 1):
        try:
            rules.append(make_rule(table))
        except UsageError as error:
            raise UsageError(f"rule {number}: {error}") from error
    return rules


def make_rule(table: dict[str, Any]) -> Rule:
    """The rule of one table, whose keys are those above. Raises UsageError."""
    for key in table:
        if key not in _KEYS:
            raise UsageError(f"{escape(key)} is no key; these are {', '.join(_KEYS)}")
    kind = _text(table.get("kind", PREFIX), "kind")
    for key in ("old", "new"):
        if key not in table:
            raise UsageError(f"has no {key}")
    old, new = _text(table["old"], "old"), _text(table["new"], "new")
    return Rule(
        kind,
        old.encode() if kind == REGEX else unescape(old),
        unescape(new),
        places=_list(table.get("places"), str, "places"),
        objects=_list(table.get("objects"), int, "objects"),
    )


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{key} is no string")
    return value


def _list(value: object, type_: type[Any], key: str) -> list[Any]:
    """An optional list that limits a rule; an empty one would silently mean no limit."""
    if value is None:
        return []
    if not isinstance(value, list) or not value or not all(type(each) is type_ for each in value):
        raise UsageError(f"{key} is no list of {'numbers' if type_ is int else 'strings'} with one or more")
    return value
