"""Bytes looked for in the saved memory of an address space."""

from __future__ import annotations

from crimg.searching import find_all, saved_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model import Mm
    from crimg.views.subject import Subject


def find(subject: Subject, mm: Mm, wanted: bytes) -> Iterator[tuple[int, int | None]]:
    """Where `wanted` stands, by address, as pairs of bytes gone through and the address.

    After every 4 MiB at most comes a pair with None for the address, so that the caller can tell how far it
    is, or stop. Only saved pages are looked at; what goes over the edge of two mappings is found too.
    Raises FormatError where pages are damaged.
    """
    memory = subject.memory(mm)
    if memory is None or not wanted:
        return
    parts = saved_parts(memory, ((vma.start, vma.end) for vma in subject.vmas(mm.objref)))
    for done, hit in find_all(parts, [wanted]):
        yield done, None if hit is None else hit[1]
