"""The columns in which two rows differ that are one and the same thing."""

from __future__ import annotations

from typing import NamedTuple

from crimg.compare.kept import kept_difference
from crimg.model import Inode, Pipe, Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.compare.pairing import Pairing
    from crimg.model.record import Column, Record


class ColumnChange(NamedTuple):
    """One column that differs.

    column: of the kind.  attribute: the attribute that differs, where the column is the map of extra ones.
    before, after: the values (of the attribute: None where it is not there).  position: for contents that
    are kept in the image, the first byte that differs, or None.
    """

    column: Column
    before: Any
    after: Any
    attribute: str = ""
    position: int | None = None


def column_changes(pairing: Pairing, one: Record, other: Record, contents: bool) -> list[ColumnChange]:
    """What differs. References are compared by what they lead to, contents by their bytes.

    contents: compare those that are kept in the image.
    """
    result: list[ColumnChange] = []
    alike = pairing.numbered and tuple.__eq__(one, other)
    if alike and not isinstance(one, Inode | Pipe | Socket):  # what these keep lies in sections
        return result
    for column, left, right in zip(type(one).columns, one, other, strict=True):
        name = column.name
        if name == "objref":
            continue
        if column.kinds:
            if not _same_targets(pairing, column, left, right):
                result.append(ColumnChange(column, left, right))
        elif name == "pagemap":
            if (left is None) != (right is None):
                result.append(ColumnChange(column, left, right))
        elif name == "blobs" and isinstance(one, Inode | Pipe | Socket):
            result += _blob_changes(pairing, column, left, right, contents)
        elif left != right or type(left) is not type(right):
            if column.type == "map":
                result += _attribute_changes(column, left, right)
            elif name != "referrers" or not _are_counts(pairing, one, other, left, right):
                result.append(ColumnChange(column, left, right))
    return result


def _same_targets(pairing: Pairing, column: Column, left: Any, right: Any) -> bool:
    if column.many and left is not None and right is not None:
        return [*map(pairing.token_before, left)] == [*map(pairing.token_after, right)]
    return bool(pairing.token_before(left) == pairing.token_after(right))


def _are_counts(pairing: Pairing, one: Record, other: Record, left: int, right: int) -> bool:
    """Whether each of two counts of referrers is that of the references in its image."""
    counts, others = pairing.before.counts, pairing.after.counts
    return counts.get(one.key[0], 0) == left and others.get(other.key[0], 0) == right


def _attribute_changes(column: Column, left: Any, right: Any) -> Iterator[ColumnChange]:
    old, new = left or {}, right or {}
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before != after or (name in old) != (name in new) or type(before) is not type(after):
            yield ColumnChange(column, before, after, attribute=name)
    if not old and not new:  # an empty map in the place of none
        yield ColumnChange(column, left, right)


def _blob_changes(
    pairing: Pairing, column: Column, left: Any, right: Any, contents: bool
) -> Iterator[ColumnChange]:
    if not contents:
        if bool(left) != bool(right):
            yield ColumnChange(column, left, right)
        return
    position = kept_difference(pairing.before, pairing.after, left, right)
    if position is not None:
        yield ColumnChange(column, left, right, position=position)
