"""Rules for files that have moved: as few as explain it, set as high as the directories have moved."""

from __future__ import annotations

import stat

from crimg.errors import UsageError
from crimg.preflight.synthesis import shortest_rules, widen
from crimg.rewrite.rules import PathRules, clean_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from crimg.looking.looks import Looks
    from crimg.rewrite.rules import PathRule


def propose(
    moves: Mapping[bytes, bytes],
    fixed: Iterable[bytes],
    places: Places,
    others: Mapping[bytes, Collection[bytes] | None] | None = None,
) -> list[PathRule]:
    """The rules that send each key of `moves` to its value, and leave the paths of `fixed` alone.

    others: paths of files that were not found; with the places where each may be, or None for a directory,
    which may be any. A rule that would lead one of them to something else is kept from it: a restart is to
    fail there, and not to take another file. All paths are clean (`is_clean`).
    """
    guarded = set(fixed)
    while True:
        rules = widen(shortest_rules(moves, guarded), moves, guarded, places.has_moved)
        made = PathRules(rules)
        wrong = {
            path
            for path, candidates in (others or {}).items()
            if path not in guarded and path not in moves and _misleads(made, path, candidates, places)
        }
        if not wrong:
            return rules
        guarded |= wrong


def _misleads(rules: PathRules, path: bytes, candidates: Collection[bytes] | None, places: Places) -> bool:
    """Whether the rules send a path to where something else is."""
    place = rules.apply(path)
    if place == path or not places.exists(place):
        return False
    return not places.is_directory(place) if candidates is None else place not in candidates


def is_clean(path: bytes) -> bool:
    """Whether a rule can hold the path as it is."""
    try:
        return clean_path(path) == path
    except UsageError:
        return False


class Places:
    """What there is at paths; each is looked at once. What gives no answer is not there."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._modes: dict[bytes, int] = {}

    def _mode(self, path: bytes) -> int:
        if path not in self._modes:
            answer = self._looks.one("look", path)
            seen = answer[1] if answer is not None else None
            self._modes[path] = seen[2] if seen is not None else 0
        return self._modes[path]

    def exists(self, path: bytes) -> bool:
        """Whether there is anything."""
        return self._mode(path) != 0

    def is_directory(self, path: bytes) -> bool:
        """Whether there is a directory."""
        return stat.S_ISDIR(self._mode(path))

    def has_moved(self, old: bytes, new: bytes) -> bool:
        """Whether there is no directory at `old` any more, and one at `new`."""
        return not self.is_directory(old) and self.is_directory(new)
