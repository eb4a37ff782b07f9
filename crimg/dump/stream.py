"""Pages from the stopped process into the image, through one buffer."""

from __future__ import annotations

from crimg.format.constants import PAGES_GUARD
from crimg.kernel.memory import Memory
from crimg.writer import PAGES_SECTION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crimg.writer import ImageWriter

    Progress = Callable[[int, int], None]
    """Called with bytes copied so far, and bytes in all."""


class PagePlan:
    """Where each page that is to be saved will stand: decided before the first one is read.

    ranges: start and end address of what is saved, ascending.  guards: of guard pages, which are only noted.
    runs: rows of the page map.  sections: per PAGES section its id and the ranges that fill it.
    """

    def __init__(
        self,
        ranges: Iterable[tuple[int, int]],
        guards: Iterable[tuple[int, int]],
        page_size: int,
        take_id: Callable[[], int],
    ) -> None:
        self.page_size = page_size
        self.runs: list[tuple[int, int, int, int]] = []
        self.sections: list[tuple[int, list[tuple[int, int]]]] = []
        self.total = 0
        filled = PAGES_SECTION
        for start, end in _pieces(ranges):
            if filled == PAGES_SECTION:
                self.sections.append((take_id(), []))
                filled = 0
            section_id, members = self.sections[-1]
            members.append((start, end))
            self.runs.append(
                (start // page_size, (end - start) // page_size, section_id, filled // page_size)
            )
            filled += end - start
            self.total += end - start
        self.runs += [
            (start // page_size, (end - start) // page_size, PAGES_GUARD, 0) for start, end in guards
        ]
        self.runs.sort()


def _pieces(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same memory in pieces that fit a section, cut where a section of full length would end."""
    filled = 0
    for start, end in ranges:
        while start < end:
            stop = min(end, start + PAGES_SECTION - filled)
            yield start, stop
            filled = (filled + stop - start) % PAGES_SECTION
            start = stop


def copy_pages(plans: Sequence[tuple[int, PagePlan]], writer: ImageWriter, progress: Progress | None) -> None:
    """Copy all pages of the plans, each of the process before it.

    Raises KernelError, ProcessGoneError, FileError.
    """
    total = sum(plan.total for _, plan in plans)
    buffer = memoryview(bytearray(min(PAGES_SECTION, total)))
    done = 0
    for pid, plan in plans:
        with Memory(pid) as memory:
            for section_id, ranges in plan.sections:
                size = sum(end - start for start, end in ranges)
                memory.read_into(buffer, ((start, end - start) for start, end in ranges))
                writer.pages(buffer[:size], section_id)
                done += size
                if progress is not None:
                    progress(done, total)


def split_extents(extents: Sequence[tuple[int, int]], limit: int) -> Iterator[list[tuple[int, int]]]:
    """Extents (offset, length) in groups of at most `limit` bytes, long ones cut."""
    group: list[tuple[int, int]] = []
    room = limit
    for offset, length in extents:
        while length:
            part = min(length, room)
            group.append((offset, part))
            offset, length, room = offset + part, length - part, room - part
            if not room:
                yield group
                group, room = [], limit
    if group:
        yield group
