"""The dumps before: what the link `parent` leads to, one behind the other."""

from __future__ import annotations

from crimg.criu.sections import PAGE
from crimg.errors import FormatError, MissingFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.criu.directory import Files

    Stretch = tuple[int, int]

_IN_PARENT = 1


def parent_runs(files: Files, pid: int, longest: int) -> list[Stretch]:
    """First page and end of the stretches of memory of a task that the chain of dumps before has, joined.

    What a dump says to be in its own parent counts if it is there. longest: dumps that are looked at.
    Raises FileError, FormatError, UsageError where the chain is broken or endless.
    """
    chain: list[Files] = []
    try:
        current = files
        while current.parent() is not None:
            if len(chain) == longest:
                raise FormatError(f"the chain of dumps is longer than {longest}")
            current = current.before()
            chain.append(current)
        found: list[Stretch] = []
        for directory in reversed(chain):
            own, in_parent = _runs_of(directory, pid)
            found = joined([*own, *_common(in_parent, found)])
        return found
    finally:
        for directory in chain:
            directory.close()


def _runs_of(directory: Files, pid: int) -> tuple[list[Stretch], list[Stretch]]:
    """The stretches that a dump has itself, and those that it says to be in the one before it."""
    part = directory.part("pagemap", pid)
    if part is None:
        raise MissingFileError(f"is not in {directory.name}", section=f"pagemap-{pid}.img")
    own: list[Stretch] = []
    before: list[Stretch] = []
    for number, entry in enumerate(part.entries()):
        if number:
            message = entry.message
            count = message.nr_pages if message.HasField("nr_pages") else message.compat_nr_pages
            first = message.vaddr // PAGE
            inside = message.flags & _IN_PARENT or message.in_parent
            (before if inside else own).append((first, first + count))
    return own, before


def joined(stretches: list[Stretch]) -> list[Stretch]:
    """The same in order, with those that touch or overlap as one."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _common(some: list[Stretch], others: list[Stretch]) -> list[Stretch]:
    """What is in both; `others` in order and joined."""
    found = []
    position = 0
    for start, end in joined(some):
        while position < len(others) and others[position][1] <= start:
            position += 1
        for low, high in others[position:]:
            if low >= end:
                break
            found.append((max(low, start), min(high, end)))
    return found
