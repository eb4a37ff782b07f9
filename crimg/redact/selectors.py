"""What `--vma` takes: words for mappings of an image (specs/redaction.md has the table).

    [N:]WHAT

WHAT is a kind of memory, an absolute path (a glob) of mapped files, the kernel's [name] of a mapping, a range
of addresses, one address, or the number of an object. N: in this address space, or in that of this task.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort

from crimg.errors import UsageError
from crimg.escape import escape, unescape
from crimg.model import File, Mm, Task, Thread, Vma
from crimg.model.memory import MEMORY_KINDS, memory_kind
from crimg.rewrite.globs import compile_glob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crimg.model.image import Image
    from crimg.redact.ranges import Range

    Picker = Callable[["Scene", Vma], "Range | None"]

KINDS = {
    "all": frozenset(MEMORY_KINDS),
    "anonymous": frozenset(("anonymous", "anonymous shared")),
    "heap": frozenset(("heap",)),
    "stack": frozenset(("stack",)),
    "file": frozenset(("file private", "file shared")),
    "shared": frozenset(("file shared", "anonymous shared")),
}
"""Words for kinds of memory, and the kinds they stand for. Stacks of threads are anonymous memory: those that
a stack pointer is in count as stack, too."""
_RANGE = re.compile("(?:0x)?([0-9a-f]{1,16})-(?:0x)?([0-9a-f]{1,16})", re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile("0x([0-9a-f]{1,16})", re.ASCII | re.IGNORECASE)
_OWNED = re.compile("([0-9]{1,10}):(.*)", re.ASCII | re.DOTALL)
_NUMBER = re.compile("[0-9]{1,10}", re.ASCII)
_RSP = slice(19 * 8, 20 * 8)  # of struct user_regs_struct, sys/user.h


class Scene:
    """What selectors look at.

    vmas: of all address spaces, in the order of the image.  stacks: objref of an mm to the stack pointers of
    threads that run in it, ascending.  spaces: objref of an mm, or of a task, to that of its mm.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.vmas = image.rows(Vma)
        self.spaces: dict[int, int] = {mm.objref: mm.objref for mm in image.rows(Mm)}
        self.spaces.update((task.objref, task.mm) for task in image.rows(Task) if task.mm is not None)
        self.stacks: dict[int, list[int]] = {}
        for thread in image.rows(Thread):
            if thread.task in self.spaces:
                rsp = int.from_bytes(thread.registers[_RSP], "little")
                insort(self.stacks.setdefault(self.spaces[thread.task], []), rsp)

    def file(self, vma: Vma) -> File | None:
        """The file that a mapping is of."""
        return self.image.find(File, vma.file)


class Selector:
    """One word for mappings, parsed. text: as it was given. Raises UsageError for what is none."""

    __slots__ = ("_owner", "_pick", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        owned = _OWNED.fullmatch(text)
        self._owner = int(owned[1]) if owned else None
        self._pick = _picker(owned[2] if owned else text, text)

    def choose(self, scene: Scene) -> Iterator[tuple[Vma, Range]]:
        """The mappings that are meant, each with the range of its addresses that is."""
        space = scene.spaces.get(self._owner) if self._owner is not None else None
        for vma in scene.vmas:
            if self._owner is not None and vma.mm != space:
                continue
            found = self._pick(scene, vma)
            if found is not None:
                yield vma, found


def _picker(what: str, text: str) -> Picker:
    if what in KINDS:
        return _by_kind(what)
    if what.startswith("/"):
        return _by_path(unescape(what))
    if what.startswith("["):
        return _by_name(unescape(what))
    if found := _RANGE.fullmatch(what):
        return _by_range(int(found[1], 16), int(found[2], 16), text)
    if found := _ADDRESS.fullmatch(what):
        address = int(found[1], 16)
        return lambda _, vma: (vma.start, vma.end) if vma.start <= address < vma.end else None
    if _NUMBER.fullmatch(what):
        return _by_object(int(what))
    known = f"none of {', '.join(KINDS)}, no /path, [name], START-END, 0xADDRESS or number of an object"
    raise UsageError(f"--vma {escape(text)}: is {known}")


def _by_kind(word: str) -> Picker:
    kinds, stack = KINDS[word], word == "stack"

    def pick(scene: Scene, vma: Vma) -> Range | None:
        start, end = vma.start, vma.end
        if memory_kind(vma) in kinds:
            return start, end
        pointers = scene.stacks.get(vma.mm, ()) if stack else ()
        return (start, end) if bisect_left(pointers, start) < bisect_left(pointers, end) else None

    return pick


def _by_path(pattern: bytes) -> Picker:
    """A glob as rules of a rewrite have it: what is below a path that matches is meant, too."""
    matches = compile_glob(pattern.rstrip(b"/")).match

    def pick(scene: Scene, vma: Vma) -> Range | None:
        file = scene.file(vma)
        return (vma.start, vma.end) if file is not None and matches(file.path) else None

    return pick


def _by_name(pattern: bytes) -> Picker:
    expression = re.compile(b".*".join(map(re.escape, pattern.split(b"*"))), re.DOTALL)

    def pick(_: Scene, vma: Vma) -> Range | None:
        return (vma.start, vma.end) if vma.name is not None and expression.fullmatch(vma.name) else None

    return pick


def _by_range(low: int, high: int, text: str) -> Picker:
    if low >= high:
        raise UsageError(f"--vma {escape(text)}: the range is empty")

    def pick(_: Scene, vma: Vma) -> Range | None:
        start, end = max(low, vma.start), min(high, vma.end)
        return (start, end) if start < end else None

    return pick


def _by_object(objref: int) -> Picker:
    def pick(scene: Scene, vma: Vma) -> Range | None:
        meant = scene.spaces.get(objref) == vma.mm or vma.file == objref
        if not meant and vma.file is not None:
            file = scene.file(vma)
            meant = file is not None and file.inode == objref
        return (vma.start, vma.end) if meant else None

    return pick
