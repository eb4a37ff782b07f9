"""Rules of every kind, with their limits, and the choice among those that match (specs/rewriting.md).

The match that reaches furthest into the path wins: an exact rule and a regular expression match all of it, a
prefix its own length, a glob as many whole components as it matched. Where two reach equally far, exact goes
before prefix, prefix before glob, glob before regex. The order of rules means nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from crimg.errors import UsageError
from crimg.escape import escape, one_line
from crimg.rewrite.globs import Template, compile_glob, literal_head
from crimg.rewrite.rules import PathRule, clean_path, format_sides, longest_match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

EXACT, PREFIX, GLOB, REGEX = "exact", "prefix", "glob", "regex"
KINDS = (EXACT, PREFIX, GLOB, REGEX)
"""Kinds of rules; of those that reach equally far, the first wins."""
PLACES = ("fd", "vma", "exe", "cwd", "root", "socket", "keeper", "mount")
"""Places that a rule can be limited to."""
_SLASHES = re.compile(rb"//+")
_NOWHERE: frozenset[str] = frozenset()


class Rule:
    """One rule. Immutable by custom.

    kind: one of KINDS.  old, new: bytes of the path, of the pattern, of the template.  places, objects: what
    it is limited to, all where empty.  Raises UsageError for what can be no rule.
    """

    __slots__ = ("_template", "kind", "new", "objects", "old", "path_rule", "pattern", "places")

    def __init__(
        self,
        kind: str,
        old: bytes,
        new: bytes,
        *,
        places: Iterable[str] = (),
        objects: Iterable[int] = (),
    ) -> None:
        if kind not in KINDS:
            raise UsageError(f"{escape(kind)} is no kind of rule; these are {', '.join(KINDS)}")
        self.kind = kind
        self.places = frozenset(places)
        self.objects = frozenset(objects)
        for place in sorted(self.places.difference(PLACES)):
            raise UsageError(f"{escape(place)} is no place; these are {', '.join(PLACES)}")
        self.path_rule: PathRule | None = None
        self.pattern: re.Pattern[bytes] | None = None
        self.old, self.new = old, new
        if kind in (EXACT, PREFIX):
            self.path_rule = PathRule(old, new)
            self.old, self.new = self.path_rule.old, self.path_rule.new
            return
        if kind == GLOB:
            self.old = clean_path(old, "the old path")
        self.pattern = compile_glob(self.old) if kind == GLOB else _compile(old)
        if not new.startswith((b"/", b"{")):
            raise UsageError(f"the new path is {'relative' if new else 'empty'}: {escape(new)}")
        self._template = Template(new, self.pattern.groups)

    def applies(self, objref: int, places: Collection[str]) -> bool:
        """Whether its limits let it near a path of this object, which is in these places."""
        if self.objects and objref not in self.objects:
            return False
        return not self.places or not self.places.isdisjoint(places)

    def match(self, path: bytes) -> Match | None:
        """How far it reaches into a path, and what it makes of that; None where it does not match."""
        if self.path_rule is not None:
            if not self.path_rule.matches(path) or (self.kind == EXACT and path != self.old):
                return None
            return Match(self, len(self.old), self.path_rule.apply(path))
        pattern = self.pattern
        found = None
        if pattern is not None:
            found = pattern.match(path) if self.kind == GLOB else pattern.fullmatch(path)
        if found is None:
            return None
        made = _SLASHES.sub(b"/", self._template.fill(found))
        rest = path[found.end() :]
        return Match(self, found.end(), made.rstrip(b"/") + rest or made[:1])

    @property
    def text(self) -> str:
        """The rule in one line, printable: "prefix /a=/b", and what it is limited to."""
        if self.kind == REGEX:  # its own escapes are not to be doubled
            old = one_line(self.old.decode("utf-8", "backslashreplace"))
            sides = f"{old} = {escape(self.new)}"
        else:
            sides = format_sides(self.old, self.new)
        limits = [f"in {','.join(sorted(self.places, key=PLACES.index))}"] if self.places else []
        limits += [f"of {','.join(f'#{number}' for number in sorted(self.objects))}"] if self.objects else []
        return " ".join([self.kind, sides, *limits])

    def __repr__(self) -> str:
        return f"<Rule {self.text}>"


class Match(NamedTuple):
    """What a rule does to one path.

    reach: bytes of it that the rule matched.  made: the path that is to stand in its place, not checked.
    rivals: rules of equal rank that would make something else of it.
    """

    rule: Rule
    reach: int
    made: bytes
    rivals: tuple[Rule, ...] = ()


def _compile(old: bytes) -> re.Pattern[bytes]:
    try:
        return re.compile(old, re.DOTALL)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"regex {escape(old)}: {error}") from error


class RuleSet:
    """A set of rules. Finding one takes time by the depth of the path and, of the patterns, by those that can
    match below its directories; every regular expression is tried on every path.

    Raises UsageError where two rules of one kind and of the same limits send one OLD to different places.
    """

    def __init__(self, rules: Iterable[Rule | PathRule]) -> None:
        known: dict[tuple[object, ...], Rule] = {}
        for given in rules:
            rule = Rule(PREFIX, given.old, given.new) if isinstance(given, PathRule) else given
            first = known.setdefault((rule.kind, rule.old, rule.places, rule.objects), rule)
            if first.new != rule.new:
                both = f"to {escape(first.new)} and to {escape(rule.new)}"
                raise UsageError(f"two {rule.kind} rules for {escape(rule.old)}: {both}")
        self.rules = sorted(known.values(), key=lambda rule: (KINDS.index(rule.kind), rule.text))
        self.limited = any(rule.places for rule in self.rules)
        """Whether places have to be known."""
        self._exact = _by(self.rules, EXACT, lambda rule: rule.old)
        self._prefix = _by(self.rules, PREFIX, lambda rule: rule.old)
        self._globs = _by(self.rules, GLOB, lambda rule: literal_head(rule.old))
        self._regexes = [rule for rule in self.rules if rule.kind == REGEX]
        self._plain = _PlainPrefixes({})
        """Prefix rules, where there are no others and no limits: by far the most frequent case."""
        if all(rule.kind == PREFIX and not (rule.places or rule.objects) for rule in self.rules):
            self._plain = _PlainPrefixes({rule.old: rule for rule in self.rules})

    def __bool__(self) -> bool:
        return bool(self.rules)

    def find(self, path: bytes, objref: int = 0, places: Collection[str] = _NOWHERE) -> Match | None:
        """What is to be done to an absolute path of this object, which is in these places."""
        if self._plain.by_old:
            return self._plain.find(path)
        best: list[Match] = []
        rank = (0, 0)
        for rule in self._candidates(path):
            if not rule.applies(objref, places):
                continue
            match = rule.match(path)
            if match is None:
                continue
            its_rank = (match.reach, -KINDS.index(rule.kind))
            if not best or its_rank > rank:
                best, rank = [match], its_rank
            elif its_rank == rank:
                best.append(match)
        if not best:
            return None
        rivals = tuple(other.rule for other in best[1:] if other.made != best[0].made)
        return best[0]._replace(rivals=rivals) if rivals else best[0]

    def _candidates(self, path: bytes) -> Iterator[Rule]:
        """Rules that could match, as soon as possible no more than those that could win."""
        yield from self._exact.get(path, ())
        above = path
        prefixes: list[Rule] = []
        while above:
            prefixes += self._prefix.get(above, ())
            yield from self._globs.get(above, ())
            above = above.rpartition(b"/")[0]
        yield from self._globs.get(b"/", ()) if path != b"/" else ()
        yield from prefixes
        yield from self._prefix.get(b"/", ()) if path != b"/" else ()
        yield from self._regexes


class _PlainPrefixes:
    """Prefix rules by OLD. What becomes of a directory is found once for all paths in it."""

    __slots__ = ("_folders", "by_old")

    def __init__(self, by_old: dict[bytes, Rule]) -> None:
        self.by_old = by_old
        self._folders: dict[bytes, tuple[Rule, int, bytes] | None] = {}
        """Directory to its rule, the bytes of a path that go, and what stands in their place."""

    def find(self, path: bytes) -> Match | None:
        """What is to be done to an absolute path."""
        rule = self.by_old.get(path)
        if rule is not None:
            return Match(rule, len(rule.old), rule.new)
        folder = path.rpartition(b"/")[0]
        if folder not in self._folders:
            self._folders[folder] = self._folder(folder or b"/")
        found = self._folders[folder]
        if found is None:
            return None
        rule, cut, head = found
        return Match(rule, len(rule.old), head + path[cut:])

    def _folder(self, folder: bytes) -> tuple[Rule, int, bytes] | None:
        rule = longest_match(self.by_old, folder)
        return None if rule is None else (rule, len(rule.old.rstrip(b"/")), rule.new.rstrip(b"/"))


def _by(rules: Iterable[Rule], kind: str, key: Callable[[Rule], bytes]) -> dict[bytes, list[Rule]]:
    table: dict[bytes, list[Rule]] = {}
    for rule in rules:
        if rule.kind == kind:
            table.setdefault(key(rule), []).append(rule)
    return table
