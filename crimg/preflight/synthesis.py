"""From moves to rules: the fewest prefix rules that explain all moves and touch nothing that did not move.

Paths form a tree. Going up from its leaves, each directory learns what it costs, in rules, if the directory
itself is sent to a certain place by a rule further up: for every place that some path below asks for, and for
any other. Going down again, a rule is set only where it saves one: as deep as possible, so that it claims no
more than the moves show.
"""

from __future__ import annotations

from bisect import bisect_left

from crimg.rewrite.rules import PathRule, longest_match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_INFINITE = 1 << 60


class _Node:
    """A directory or file. Places are paths without a slash at the end, so that the root is empty.

    demand: the place where it must end, or None where any will do.  costs: place to the rules that are
    needed below it when it is sent there.  other: the same for all other places.  best: rules needed below
    and at it, when it has a rule of its own.  target: the place which that rule sends it to.
    """

    __slots__ = ("best", "children", "costs", "demand", "other", "target")

    def __init__(self) -> None:
        self.children: dict[bytes, _Node] = {}
        self.demand: bytes | None = None
        self.costs: dict[bytes, int] = {}
        self.other = 0
        self.best = _INFINITE
        self.target = b""

    def cost(self, place: bytes) -> int:
        """Rules that are needed at it and below when it is sent to `place` from above."""
        return min(self.costs.get(place, self.other), self.best)

    def settle(self) -> None:
        """Work out the costs from those of the children."""
        base = sum(min(child.other, child.best) for child in self.children.values())
        for name, child in self.children.items():
            usual = min(child.other, child.best)
            for place, cost in child.costs.items():
                above, slash, last = place.rpartition(b"/")
                if slash and last == name:
                    self.costs[above] = self.costs.get(above, base) + min(cost, child.best) - usual
        self.other = base
        if self.demand is not None:
            self.costs = {self.demand: self.costs.get(self.demand, base)}
            self.other = _INFINITE
        if self.costs:
            cost, self.target = min((cost, place) for place, cost in self.costs.items())
            self.best = cost + 1


def shortest_rules(moves: Mapping[bytes, bytes], fixed: Iterable[bytes] = ()) -> list[PathRule]:
    """The fewest prefix rules that send each key of `moves` to its value, and leave each path of `fixed`.

    All paths are absolute and clean (crimg.rewrite.rules.clean_path). A path of `fixed` that is a key of
    `moves` too is not left. The rules come sorted by their OLD; some may send a path to itself, to keep it
    from a rule above.
    """
    root = _Node()
    nodes = [(root, b"")]
    demands = {path: path for path in fixed} | dict(moves)
    for path, target in demands.items():
        node, place = root, b""
        for name in path.split(b"/"):
            if name:
                place += b"/" + name
                if name not in node.children:
                    node.children[name] = _Node()
                    nodes.append((node.children[name], place))
                node = node.children[name]
        node.demand = target.rstrip(b"/")
    for node, _ in reversed(nodes):  # children come behind their parents
        node.settle()
    return sorted(_place_rules(root), key=lambda rule: rule.old)


def _place_rules(root: _Node) -> list[PathRule]:
    rules = []
    pending = [(root, b"", b"")]
    while pending:
        node, path, place = pending.pop()
        if node.best < node.costs.get(place, node.other):
            place = node.target
            rules.append(PathRule(path or b"/", place or b"/"))
        pending += [(child, path + b"/" + name, place + b"/" + name) for name, child in node.children.items()]
    return rules


def widen(
    rules: Iterable[PathRule],
    moves: Mapping[bytes, bytes],
    fixed: Iterable[bytes],
    has_moved: Callable[[bytes, bytes], bool],
) -> list[PathRule]:
    """The same number of rules, those set higher that stand for a directory which has moved as a whole.

    has_moved(old, new): whether there is no directory `old` any more, but one `new`. /srv/a/db=/srv/b/db
    becomes /srv/a=/srv/b if /srv/a is gone, so that files of which nothing is known go with it.
    """
    kept = {rule.old: rule for rule in rules}
    wanted = {path: path for path in fixed} | dict(moves)
    paths = sorted(wanted)
    for rule in list(kept.values()):
        narrow = rule
        while narrow.old.count(b"/") > 1 and narrow.new.count(b"/") > 1:
            old, _, last = narrow.old.rpartition(b"/")
            new, _, other = narrow.new.rpartition(b"/")
            if last != other or old in kept or old == new or not has_moved(old, new):
                break
            wide = PathRule(old, new)
            del kept[narrow.old]
            kept[old] = wide
            if any(_apply(kept, path) != wanted[path] for path in _below(paths, old)):
                del kept[old]
                kept[narrow.old] = narrow
                break
            narrow = wide
    return sorted(kept.values(), key=lambda rule: rule.old)


def _apply(rules: Mapping[bytes, PathRule], path: bytes) -> bytes:
    rule = longest_match(rules, path)
    return path if rule is None else rule.apply(path)


def _below(paths: list[bytes], top: bytes) -> list[bytes]:
    """Those of sorted paths that are `top` or below it."""
    start = bisect_left(paths, top + b"/")
    end = bisect_left(paths, top + b"0")  # the character behind the slash
    found = paths[start:end]
    at = bisect_left(paths, top)
    return [top, *found] if at < len(paths) and paths[at] == top else found
