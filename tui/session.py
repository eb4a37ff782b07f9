"""What the application knows: the image, what was found out about it, where one is. No widget.

Everything is asked of the library, by the calls that the command line uses.
"""

from __future__ import annotations

import gc
import os
from contextlib import suppress

from crimg.errors import BadMagicError, FormatError
from crimg.escape import escape
from crimg.graph import Graph
from crimg.model import Fd, File, Mm, PosixTimer, Sigaction, Siginfo, Task, Thread, Vma
from crimg.model.record import KINDS
from crimg.reader import criu_store, open_image
from crimg.tui.answers import Past, Proposals
from crimg.tui.checks import Checks
from crimg.tui.draft import Draft
from crimg.tui.looks import TREE
from crimg.tui.places import COMPARE, IMAGE, Trail
from crimg.views.subject import Subject
from crimg.writer.locking import is_locked, why_unwritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import Any, TypeVar

    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.reader.file import ImageFile
    from crimg.tui.compared import Compared

    R = TypeVar("R", bound=Record)
    T = TypeVar("T")

_NARROW = 88
_PARTS = (Fd, Vma, Thread, Sigaction, Siginfo, PosixTimer)


def _opened(name: str) -> Image:
    """The image, damaged or not. Raises as `open_for_check`, whose rules are loaded for damaged ones only."""
    if name != "-" and os.path.isfile(name):
        with suppress(FormatError):
            return open_image(name)
    from crimg.validate import open_for_check

    return open_for_check(name)


class Session:
    """One image that is looked at.

    name: as the user gave it.  loaded: all tables are there, `parts` and `graph` can be asked.
    revision: that was asked for, where it is not the last one.  trail: the places that were visited.
    read_only: why nothing can be changed; empty where it can.  checks: findings and verdicts, as they come.
    compared: the other one of two images, and what differs.
    draft: what is to be changed.  proposals, past: what was found out about moved files, about revisions.
    wanted: what `kept_soon` was asked for.  room: columns that a page has for its rows.
    """

    def __init__(self, name: str, revision: int | None = None) -> None:
        """Open the image. Raises FormatError where nothing can be read, FileError, UsageError."""
        self.name = name
        try:
            image = _opened(name)
            last = image.revision
            if revision not in (None, last):
                image.close()
                image = open_image(name, revision=revision)
        except FormatError as error:
            hint = "; this is no image of crimg" if isinstance(error, BadMagicError) else ""
            raise FormatError(f"{self.shown_name}: {error}{hint}") from error
        self.revision = revision if revision not in (None, last) else None
        self._file: ImageFile = image.store  # type: ignore[assignment]  # what a file is opened with
        self.subject = Subject(image, os.fsencode(name), salvage=True)
        self.loaded = False
        self.trail = Trail(IMAGE)
        self.checks = Checks()
        self.draft = Draft()
        self.proposals = Proposals()
        self.room = 80 - TREE - 2
        self.wanted: dict[Hashable, Callable[[], object]] = {}
        self.past = Past()
        self.compared: Compared | None = None
        self._graph: Graph | None = None
        self._parts: dict[type[Record], dict[int, list[Record]]] = {}
        self._kept: tuple[Subject, dict[Hashable, Any]] = (self.subject, {})
        self.read_only = self._why_read_only()

    def compare_with(self, other: Session) -> None:
        """Begin with what differs from another image, which this one comes after."""
        from crimg.tui.compared import Compared

        self.compared = Compared(other)
        self.trail = Trail(COMPARE)

    @property
    def shown_name(self) -> str:
        """The name of the image for people."""
        return "standard input" if self.name == "-" else escape(self.name)

    @property
    def fd(self) -> int:
        """Descriptor of the image file, for a child that looks at the very same file."""
        criu = criu_store(self.subject.image)
        return criu.directory.holder if criu is not None else self._file.fd

    def _why_read_only(self) -> str:
        if self.subject.damage:
            return "the image is damaged, and read as far as it is whole"
        if criu_store(self.subject.image) is not None:
            if os.path.isdir(self.name):
                return "it is a directory of CRIU: crimg rewrite changes it"
            return "it is an archive: crimg rewrite -o writes a changed one"
        if self.name == "-" or not os.path.isfile(self.name):
            return "it came through a pipe"
        if self.revision is not None:
            return f"it is shown as it was at revision {self.revision}; only the last one can be changed"
        return why_unwritable(self.name).removeprefix(f"{escape(self.name)}: ")

    @property
    def torn(self) -> str:
        """What stands behind the last revision, in words; empty for nothing."""
        image = self.subject.image
        criu = criu_store(image)
        if criu is not None and criu.directory.unfinished():
            return "a rewrite was cut short, or is going on; crimg undo takes back what it did"
        if not image.torn:
            return ""
        behind = f"{image.torn:,} bytes behind revision {image.revision}"
        if is_locked(self.fd):
            return f"{behind}: a rewrite is going on; this is the image before it"
        return f"{behind}, of a rewrite that was cut short; the next change removes them"

    def adopt(self, other: Session) -> Image:
        """Look at what another session has opened and loaded; the image that was there before, to be closed.

        What is to be changed, and the places that were visited, stay.
        """
        before = self.subject.image
        for name in ("revision", "_file", "subject", "read_only", "_graph", "_parts", "_kept"):
            setattr(self, name, getattr(other, name))
        self.checks = Checks()
        self.past = Past()
        return before

    def load(self) -> None:
        """Read all tables and find all references; may run in a thread, and takes a second for big images."""
        collects = gc.isenabled()
        gc.disable()  # rows make no cycles
        try:
            image = self.subject.image
            for cls in KINDS.values():
                image.rows(cls)
            for mm in image.rows(Mm):
                self.subject.vmas(mm.objref)
                self.subject.memory(mm)
            for part in _PARTS:
                self._parts[part] = self.subject.by_owner(part)
            self._graph = Graph(image)
            _ = self.subject.users
            image.find(File, 0)
            self._look_ahead()
        finally:
            gc.freeze()  # what was read stays: looking through it for cycles again would be felt at the keys
            if collects:
                gc.enable()
        self.loaded = True

    def _look_ahead(self) -> None:
        """Make what the first page needs of all rows."""
        from crimg.tui.pages import overview

        overview.gone_files(self)
        with suppress(FormatError):  # the page says it
            overview.memory_kinds(self)

    def kept_soon(self, key: Hashable, make: Callable[[], T]) -> T | None:
        """As `kept`, of what takes time: None until a thread has made it (the application sees to that)."""
        if self._kept[0] is self.subject and key in self._kept[1]:
            return self.kept(key, make)
        self.wanted[key] = make
        return None

    @property
    def narrow(self) -> bool:
        """Whether a page has so little room that paths come first in it."""
        return self.room < _NARROW

    @property
    def sessions(self) -> list[Session]:
        """This one, and that of the other image where two are compared."""
        return [self] if self.compared is None else [self, self.compared.other]

    def make_wanted(self) -> None:
        """Make what `kept_soon` was asked for; may run in a thread."""
        while self.wanted:
            key, make = next(iter(self.wanted.items()))
            self.kept(key, make)
            del self.wanted[key]

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returned the first time for this image: pages are shown again with each news."""
        if self._kept[0] is not self.subject:
            self._kept = (self.subject, {})
        known = self._kept[1]
        if key not in known:
            known[key] = make()
        made: T = known[key]
        return made

    @property
    def graph(self) -> Graph:
        """Who refers to whom; `load` has made it."""
        if self._graph is None:
            raise RuntimeError("Session.load comes first")
        return self._graph

    def parts(self, cls: type[R], owner: int) -> Sequence[R]:
        """The rows of a kind of parts (fds, vmas, threads, ...) of one object."""
        if cls is Vma:
            return self.subject.vmas(owner)  # type: ignore[return-value]
        return self._parts.get(cls, {}).get(owner, ())  # type: ignore[return-value]

    @property
    def root_mm(self) -> Mm | None:
        """The address space of the task that the dump was asked for, else any."""
        task = self.subject.root_task
        found = self.subject.image.find(Mm, task.mm) if task else None
        spaces = self.subject.image.rows(Mm)
        return found or (spaces[0] if spaces else None)

    def tasks(self) -> Sequence[Task]:
        """The tasks in the order of the image."""
        return self.subject.image.rows(Task)

    def close(self) -> None:
        """Let go of the image."""
        self.subject.image.close()
