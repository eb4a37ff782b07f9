"""Globs over paths as regular expressions, and the templates that say what a match becomes.

    *       any bytes but a slash, also none          ?   one byte that is no slash
    [a-z]   one of these, never a slash; [!a-z] one that is none of these
    **      any bytes, slashes too, also none; /**/ also a single slash

`{1}` to `{9}` of a template stand for what the wildcard (or the group) with that number matched, `{{` for a
brace.
"""

from __future__ import annotations

import re

from crimg.errors import UsageError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Part = bytes | int

_WILD = re.compile(rb"[*?\[]")
_TOKENS = re.compile(rb"/\*\*(?=/)|\*\*+|\*|\?|\[!?\]?[^\]/]*\]|[^*?\[]+|\[", re.DOTALL)
_HOLES = re.compile(rb"\{\{|\{([1-9])\}|\{|[^{]+", re.DOTALL)


def compile_glob(pattern: bytes) -> re.Pattern[bytes]:
    """An expression whose `match` finds the longest leading components of a path that the glob matches.

    It has one group for each wildcard. Raises UsageError for a range that is none.
    """
    expression = b"".join(map(_translated, _TOKENS.findall(pattern)))
    try:
        return re.compile(expression + rb"(?=/|\Z)", re.DOTALL)
    except re.error as error:
        raise UsageError(f"glob {escape(pattern)}: {error.msg}") from error


def _translated(token: bytes) -> bytes:
    if token == b"/**":
        return rb"(?:/(.*))?"  # the slash behind it follows
    if token.startswith(b"**"):
        return b"(.*)"
    if token == b"*":
        return b"([^/]*)"
    if token == b"?":
        return b"([^/])"
    if token.startswith(b"[") and len(token) > 1:
        negated = token.startswith(b"[!")
        members = token[2 if negated else 1 : -1].replace(b"\\", b"\\\\").replace(b"[", b"\\[")
        members = members.replace(b"^", b"\\^").replace(b"]", b"\\]")
        for doubled in (b"&", b"~", b"|"):  # set operations of a later version of re
            members = members.replace(doubled, b"\\" + doubled)
        return b"((?!/)[" + (b"^" if negated else b"") + members + b"])"
    return re.escape(token)


def literal_head(pattern: bytes) -> bytes:
    """The directory that every match of a glob is, or is below: its components before the first wildcard."""
    wild = _WILD.search(pattern)
    if wild is None:
        return pattern
    return pattern[: wild.start()].rpartition(b"/")[0] or b"/"


class Template:
    """NEW of a glob or of a regular expression.

    Raises UsageError where it is no template, or names a group that there is none of.
    """

    __slots__ = ("_parts",)

    def __init__(self, text: bytes, groups: int) -> None:
        """groups: how many wildcards or groups the pattern has."""
        self._parts = list(_parts(text))
        for number in self._parts:
            if isinstance(number, int) and number > groups:
                raise UsageError(f"{escape(text)}: there is no wildcard or group {number}")

    def fill(self, match: re.Match[bytes]) -> bytes:
        """The text for this match; a group that took no part in it is empty."""
        return b"".join(
            (match[part] or b"") if isinstance(part, int) else part for part in self._parts
        )


def _parts(text: bytes) -> Iterator[Part]:
    for hole in _HOLES.finditer(text):
        if hole[1] is not None:
            yield int(hole[1])
        elif hole[0] == b"{{":
            yield b"{"
        elif hole[0] == b"{":
            raise UsageError(f"{escape(text)}: a brace is {{{{, and {{1}} to {{9}} what was matched")
        else:
            yield hole[0]
