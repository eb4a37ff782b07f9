"""The image that is looked at, with what several views need of it, each made once."""

from __future__ import annotations

from operator import attrgetter

from crimg.errors import FormatError
from crimg.model import File, ImageInfo, Mm, Pipe, Task, Vma
from crimg.model.enums import FileKind
from crimg.model.record import KINDS, Record
from crimg.pages import Memory
from crimg.views.words import EPOLL_NAME, kernel_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from crimg.format.container import IndexEntry
    from crimg.model.image import Image, Store

    R = TypeVar("R", bound=Record)
    Users = dict[str, list[Record]]
    """Word for a way to refer ("fd", "vma", "exe", "cwd", ...) to the rows that do, in image order."""


_START = attrgetter("start")


class TolerantStore:
    """The store of a damaged image: tables that cannot be decoded are empty, and noted in `damage`."""

    def __init__(self, store: Store, damage: list[FormatError]) -> None:
        self._store = store
        self._damage = damage

    @property
    def beneath(self) -> Store:
        """The store of the image as it was opened."""
        return self._store

    @property
    def sections(self) -> Sequence[IndexEntry]:
        """As the store beneath has them."""
        return self._store.sections

    def rows(self, cls: type[R]) -> list[R]:
        """The rows of one kind; none where a table of them is damaged."""
        try:
            return self._store.rows(cls)
        except FormatError as error:
            self._damage.append(error)
            return []

    def body(self, section_id: int) -> memoryview:
        """As the store beneath; raises FormatError."""
        return self._store.body(section_id)

    def check(self, section_id: int) -> None:
        """As the store beneath; raises FormatError."""
        self._store.check(section_id)

    def stored(self, section: IndexEntry) -> memoryview:
        """As the store beneath; raises FormatError."""
        return self._store.stored(section)

    def file(self) -> int | None:
        """As the store beneath."""
        return self._store.file()

    def release(self) -> None:
        """As the store beneath."""
        self._store.release()

    def close(self) -> None:
        """Close the store beneath."""
        self._store.close()


class Subject:
    """An image under the name that the user gave it.

    damage: what is wrong with it; grows while views are made with `salvage`, without which they raise.
    """

    def __init__(self, image: Image, name: bytes, *, salvage: bool = False) -> None:
        self.image = image
        self.name = name
        self.salvage = salvage
        self.damage: list[FormatError] = list(image.damage)
        if salvage:
            image.store = TolerantStore(image.store, self.damage)
        self._users: dict[int, Users] | None = None
        self._memories: dict[int, Memory | None] = {}
        self._pids: dict[str, dict[int, list[int]]] = {}
        self._vmas: dict[int, list[Vma]] | None = None

    @property
    def info(self) -> ImageInfo | None:
        """The row about the image as a whole; None where a damaged image has lost it."""
        rows = self.image.rows(ImageInfo)
        return rows[0] if rows else None

    @property
    def root_task(self) -> Task | None:
        """The task that the dump was asked for."""
        info = self.info
        found = self.image.find(Task, info.root) if info else None
        tasks = self.image.rows(Task)
        return found or (tasks[0] if tasks else None)

    def memory(self, mm: Mm) -> Memory | None:
        """The saved pages of an address space; None where a damaged image has lost the page map."""
        if mm.objref not in self._memories:
            try:
                self._memories[mm.objref] = Memory(self.image, mm)
            except FormatError as error:
                if not self.salvage:
                    raise
                self.damage.append(error)
                self._memories[mm.objref] = None
        return self._memories[mm.objref]

    @property
    def users(self) -> dict[int, Users]:
        """Objref of a file to who refers to it. Derived from the model's annotations.

        A part refers to a file as its `file`; by other columns it says whose part it is.
        """
        if self._users is None:
            self._users = {}
            for cls in KINDS.values():
                for index, column in cls.references:
                    if "File" in column.kinds and (cls.shared or column.name == "file"):
                        word = cls.noun if column.name == "file" else column.name
                        self._add_users(self.image.rows(cls), index, word)
        return self._users

    def _add_users(self, rows: Sequence[Record], index: int, word: str) -> None:
        users: dict[int, Users] = self._users if self._users is not None else {}
        for row in rows:
            target = row[index]
            if target is None:
                continue
            known = users.get(target)
            if known is None:
                users[target] = {word: [row]}
            elif word in known:
                known[word].append(row)
            else:
                known[word] = [row]

    def file_name(self, file: File) -> bytes:
        """The path of a file; for what has none, the kernel's name for it ("pipe:[1182]")."""
        if file.path:
            return file.path
        if file.kind == FileKind.EPOLL:
            return EPOLL_NAME.encode()
        if file.pipe is None:
            return kernel_name(file) or b""
        pipe = self.image.find(Pipe, file.pipe)
        return b"pipe:[%d]" % pipe.number if pipe else b"pipe:[?]"

    def by_owner(self, cls: type[R]) -> dict[int, list[R]]:
        """The rows of a kind of parts (fds, vmas, threads, ...) by the object they are parts of."""
        parts: dict[int, list[R]] = {}
        owner = cls.key_columns[0]
        for row in self.image.rows(cls):
            parts.setdefault(row[owner], []).append(row)
        return parts

    def vmas(self, mm: int) -> Sequence[Vma]:
        """The mappings of an address space, by address."""
        if self._vmas is None:
            parts = self.by_owner(Vma)
            for rows in parts.values():
                rows.sort(key=_START)
            self._vmas = parts
        return self._vmas.get(mm, ())

    def pids_of(self, column: str) -> dict[int, list[int]]:
        """Objref to the pids of the tasks that refer to it by this column ("mm", "fd_table", ...)."""
        if column not in self._pids:
            pids = self._pids[column] = {}
            index = Task.fields.index(column)
            for task in self.image.rows(Task):
                if task[index] is not None:
                    pids.setdefault(task[index], []).append(task.pid)
        return self._pids[column]
