"""Saved pages written into the memory of a process that is being made."""

from __future__ import annotations

from crimg.kernel.memory import Memory as ProcessMemory
from crimg.pages import GUARD, SAVED, ZERO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from crimg.model import Vma
    from crimg.pages import Memory

_STEP = 1 << 18  # stays in the cache of a processor between the two copies
_MOST = 1024  # IOV_MAX


class Filler:
    """Writes pages; a context manager, at whose end all have been written. tid: a thread of the process."""

    def __init__(self, tid: int, memory: Memory) -> None:
        self.memory = memory
        self._process = ProcessMemory(tid)
        self._buffer = bytearray(_STEP)
        self._ranges: list[tuple[int, int]] = []
        self._used = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if value is None:
                self._flush()
        finally:
            self._process.close()

    def guards(self, vma: Vma) -> Iterator[tuple[int, int]]:
        """The ranges of a mapping that are to become guard pages (start, end). Raises FormatError."""
        for piece in self.memory.cut(vma.start, vma.end):
            if piece.origin == GUARD:
                yield piece.start, piece.end

    def fill(self, vma: Vma, start: int, end: int) -> None:
        """Write the pages of a private mapping between two addresses. Raises KernelError, FormatError."""
        for piece in () if vma.shared else self.memory.pieces(start, end):
            if piece.origin == SAVED and piece.data is not None:
                self._write(piece.start, piece.data)
            elif piece.origin == ZERO and vma.file is not None:
                for at in range(piece.start, piece.end, _STEP):
                    self._write(at, memoryview(bytes(min(_STEP, piece.end - at))))

    def _write(self, address: int, data: memoryview) -> None:
        """Gather what is short, so that many of them make one call."""
        done = 0
        while done < len(data):
            part = data[done : done + _STEP - self._used]
            self._buffer[self._used : self._used + len(part)] = part
            self._ranges.append((address + done, len(part)))
            self._used += len(part)
            done += len(part)
            if self._used == _STEP or len(self._ranges) == _MOST:
                self._flush()

    def _flush(self) -> None:
        if self._ranges:
            self._process.write_from(self._buffer, self._ranges)
        self._ranges.clear()
        self._used = 0
