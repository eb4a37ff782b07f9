"""Bytes looked for in what an image holds: saved memory, kept contents."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crimg.pages import Memory

    Part = tuple[int, memoryview]
    Hit = tuple[int, int]

AT_ONCE = 4 << 20
"""Most bytes that are gone through without letting others have a turn (bytes.find keeps the interpreter)."""
_RELEASE = 32 << 20


def saved_parts(memory: Memory, ranges: Iterable[tuple[int, int]]) -> Iterator[Part]:
    """Address and bytes of all that is saved in these ranges of addresses.

    The checksum of every section has held before bytes of it come. Memory that looking at them takes is
    given back on the way. Raises FormatError.
    """
    store, taken = memory.image.store, 0
    for low, high in ranges:
        for piece in memory.pieces(low, high):
            if piece.data is not None:
                store.check(piece.section)
                yield piece.start, piece.data
                taken += len(piece.data)
                if taken >= _RELEASE:
                    store.release()
                    taken = 0


def find_all(parts: Iterable[Part], wanted: Sequence[bytes]) -> Iterator[tuple[int, Hit | None]]:
    """Where each of these, none of them empty, stands in parts that are given with their positions.

    Yields pairs of bytes gone through, and index in `wanted` with position; after every 4 MiB at most one
    with None for both. What goes over the edge of two parts that touch is found too.
    """
    overlap = max(map(len, wanted), default=1) - 1
    done, tail, end = 0, b"", -1
    for position, data in parts:
        for start in range(0, len(data), AT_ONCE):
            part = bytes(data[start : start + AT_ONCE])
            here = position + start
            if here != end:
                tail = b""
            done += len(part)
            text = tail + part
            for index, one in enumerate(wanted):
                # What lies in the tail alone was found before.
                offset = text.find(one, max(len(tail) - len(one) + 1, 0))
                while offset != -1:
                    yield done, (index, here - len(tail) + offset)
                    offset = text.find(one, offset + 1)
            end = here + len(part)
            tail = text[-overlap:] if overlap else b""
            yield done, None
