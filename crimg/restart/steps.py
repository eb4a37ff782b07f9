"""What a restart does, one step after another, as data. Nothing here touches a file or a process.

The steps that make processes are in `tree_steps`, those that furnish them in `process_steps`.
"""

from __future__ import annotations

from typing import NamedTuple

from crimg.escape import escape
from crimg.model.enums import FileKind, Keeper, name_of
from crimg.restart.kind_steps import KindStep, WatchFiles
from crimg.restart.process_steps import ProcessStep
from crimg.restart.pseudo_steps import PseudoStep
from crimg.restart.terminal_steps import TerminalStep
from crimg.restart.tree_steps import TreeStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import File, Inode, Mm, Pipe, Task, Vma
    from crimg.preflight.comparison import Evidence


class OpenFile(NamedTuple):
    """Open a file under its name, if it is the one that preflight saw there.

    path: where it is looked for.  evidence: what preflight saw.  accepted: the verdict that the user accepts,
    or "".
    """

    file: File
    path: bytes
    evidence: tuple[Evidence, ...]
    accepted: str = ""

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.file.objref,)

    def describe(self) -> str:
        """One line."""
        tail = f"; {self.accepted}, and accepted" if self.accepted else ""
        return f"open {name_of(FileKind, self.file.kind)} {escape(self.path)} as #{self.file.objref}{tail}"


class MakePipe(NamedTuple):
    """Make a pipe with what was in it, and all its open ends."""

    pipe: Pipe
    files: tuple[File, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.pipe.objref, *(file.objref for file in self.files))

    def describe(self) -> str:
        """One line."""
        ends = ", ".join(f"#{file.objref}" for file in self.files)
        return f"make pipe #{self.pipe.objref} with {self.pipe.length} bytes in it, ends {ends}"


class MakeDeleted(NamedTuple):
    """Make a file, directory or FIFO that was deleted, open it as often as it was, and delete it again.

    name: the path it had.  visible: it gets that name for a moment, so that the kernel shows it afterwards.
    evidence: what preflight saw of its keeper, where that is a file.
    """

    inode: Inode
    files: tuple[File, ...]
    name: bytes
    visible: bool
    evidence: tuple[Evidence, ...] = ()

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.inode.objref, *(file.objref for file in self.files))

    def describe(self) -> str:
        """One line."""
        numbers = ", ".join(f"#{file.objref}" for file in self.files)
        keeper = self.inode.keeper
        if keeper in (Keeper.COPIED, Keeper.RELINKED):
            return f"open {escape(self.inode.keeper_path or b'')} as {numbers}, and delete it at the end"
        if self.files[0].kind != FileKind.REGULAR:
            kind = name_of(FileKind, self.files[0].kind)
            return f"make a {kind} for the deleted {escape(self.name)}, open it as {numbers}, and delete it"
        what = f"{self.inode.size} bytes of the deleted {escape(self.name)}"
        return f"make a file with the {what}, open it as {numbers}, and delete it"


class MapMemory(NamedTuple):
    """Make the mappings of an address space, without what is saved of their pages.

    task: the first process that has it.
    """

    task: Task
    mm: Mm
    vmas: tuple[Vma, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.mm.objref,)

    def describe(self) -> str:
        """One line."""
        return f"map {len(self.vmas)} mappings of address space #{self.mm.objref}"


class FillMemory(NamedTuple):
    """Write the saved pages, and what the kernel keeps of the address space (PR_SET_MM_MAP).

    bytes: that are written.  later: mappings of which only what lies in `needed` (start, end) is.
    """

    task: Task
    mm: Mm
    vmas: tuple[Vma, ...]
    bytes: int
    later: tuple[Vma, ...] = ()
    needed: tuple[tuple[int, int], ...] = ()

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.mm.objref,)

    def describe(self) -> str:
        """One line."""
        return f"fill {self.bytes} bytes of memory of address space #{self.mm.objref}"


class ServeMemory(NamedTuple):
    """Have another process supply the other pages when they are touched, and bring them in meanwhile.

    bytes: that are still to come.  vmas, needed: `later` and `needed` of FillMemory.
    """

    task: Task
    mm: Mm
    vmas: tuple[Vma, ...]
    needed: tuple[tuple[int, int], ...]
    bytes: int

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.mm.objref,)

    def describe(self) -> str:
        """One line."""
        where = f"memory of address space #{self.mm.objref}"
        return f"have {self.bytes} bytes of {where} supplied as they are touched"


FileStep = OpenFile | MakePipe | MakeDeleted
MemoryStep = MapMemory | FillMemory | ServeMemory
Step = FileStep | TerminalStep | PseudoStep | KindStep | TreeStep | MemoryStep | WatchFiles | ProcessStep


class Plan(NamedTuple):
    """steps: in their order.  notes: what is not quite as it was, one line each."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
