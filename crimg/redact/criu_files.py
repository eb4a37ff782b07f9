"""Redaction of images of CRIU carried out: a new directory, with zeros in place of what was removed.

Of each file that lost something what is left is copied; the rest is never written.
"""

from __future__ import annotations

import os
from copy import deepcopy

from crimg.criu.directory import PARENT, Directory
from crimg.criu.editing import edited
from crimg.criu.ghosts import Ghost
from crimg.criu.marks import NAME
from crimg.criu.messages import message_class
from crimg.criu.pagemaps import page_maps
from crimg.criu.saving import as_file_error, link_or_copy, write_segments
from crimg.criu.sections import PAGE
from crimg.criu.splicing import numbered, zeroed
from crimg.errors import ConflictError
from crimg.format.constants import MAX_LIST
from crimg.model import Inode, Pipe, Task, Thread
from crimg.redact.criu import UNDECODED, surplus
from crimg.redact.ranges import at_most, union, within, without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from crimg.criu.directory import Files, Part
    from crimg.criu.saving import Segment
    from crimg.criu.store import CriuStore
    from crimg.redact.ranges import Range
    from crimg.redact.redaction import Redaction

_GHOST = 1
_KEPT_REGISTERS = (16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28)
"""Fields of X86Registers that stay: where the thread is, its stack, its segments (crimg.redact.rows)."""
_KEPT_FLOATING = (7, 8)
"""Fields of X86FloatingPoint that stay: MXCSR and its mask."""
_XSAVE, _BUILD_ID = 13, 11
"""Fields of X86FloatingPoint, and of RegularFile."""
_X86_64 = 1
"""`mtype` of a core image."""


class Remover:
    """What becomes of the files. Raises FormatError, ConflictError for what cannot be removed."""

    def __init__(self, redaction: Redaction, store: CriuStore) -> None:
        self._redaction = redaction
        self._image = redaction.image
        self._store = store
        self._files: Files = store.directory
        self._gone: dict[str, list[Range]] = {}
        self._new: dict[str, bytes] = {}
        self._emptied: set[str] = set()
        self._maps = list(page_maps(self._files))
        self.marks = deepcopy(store.marks)
        self._choose()

    def segments(self, part: Part) -> list[Segment] | None:
        """The new bytes of a file; None for one that stays as it is."""
        if part.name in self._emptied:
            return []
        if part.name in self._new:
            return [self._new[part.name]]
        if part.name not in self._gone:
            return None
        gone = union(self._gone[part.name])
        kept = [(0, part.size)]
        if self._redaction.selection.drop and part.name.startswith("pages-"):
            kept = without(kept, [(low * PAGE, high * PAGE) for low, high in _whole_pages(gone)])
        found: list[Segment] = []
        for start, end in kept:
            for low, high in within(gone, start, end):
                found += [part.view[start:low], high - low]
                start = high
            found.append(part.view[start:end])
        return found

    def _choose(self) -> None:
        redaction = self._redaction
        for number, ranges in redaction.pages.gone.items():
            section = self._image.section(number)
            if section is not None:
                self._remove(section.label, ranges)
        self._choose_inodes()
        self._choose_queues()
        self._choose_threads()
        if redaction.selection.contents:
            self._choose_all_contents()
        for part, unknown in surplus(self._files, self._maps):
            self._remove(part.name, [unknown])
        if redaction.selection.drop:
            for page_map in self._maps:
                gone = _whole_pages(union(self._gone.get(page_map.pages, [])))
                if gone:
                    self._new[page_map.part.name] = page_map.without(gone)
        pids = {task.mm: task.pid for task in reversed(self._image.rows(Task)) if task.mm is not None}
        for mm, lost in redaction.pages.lost.items():
            if lost and mm in pids:
                before = self.marks.memory.get(pids[mm], [])
                self.marks.memory[pids[mm]] = at_most(union([*before, *lost]), MAX_LIST)

    def _remove(self, name: str, ranges: list[Range]) -> None:
        self._gone.setdefault(name, []).extend(each for each in ranges if each[0] < each[1])

    def _choose_inodes(self) -> None:
        memory = self._store.builder.files.special.memory
        numbers = self._store.builder.tables.numbers("inode")
        wanted = self._redaction.inodes
        for inode in self._image.rows(Inode):
            number = (inode.extra or {}).get("ghost_id")
            if inode.objref in wanted and isinstance(number, int):
                part = self._files.part("ghost-file", number)
                if part is not None:
                    self._remove(part.name, Ghost(part).places)
                self.marks.ghosts.add(number)
        for number, info in memory.items():
            if numbers.get(("memfd", number)) in wanted:
                self._remove_shared(info.shmid)
                self.marks.memory_files.add(number)
        remaps = self._store.remaps.values()
        named = {
            each.orig_id
            for each in remaps
            if each.remap_type == _GHOST and each.remap_id in self.marks.ghosts
        }
        self._edit("files", None, {3: "reg"}, lambda _message, _word, old: _without_build_id(old, named))

    def _remove_shared(self, shmid: int | None) -> None:
        """All pages of one shared memory, or of all."""
        for page_map in self._maps:
            if page_map.part.stem == "pagemap-shmem" and shmid in (None, page_map.part.number):
                self._remove(page_map.pages, [(0, page_map.count * PAGE)])

    def _choose_queues(self) -> None:
        """What waits in pipes and sockets."""
        wanted = self._redaction.pipes
        pipes = {pipe.number for pipe in self._image.rows(Pipe) if pipe.objref in wanted}
        known = self._store.builder.tables.numbers("file")
        sockets = {number for number, objref in known.items() if objref in wanted and isinstance(number, int)}
        for stem, member, numbers in (
            ("pipes-data", "pipe_id", pipes),
            ("fifo-data", "pipe_id", pipes),
            ("sk-queues", "id_for", sockets),
        ):
            for part, entry in self._store.builder.entries(stem):
                if getattr(entry.message, member) in numbers:
                    start = entry.start + len(entry.data)
                    self._remove(part.name, [(start, start + len(entry.payload))])
        self.marks.pipes |= pipes
        self.marks.sockets |= {number for number in sockets if number in self._store.files}

    def _choose_threads(self) -> None:
        """Registers, and names of tasks and threads."""
        names = self._redaction.names
        registers = {tid for _, tid in self._redaction.threads}
        tasks = {row.pid for row in self._image.rows(Task) if row.key in names}
        threads = {row.tid for row in self._image.rows(Thread) if row.key in names}
        for number in registers | tasks | threads:
            tree: dict[int, Any] = {}
            if number in registers:
                self._refuse_other_machine(number)
                tree[2] = {2: "general", 3: "floating"}
            if number in tasks:
                tree[3] = {6: "name"}
            if number in threads:
                tree[5] = {13: "name"}
            self._edit("core", number, tree, _cleared)
        self.marks.threads |= registers

    def _refuse_other_machine(self, number: int) -> None:
        core = self._store.builder.message("core", number)
        if core is not None and core.mtype != _X86_64:
            text = (
                f"core-{number}.img: registers of machine {core.mtype} of CRIU are not known, only of x86-64"
            )
            raise ConflictError([text])

    def _edit(
        self, stem: str, number: int | None, tree: Any, change: Callable[[Any, str, bytes], bytes]
    ) -> None:
        part = self._files.part(stem, number)
        if part is None or part.kind is None or not part.size:
            return
        old = bytes(part.view)
        new = edited(old, part.kind, part.name, tree, change)
        if new is not old:
            self._new[part.name] = new

    def _choose_all_contents(self) -> None:
        self._remove_shared(None)
        self._emptied = {part.name for part in self._files.parts.values() if part.stem in UNDECODED}


def write(redaction: Redaction, store: CriuStore, folder: str) -> int:
    """Write what is left of an image of CRIU to a directory that is there and empty; bytes of all its files.

    Files that stay as they are become hard links where that is possible. Raises FormatError, FileError,
    ConflictError for what cannot be removed.
    """
    files = store.directory
    remover = Remover(redaction, store)
    unknown = {part.name for part in files.unknown()}
    size = 0
    with as_file_error(folder):
        for part in files.parts.values():
            if part.name in unknown or part.name == NAME:
                continue
            segments, path = remover.segments(part), os.path.join(folder, part.name)
            if segments is None and isinstance(files, Directory):
                link_or_copy(part.name, path, files.fd)
                size += part.size
            else:
                size += write_segments(path, [part.view] if segments is None else segments, mtime=part.mtime)
        marks = remover.marks.encoded(redaction.selection.words)
        size += write_segments(os.path.join(folder, NAME), [marks])
        if isinstance(files, Directory) and files.parent() is not None:
            os.symlink(os.path.realpath(f"/proc/self/fd/{files.fd}/{PARENT}"), os.path.join(folder, PARENT))
    return size


def _cleared(_message: Any, word: str, old: bytes) -> bytes:
    """What is left of registers or a name."""
    if word == "general":
        return zeroed(old, _KEPT_REGISTERS)
    return zeroed(old, _KEPT_FLOATING, (_XSAVE,)) if word == "floating" else b""


def _without_build_id(old: bytes, ids: Collection[int]) -> bytes:
    entry = message_class("RegularFile").FromString(old)
    return numbered(old, {_BUILD_ID: ()}) if entry.build_id and entry.id in ids else old


def _whole_pages(gone: Sequence[Range]) -> list[Range]:
    """Pages of which nothing is left."""
    found = [(-(-low // PAGE), high // PAGE) for low, high in gone]
    return [(low, high) for low, high in found if low < high]
