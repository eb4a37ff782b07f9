"""`plan`: what rules make of the paths of an image, and what speaks against it. Nothing is written."""

from __future__ import annotations

from crimg.collecting import no_collection
from crimg.errors import UsageError
from crimg.escape import escape
from crimg.model import File, Inode
from crimg.model.enums import NAMELESS, Keeper
from crimg.rewrite.changes import Change, Conflict, Plan, Unmatched, differences
from crimg.rewrite.conflicts import find_conflicts
from crimg.rewrite.matching import PLACES, RuleSet
from crimg.rewrite.places import REWRITTEN, path_of, places_of_files, referrers_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any

    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.rewrite.matching import Rule
    from crimg.rewrite.places import PathColumn
    from crimg.rewrite.restamp import Restamp
    from crimg.rewrite.rules import PathRule

    Cell = tuple[int, str, str, Any, Any, str]
    """A change without its places and referrers: objref, kind, column, before, after, rule."""

_NO_PLACES: frozenset[str] = frozenset()


@no_collection()
def plan(
    image: Image,
    rules: Iterable[Rule | PathRule] = (),
    *,
    edits: Mapping[int, bytes] | None = None,
    drop_keepers: Collection[int] = (),
    restamp: Restamp | None = None,
) -> Plan:
    """What these rules change in an image.

    edits: objref to the path that this object is to have, whatever the rules say.  drop_keepers: objrefs of
    inodes whose kept contents are given up.  restamp: where to take the evidence of files from.

    Raises UsageError for rules that contradict each other, and for an object that is not there or has no
    path; FormatError where the tables are damaged. What else speaks against it is in `Plan.conflicts`.
    """
    chosen = rules if isinstance(rules, RuleSet) else RuleSet(rules)
    planner = _Planner(image, chosen, dict(edits or {}))
    planner.rewrite_paths()
    planner.drop_keepers(drop_keepers)
    changes = with_referrers(image, planner.cells)
    note = ""
    if restamp is not None:
        stamped = restamp.changes(image, changes, everything=not (chosen or edits))
        changes += with_referrers(image, [change[:6] for change in stamped.changes])
        planner.conflicts += stamped.conflicts
        note = stamped.note
    found = find_conflicts(image, changes)
    return Plan(
        image.fingerprint,
        rules=planner.rule_texts(),
        changes=changes,
        conflicts=sorted([*planner.conflicts, *found]),
        unmatched=planner.unmatched,
        unused_rules=[rule.text for rule in chosen.rules if rule not in planner.used],
        note=note,
        checked=True,
    )


class _Planner:
    """One run of `plan`."""

    def __init__(self, image: Image, rules: RuleSet, edits: dict[int, bytes]) -> None:
        self.image = image
        self.rules = rules
        self.edits = edits
        self.cells: list[Cell] = []
        self.conflicts: list[Conflict] = []
        self.unmatched: list[Unmatched] = []
        self.used: set[Rule] = set()
        self._texts = {rule: rule.text for rule in rules.rules}
        self._places = places_of_files(image) if rules.limited else {}

    def rule_texts(self) -> list[str]:
        """The rules and edits, for the history."""
        edits = [_edit_text(objref, path) for objref, path in sorted(self.edits.items())]
        dropped = sorted({rule for _, _, column, _, _, rule in self.cells if column == "keeper"})
        return [*self._texts.values(), *edits, *dropped]

    def rewrite_paths(self) -> None:
        """Find the change of every path."""
        self._check_edits()
        for column in REWRITTEN:
            self._rewrite(column)

    def _check_edits(self) -> None:
        for objref in sorted(self.edits):
            noun = next(
                (cls.noun for cls, _, _ in REWRITTEN if self.image.find(cls, objref) is not None), None
            )
            if noun is None:
                raise UsageError(f"the image has no object #{objref} with a path")
            if path_of(self.image, objref) is None:
                raise UsageError(f"#{objref} has no path: this {noun} needs none")

    def _rewrite(self, place: PathColumn) -> None:
        cls, name, own_place = place
        index, noun = cls.fields.index(name), cls.noun
        fixed = frozenset((own_place,)) if own_place else _NO_PLACES
        find, edits, places, texts = self.rules.find, self.edits, self._places, self._texts
        add, used = self.cells.append, self.used.add
        for row in self.image.rows(cls):
            path: bytes | None = row[index]
            objref: int = row[0]
            if edits and objref in edits and path is not None:
                if isinstance(row, File) and row.kind in NAMELESS:
                    continue  # the name of a socket is in its own row
                if edits[objref] != path:
                    add((objref, noun, name, path, edits[objref], _edit_text(objref, edits[objref])))
                continue
            if not path or path[0] != 0x2F:
                continue
            match = find(path, objref, fixed or places.get(objref, _NO_PLACES))
            if match is None:
                self.unmatched.append(Unmatched(objref, noun, name, path))
                continue
            rule, _, made, rivals = match
            used(rule)
            if rivals:
                self._rivals(objref, path, [rule, *rivals])
            elif made != path:
                add((objref, noun, name, path, made, texts[rule]))

    def _rivals(self, objref: int, path: bytes, rules: Collection[Rule]) -> None:
        self.used.update(rules)
        texts = " and ".join(self._texts[rule] for rule in rules)
        self.conflicts.append(Conflict(objref, (), f"#{objref} {escape(path)}: {texts} disagree"))

    def drop_keepers(self, objrefs: Collection[int]) -> None:
        """Give up what keeps the contents of these deleted files."""
        for objref in sorted(set(objrefs)):
            inode = self.image.find(Inode, objref)
            if inode is None:
                raise UsageError(f"the image has no inode #{objref}")
            if inode.keeper in (Keeper.NONE, Keeper.REMOVED):
                raise UsageError(f"inode #{objref} has no keeper to drop")
            gone = inode.replace(keeper=int(Keeper.REMOVED), blobs=(), keeper_path=None)
            self.cells = [cell for cell in self.cells if cell[:2] != (objref, Inode.noun)]
            self.cells += [change[:6] for change in differences(inode, gone, f"drop-keeper #{objref}")]


def with_referrers(image: Image, cells: Sequence[Cell]) -> list[Change]:
    """The changes, each with who refers to its object, and the places that makes."""
    referrers = referrers_of(image, {cell[0] for cell in cells})
    own = {(cls.noun, column): (place,) for cls, column, place in REWRITTEN if place}
    single = {place: (place,) for place in PLACES}  # by far the most: one tuple for all of them
    changes = []
    for cell in cells:
        those = referrers.get(cell[0], ())
        places: tuple[str, ...] | None = own.get(cell[1:3])
        if places is None:
            places = single.get(those[0].place) if len(those) == 1 else None
        if places is None:
            places = tuple(sorted({each.place for each in those}))
        changes.append(Change(*cell, places, tuple(those)))
    return changes


def _edit_text(objref: int, path: bytes) -> str:
    return f"set #{objref}={escape(path)}"


def inodes_with_keepers(image: Image, objrefs: Iterable[int] | None) -> list[int]:
    """Objrefs of inodes for these of files or inodes; of all that are kept, for None. Raises UsageError."""
    if objrefs is None:
        kept = (Keeper.NONE, Keeper.REMOVED)
        return [inode.objref for inode in image.rows(Inode) if inode.keeper not in kept]
    found = []
    for objref in objrefs:
        row: Record | None = image.find(File, objref) or image.find(Inode, objref)
        inode = row.inode if isinstance(row, File) else objref
        if row is None or inode is None:
            raise UsageError(f"#{objref} is neither a file nor an inode of the image that could be kept")
        found.append(inode)
    return found
