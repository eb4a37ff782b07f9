"""`Plan`: what a rewrite is going to change, as data; nothing here looks for anything."""

from __future__ import annotations

from typing import NamedTuple

from crimg.errors import ImageChangedError
from crimg.model import File, Filesystem, Inode, Pipe, Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.rewrite.places import Referrer

_EVIDENCE = (
    "filesystem device number generation handle_type handle mode uid gid rdev nlink size blocks mtime ctime"
    " btime digest_kind digest build_id"
)
CHANGEABLE: dict[type[Record], frozenset[str]] = {
    File: frozenset(("path",)),
    Inode: frozenset(f"{_EVIDENCE} keeper blobs keeper_path referrers".split()),
    Filesystem: frozenset(
        ["mount_point", "mount_root", "mount_id", "type", "source", "device", "fsid", "options", "referrers"]
    ),
    Pipe: frozenset(("number",)),
    Socket: frozenset(("path",)),
}
"""The columns that a plan may change: paths, evidence, and how a deleted file is kept. References between
files, memory and tasks are none of its business."""


class Change(NamedTuple):
    """One column of one object. objref: of the file, for a socket.

    kind: noun of the table ("file").  before, after: values of the column.  rule: what asks for it,
    printable.  places: kinds of place that the object is in.  referrers: who refers to it.
    """

    objref: int
    kind: str
    column: str
    before: Any
    after: Any
    rule: str
    places: tuple[str, ...] = ()
    referrers: tuple[Referrer, ...] = ()


class Conflict(NamedTuple):
    """Why a plan cannot be carried out. objref: the object.  others: further objects.  text: one line."""

    objref: int
    others: tuple[int, ...]
    text: str


class Unmatched(NamedTuple):
    """A path that stays, since no rule matches."""

    objref: int
    kind: str
    column: str
    path: bytes


class Plan:
    """What is to be changed in one image, and whether it can be.

    fingerprint: of the image it was made from (`Image.fingerprint`).  rules: as text, for the history.
    conflicts: a plan that has some is not carried out.  unused_rules: those that decided nothing.
    note: what else is to be said in the history.  checked: it comes from `plan` itself, not from a file.
    """

    __slots__ = (
        "changes",
        "checked",
        "conflicts",
        "fingerprint",
        "note",
        "rules",
        "unmatched",
        "unused_rules",
    )

    def __init__(
        self,
        fingerprint: str,
        *,
        rules: Iterable[str] = (),
        changes: Iterable[Change] = (),
        conflicts: Iterable[Conflict] = (),
        unmatched: Iterable[Unmatched] = (),
        unused_rules: Iterable[str] = (),
        note: str = "",
        checked: bool = False,
    ) -> None:
        self.fingerprint = fingerprint
        self.rules = tuple(rules)
        self.changes = tuple(changes)
        self.conflicts = tuple(conflicts)
        self.unmatched = tuple(unmatched)
        self.unused_rules = tuple(unused_rules)
        self.note = note
        self.checked = checked

    @property
    def path_changes(self) -> list[Change]:
        """The changes of paths, in their order."""
        return [change for change in self.changes if change.column in _PATHS]

    @property
    def used_rules(self) -> list[str]:
        """The rules that decided something."""
        unused = frozenset(self.unused_rules)
        return [rule for rule in self.rules if rule not in unused]

    def rows(self, image: Image) -> list[Record]:
        """The rows that stand in for those of the image.

        Raises ImageChangedError where the image is not the one that the plan was made for: an object is not
        there, or not as the plan says that it is.
        """
        made: dict[type[Record], dict[int, Record]] = {cls: {} for cls in CLASSES.values()}
        find = image.find
        for change in self.changes:
            objref, kind, column, before, after = change[:5]
            cls = CLASSES[kind]
            rows = made[cls]
            row = rows.get(objref) or find(cls, objref)
            if row is None:
                raise ImageChangedError(f"{_name(change)} is not in the image: the plan is for another one")
            index = _INDEXES[cls][column]
            if row[index] != before or type(row[index]) is not type(before):
                raise ImageChangedError(
                    f"{_name(change)}: {column} is not what the plan says: make the plan anew"
                )
            cells = list(row)
            cells[index] = after
            rows[objref] = cls.from_row(cells)
        return [row for rows in made.values() for row in rows.values()]

    def to_json(self) -> dict[str, Any]:
        """The plan in the types of JSON (specs/rewrite.schema.json)."""
        from crimg.rewrite.plan_json import dump_plan

        return dump_plan(self)

    @classmethod
    def from_json(cls, value: object) -> Plan:
        """The plan that `to_json` made this of. Raises UsageError."""
        from crimg.rewrite.plan_json import load_plan

        return load_plan(value)


_PATHS = frozenset(("path", "keeper_path", "mount_point"))
CLASSES: dict[str, type[Record]] = {cls.noun: cls for cls in CHANGEABLE}
"""Noun of a table to its class."""
_INDEXES = {cls: {name: number for number, name in enumerate(cls.fields)} for cls in CHANGEABLE}


def _name(change: Change) -> str:
    return f"{change.kind} #{change.objref}"


def differences(before: Record, after: Record, rule: str, referrers: Sequence[Referrer] = ()) -> list[Change]:
    """The changes that turn one row into another of the same object, columns in the schema's order."""
    cls = type(before)
    return [
        Change(before[0], cls.noun, column, old, new, rule, (), tuple(referrers))
        for column, old, new in zip(cls.fields, before, after, strict=True)
        if old != new
    ]
