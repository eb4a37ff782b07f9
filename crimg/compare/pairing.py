"""Pairs of rows, one of each image, that are one and the same thing.

Objrefs differ between dumps. What a row refers to is therefore told by a token: that of a matched object is
its objref in the first image, on both sides; an object that only the second image has gets a negative one.
"""

from __future__ import annotations

from crimg.model.record import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from typing import Any, TypeVar

    from crimg.compare.side import Side
    from crimg.model.record import Record

    R = TypeVar("R", bound=Record)
    Token = Callable[[int | None], int | None]
    Key = Callable[[Any, Token], Hashable | None]
    """What a row (of the kind asked about) is known by, given the tokens of its side; None: not by this."""


class Pairing:
    """The pairs found so far; what is left over is in `left` (first image only) and `right`, by kind.

    pairs: by kind, in the order of the first image once `sort` was called.
    """

    def __init__(self, before: Side, after: Side) -> None:
        self.before = before
        self.after = after
        self.left: dict[type[Record], list[Record]] = {}
        self.right: dict[type[Record], list[Record]] = {}
        self.pairs: dict[type[Record], list[tuple[Record, Record]]] = {}
        self.numbered = False
        """Whether objects have the same numbers in both: two revisions of one image."""
        self.back: dict[int, int] = {}
        """Objref in the second image to that of its match in the first."""
        for cls in KINDS.values():
            self.left[cls] = list(before.rows(cls))
            self.right[cls] = list(after.rows(cls))
            self.pairs[cls] = []

    @staticmethod
    def token_before(objref: int | None) -> int | None:
        """The token of an object of the first image."""
        return objref

    def token_after(self, objref: int | None) -> int | None:
        """The token of an object of the second image."""
        return objref if objref is None else self.back.get(objref, -objref)

    def by_key(self, cls: type[Record], key: Key) -> None:
        """Match the rows of a kind that are left by what `key` says of them; equal keys in their order."""
        left, right = self.left[cls], self.right[cls]
        if not left or not right:
            return
        waiting: dict[Hashable, list[int]] = {}
        for index in range(len(left) - 1, -1, -1):
            known = key(left[index], self.token_before)
            if known is not None:
                waiting.setdefault(known, []).append(index)
        found: dict[int, int] = {}
        for index, row in enumerate(right):
            candidates = waiting.get(key(row, self.token_after))
            if candidates:
                found[index] = candidates.pop()
        self._take(cls, found)

    def by_role(self, holder: type[Record], column: str, cls: type[Record]) -> None:
        """Match objects of a kind that matched holders refer to by one column."""
        if not self.left[cls] or not self.right[cls]:
            return
        place, own = holder.fields.index(column), cls.fields.index("objref")
        right = {row[own]: index for index, row in enumerate(self.right[cls])}
        left = {row[own]: index for index, row in enumerate(self.left[cls])}
        found: dict[int, int] = {}
        for one, other in self.pairs[holder]:
            index = right.get(other[place])
            if index is not None and index not in found and one[place] in left:
                found[index] = left.pop(one[place])
        self._take(cls, found)

    def by_number(self) -> None:
        """Match all rows by kind and key: two revisions of one image."""
        self.numbered = True
        for cls in KINDS.values():
            self.by_key(cls, lambda row, _token: row.key)
            if cls.shared:  # an object keeps its number, and its token, whether or not both have it
                self.back.update((row.key[0], row.key[0]) for row in self.right[cls])

    def _take(self, cls: type[Record], found: dict[int, int]) -> None:
        """Make pairs of these: index in `right` to index in `left`."""
        if not found:
            return
        left, right = self.left[cls], self.right[cls]
        self.pairs[cls] += [(left[one], right[other]) for other, one in found.items()]
        if cls.shared:
            own = cls.key_columns[0]
            self.back.update((right[other][own], left[one][own]) for other, one in found.items())
        gone = set(found.values())
        self.left[cls] = [row for index, row in enumerate(left) if index not in gone]
        self.right[cls] = [row for index, row in enumerate(right) if index not in found]

    def sort(self) -> None:
        """Put the pairs into the order of the first image."""
        for cls, pairs in self.pairs.items():
            order = {id(row): number for number, row in enumerate(self.before.rows(cls))}
            pairs.sort(key=lambda pair: order[id(pair[0])])


def part_key(cls: type[Record]) -> Key:
    """The key of a part: the columns of its place, its owner by token."""
    columns = [(index, bool(cls.columns[index].kinds)) for index in cls.key_columns]

    def key(row: Record, token: Token) -> tuple[object, ...]:
        return tuple([token(row[index]) if refers else row[index] for index, refers in columns])

    return key


def contents_key(cls: type[Record]) -> Key:
    """All columns of a shared object but its number and its referrers, references by token."""
    columns = [
        (index, bool(column.kinds), column.many)
        for index, column in enumerate(cls.columns)
        if column.name not in ("objref", "referrers")
    ]

    def key(row: Record, token: Token) -> tuple[object, ...]:
        return tuple(_cell(row[index], refers, many, token) for index, refers, many in columns)

    return key


def _cell(value: Any, refers: bool, many: bool, token: Token) -> Hashable:
    if refers and value is not None:
        return tuple(map(token, value)) if many else token(value)
    return repr(value) if isinstance(value, dict) else value


def first_users(rows: Iterable[tuple[int | None, tuple[object, ...]]]) -> dict[int, tuple[Any, ...]]:
    """Objref to the smallest of the places that refer to it, from (objref, place) pairs."""
    users: dict[int, tuple[Any, ...]] = {}
    for objref, place in rows:
        if objref is not None:
            known = users.get(objref)
            if known is None or place < known:
                users[objref] = place
    return users
