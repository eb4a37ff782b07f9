"""A stretch of memory, piece by piece: bytes where they were saved, else why they were not."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

from crimg.errors import FormatError
from crimg.escape import escape
from crimg.model import File
from crimg.pages import ABSENT, SAVED, ZERO
from crimg.views import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model import Mm, Vma
    from crimg.pages import Memory, Piece
    from crimg.views.subject import Subject

LOST = "lost"
ROW = 16
"""Bytes in a line of a dump."""
_PRINTABLE = bytes(byte if 0x20 <= byte < 0x7F else 0x2E for byte in range(256))
_REASONS = {
    "zero": "not stored: zero",
    "guard": "of guard pages, which fault on access",
    "parent": "not stored here: in the parent image",
    "kernel": "not stored: made by the kernel",
    "unmapped": "not mapped",
    "lost": "lost: this part of the image is damaged",
}
_BYTES_AT_ONCE = 1 << 16
_START = attrgetter("start")


class Stretch:
    """Memory from `start` to `end` that comes from one place.

    origin: "saved", "zero", "guard", "parent" (see crimg.pages), "file" (as in the mapped file), "kernel"
    (made by the kernel), "unmapped", "lost" (in a damaged part of the image).
    data: the bytes, where saved.  path, offset: of the mapped file, where it is "file".
    """

    __slots__ = ("data", "end", "offset", "origin", "path", "start")

    def __init__(self, start: int, end: int, origin: str, data: bytes = b"") -> None:
        self.start = start
        self.end = end
        self.origin = origin
        self.data = data
        self.path: bytes | None = None
        self.offset = 0


def stretches(subject: Subject, mm: Mm, start: int, end: int) -> Iterator[Stretch]:
    """The memory from `start` to `end`, in order, without gaps; saved bytes in parts of at most 64 KiB."""
    memory = subject.memory(mm)
    vmas = subject.vmas(mm.objref)
    position = start
    for index in range(max(bisect_right(vmas, start, key=_START) - 1, 0), len(vmas)):
        vma = vmas[index]
        if vma.start >= end:
            break
        low, high = max(vma.start, position), min(vma.end, end)
        if low >= high:
            continue
        if low > position:
            yield Stretch(position, low, "unmapped")
        if memory is None:
            yield Stretch(low, high, LOST)
        else:
            yield from _of_vma(subject, memory, vma, low, high)
        position = high
    if position < end:
        yield Stretch(position, end, "unmapped")


def _of_vma(subject: Subject, memory: Memory, vma: Vma, low: int, high: int) -> Iterator[Stretch]:
    """The stretches of a part of one mapping. In a damaged image, pages that cannot be had are "lost"."""
    lost: Stretch | None = None
    position = low
    while position < high:
        try:
            for piece in memory.pieces(position, high):
                if piece.origin == SAVED:
                    subject.image.store.check(piece.section)
                if lost is not None:
                    yield lost
                    lost = None
                yield from _of_piece(subject, vma, piece)
                position = piece.end
        except FormatError as error:
            if not subject.salvage:
                raise
            if lost is None:
                subject.damage.append(error)
                lost = Stretch(position, position, LOST)
            size = memory.page_size
            lost.end = position = min(position - position % size + size, high)
    if lost is not None:
        yield lost


def _of_piece(subject: Subject, vma: Vma, piece: Piece) -> Iterator[Stretch]:
    if piece.data is not None:
        for start in range(0, len(piece.data), _BYTES_AT_ONCE):
            data = bytes(piece.data[start : start + _BYTES_AT_ONCE])
            yield Stretch(piece.start + start, piece.start + start + len(data), SAVED, data)
        return
    whole = Stretch(piece.start, piece.end, piece.origin)
    if piece.origin == ABSENT:
        file = subject.image.find(File, vma.file)
        whole.origin = ZERO
        if file is not None:
            whole.origin = "file"
            whole.path = subject.file_name(file)
            whole.offset = vma.offset + piece.start - vma.start
        elif vma.name is not None and vma.name.startswith(b"[v"):
            whole.origin = "kernel"
    yield whole


def hex_record(subject: Subject, mm: Mm, start: int, end: int) -> dict[str, object]:
    """The stretches for JSON."""
    return {
        "mm": mm.objref,
        "start": words.hexadecimal(start),
        "end": words.hexadecimal(end),
        "stretches": [
            {
                "start": words.hexadecimal(part.start),
                "end": words.hexadecimal(part.end),
                "origin": part.origin,
                "path": part.path,
                "offset": part.offset if part.path is not None else None,
                "bytes": part.data.hex() if part.origin == SAVED else None,
            }
            for part in stretches(subject, mm, start, end)
        ],
    }


def dump_lines(address: int, data: bytes, each: int = ROW) -> Iterator[str]:
    """Address, hexadecimal, ASCII: so many bytes a line, which are groups of eight."""
    for offset in range(0, len(data), each):
        row = data[offset : offset + each]
        groups = "  ".join(f"{row[at : at + 8].hex(' '):<23}" for at in range(0, each, 8))
        text = row.translate(_PRINTABLE).decode("ascii")
        yield f"{address + offset:012x}  {groups}  {text}"


def reason(part: Stretch) -> str:
    """Why there are no bytes to show of a stretch."""
    if part.path is not None:
        return f"not stored: as in {escape(part.path)} at offset {part.offset:#x}"
    return _REASONS.get(part.origin, part.origin)
