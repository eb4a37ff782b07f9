"""C203 to C205, C210: what defines: in which order, twice, or as something else.

Which column refers to what derives from the annotations of the model.
"""

from __future__ import annotations

from operator import itemgetter

from crimg.graph import objref_column, targets
from crimg.model import Fd, HistoryEntry, LogEntry, Thread, Vma
from crimg.model.record import KINDS
from crimg.validate.finding import Hit
from crimg.validate.references import columns, rows_with
from crimg.validate.rules import ERROR, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.model.record import Column, Record
    from crimg.validate.batches import Batch
    from crimg.validate.checked import Checked

_JOURNAL = (LogEntry, HistoryEntry)
_OWN_RULES = (Fd, Thread, Vma)
"""Parts whose double rows other rules name: C401, C504, C301."""


@rule("C203", ERROR)
def defined_twice(checked: Checked) -> Iterator[Hit]:
    """An objref is defined twice in one revision.

    Who refers to it means one of the two, and nobody can tell which.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    defined: dict[int, dict[int, Record]] = {}
    for batch in checked.batches:
        index = objref_column(batch.cls)
        if index is None:
            continue
        seen = defined.setdefault(batch.revision, {})
        fresh = {row[index]: row for row in batch.rows}
        if len(fresh) != len(batch.rows) or not seen.keys().isdisjoint(fresh):
            for row in batch.rows:
                first = seen.setdefault(row[index], row)
                if first is not row:
                    yield Hit(f"#{row[index]} is a {type(first).noun} too", row, "objref")
        seen.update(fresh)


@rule("C204", ERROR)
def order(checked: Checked) -> Iterator[Hit]:
    """An object is referred to before it is defined.

    A restart reads the image once, from front to back, and makes every object when it meets it: a file is
    opened first, and is there when a mapping asks for it.

    Remedy: dump again; a program that rewrites images has to keep definers before referrers.
    """
    defined: set[int] = set()
    for batch in checked.batches:
        rows = batch.placed
        own_column = objref_column(batch.cls)
        own = {row[own_column] for row in rows} if own_column is not None else set()
        for index, column, kinds in columns(batch.cls):
            early = targets(rows, index, column) - defined
            early = {target for target in early if target and target in checked.objects}
            if early and own_column is not None and batch.cls in kinds:
                yield from _order_within(batch, own_column, index, column, early & own)
                early -= own
            for row, target in rows_with(rows, index, column, early) if early else ():
                yield Hit(f"{column.name} is #{target}, which is defined further on", row, column.name)
        defined |= own


def _order_within(batch: Batch, own: int, index: int, column: Column, inside: set[int]) -> Iterator[Hit]:
    """For a kind that may refer to its own: order inside one batch, among the objects defined there."""
    later = set(inside)
    for row in batch.placed:
        for _, target in rows_with([row], index, column, later):
            yield Hit(f"{column.name} is #{target}, which is not defined before it", row, column.name)
        later.discard(row[own])


@rule("C205", ERROR)
def other_kind(checked: Checked) -> Iterator[Hit]:
    """A row of a later revision has the objref of an object of another kind.

    A later row stands in for the earlier one of the same kind. This one does not: both count, and
    who refers to the number means one of the two.

    Remedy: undo the revision that brought it; a program that makes such an image has to be mended.
    """
    first: dict[int, tuple[type[Record], int]] = {}
    for batch in checked.batches:
        index = objref_column(batch.cls)
        if index is not None:
            for row in batch.rows:
                cls, revision = first.setdefault(row[index], (batch.cls, batch.revision))
                if cls is not batch.cls and revision != batch.revision:
                    text = f"#{row[index]} was a {cls.noun} in revision {revision}"
                    yield Hit(text, row, "objref")


@rule("C210", ERROR)
def same_key(checked: Checked) -> Iterator[Hit]:
    """Two rows of one revision stand for the same thing.

    Two actions for one signal, two timers with one id: a restart sets one and then the other, and the
    last wins.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    for cls in KINDS.values():
        if objref_column(cls) is None and cls not in (*_JOURNAL, *_OWN_RULES):
            for row in doubles(checked, cls):
                yield Hit("is there twice", row)


def doubles(checked: Checked, cls: type[Record]) -> Iterator[Any]:
    """The rows of a kind whose key another row of the same revision has, all but the first of each."""
    key = itemgetter(*cls.key_columns)
    seen: dict[int, set[Any]] = {}
    for batch in checked.batches:
        if batch.cls is not cls:
            continue
        keys = list(map(key, batch.rows))
        fresh = set(keys)
        known = seen.setdefault(batch.revision, set())
        if len(fresh) != len(keys) or not known.isdisjoint(fresh):
            for row, each in zip(batch.rows, keys, strict=True):
                if each in known:
                    yield row
                known.add(each)
        known |= fresh
