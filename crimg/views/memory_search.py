"""Bytes looked for in the saved memory of an address space."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model import Mm
    from crimg.views.subject import Subject

AT_ONCE = 4 << 20
"""Most bytes that are gone through without letting others have a turn (bytes.find keeps the interpreter)."""


def find(subject: Subject, mm: Mm, wanted: bytes) -> Iterator[tuple[int, int | None]]:
    """Where `wanted` stands, by address, as pairs of bytes gone through and the address.

    After every 4 MiB at most comes a pair with None for the address, so that the caller can tell how far it
    is, or stop. Only saved pages are looked at; what goes over the edge of two mappings is found too.
    Raises FormatError where pages are damaged.
    """
    memory = subject.memory(mm)
    if memory is None or not wanted:
        return
    done, tail, end = 0, b"", -1
    for vma in subject.vmas(mm.objref):
        for piece in memory.pieces(vma.start, vma.end):
            if piece.data is None:
                continue
            subject.image.store.check(piece.section)
            for start in range(0, len(piece.data), AT_ONCE):
                part = bytes(piece.data[start : start + AT_ONCE])
                address = piece.start + start
                if address != end:
                    tail = b""
                done += len(part)
                for offset in _offsets(tail + part, wanted):
                    yield done, address - len(tail) + offset
                end = address + len(part)
                tail = (tail + part)[-(len(wanted) - 1) :] if len(wanted) > 1 else b""
                yield done, None


def _offsets(data: bytes, wanted: bytes) -> Iterator[int]:
    offset = data.find(wanted)
    while offset != -1:
        yield offset
        offset = data.find(wanted, offset + 1)
