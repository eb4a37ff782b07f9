"""What is asked for, and what becomes of that: plain data."""

from __future__ import annotations

from typing import NamedTuple

from crimg.redact.selectors import Selector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.model.image import Image
    from crimg.redact.copies import Copy
    from crimg.redact.pages import PageWork
    from crimg.redact.ranges import Range

ENVIRONMENT, ARGUMENTS, CONTENTS, REGISTERS, COPIES = (
    "environment",
    "arguments",
    "contents",
    "registers",
    "copies",
)
MEMORY, FILE, PIPE, SOCKET, THREAD, NAME = "memory", "file", "pipe", "socket", "thread", "name"
"""What a removal is of."""
_SUMMARY = {
    FILE: "contents of N file",
    PIPE: "bytes in N pipe",
    SOCKET: "bytes in N socket",
    THREAD: "registers of N thread",
    NAME: "N name",
}


class Selection:
    """What is to be removed.

    vmas: selectors of mappings.  environment, arguments: of every address space.  contents: of deleted files,
    shared memory, pipes and sockets; objects: of these alone, by the objref of a file, an inode or a pipe.
    registers: of all threads.  copies: also copies of removed strings elsewhere in the memory.
    everything: all of this, as far as it is there; else what matches nothing is refused.  drop: whole pages
    get no run in the page map, instead of one of zero bytes.
    """

    def __init__(
        self,
        *,
        vmas: Iterable[Selector] = (),
        environment: bool = False,
        arguments: bool = False,
        contents: bool = False,
        objects: Iterable[int] = (),
        registers: bool = False,
        copies: bool = False,
        everything: bool = False,
        drop: bool = False,
    ) -> None:
        self.everything = everything
        self.vmas = (*vmas, *([Selector("all")] if everything else ()))
        self.environment = environment or everything
        self.arguments = arguments or everything
        self.contents = contents or everything
        self.objects = tuple(objects)
        self.registers = registers or everything
        self.copies = copies
        self.drop = drop

    @property
    def is_all_saved(self) -> bool:
        """Whether all memory and all contents go, and nothing is left but rows."""
        return self.contents and any(selector.text == "all" for selector in self.vmas)

    @property
    def words(self) -> list[str]:
        """The same as options of the command line."""
        extras = [f"--{flag}" for flag in (COPIES, "drop") if getattr(self, flag)]
        if self.everything:
            return ["--all", *extras]
        flags = (ENVIRONMENT, ARGUMENTS, CONTENTS, REGISTERS)
        words = [f"--{flag}" for flag in flags if getattr(self, flag)]
        for objref in self.objects:
            words += ["--contents-of", str(objref)]
        for selector in self.vmas:
            words += ["--vma", selector.text]
        return words + extras


class Chosen(NamedTuple):
    """Memory that was chosen. by: what asks for it.  mm: objref.  label: of its mapping, printable."""

    by: str
    mm: int
    label: str
    start: int
    end: int


class Removal(NamedTuple):
    """One thing that is removed.

    what: one of MEMORY, FILE (kept contents), PIPE, SOCKET, THREAD (registers), NAME (of a task, a thread, a
    socket, the machine).
    by: what asked for it.  objref: of the mm, inode, pipe, socket or task; None for an image file of CRIU
    that goes as a whole.  label: printable.  size: bytes that were saved.  start, end: addresses, of memory.
    """

    what: str
    by: str
    objref: int | None
    label: str
    size: int
    start: int | None = None
    end: int | None = None


class Written(NamedTuple):
    """What came of it. path: of the new image.  size: its length.  copies: removed strings still in it."""

    path: bytes
    size: int
    uuid: bytes
    copies: tuple[Copy, ...]


class Secret(NamedTuple):
    """A removed string.

    label: what it was, printable, without its value; several may have one.  by: what asked for its removal.
    program: it is an argument 0, which is the name of the program.
    """

    label: str
    value: bytes
    by: str = ""
    program: bool = False


class Redaction:
    """What is going to be removed from one image, and what the new one will say of it.

    removals: all of them.  pages: what becomes of saved memory.  inodes, pipes: objrefs of those whose
    contents go.  threads: keys of those whose registers go.  names: keys of the tasks, threads and sockets,
    and of the image info, whose names go.  also: mm and range of memory that was not chosen, but is saved in
    the same bytes as what was.  secrets: removed strings that copies are looked for of, with pieces of text
    in removed contents.  unsought: how many are not looked for, being too many.  notes: what else the user
    should know, one line each.
    """

    def __init__(self, image: Image, selection: Selection) -> None:
        self.image = image
        self.selection = selection
        self.removals: list[Removal] = []
        self.pages: PageWork
        self.inodes: set[int] = set()
        self.pipes: set[int] = set()
        self.threads: set[tuple[int, int]] = set()
        self.names: set[tuple[int, ...]] = set()
        self.also: list[tuple[int, Range]] = []
        self.secrets: list[Secret] = []
        self.unsought = 0
        self.notes: list[str] = []

    @property
    def size(self) -> int:
        """Bytes that are removed: of memory, each saved byte once, and of contents."""
        contents = sum(removal.size for removal in self.removals if removal.what in (FILE, PIPE, SOCKET))
        return self.pages.size + contents

    @property
    def summary(self) -> str:
        """What is removed, in one line for the history."""
        parts = [f"{self.pages.size} bytes of memory"] if self.pages.size else []
        for what, text in _SUMMARY.items():
            count = sum(one.what == what for one in self.removals)
            if count:
                parts.append(f"{text}{'s' if count != 1 else ''}".replace("N", str(count)))
        return f"redacted: {', '.join(parts) or 'nothing was saved of what was chosen'}"
