"""Random sound images, as drafts: more files, descriptors, mappings, pages and processes, in any number."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crimg.model import Fd, File, Inode, Signal, Task, Thread, Vma
from tests.samples import FD_TABLE, HEAP, MM, PAGE, PAGES_ID, PROGRAM, PROGRAM_FILE, SIGNAL, TASK
from tests.validate.sound import CHILD, CHILD_PID, RUNS, Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[st.SearchStrategy[Any]], Any]

AREA = 0x7FFF_E000_0000
_FIRST_FILE, _FIRST_TASK = 10_000, 20_000
_LINKED, _DELETED, _REPLACED = 1, 2, 3
_MODES = ((0, 1), (1, 2), (2, 3))
"""Access mode of open(2), and what it allows."""
_names = st.binary(min_size=1, max_size=20).map(lambda name: name.replace(b"\0", b"\xff"))


@st.composite
def sound_drafts(draw: Draw) -> Draft:
    """Drafts of sound images."""
    draft = Draft()
    for number in range(draw(st.integers(1, 6))):
        _add_file(draw, draft, _FIRST_FILE + 2 * number)
    _add_mappings(draw, draft)
    pids = [4242, CHILD_PID]
    for number in range(draw(st.integers(0, 4))):
        pids.append(5000 + 10 * number)
        _add_task(draw, draft, _FIRST_TASK + 2 * number, pids)
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    return draft.counted()


def _add_file(draw: Draw, draft: Draft, objref: int) -> None:
    size = draw(st.one_of(st.integers(0, 100), st.integers(0, 2**40)))
    state = draw(st.sampled_from((_LINKED, _DELETED, _REPLACED)))
    path = b"/" + draw(_names)
    kept: dict[str, object] = {}
    if state != _LINKED:
        kept = {"nlink": 0, "keeper": 2, "keeper_path": b"/kept/%d" % objref}
    draft.copy(Inode, PROGRAM, objref=objref, number=objref, size=size, build_id=None, mode=0o100600, **kept)
    mode, access = draw(st.sampled_from(_MODES))
    flags = mode | draw(st.sampled_from((0, os.O_APPEND, os.O_NONBLOCK, os.O_DIRECT | os.O_SYNC)))
    position = draw(st.integers(0, size))
    draft.copy(
        File,
        PROGRAM_FILE,
        objref=objref + 1,
        inode=objref,
        path=path,
        name_state=state,
        flags=flags,
        access=access,
        position=position,
    )
    first = 100 + 10 * (objref - _FIRST_FILE)
    for fd in range(first, first + draw(st.integers(1, 3))):
        draft.add(Fd(table=FD_TABLE, fd=fd, cloexec=draw(st.booleans()), file=objref + 1))


def _add_mappings(draw: Draw, draft: Draft) -> None:
    address = AREA
    runs = list(RUNS)
    for _ in range(draw(st.integers(0, 12))):
        address += PAGE * draw(st.integers(0, 3))
        pages = draw(st.integers(1, 9))
        prot = draw(st.integers(0, 7))
        words = [word for bit, word in ((1, b"rd"), (2, b"wr"), (4, b"ex")) if prot & bit]
        columns: dict[str, object] = {"prot": prot, "name": None, "vm_flags": b" ".join([*words, b"me"])}
        if draw(st.booleans()):
            columns |= {"file": PROGRAM_FILE, "offset": PAGE * draw(st.integers(0, 8))}
        draft.copy(Vma, (MM, HEAP), start=address, end=address + pages * PAGE, **columns)
        if draw(st.booleans()):
            saved = draw(st.integers(1, min(pages, 3)))
            runs.append((address // PAGE, saved, PAGES_ID, draw(st.integers(0, 3 - saved))))
        address += pages * PAGE
    draft.runs = sorted(runs)


def _add_task(draw: Draw, draft: Draft, objref: int, pids: list[int]) -> None:
    pid = pids[-1]
    pgid = draw(st.sampled_from((4242, pid)))
    draft.copy(Signal, SIGNAL, objref=objref)
    columns = {"ppid": draw(st.sampled_from(pids[:-1])), "pgid": pgid, "signal": objref, "comm": b"more"}
    draft.copy(Task, CHILD, objref=objref + 1, pid=pid, **columns)
    for tid in range(pid, pid + draw(st.integers(1, 3))):
        draft.copy(Thread, (TASK, 4242), task=objref + 1, tid=tid)
