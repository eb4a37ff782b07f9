"""Which memory is brought in after the process has begun to run (`--lazy`), and which at once. Pure."""

from __future__ import annotations

from crimg.errors import FormatError
from crimg.format.constants import Codec
from crimg.kernel.registers import Registers
from crimg.model import Task, Thread
from crimg.pages import SAVED, Memory
from crimg.paging.missing import RAW, Part
from crimg.restart import flags as vm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model import Mm, Vma
    from crimg.model.image import Image

PAGE = 4096
LEAST = 1 << 20
"""Mappings of which fewer bytes are saved are copied at once: that takes less time than some faults."""
_RSEQ_SIZE = 32  # struct rseq (linux/rseq.h), at the least

# Locked and sealed memory is not to be waited for; a stack grows by faults; of what a child gets empty or not
# at all (MADV_WIPEONFORK, MADV_DONTFORK), the server would know nothing.
_AT_ONCE = frozenset((vm.LOCKED, vm.ON_FAULT, vm.SEALED, "gd", "wf", "dc"))


def served_later(image: Image, mm: Mm, vmas: Sequence[Vma]) -> tuple[Vma, ...]:
    """Those of the mappings that can wait: large ones that are private and anonymous.

    userfaultfd(2) does not tell of pages that are missing in a private mapping of a file.
    """
    memory = Memory(image, mm)
    return tuple(
        vma
        for vma in vmas
        if vma.file is None
        and not vma.shared
        and vma.name not in vm.KERNEL_MAPPINGS
        and not vm.flags_of(vma) & _AT_ONCE
        and memory.saved_bytes(vma.start, vma.end) >= LEAST
    )


def needed_at_once(image: Image, mm: Mm) -> tuple[tuple[int, int], ...]:
    """Pages (start, end) that others touch before the process, and who looks at it: these could not wait.

    struct rseq, which the kernel and the restart write to; arguments and environment, which ps(1) shows; and,
    since every thread goes on there, where the stack pointers point to.
    """
    tasks = {task.objref for task in image.rows(Task) if task.mm == mm.objref}
    ranges = [(mm.arg_start, mm.arg_end), (mm.env_start, mm.env_end)]
    for thread in image.rows(Thread):
        if thread.task in tasks:
            ranges.append((thread.rseq, thread.rseq + max(thread.rseq_size, _RSEQ_SIZE)))
            stack = Registers(thread.registers).rsp
            ranges.append((stack, stack + 1))
    pages = {page for start, end in ranges if 0 < end - start <= LEAST for page in _pages(start, end)}
    return tuple((page * PAGE, page * PAGE + PAGE) for page in sorted(pages))


def _pages(start: int, end: int) -> range:
    return range(start // PAGE, -(-end // PAGE))


def parts_of(image: Image, mm: Mm, vmas: Sequence[Vma], needed: Sequence[tuple[int, int]]) -> Iterator[Part]:
    """What of the mappings is saved, besides `needed`, and where in the image. Raises FormatError."""
    memory = Memory(image, mm)
    for vma in vmas:
        edges = [
            vma.start,
            *(edge for one in needed for edge in one if vma.start <= one[0] < vma.end),
            vma.end,
        ]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            for piece in memory.cut(start, end) if start < end else ():
                if piece.origin == SAVED:
                    yield _part(image, piece.start, piece.end, piece.section, piece.offset)


def _part(image: Image, start: int, end: int, section_id: int, offset: int) -> Part:
    section = image.section(section_id)
    if section is None or offset + end - start > section.len_raw:
        raise FormatError(f"pages at {start:#x} are not in section {section_id}")
    if section.codec == Codec.NONE:
        return Part(start, end, RAW, section.ofs_body + offset)
    return Part(start, end, section_id, offset)
