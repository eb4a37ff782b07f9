"""Path rules: `OLD=NEW` says that what was below OLD is now below NEW.

A rule matches whole path components: /srv/a matches /srv/a and /srv/a/b, never /srv/ab. Of several rules that
match, the one with the longest OLD is taken, so their order means nothing. It is applied once: a path that a
rule has made is not rewritten again, and two rules can exchange two directories.
"""

from __future__ import annotations

from crimg.errors import UsageError
from crimg.escape import escape, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeVar

    T = TypeVar("T")

PATH_BYTES = 4095
"""Bytes of the longest path that a system call takes (PATH_MAX of path_resolution(7), less the NUL)."""


class PathRule:
    """One rule. old, new: absolute paths, without a slash at the end (but for "/"). Immutable by custom.

    Raises UsageError for a path that cannot stand in a rule: relative, empty, too long, with a NUL byte, or
    with a component "." or "..", which the kernel never shows.
    """

    __slots__ = ("new", "old")

    def __init__(self, old: bytes, new: bytes) -> None:
        self.old = clean_path(old, "the old path")
        self.new = clean_path(new, "the new path")

    def matches(self, path: bytes) -> bool:
        """Whether `path` is OLD, or below it."""
        return path == self.old or path.startswith(_stem(self.old) + b"/")

    def apply(self, path: bytes) -> bytes:
        """What becomes of a path that it matches."""
        rest = b"" if path == self.old else path[len(_stem(self.old)) :]
        return _stem(self.new) + rest or b"/"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathRule) and (self.old, self.new) == (other.old, other.new)

    def __hash__(self) -> int:
        return hash((self.old, self.new))

    def __repr__(self) -> str:
        return f"<PathRule {format_rule(self)}>"


class PathRules:
    """A set of rules. `find` takes time by the depth of the path, not by the number of rules.

    Raises UsageError where two rules send one OLD to different places.
    """

    def __init__(self, rules: Iterable[PathRule] = ()) -> None:
        self._by_old: dict[bytes, PathRule] = {}
        for rule in rules:
            known = self._by_old.setdefault(rule.old, rule)
            if known.new != rule.new:
                raise UsageError(
                    f"two rules for {escape(rule.old)}: to {escape(known.new)} and to {escape(rule.new)}"
                )

    def __iter__(self) -> Iterator[PathRule]:
        """The rules, sorted by OLD."""
        return iter([self._by_old[old] for old in sorted(self._by_old)])

    def __len__(self) -> int:
        return len(self._by_old)

    def find(self, path: bytes) -> PathRule | None:
        """The rule for a path, or None: that with the longest OLD which matches."""
        return longest_match(self._by_old, path)

    def apply(self, path: bytes) -> bytes:
        """The path that is to stand in place of `path`; itself where no rule matches."""
        rule = self.find(path)
        return path if rule is None else rule.apply(path)


def longest_match(by_old: Mapping[bytes, T], path: bytes) -> T | None:
    """The rule for a path among these, each under its OLD; in time by the depth of the path."""
    if not by_old or not path.startswith(b"/"):
        return None
    prefix = path
    while prefix:
        rule = by_old.get(prefix)
        if rule is not None:
            return rule
        prefix = prefix.rpartition(b"/")[0]
    return by_old.get(b"/")


def parse_rule(text: str) -> PathRule:
    """The rule that `OLD=NEW` stands for. Raises UsageError.

    A "=" in a path is written `\\=`, a backslash `\\\\`, and any byte `\\xNN`; every escape in which crimg
    shows paths (crimg.escape) is understood too, so that what it has shown can be given back.
    """
    try:
        return PathRule(*parse_sides(text))
    except UsageError as error:
        raise UsageError(f"rule {escape(text)}: {error}") from error


def parse_sides(text: str) -> tuple[bytes, bytes]:
    """OLD and NEW of `OLD=NEW`, which are not looked at further. Raises UsageError."""
    sides = [unescape(side) for side in _split(text)]
    if len(sides) != 2:
        problem = "has no =" if len(sides) < 2 else "has more than one =; in a path it is written \\="
        raise UsageError(f"{problem}; a rule is OLD=NEW")
    return sides[0], sides[1]


def format_rule(rule: PathRule) -> str:
    """The rule as text, which `parse_rule` turns back into it; printable."""
    return format_sides(rule.old, rule.new)


def format_sides(old: bytes, new: bytes) -> str:
    """OLD=NEW, which `parse_sides` takes apart again; printable."""
    return "=".join(escape(path).replace("=", "\\=") for path in (old, new))


def clean_path(path: bytes, what: str = "the path") -> bytes:
    """The path without superfluous slashes.

    what: its name in the UsageError that is raised for a path which no rule can hold.
    """
    if not path.startswith(b"/"):
        raise UsageError(f"{what} is {'relative' if path else 'empty'}: {escape(path)}")
    if b"\0" in path:
        raise UsageError(f"{what} holds a NUL byte: {escape(path)}")
    components = [component for component in path.split(b"/") if component]
    if b"." in components or b".." in components:
        raise UsageError(f"{what} has a component . or ..: {escape(path)}")
    cleaned = b"/" + b"/".join(components)
    if len(cleaned) > PATH_BYTES:
        raise UsageError(f"{what} has {len(cleaned)} bytes, of {PATH_BYTES} possible")
    return cleaned


def _stem(path: bytes) -> bytes:
    """What stands before the slash that begins the rest."""
    return b"" if path == b"/" else path


def _split(text: str) -> list[str]:
    """The text cut at every `=` that is not escaped; `\\=` in the parts made into what `unescape` knows."""
    parts = [""]
    position = 0
    while position < len(text):
        char = text[position]
        taken = text[position : position + 2] if char == "\\" else char
        if char == "=":
            parts.append("")
        else:
            parts[-1] += "\\x3d" if taken == "\\=" else taken
        position += len(taken)
    return parts
