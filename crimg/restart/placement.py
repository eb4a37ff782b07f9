"""Descriptors to their numbers: in which order dup2(2) puts them there, without losing one on the way."""

from __future__ import annotations

from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping


def free_numbers(taken: Container[int]) -> Iterator[int]:
    """The numbers that are not taken, the lowest first."""
    return (number for number in count() if number not in taken)


def moves(wanted: Mapping[int, int], spare: int) -> list[tuple[int, int]]:
    """Pairs (from, to) for dup2(2), one after another, after which `wanted` is so: number to number before.

    spare: a number that is neither; it may be used. What already is where it belongs is left out.
    """
    pending = {target: source for target, source in wanted.items() if target != source}
    place = {source: source for source in pending.values()}
    needed = set(place)
    ready = [target for target in pending if target not in needed]
    result = []
    while pending:
        if not ready:  # nothing is left but cycles
            target = next(iter(pending))
            result.append((target, spare))
            place[target] = spare
            ready.append(target)
        target = ready.pop()
        source = pending.pop(target)
        before = place[source]
        result.append((before, target))
        place[source] = target  # from now on it is copied from where it stays
        if before == source and source in pending:
            ready.append(source)
    return result
