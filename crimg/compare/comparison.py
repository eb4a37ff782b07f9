"""`compare`: what was added, what is gone, what changed, by kind of object, and in memory."""

from __future__ import annotations

from typing import NamedTuple

from crimg.compare.columns import ColumnChange, column_changes
from crimg.compare.matching import match
from crimg.compare.memory import MemoryDifference, compare_memory
from crimg.model import Mm
from crimg.model.record import KINDS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.compare.pairing import Pairing
    from crimg.compare.side import Side


class Changed(NamedTuple):
    """A row that both images have, and what differs. before, after: as each of them has it."""

    before: Record
    after: Record
    columns: tuple[ColumnChange, ...]


class KindDifference(NamedTuple):
    """What differs among the rows of one kind, each list in the order of its image."""

    kind: type[Record]
    added: tuple[Record, ...]
    gone: tuple[Record, ...]
    changed: tuple[Changed, ...]


class Difference(NamedTuple):
    """All that differs.

    kinds: those with a difference, in the order of their numbers.  memory: of every address space in which
    pages differ.  contents: whether memory and the contents of kept files were compared at all.
    """

    kinds: tuple[KindDifference, ...]
    memory: tuple[MemoryDifference, ...]
    contents: bool

    @property
    def equal(self) -> bool:
        """Whether nothing differs, as far as it was compared."""
        return not self.kinds and not self.memory


def compare(
    before: Side, after: Side, *, contents: bool = True, progress: Callable[[int], object] | None = None
) -> Difference:
    """What it takes to come from one image to the other.

    contents: compare the bytes of memory and of kept files too, else tables alone.  progress: called with the
    bytes of memory compared so far. Order of rows, objrefs, section ids, and the uuid of the file are no
    difference; nor is a count of referrers that only follows from the references.
    Raises FormatError for a damaged image.
    """
    pairing = match(before, after)
    kinds = []
    for cls in (KINDS[number] for number in sorted(KINDS)):
        changed = _changed(pairing, cls, contents)
        if changed or pairing.left[cls] or pairing.right[cls]:
            kinds.append(
                KindDifference(cls, tuple(pairing.right[cls]), tuple(pairing.left[cls]), tuple(changed))
            )
    memory = _memory(pairing, progress) if contents else []
    return Difference(tuple(kinds), tuple(memory), contents)


def _changed(pairing: Pairing, cls: type[Record], contents: bool) -> list[Changed]:
    result = []
    for one, other in pairing.pairs[cls]:
        columns = column_changes(pairing, one, other, contents)
        if columns:
            result.append(Changed(one, other, tuple(columns)))
    return result


def _memory(pairing: Pairing, progress: Callable[[int], object] | None) -> list[MemoryDifference]:
    """The address spaces in which pages differ; one that a side has not, has no pages there."""
    spaces: list[tuple[Mm | None, Mm | None]] = [*pairing.pairs[Mm]]  # type: ignore[list-item]  # rows of Mm
    spaces += [(mm, None) for mm in pairing.left[Mm]]  # type: ignore[misc]
    spaces += [(None, mm) for mm in pairing.right[Mm]]  # type: ignore[misc]
    result = []
    done = 0
    for one, other in spaces:
        difference = compare_memory(
            pairing.before, pairing.after, one, other, _shifted(progress, done) if progress else None
        )
        done += difference.compared
        if difference.pages:
            result.append(difference)
    return result


def _shifted(progress: Callable[[int], object], done: int) -> Callable[[int], object]:
    return lambda more: progress(done + more)
