"""A sound image of a small process tree, and drafts of it that differ in one thing.

It has one of everything that rules look at: files of every state and kind, a pipe, a FIFO, locks, shared and
private mappings, pages of every origin, two processes that share their memory, a zombie.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from crimg.graph import count_references
from crimg.model import (
    DEFINITION_ORDER,
    Fd,
    File,
    Inode,
    Mm,
    Pipe,
    Record,
    Signal,
    Task,
    Thread,
    Vma,
)
from tests import samples
from tests.builders import GUARD, ZERO, ImageBuilder
from tests.samples import (
    DELETED_FILE,
    FD_TABLE,
    HEAP,
    HISTORY,
    LOG,
    MM,
    PACKED_PAGES,
    PACKED_PAGES_ID,
    PAGE,
    PAGES_ID,
    PROGRAM,
    REPLACED_FILE,
    SAVED_PAGES,
    SCRATCH,
    SIGNAL,
    STACK,
    TASK,
    TEXT,
    TIME,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

ANONYMOUS = 0x7FFF_F7C0_0000
VDSO = 0x7FFF_F7FC_0000
RELINKED, FIFO_INODE = 15, 16
FIFO_PIPE = 22
RELINKED_FILE, FIFO_FILE = 37, 38
CHILD_SIGNAL, CHILD, ZOMBIE = 47, 48, 49
ROOT_PID, CHILD_PID, ZOMBIE_PID = 4242, 4300, 4301
RUNS: tuple[tuple[int, int, int, int], ...] = (
    (HEAP // PAGE, 2, PAGES_ID, 0),
    (HEAP // PAGE + 2, 1, ZERO, 0),
    (ANONYMOUS // PAGE, 1, GUARD, 0),
    (ANONYMOUS // PAGE + 1, 1, PACKED_PAGES_ID, 0),
    (STACK // PAGE, 1, PAGES_ID, 2),
)
_REGISTERS = {16: TEXT + 0x40, 17: 0x33, 19: STACK + 0x700, 20: 0x2B, 21: SCRATCH + 0x100}
"""Index in user_regs_struct to value: rip, cs, rsp, ss, fs_base; the others are zero."""


def registers(**changes: int) -> bytes:
    """The user_regs_struct of a thread in user mode. changes: r16=... sets the word with that index."""
    words = {**_REGISTERS, **{int(name[1:]): value for name, value in changes.items()}}
    return struct.pack("<27Q", *(words.get(index, 0) for index in range(27)))


def xsave(*, length: int = 832, mxcsr: int = 0x1F80, state: int = 7, compaction: int = 0) -> bytes:
    """An XSAVE area in the standard form."""
    area = bytearray(length)
    area[24:28] = struct.pack("<I", mxcsr)
    area[512:528] = struct.pack("<QQ", state, compaction)
    return bytes(area[:length])


def _sound() -> list[Record]:
    draft = Draft(samples.small_records())
    draft.change(File, REPLACED_FILE, position=4)
    draft.change(Inode, samples.DELETED, digest_kind="sha256", digest=bytes(32))
    draft.change(Vma, (MM, SCRATCH), vm_flags=b"rd wr sh mr mw me ms")
    draft.change(Mm, MM, auxv=struct.pack("<6Q", 6, PAGE, 33, VDSO, 0, 0))
    draft.change(Signal, SIGNAL, rlimits=(1024, 4096) * 16)
    vma = draft.row(Vma, (MM, HEAP))
    draft.add(
        vma.replace(
            start=ANONYMOUS, end=ANONYMOUS + 2 * PAGE, name=None, prot=3, vm_flags=b"rd wr mr mw me ac"
        ),
        vma.replace(start=VDSO, end=VDSO + PAGE, name=b"[vdso]", prot=5, vm_flags=b"rd ex mr mw me"),
    )
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    inode, file = draft.row(Inode, PROGRAM), draft.row(File, DELETED_FILE)
    draft.add(
        inode.replace(
            objref=RELINKED, number=1010, mode=0o100600, keeper=3, keeper_path=b"/area/1", build_id=None
        ),
        inode.replace(objref=FIFO_INODE, number=1011, mode=0o010600, size=0, build_id=None),
        draft.row(Pipe, samples.PIPE).replace(objref=FIFO_PIPE, number=1011, length=0, blobs=()),
        file.replace(objref=RELINKED_FILE, inode=RELINKED, path=b"/var/gone", cred=None),
        file.replace(
            objref=FIFO_FILE,
            kind=4,
            inode=FIFO_INODE,
            pipe=FIFO_PIPE,
            path=b"/run/fifo",
            position=0,
            name_state=1,
        ),
        *(Fd(table=FD_TABLE, fd=fd, cloexec=False, file=f) for fd, f in ((7, RELINKED_FILE), (8, FIFO_FILE))),
    )
    for tid in (4242, 4243):
        draft.change(Thread, (TASK, tid), registers=registers(), xsave=xsave())
    task, thread = draft.row(Task, TASK), draft.row(Thread, (TASK, 4242))
    child = task.replace(objref=CHILD, pid=CHILD_PID, ppid=ROOT_PID, signal=CHILD_SIGNAL, comm=b"child")
    draft.add(
        draft.row(Signal, SIGNAL).replace(objref=CHILD_SIGNAL),
        child,
        thread.replace(task=CHILD, tid=CHILD_PID, comm=b"child"),
        child.replace(
            objref=ZOMBIE, pid=ZOMBIE_PID, state=ord("Z"), comm=b"ended",
            mm=None, fd_table=None, fs=None, sighand=None, signal=None, namespaces=None,
        ),
    )  # fmt: skip
    return draft.counted().records


class Draft:
    """Rows that are about to become an image; every method returns the draft itself.

    runs: the page map of the one address space.  pages, packed: bodies of its PAGES sections.
    blob, pipe_blob: extents of the two BLOB sections.
    """

    def __init__(self, records: Iterable[Record] | None = None) -> None:
        self.records = list(SOUND if records is None else records)
        self.runs: Sequence[tuple[int, int, int, int]] = RUNS
        self.pages = SAVED_PAGES
        self.packed = PACKED_PAGES
        self.blob: Sequence[tuple[int, bytes]] = samples.DELETED_CONTENTS
        self.pipe_blob: Sequence[tuple[int, bytes]] = [(0, samples.PIPE_CONTENTS)]

    def row(self, cls: type[Any], key: object) -> Any:
        """The row of a kind with this key (an objref, or a tuple that the key starts with)."""
        return self.records[self._index(cls, key)]

    def _index(self, cls: type[Record], key: object) -> int:
        wanted = key if isinstance(key, tuple) else (key,)
        (found, *_) = [
            number
            for number, row in enumerate(self.records)
            if type(row) is cls and row.key[: len(wanted)] == wanted
        ]
        return found

    def change(self, cls: type[Record], key: object, **columns: object) -> Self:
        """Change columns of one row."""
        index = self._index(cls, key)
        self.records[index] = self.records[index].replace(**columns)
        return self

    def add(self, *rows: Record) -> Self:
        """More rows, behind the others of their kinds."""
        self.records += rows
        return self

    def copy(self, cls: type[Record], key: object, **columns: object) -> Self:
        """Another row like this one, but for some columns."""
        return self.add(self.row(cls, key).replace(**columns))

    def remove(self, cls: type[Record], key: object) -> Self:
        """One row less."""
        del self.records[self._index(cls, key)]
        return self

    def counted(self) -> Self:
        """Write into every object how many references are made to it."""
        counts = count_references((type(row), [row]) for row in self.records)
        self.records = [
            row.replace(referrers=counts.get(row.key[0], 0)) if "referrers" in type(row).fields else row
            for row in self.records
        ]
        return self

    def tables(self) -> list[tuple[int, list[Record]]]:
        """Kind number and rows of every kind there is, in the order of definition, made-up kinds last."""
        kinds = [*DEFINITION_ORDER, *({type(row) for row in self.records} - set(DEFINITION_ORDER))]
        grouped = ((cls.row_kind, [row for row in self.records if type(row) is cls]) for cls in kinds)
        return [(kind, rows) for kind, rows in grouped if rows]

    def contents(self, **header: object) -> ImageBuilder:
        """A builder with all sections before the tables."""
        return (
            ImageBuilder(**{"created": TIME, **header})
            .pagemap(self.runs)
            .pages(self.pages)
            .pages(self.packed, codec=1)
            .blob(self.blob)
            .blob(self.pipe_blob)
        )

    def builder(self) -> ImageBuilder:
        """A builder with all sections, before the end of the revision."""
        return self.contents().batches(self.tables()).log(LOG).history(HISTORY)

    def bytes(self) -> bytes:
        """The image."""
        return self.builder().revision().bytes()


SOUND = _sound()
