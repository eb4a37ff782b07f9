"""Random sound images, as drafts: more files, pipes, epoll instances, mappings, pages and processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crimg.model import EpollWatch, Fd, File, Inode, Pipe, Vma
from crimg.model.enums import FileKind
from tests.samples import (
    EPOLL_FILE,
    FD_TABLE,
    HEAP,
    MM,
    PAGE,
    PAGES_ID,
    PIPE,
    PROGRAM,
    PROGRAM_FILE,
    READ_END,
    WRITE_END,
)
from tests.validate.random_tasks import add_tasks
from tests.validate.sound import RUNS, Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[st.SearchStrategy[Any]], Any]
    Held = list[tuple[int, int]]
    """Descriptor, and the file it refers to."""

AREA = 0x7FFF_E000_0000
_FIRST_INODE, _FIRST_PIPE, _FIRST_EPOLL = 10_000, 11_000, 12_000
_FIRST_FD = 100
_LINKED, _GONE = 1, (2, 3)
_MODES = ((0, 1), (1, 2), (2, 3))
"""Access mode of open(2), and what it allows."""
_EVENTS = (1, 4, 1 << 31 | 5, 1 << 30 | 1)
_READ, _WRITE = 1, 2
_names = st.binary(min_size=1, max_size=20).map(lambda name: name.replace(b"\0", b"\xff"))


@st.composite
def sound_drafts(draw: Draw) -> Draft:
    """Drafts of sound images."""
    draft = Draft()
    for number in range(draw(st.integers(1, 4))):
        _add_inode(draw, draft, _FIRST_INODE + 10 * number)
    held = [(5, READ_END), (6, WRITE_END)]
    for number in range(draw(st.integers(0, 2))):
        held += _add_pipe(draw, draft, _FIRST_PIPE + 10 * number)
    for number in range(draw(st.integers(0, 3))):
        held += _add_epoll(draw, draft, _FIRST_EPOLL + number, held)
    _add_mappings(draw, draft)
    add_tasks(draw, draft)
    return draft.counted()


def in_order(draft: Draft) -> Draft:
    """The mappings sorted by their addresses."""
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    return draft


def _descriptors(draw: Draw, draft: Draft, objref: int, most: int = 2) -> Held:
    """Some descriptors of a file."""
    last = max(_FIRST_FD, *(row.fd for row in draft.records if isinstance(row, Fd)))
    numbers = range(last + 1, last + 1 + draw(st.integers(1, most)))
    draft.add(*(Fd(table=FD_TABLE, fd=fd, cloexec=bool(fd % 2), file=objref) for fd in numbers))
    return [(fd, objref) for fd in numbers]


def _add_inode(draw: Draw, draft: Draft, objref: int) -> None:
    """An inode, there or deleted, that one to three open files share; deleted, it has one keeper."""
    size = draw(st.one_of(st.integers(0, 100), st.integers(0, 2**40)))
    gone = draw(st.booleans())
    kept: dict[str, object] = {}
    if gone:
        keeper = draw(st.sampled_from((2, 3)))
        kept = {"nlink": keeper - 2, "keeper": keeper, "keeper_path": b"/kept/%d" % objref}
    draft.copy(Inode, PROGRAM, objref=objref, number=objref, size=size, build_id=None, mode=0o100600, **kept)
    for file in range(objref + 1, objref + 1 + draw(st.integers(1, 3))):
        mode, access = draw(st.sampled_from(_MODES))
        flags = mode | draw(st.sampled_from((0, os.O_APPEND, os.O_NONBLOCK, os.O_DIRECT | os.O_SYNC)))
        columns = {"flags": flags, "access": access, "position": draw(st.integers(0, size))}
        state = draw(st.sampled_from(_GONE)) if gone else _LINKED
        path = b"/" + draw(_names)
        draft.copy(File, PROGRAM_FILE, objref=file, inode=objref, path=path, name_state=state, **columns)
        _descriptors(draw, draft, file)


def _add_pipe(draw: Draw, draft: Draft, objref: int) -> Held:
    draft.copy(Pipe, PIPE, objref=objref, number=objref, length=0, blobs=())
    draft.copy(File, READ_END, objref=objref + 1, pipe=objref)
    draft.copy(File, WRITE_END, objref=objref + 2, pipe=objref)
    return _descriptors(draw, draft, objref + 1) + _descriptors(draw, draft, objref + 2)


def _add_epoll(draw: Draw, draft: Draft, objref: int, held: Held) -> Held:
    """An instance that watches some of what is held, instances made before it too."""
    draft.copy(File, EPOLL_FILE, objref=objref)
    for fd, file in draw(st.lists(st.sampled_from(held), unique=True, max_size=3)):
        draft.add(
            EpollWatch(epoll=objref, fd=fd, file=file, events=draw(st.sampled_from(_EVENTS)), data=fd << 32)
        )
    return _descriptors(draw, draft, objref, most=1)


def _add_mappings(draw: Draw, draft: Draft) -> None:
    """Mappings of nothing and of files, those that were deleted too; and pages of what is the process's."""
    sizes = {row.objref: row.size for row in draft.records if isinstance(row, Inode)}
    files = [
        (row, sizes[row.inode] // PAGE)
        for row in draft.records
        if isinstance(row, File) and row.kind == FileKind.REGULAR and row.access & _READ and row.inode
    ]
    address = AREA
    runs = list(RUNS)
    for _ in range(draw(st.integers(0, 8))):
        address += PAGE * draw(st.integers(0, 3))
        pages, prot, shared = draw(st.integers(1, 9)), draw(st.integers(0, 7)), False
        columns: dict[str, object] = {"name": None}
        file, whole = draw(st.sampled_from(files))
        if pages <= whole and draw(st.booleans()):
            columns |= {"file": file.objref, "offset": PAGE * draw(st.integers(0, min(whole - pages, 8)))}
            shared = draw(st.booleans())
            if shared and not file.access & _WRITE:
                prot &= ~2
        elif draw(st.booleans()):
            saved = draw(st.integers(1, min(pages, 3)))
            runs.append((address // PAGE, saved, PAGES_ID, draw(st.integers(0, 3 - saved))))
        words = [word for bit, word in ((1, b"rd"), (2, b"wr"), (4, b"ex")) if prot & bit]
        columns |= {"prot": prot, "shared": shared, "vm_flags": b" ".join([*words, *[b"ms"] * shared])}
        draft.copy(Vma, (MM, HEAP), start=address, end=address + pages * PAGE, **columns)
        address += pages * PAGE
    draft.runs = sorted(runs)
    in_order(draft)
